"""A connection byte by byte, for tests of what comes over it."""

import gzip
import json
import socket

from tests.serving.models import SIZE, example

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


def chance(answer):
    status, _, content = answer
    assert status == 200, content
    return content["predictions"][0]["probabilities"]["yes"]
