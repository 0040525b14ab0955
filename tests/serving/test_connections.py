"""What comes over one connection, in whatever pieces: each request gets its answer, in order."""

import time

import pytest

from tests.serving.lines import PREDICT, Line, chance, request
from tests.serving.models import SIZE, example


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


def test_what_came_before_garbage_is_answered(line, expected):
    line.send(*request(), b"GARBAGE\r\n\r\n")
    assert chance(line.answer()) == expected[31.5]
    assert line.file.read() == b""
