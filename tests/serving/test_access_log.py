"""`--access-log` on a disk that is full for a while."""

import json
import resource

from ninefold.serving.access_log import AccessLog


def test_a_full_disk_is_told_once_and_the_next_line_stands_alone(tmp_path, caplog):
    log = AccessLog(tmp_path / "log")
    held = resource.getrlimit(resource.RLIMIT_FSIZE)

    def ask(count):
        for _ in range(count):
            log.write({"method": "GET", "path": "/v2"}, 200, 0.001)

    ask(1)
    size = (tmp_path / "log").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * size // 2, held[1]))
    try:
        ask(9)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)
    ask(2)
    log.close()
    whole = [line for line in (tmp_path / "log").read_text().splitlines() if line.endswith("}")]
    assert [json.loads(line)["status"] for line in whole] == [200] * 4
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("--access-log misses lines: ")
    assert said[1] == "--access-log goes on; it misses 8 lines"
