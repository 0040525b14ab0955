"""CPU time of one request to `ninefold serve`, beside the floor: asyncio and ONNX Runtime alone.

The floor parses nothing and knows no protocol: an `asyncio.Protocol` that answers each request on a
kept-alive connection after one `session.run`. Prints microseconds of server CPU per
request (utime + stime of the process) and the ratio; one connection and 32.

    python benchmarks/serving_cpu.py MODEL [REQUESTS]
"""

import asyncio
import json
import socket
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import psutil

from ninefold.serving import server
from ninefold.serving.model import read_model
from ninefold.serving.openapi import example_row
from ninefold.serving.readiness import prepare
from ninefold.serving.rows import Rows
from ninefold.serving.sources import File

CONNECTIONS = (1, 32)


def serve(model_path: Path, pipe: Connection) -> None:
    """Serve in this process; send the port."""
    model = read_model(model_path)
    prepare(model)
    bound = server.bind("127.0.0.1", 0)
    pipe.send(bound.getsockname()[1])
    server.serve([model], {model.name: File(model_path)}, bound)


def floor(model_path: Path, pipe: Connection) -> None:
    """Answer every request with one run of the model, without reading it."""
    import uvloop

    model = read_model(model_path)
    assert model.signature
    feeds = Rows(model).read([example_row(model.signature)]).feeds

    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + bytes(100)

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)

        def data_received(self, data: bytes) -> None:
            model.run(feeds)
            self.transport.write(answer)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(Protocol, "127.0.0.1", 0)
        pipe.send(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()

    uvloop.run(run())


async def load(port: int, request: bytes, connections: int, requests: int) -> None:
    """Send `requests` over as many kept-alive connections."""

    async def client(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(size)
        writer.close()

    await asyncio.gather(*(client(requests // connections) for _ in range(connections)))


def request_for(path: str, content: object) -> bytes:
    """Return the bytes of a POST request."""
    body = json.dumps(content).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main(model_path: Path, requests: int = 6400) -> None:
    """Measure server and floor in turn and print both."""
    model = read_model(model_path)
    assert model.signature
    request = request_for(
        f"/v1/models/{model.name}/predict", {"rows": [example_row(model.signature)]}
    )
    context = get_context("spawn")
    for connections in CONNECTIONS:
        costs = {}
        for target in (floor, serve):
            ours, theirs = context.Pipe()
            process = context.Process(target=target, args=(model_path, theirs))
            process.start()
            port = ours.recv()
            watched = psutil.Process(process.pid)
            asyncio.run(load(port, request, connections, 640))
            before, start = watched.cpu_times(), time.perf_counter()
            asyncio.run(load(port, request, connections, requests))
            after, wall = watched.cpu_times(), time.perf_counter() - start
            used = after.user + after.system - before.user - before.system
            costs[target.__name__] = used / requests * 1e6
            print(
                f"{connections:>3} connections, {target.__name__:<5}: {used / requests * 1e6:6.0f} "
                f"µs CPU per request, {requests / wall:6.0f} requests/s"
            )
            process.terminate()
            process.join()
        print(f"{connections:>3} connections: ×{costs['serve'] / costs['floor']:.2f} of the floor")


if __name__ == "__main__":
    socket.setdefaulttimeout(30)
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
