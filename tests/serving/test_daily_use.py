"""A server in daily use: keys, counters, a log of requests, and new versions under load."""

import json
import signal
import threading
import time

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.serving.conftest import running
from tests.serving.models import TARGETS, build, example

PREDICT = "/v1/models/model/predict"
KEY = "k-0123456789abcdef"


def version(url):
    return httpx.get(f"{url}/v2/models/model").json()["versions"][0]


def until(said, timeout_s=20.0):
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        if said():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    build(folder / "models" / "model.onnx")
    (folder / "keys").write_text(f"\ufeff# who may ask\n{KEY}\nk-fedcba9876543210\n")
    with running("--api-keys", "keys", "--access-log", "access.jsonl", cwd=folder) as (url, _):
        yield url, folder


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": ""}, 401),
        ({"X-API-Key": KEY[:-1]}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"X-API-Key": KEY}, 200),
        ({"Authorization": "Bearer k-fedcba9876543210"}, 200),
    ],
)
def test_only_who_shows_a_key_may_ask(guarded, headers, status):
    url, _ = guarded
    answer = httpx.post(url + PREDICT, json={"rows": [example()]}, headers=headers)
    assert answer.status_code == status
    assert httpx.get(f"{url}/v1/models", headers=headers).status_code == status
    assert httpx.get(f"{url}/metrics", headers=headers).status_code == status
    assert httpx.get(f"{url}/v2/health/live").status_code == 200
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "Bearer KEY" in answer.json()["error"]


def test_the_log_tells_who_asked_what_but_not_what_was_in_it(guarded):
    url, folder = guarded
    row = {**example(), "note, long": "a secret"}
    httpx.post(url + PREDICT, json={"rows": [row, row]}, headers={"X-API-Key": KEY})
    httpx.get(f"{url}/v1/models", headers={"X-API-Key": KEY})
    log = folder / "access.jsonl"
    until(lambda: json.loads(log.read_text().splitlines()[-1])["path"] == "/v1/models")
    text = log.read_text()
    assert "secret" not in text
    assert KEY not in text
    lines = [json.loads(line) for line in text.splitlines()]
    asked = [line for line in lines if line["path"] == PREDICT and line["status"] == 200][-1]
    assert (asked["rows"], asked["method"], asked["model"]) == (2, "POST", "model")
    assert asked["ms"] > 0
    assert [lines[-1]["path"], lines[-1]["status"]] == ["/v1/models", 200]


def test_prometheus_counts_requests_rows_and_refusals(guarded):
    url, _ = guarded
    headers = {"X-API-Key": KEY}

    def counted(name, **labels):
        families = text_string_to_metric_families(httpx.get(f"{url}/metrics", headers=headers).text)
        samples = [s for family in families for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    before = counted("ninefold_requests_total", status="200"), counted("ninefold_rows_total")
    httpx.post(url + PREDICT, json={"rows": [example()] * 3}, headers=headers)
    httpx.post(url + PREDICT, json={"rows": [{"nope": 1}]}, headers=headers)
    assert counted("ninefold_requests_total", status="200") == before[0] + 1
    assert counted("ninefold_rows_total", model="model") == before[1] + 3
    assert counted("ninefold_requests_total", status="400", endpoint="predict") >= 1
    assert counted("ninefold_request_seconds_count", model="model") >= 2
    assert counted("ninefold_model_ready") == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "there is none"), ("short\n", "one has 5"), (None, "No such file"), (b"\xff", "UTF-8")],
)
@pytest.mark.some(1)
def test_a_wrong_file_of_keys_is_one_line_and_exit_2(tmp_path, content, reason):
    from tests.serving.test_command import serve

    build(tmp_path / "models" / "model.onnx")
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "keys").write_bytes(data)
    done = serve("--api-keys", "keys", "--port", 0, cwd=tmp_path)
    assert done.returncode == 2
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_new_versions_are_swapped_in_without_a_failed_request(tmp_path):
    """Every answer belongs to one version: its numbers are those of the version it names."""
    contents = [build(tmp_path / task, task).read_bytes() for task in TARGETS]
    path = build(tmp_path / "models" / "model.onnx", "regression")
    row, answers, ends = example(), [], threading.Event()
    with running("--reload-s", "0.02", cwd=tmp_path) as (url, _):

        def ask():
            with httpx.Client(base_url=url) as client:
                while not ends.is_set():
                    answers.append(client.post(PREDICT, json={"rows": [row]}))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for content in contents * 2:
                before = version(url)
                (tmp_path / "next.onnx").write_bytes(content)
                (tmp_path / "next.onnx").replace(path)
                until(lambda before=before: version(url) != before)
        finally:
            ends.set()
            for thread in threads:
                thread.join()
    assert {answer.status_code for answer in answers} == {200}
    told = {}
    for answer in answers:
        content = answer.json()
        told.setdefault(content["model_version"], set()).add(str(content["predictions"]))
    assert len(told) == len(contents)
    assert all(len(values) == 1 for values in told.values())


def test_a_file_that_is_not_whole_or_wrong_is_not_served(tmp_path):
    path = build(tmp_path / "models" / "model.onnx")
    good = path.read_bytes()
    wrong = {"rows": [example()], "outputs": {"label": ["yes"], "probabilities": [[0.0, 1.0]]}}
    with running("--reload-s", "0", cwd=tmp_path) as (url, process):
        first = version(url)
        said = tmp_path / "stderr.txt"
        for content in (good[: len(good) // 2], b"", None):
            if content is None:
                build(path, golden=wrong)
            else:
                path.write_bytes(content)
            process.send_signal(signal.SIGHUP)
            until(lambda: said.read_text().count("is not served") > 0)
            said.write_text("")
            assert version(url) == first
            body = {"rows": [example()]}
            assert httpx.post(url + PREDICT, json=body).json()["model_version"] == first
        build(path, "many")
        process.send_signal(signal.SIGHUP)
        until(lambda: version(url) != first)
        listed = httpx.post(f"{url}/v2/repository/index").json()
        assert [(m["version"], m["state"]) for m in listed] == [(version(url), "READY")]
        assert listed[0]["version"] != first


def test_several_workers_share_the_address_and_die_with_the_first(tmp_path):
    build(tmp_path / "models" / "model.onnx")
    with running("--workers", "2", cwd=tmp_path) as (url, process):
        parent = psutil.Process(process.pid)
        until(lambda: len(parent.children()) == 2)
        workers = parent.children()
        until(lambda: _answers(url))
        for _ in range(20):
            httpx.post(url + PREDICT, json={"rows": [example()]})
        text = httpx.get(f"{url}/metrics").text
        families = text_string_to_metric_families(text)
        samples = [sample for family in families for sample in family.samples]
        counted = sum(s.value for s in samples if s.name == "ninefold_requests_total")
        assert counted == 20
        workers[0].kill()
        until(lambda: {w.pid for w in parent.children()} - {w.pid for w in workers})
        assert _answers(url)
        process.kill()
        until(lambda: not any(worker.is_running() for worker in workers[1:]))


def _answers(url):
    try:
        return httpx.get(f"{url}/v2/health/ready").status_code == 200
    except httpx.TransportError:
        return False
