"""CPU time of one request to `ninefold serve`, beside the floor: asyncio, httptools, ONNX Runtime.

The floor is an `asyncio.Protocol` on uvloop that parses HTTP with httptools and answers each
request on a kept-alive connection with one `session.run` of feeds it holds: it reads no JSON,
checks nothing and knows no protocol. Server and floor take turns, `ROUNDS` times; printed are
medians of microseconds of server CPU per request (utime + stime of the process) and of the
rounds' ratios, for one connection and 32, for rows and for tensors.

    python benchmarks/serving_cpu.py MODEL [REQUESTS]
"""

import asyncio
import json
import socket
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import cast

import psutil

from ninefold.serving import server
from ninefold.serving.model import Model, read_model
from ninefold.serving.openapi import example_row
from ninefold.serving.readiness import prepare
from ninefold.serving.rows import Rows
from ninefold.serving.sources import File

CONNECTIONS = (1, 32)
ROUNDS = 5


def serve(model_path: Path, pipe: Connection) -> None:
    """Serve in this process; send the port."""
    model = read_model(model_path)
    prepare(model)
    bound = server.bind("127.0.0.1", 0)
    pipe.send(bound.getsockname()[1])
    server.serve([model], {model.name: File(model_path)}, bound)


def floor(model_path: Path, pipe: Connection) -> None:
    """Answer every request with one run of the model, without reading it."""
    import httptools
    import uvloop

    model = read_model(model_path)
    assert model.signature
    feeds = Rows(model).read([example_row(model.signature)]).feeds

    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + bytes(100)

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)
            self.parser = httptools.HttpRequestParser(self)

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_message_complete(self) -> None:
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


def tensors_of(model: Model) -> dict[str, object]:
    """Return the example row as an inference request of JSON tensors."""
    assert model.signature
    feeds = Rows(model).read([example_row(model.signature)]).feeds
    described = [tensor.to_json() for tensor in model.inputs]
    return {
        "inputs": [
            {**item, "shape": [1, 1], "data": feeds[item["name"]].ravel().tolist()}
            for item in described
        ]
    }


def used_by(process: psutil.Process, port: int, request: bytes, connections: int, n: int) -> float:
    """Return microseconds of CPU per request of a server process."""
    before = process.cpu_times()
    asyncio.run(load(port, request, connections, n))
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / n * 1e6


def main(model_path: Path, requests: int = 1600) -> None:
    """Measure server and floor in turn and print both."""
    model = read_model(model_path)
    assert model.signature
    rows = {"rows": [example_row(model.signature)]}
    asked = {
        "rows": request_for(f"/v1/models/{model.name}/predict", rows),
        "tensors": request_for(f"/v2/models/{model.name}/infer", tensors_of(model)),
    }
    context, ports, watched, processes = get_context("spawn"), {}, {}, []
    for target in (floor, serve):
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=target, args=(model_path, theirs)))
        processes[-1].start()
        ports[target.__name__] = ours.recv()
        watched[target.__name__] = psutil.Process(processes[-1].pid)
    for kind, request in asked.items():
        for connections in CONNECTIONS:
            costs: dict[str, list[float]] = {"floor": [], "serve": []}
            for _ in range(ROUNDS + 1):
                for name, found in costs.items():
                    cost = used_by(watched[name], ports[name], request, connections, requests)
                    found.append(cost)
            pairs = list(zip(costs["floor"][1:], costs["serve"][1:], strict=True))
            ratios = [ours / theirs for theirs, ours in pairs]
            theirs, ours = (median(costs) for costs in zip(*pairs, strict=True))
            print(
                f"{kind:<8}{connections:>3} connections: floor {theirs:5.0f} µs, serve {ours:5.0f} "
                f"µs of CPU per request, ×{median(ratios):.2f} ({min(ratios):.2f}…"
                f"{max(ratios):.2f})"
            )
    for process in processes:
        process.terminate()
        process.join()


if __name__ == "__main__":
    socket.setdefaulttimeout(30)
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
