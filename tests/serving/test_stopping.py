"""Connections that rest, are too many or meet a server that ends: nobody waits, nothing is lost."""

import time

import httpx

from tests.serving.conftest import running
from tests.serving.lines import Line, request
from tests.serving.models import build


def test_a_connection_rests_from_its_last_request_on(tmp_path):
    with hasty(tmp_path, "server.KEEP_ALIVE_S = 0.6") as (url, _):
        line = Line(url)
        for _ in range(4):
            line.send(*request())
            assert line.answer()[0] == 200
            time.sleep(0.25)
        start = time.monotonic()
        assert line.answer() is None
        assert 0.1 < time.monotonic() - start < 5
        line.close()


def test_who_sends_no_whole_head_is_not_waited_for(tmp_path):
    with hasty(tmp_path, "http.HEAD_S = 0.5") as (url, _):
        silent, slow = Line(url), Line(url)
        slow.send(request()[0][:40])
        assert silent.answer() is None
        status, _, said = slow.answer()
        assert (status, said["error"]) == (408, "the head must arrive within 0.5 s")
        good = Line(url)
        good.send(*request())
        assert good.answer()[0] == 200
        time.sleep(0.8)
        good.send(*request())
        assert good.answer()[0] == 200
        for line in (silent, slow, good):
            line.close()


def test_a_request_on_its_way_when_the_server_ends_is_answered(tmp_path):
    build(tmp_path / "models" / "model.onnx")
    with running(cwd=tmp_path) as (url, process):
        line, answers = Line(url), []
        line.send(*request())
        line.answer()
        process.terminate()
        while not answers or "connection" not in answers[-1][1]:
            line.send(*request())
            answers.append(line.answer())
        assert {answer[0] for answer in answers} == {200}
        assert answers[-1][1]["connection"] == "close"
        assert line.answer() is None
        assert process.wait(20) == 0
        line.close()


def test_what_was_accepted_is_answered_when_the_server_is_told_to_stop(tmp_path):
    build(tmp_path / "models" / "model.onnx")
    with running(cwd=tmp_path) as (url, process):
        lines = [Line(url) for _ in range(8)]
        for number, line in enumerate(lines):
            line.send(*request(31.5))
            assert line.answer()[0] == 200
            head, body = request(31.5)
            line.send(head, body if number % 2 else body[:40])
        process.terminate()
        time.sleep(0.3)
        for line in lines[::2]:
            line.send(request(31.5)[1][40:])
        answers = [line.answer() for line in lines]
        assert [answer[0] for answer in answers] == [200] * 8
        assert {line.answer() for line in lines} == {None}
        assert process.wait(20) == 0
        for line in lines:
            line.close()


FEW = """
from pathlib import Path
from ninefold.serving import server
from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.readiness import prepare
prepare(model := read_model(Path("models/model.onnx")))
bound = server.bind("127.0.0.1", 0)
print(f"serving at http://127.0.0.1:{bound.getsockname()[1]}, few", flush=True)
server.serve([model], {}, bound, Limits(max_connections=3))
"""


def test_more_connections_than_allowed_are_told_to_come_back(tmp_path):
    build(tmp_path / "models" / "model.onnx")
    with running(cwd=tmp_path, program=("-c", FEW)) as (url, _):
        lines = [Line(url) for _ in range(3)]
        for line in lines:
            line.send(*request())
            assert line.answer()[0] == 200
        for head, body in (request(), (b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n", b"")):
            more = Line(url)
            more.send(head, body)
            status, headers, answer = more.answer()
            assert (status, headers["retry-after"]) == (503, "1")
            assert "too many connections" in answer["error"]
            assert more.answer() is None
            more.close()
        lines.pop().close()
        ends = time.monotonic() + 10
        while (status := httpx.get(f"{url}/v2").status_code) == 503 and time.monotonic() < ends:
            time.sleep(0.02)  # it has not yet seen that one is gone
        assert status == 200
        for line in lines:
            line.close()
    assert (tmp_path / "stderr.txt").read_text() == ""


def test_clients_that_leave_are_no_errors(tmp_path):
    """They sent several requests and went before the answers, which have nowhere to go."""
    build(tmp_path / "models" / "model.onnx")
    head, body = request(**{"Content-Encoding": "gzip"})
    with running(cwd=tmp_path) as (url, _):
        for _ in range(20):
            line = Line(url)
            line.send(*[head, body] * 3)
            line.close()
        assert httpx.get(url + "/v2/health/ready").status_code == 200
    assert "Traceback" not in (tmp_path / "stderr.txt").read_text()


def hasty(folder, setting):
    """Run a server on a model in `folder` with a `setting`, such as `http.HEAD_S = 0.5`."""
    build(folder / "models" / "model.onnx")
    program = (
        f"import sys; from ninefold.serving import {setting.partition('.')[0]}; {setting}\n"
        "from ninefold.__main__ import main; sys.exit(main())\n"
    )
    (folder / "hasty.py").write_text(program)
    return running(cwd=folder, program=("hasty.py",))
