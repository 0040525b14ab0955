"""`ninefold serve --record`: what was asked can be watched; masked columns stay out."""

import json
import os
import resource

import httpx
import numpy as np
import pytest

from ninefold.errors import InputError
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.watch import watch
from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.recorded import lines_of_body
from ninefold.serving.recording import Recorder, RecordSpec
from ninefold.serving.served import Answer
from tests.monitoring.models import predicted, watched
from tests.monitoring.test_watch import larger
from tests.serving.conftest import running
from tests.serving.models import CITY, MEMBER, NOTE, SIZE, feeds, table


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("recorded") / "model.onnx", masked=(NOTE,))


def sent(rows):
    return [{"customer id": n, **row} for n, row in enumerate(rows)]


def lines(folder):
    text = "".join(path.read_text() for path in sorted(folder.glob("*.jsonl")))
    found = [json.loads(line) for line in text.splitlines()]
    return [line for line in found if "row" in line], [line for line in found if "row" not in line]


def test_what_a_server_was_asked_is_watched_as_a_batch_is(model, tmp_path):
    rows = table(900, 3)
    folder = tmp_path / "kept"
    with running(model, "--record", folder, "--workers", "2", cwd=tmp_path) as (url, _):
        for start in range(0, 900, 300):
            body = {"rows": [*sent(rows)[start : start + 300], {SIZE: "wrong"}]}
            answer = httpx.post(f"{url}/v1/models/model/predict", json=body, timeout=20)
            assert answer.status_code == 200
        tensors = {
            SIZE: ("FP64", [20.0, 30.0]), CITY: ("BYTES", ["Köln", ""]), NOTE: ("BYTES", ["a", ""]),
            MEMBER: ("BOOL", [True, False]), "signed up": ("INT64", [0, 1]),
        }  # fmt: skip
        inputs = [
            {"name": name, "datatype": kind, "shape": [2, 1], "data": data}
            for name, (kind, data) in tensors.items()
        ]
        answer = httpx.post(f"{url}/v2/models/model/infer", json={"inputs": inputs}, timeout=20)
        assert answer.status_code == 200, answer.text
        said = [httpx.get(url + path, timeout=20).text for path in ("/v1/models/model", "/docs")]
        said.append(httpx.get(f"{url}/openapi.json", timeout=20).text)
    assert not any("called back" in text for text in said)
    assert all("Köln" in text for text in said)
    kept, headers = lines(folder)
    assert len(kept) == 902
    assert all(header["masked"] == [NOTE] for header in headers)
    assert not any(NOTE in line["row"] for line in kept)
    by_id = {line["row"].get("customer id"): line for line in kept}
    probabilities = np.array([by_id[n]["outputs"]["probabilities"] for n in range(900)])
    np.testing.assert_array_equal(probabilities.astype(np.float32), predicted(model, rows))

    labels = tmp_path / "labels.csv"
    text = "".join(f"{n},{'yes' if n % 3 else 'no'}\n" for n in range(900))
    labels.write_text(f"customer id,y\n{text}")
    report = watch(model, [folder], MonitorSpec(), labels, "customer id")
    assert (report["rows"], report["failed"]) == (902, 0)
    assert {i["severity"] for i in report["comparison"]} == {"pass"}
    assert NOTE not in {item["column"] for item in report["comparison"]}
    assert report["performance"]["rows"] == 900


def test_a_large_body_is_worded_beside_the_server(model, tmp_path, monkeypatch):
    """Its parser, in a thread of the server, kept every other request waiting for seconds."""
    loaded, rows = read_model(model), [row | {CITY: "x" * 200} for row in table(2000)]
    monkeypatch.setattr("ninefold.serving.recording.lines_of_body", lines_and_process)
    recorder = Recorder(RecordSpec(tmp_path), Limits())
    recorder.start()
    for few in (rows, rows[:2]):
        recorder.offer(*request(few, loaded))
    recorder.stop(60)
    kept = lines(tmp_path)[0]
    assert [line["row"]["customer id"] for line in kept] == [*range(2000), 0, 1]
    assert not any(NOTE in line["row"] for line in kept)
    processes = [line["process"] for line in lines(tmp_path)[1] if "process" in line]
    assert [process == os.getpid() for process in processes] == [False, True]


def lines_and_process(*arguments):
    return lines_of_body(*arguments) + json.dumps({"process": os.getpid()}).encode() + b"\n"


def request(rows, model):
    body = json.dumps({"rows": sent(rows)}).encode()
    outputs = model.run(feeds(rows))
    return "predict", body, {}, Answer(200, b"", {}, len(rows), model, outputs)


def test_the_folder_stays_small_and_the_newest_stays(model, tmp_path):
    loaded = read_model(model)
    recorder = Recorder(RecordSpec(tmp_path, max_mb=1), Limits())
    recorder.start()
    asked = request(larger(table(200, 5)), loaded)
    for _ in range(60):
        recorder.offer(*asked)
        recorder.offer(*asked[:3], Answer(400, b"", {}))
    recorder.stop(60)
    assert 0.5 * 2**20 < sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2**20
    (tmp_path / "torn.jsonl").write_text('{"version": "x", "row": {"a"')
    report = watch(model, [tmp_path], MonitorSpec())
    assert report["verdict"] == "block"
    other = watched(tmp_path / "other.onnx", rows=500)
    assert watch(other, [tmp_path], MonitorSpec())["aside"] == report["rows"]
    (tmp_path / "own.jsonl").write_text('{"customer id": 7}\n')
    with pytest.raises(InputError, match="line 1 must be what `ninefold serve --record` wrote"):
        watch(model, [tmp_path], MonitorSpec())


def test_a_share_is_kept_and_a_full_disk_holds_up_nothing(model, tmp_path):
    loaded = read_model(model)
    recorder = Recorder(RecordSpec(tmp_path / "a", share=0.25), Limits())
    (tmp_path / "a").mkdir()
    recorder.start()
    asked = request(table(1, 1), loaded)
    for _ in range(800):
        recorder.offer(*asked)
    recorder.stop(60)
    assert 140 < len(lines(tmp_path / "a")[0]) < 260

    gone = Recorder(RecordSpec(tmp_path / "gone"), Limits())
    gone.start()
    for _ in range(5):
        gone.offer(*asked)
    gone.stop(60)
    assert not gone.is_alive()


def test_a_file_that_may_grow_no_more_ends_with_a_whole_line(model, tmp_path, caplog):
    """Every request made a new, empty file, and a warning."""
    recorder = Recorder(RecordSpec(tmp_path), Limits())
    asked = request(table(1, 1), read_model(model))
    for _ in range(60):
        recorder.offer(*asked)
    held = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, held[1]))
    try:
        recorder.start()
        recorder.stop(60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)
    assert 10 < len(lines(tmp_path)[0]) < 30
    assert len(list(tmp_path.iterdir())) == 1
    assert sum("are not recorded" in record.message for record in caplog.records) == 1


def test_two_versions_in_turn_fill_a_file_each(model, tmp_path):
    other = watched(tmp_path / "other" / "model.onnx", rows=50)
    recorder = Recorder(RecordSpec(tmp_path), Limits())
    recorder.start()
    for _ in range(10):
        for path in (model, other):
            recorder.offer(*request(table(1, 1), read_model(path)))
    recorder.stop(60)
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--record-share", "0.1"], "must go with --record"),
        (["--record", "d", "--record-share", "2"], "at most at 1"),
        (["--record", "d", "--record-mb", "0"], "at least 1"),
        (["--record", "model.onnx"], "must be a folder to write to"),
    ],
)
def test_mistakes_are_named_at_the_start(model, tmp_path, options, reason, monkeypatch):
    import argparse

    from ninefold.serving import command

    monkeypatch.chdir(model.parent)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(InputError, match=reason):
        command.main(parser.parse_args(["model.onnx", *options]))
