"""CPU time of one request to `ninefold serve`, beside the floor: asyncio, httptools, ONNX Runtime.

The floor is an `asyncio.Protocol` on uvloop that parses HTTP with httptools, the body with orjson,
makes the feeds with numpy, one array a type, runs the model once and answers its outputs as JSON on
a kept-alive connection. It checks nothing, counts nothing, flags nothing, and knows one model, one
row and no protocol; that its numbers are the server's is checked first. Server and floor take
turns, `ROUNDS` times; printed are medians of microseconds of server CPU per request (utime + stime
of the process) and of the rounds' ratios, for one connection and 32, for rows and for tensors.

    python benchmarks/serving_cpu.py MODEL [REQUESTS]
"""

import asyncio
import json
import socket
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np
import orjson
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


def floor(model_path: Path, pipe: Any, port: int = 0) -> None:
    """Answer every request for one row with one run of the model, and nothing else."""
    import httptools
    import uvloop

    model = read_model(model_path)
    names = [tensor.name for tensor in model.outputs]
    by_type: dict[Any, list[str]] = {}
    for tensor in model.inputs:
        by_type.setdefault(tensor.dtype, []).append(tensor.name)
    getters = [(columns, itemgetter(*columns), dtype) for dtype, columns in by_type.items()]
    run, numpy = model.session.run, orjson.OPT_SERIALIZE_NUMPY

    def answered(body: bytes) -> bytes:
        content = orjson.loads(body)
        if "rows" in content:
            row = content["rows"][0]
        else:
            row = {item["name"]: item["data"][0] for item in content["inputs"]}
        feeds: dict[str, Any] = {}
        for columns, values, dtype in getters:
            block = np.array(values(row), dtype=dtype).reshape(-1, 1, 1)
            feeds.update(zip(columns, block, strict=True))
        outputs = [v.tolist() if v.dtype == object else v for v in run(None, feeds)]
        return orjson.dumps(dict(zip(names, outputs, strict=True)), option=numpy)

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)
            self.parser, self.body = httptools.HttpRequestParser(self), b""

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_body(self, body: bytes) -> None:
            self.body += body

        def on_message_complete(self) -> None:
            answer, self.body = answered(self.body), b""
            head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer)
            self.transport.write(head + answer)

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(Protocol, "127.0.0.1", port)
        pipe.send(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()

    uvloop.run(listen())


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


def tensors_of(model: Model) -> dict[str, Any]:
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


async def answer_of(port: int, request: bytes) -> dict[str, Any]:
    """Return the JSON that a request is answered with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    content: dict[str, Any] = orjson.loads(await reader.readexactly(size))
    writer.close()
    return content


def check_equal(model: Model, ports: dict[str, int], request: bytes) -> None:
    """Make sure that the server's numbers are the floor's."""
    floor, ours = (asyncio.run(answer_of(ports[name], request)) for name in ("floor", "serve"))
    if "outputs" in ours:
        said = {item["name"]: item["data"] for item in ours["outputs"]}
    else:
        said = {name: ours["predictions"][0][name] for name in floor}
        said = {n: list(v.values()) if isinstance(v, dict) else v for n, v in said.items()}
    for name, values in floor.items():
        assert np.ravel(values).tolist() == np.ravel(said[name]).tolist(), name


def main(model_path: Path, requests: int = 1600) -> None:
    """Measure server and floor in turn and print both."""
    model = read_model(model_path)
    assert model.signature
    tensors = tensors_of(model)  # moments as numbers: the floor reads no dates
    rows = {"rows": [{item["name"]: item["data"][0] for item in tensors["inputs"]}]}
    asked = {
        "rows": request_for(f"/v1/models/{model.name}/predict", rows),
        "tensors": request_for(f"/v2/models/{model.name}/infer", tensors),
    }
    context, ports, watched, processes = get_context("spawn"), {}, {}, []
    for target in (floor, serve):
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=target, args=(model_path, theirs)))
        processes[-1].start()
        ports[target.__name__] = ours.recv()
        watched[target.__name__] = psutil.Process(processes[-1].pid)
    for request in asked.values():
        check_equal(model, ports, request)
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
