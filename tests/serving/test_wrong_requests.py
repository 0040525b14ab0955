"""Requests that lie, end too early or carry too much are refused with the reason."""

import gzip
import json
import socket
import time

import httpx
import pytest

from tests.serving.lines import PREDICT, Line, chance, request
from tests.serving.models import example


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
