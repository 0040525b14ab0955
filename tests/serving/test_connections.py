"""What comes over one connection, in whatever pieces: each request gets its answer, in order."""

import gzip
import json
import socket
import time

import httpx
import pytest

from tests.serving.conftest import running
from tests.serving.models import SIZE, build, example

PREDICT = "/v1/models/model/predict"


def request(size=31.5, path=PREDICT, content=None, **fields):
    """Return head and body of a request for a row."""
    body = json.dumps(content or {"rows": [{**example(), SIZE: size}]}).encode()
    if fields.get("Content-Encoding") == "gzip":
        body = gzip.compress(body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\n{lines}content-length: {len(body)}\r\n\r\n"
    return head.encode(), body


class Line:
    """A connection and what came over it."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.file = self.socket.makefile("rb")

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def close(self):
        self.file.close()
        self.socket.close()

    def answer(self):
        """Return status, headers and JSON of the next answer; None at the end."""
        first = self.file.readline()
        if not first:
            return None
        headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return (
            int(first.split()[1]),
            headers,
            json.loads(self.file.read(int(headers["content-length"]))),
        )


def hasty(folder, setting):
    """Run a server on a model in `folder` with a `setting`, such as `http.HEAD_S = 0.5`."""
    build(folder / "models" / "model.onnx")
    program = (
        f"import sys; from ninefold.serving import {setting.partition('.')[0]}; {setting}\n"
        "from ninefold.__main__ import main; sys.exit(main())\n"
    )
    (folder / "hasty.py").write_text(program)
    return running(cwd=folder, program=("hasty.py",))


@pytest.fixture
def line(url):
    line = Line(url)
    yield line
    line.close()


def chance(answer):
    status, _, content = answer
    assert status == 200, content
    return content["predictions"][0]["probabilities"]["yes"]


@pytest.fixture(scope="module")
def expected(url):
    """Return what rows of some sizes get, asked together."""
    sizes = [10.0, 31.5, 70.0]
    rows = [{**example(), SIZE: size} for size in sizes]
    answers = httpx.post(url + PREDICT, json={"rows": rows}).json()["predictions"]
    found = {s: a["probabilities"]["yes"] for s, a in zip(sizes, answers, strict=True)}
    assert len(set(found.values())) == 3
    return found


def test_a_body_may_come_after_its_head_in_pieces_and_late(line, expected):
    head, body = request(10.0)
    for pause, cut in ((0.0, 1), (0.01, 30), (0.4, 30)):
        line.send(head[:20])
        line.send(head[20:])
        time.sleep(pause)
        line.send(body[:cut])
        time.sleep(pause)
        line.send(body[cut:])
        assert chance(line.answer()) == expected[10.0]


def test_requests_sent_at_once_are_answered_in_order(line, expected):
    sizes = [10.0, 31.5, 70.0, 10.0]
    line.send(*(part for size in sizes for part in request(size)))
    assert [chance(line.answer()) for _ in sizes] == [expected[size] for size in sizes]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_goes_the_long_way_keeps_its_place_among_others(line, expected, place):
    odd = [
        (request(31.5, **{"Content-Encoding": "gzip"}), 200),
        (request(path="/v1/models/moddel/predict"), 404),
        (request(content={"rows": [example()], "explain": True}), 400),
        (request(content={"rows": [{"no such": 1}]}), 400),
        (request(content={"rows": [example()] * 900}), 200),
        ((b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n", b""), 200),
    ]
    for (head, body), status in odd:
        parts = [request(10.0), request(70.0)]
        parts.insert(place, (head, body))
        line.send(*(piece for part in parts for piece in part))
        answers = [line.answer() for _ in parts]
        assert answers.pop(place)[0] == status
        assert [chance(answer) for answer in answers] == [expected[10.0], expected[70.0]]


def test_both_ways_say_the_same(line, url):
    """Answers and their fields do not depend on how a request came."""
    for content in ({"rows": [example()]}, {"rows": [{**example(), SIZE: "x"}]}, {"rows": []}, [1]):
        head, body = request(content=content)
        line.send(head, body)
        short = line.answer()
        line.send(head.replace(b" HTTP", b"?long HTTP"), body)
        long = line.answer()
        for _, headers, _ in (short, long):
            headers.pop("date")
        assert short == long
        assert short[1]["x-model-version"]


def test_a_head_that_came_before_means_the_same(line, expected):
    """Whatever body follows, in whatever pieces, and whatever comes between."""
    sizes = [10.0, 31.5, 70.0]
    for _ in range(2):
        for size in sizes:
            line.send(*request(size))  # all heads are alike
            assert chance(line.answer()) == expected[size]
        head, body = request(content={"rows": [example()], "explain": True})
        line.send(head, body)
        assert line.answer()[2]["error"].startswith("explain")
        line.send(head, body.replace(b"true", b"TRUE"))
        assert line.answer()[2]["error"].startswith("the body must be JSON")
        head, body = request(10.0)
        line.send(head)
        time.sleep(0.02)
        line.send(body, head, body[:9])
        assert chance(line.answer()) == expected[10.0]
        line.send(body[9:])
        assert chance(line.answer()) == expected[10.0]
        head, body = request(70.0, path=PREDICT.replace("model/", "price/"))
        line.send(head, body)
        assert "value" in line.answer()[2]["predictions"][0]


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


def test_a_connection_ends_when_the_client_says_so(line, expected):
    head, body = request(10.0, Connection="close")
    line.send(head, body)
    answer = line.answer()
    assert chance(answer) == expected[10.0]
    assert answer[1]["connection"] == "close"
    assert line.answer() is None


def test_a_connection_without_a_request_is_kept(line, expected):
    line.send(*request())
    assert chance(line.answer()) == expected[31.5]
    time.sleep(5.5)  # uvicorn's own limit is 5 s
    line.send(*request())
    assert chance(line.answer()) == expected[31.5]


def test_chunks_are_read_and_wrong_ones_refused(line, url, expected):
    _, body = request(10.0)
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    line.send(head, b"5\r\n", body[:5], b"\r\n%x\r\n" % len(body[5:]), body[5:], b"\r\n0\r\n\r\n")
    assert chance(line.answer()) == expected[10.0]
    line.send(head, b"zz\r\n")
    assert line.file.readline().split()[1] == b"400"


def test_who_leaves_early_holds_up_nobody(url, line, expected):
    for end in (5, 200, None):
        gone = Line(url)
        gone.send(b"".join(request(70.0))[:end])
        gone.close()
    line.send(*request(10.0))
    assert chance(line.answer()) == expected[10.0]


@pytest.mark.parametrize("surplus", [b"", b"junk"])
def test_who_ends_its_side_before_the_answer_is_told(url, surplus):
    body = gzip.compress(bytes(30 * 2**20))[:-1]  # takes a thread some time
    line = Line(url)
    fields = f"content-encoding: gzip\r\ncontent-length: {len(body)}"
    line.send(f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\n{fields}\r\n\r\n".encode(), body, surplus)
    line.socket.shutdown(socket.SHUT_WR)
    status, _, said = line.answer()
    assert (status, said["error"].startswith("the connection must stay open")) == (400, True)
    assert line.answer() is None
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


OFFER = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABk"}


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_an_offer_of_another_protocol_is_not_taken_and_its_request_answered(line, expected, pieces):
    sent = b"".join(request(**OFFER))
    step = len(sent) // pieces + 1
    for start in range(0, len(sent), step):
        line.send(sent[start : start + step])
        time.sleep(0.02)
    line.send(*request())
    assert [chance(line.answer()) for _ in range(2)] == [expected[31.5]] * 2


def test_several_offers_at_once_are_each_answered(line, expected):
    sizes = [10.0, 31.5, 70.0]
    line.send(*(part for size in sizes for part in request(size, **OFFER)))
    assert [chance(line.answer()) for _ in sizes] == [expected[size] for size in sizes]


@pytest.mark.parametrize(
    ("head", "status", "reason"),
    [
        (b"content-length: 5\r\ncontent-length: 5", 400, "Duplicate Content-Length"),
        (b"content-length: 5\r\ntransfer-encoding: chunked", 400, "can't be present"),
        (b"transfer-encoding: gzip, chunked", 400, "Transfer-Encoding must be chunked"),
        (b"content-length: -1", 400, "Content-Length"),
        (b"host: y\r\ncontent-length: 2", 400, "one Host, however: 2"),
        (b"bad header: 1", 400, "header"),
        (b"x: " + b"a" * 400_000, 431, "at most 65536 bytes"),
    ],
)
def test_a_head_that_lies_is_refused_with_the_reason(line, expected, head, status, reason):
    line.send(*request())
    assert chance(line.answer()) == expected[31.5]
    line.send(f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\n".encode(), head, b"\r\n\r\n{}")
    said, _, answer = line.answer()
    assert said == status
    assert reason in answer["error"]


@pytest.mark.parametrize(
    ("line_and_host", "status"),
    [
        ("GET /v2/health/live HTTP/1.1", 400),
        (f"POST {PREDICT} HTTP/1.1", 400),
        ("GET /v2/health/live HTTP/1.1\r\nHost: a/b", 400),
        ("GET /v2/health/live HTTP/1.1\r\nHost: a b", 400),
        ("GET /v2/health/live HTTP/1.1\r\nHost:", 200),
        ("GET /v2/health/live HTTP/1.1\r\nHost: [::1]:80", 200),
        ("GET /v2/health/live HTTP/1.1\r\nHost: a-b.example:8000\r\nUpgrade: h2c", 200),
        ("GET /v2/health/live HTTP/1.0", 200),
    ],
)
def test_a_request_names_one_host(line, line_and_host, status):
    """RFC 9112, 3.2; of HTTP/1.0 it is not asked."""
    line.send(line_and_host.encode(), b"\r\ncontent-length: 0\r\n\r\n")
    said, _, answer = line.answer()
    assert said == status
    assert status == 200 or "Host" in answer["error"]


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


def test_what_came_before_garbage_is_answered(line, expected):
    line.send(*request(), b"GARBAGE\r\n\r\n")
    assert chance(line.answer()) == expected[31.5]
    assert line.file.read() == b""


def test_a_request_that_ends_too_early_is_told(line):
    head, body = request()
    line.send(head, body[:-5])
    line.socket.shutdown(socket.SHUT_WR)
    status, _, answer = line.answer()
    assert status == 400
    assert "must be whole" in answer["error"]


def test_what_comes_beside_a_body_is_bounded(url):
    line = Line(url)
    line.send(f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode())
    line.send(b"1\r\n{\r\n0\r\n")
    part = b"x: " + b"a" * 2**20 + b"\r\n"
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(80):
            line.send(part)
            time.sleep(0.002)
    line.close()


def test_members_of_gzip_are_one_body_and_junk_behind_them_none(url):
    body = json.dumps({"rows": [example()]}).encode()
    packed = gzip.compress(body[:20]) + gzip.compress(body[20:])
    fields = {"Content-Encoding": "gzip"}
    with httpx.Client(base_url=url) as client:
        answer = client.post(PREDICT, content=packed, headers=fields)
        assert answer.status_code == 200
        answer = client.post(PREDICT, content=packed + b"junk", headers=fields)
        assert answer.status_code == 400
        answer = client.post(PREDICT, content=gzip.compress(b"") * 2000, headers=fields)
        assert "members" in answer.json()["error"]
