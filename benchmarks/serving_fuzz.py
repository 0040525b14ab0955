"""Malformed requests and hot swaps: a server answers with a reason, whatever comes, and lives on.

`fuzz`: bodies that are mutated (bytes flipped, cut, doubled; JSON values, keys and shapes replaced;
nesting, huge numbers, bad UTF-8), wrong headers, and requests that are no HTTP, over kept-alive
connections. Claim: 30,000 requests, no 5xx, no crash, and a right answer afterwards.

`swap`: the model's file is replaced 100 times under load on 8 connections. Claim: no failed
request; every answer names one of the two versions and gives that version's numbers.

    python benchmarks/serving_fuzz.py MODEL [OTHER_MODEL] [--requests 30000] [--swaps 100]

OTHER_MODEL takes the same columns; without it, the model with another byte of metadata.
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import onnx
import orjson
import psutil

from ninefold.serving import server
from ninefold.serving.model import Model, read_model
from ninefold.serving.openapi import example_row
from ninefold.serving.readiness import prepare
from ninefold.serving.rows import Rows
from ninefold.serving.sources import File

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**40, 1e308, -1e-320, "", "NaN", "\ud800", "😀", [], {}, [[[]]], [1, "a"],
    {"a": {"b": None}}, "x" * 5000, 10**400, float("nan"), [0, -1], [2**31, 2**31])  # fmt: skip
HEADERS = (
    ("Inference-Header-Content-Length", "-1"), ("Inference-Header-Content-Length", "999999999"),
    ("Inference-Header-Content-Length", "3"), ("Content-Encoding", "gzip"),
    ("Content-Encoding", "deflate"), ("Content-Encoding", "br"), ("Content-Type", "text/csv"),
    ("Content-Type", "application/vnd.apache.parquet"), ("Accept", "text/csv"),
    ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"), ("X", "\x00\xff"),
)  # fmt: skip
RELOAD_S = 0.02
TIMEOUT_S = 40


def serve(model_path: Path, pipe: Connection) -> None:
    """Serve in this process; send the port."""
    model = read_model(model_path, "model")
    prepare(model)
    bound = server.bind("127.0.0.1", 0)
    pipe.send(bound.getsockname()[1])
    settings = server.Settings(reload_s=RELOAD_S)
    server.serve([model], {"model": File(model_path)}, bound, settings=settings)


def bodies(model: Model) -> list[Any]:
    """Return well-formed requests to begin from."""
    assert model.signature
    row = example_row(model.signature)
    feeds = Rows(model).read([row]).feeds
    tensors = [
        {**t.to_json(), "shape": list(feeds[t.name].shape), "data": feeds[t.name].ravel().tolist()}
        for t in model.inputs
    ]
    return [{"rows": [row]}, {"rows": [row, row], "explain": True}, {"inputs": tensors, "id": "1"}]


def broken(content: Any, rng: random.Random) -> Any:
    """Return a copy of JSON content with one place replaced, removed, added or doubled."""
    if isinstance(content, dict) and content and rng.random() < 0.8:
        key = rng.choice(list(content))
        if rng.random() < 0.15:
            return {k: v for k, v in content.items() if k != key}
        if rng.random() < 0.1:
            return {**content, rng.choice(["", "é", "rows", "x" * 200]): rng.choice(ODD)}
        return {**content, key: broken(content[key], rng)}
    if isinstance(content, list) and content and rng.random() < 0.8:
        place = rng.randrange(len(content))
        if rng.random() < 0.15:
            return content + content[place : place + 1] * rng.choice([1, 50])
        return [*content[:place], broken(content[place], rng), *content[place + 1 :]]
    return rng.choice(ODD)


def mutated(body: bytes, rng: random.Random) -> bytes:
    """Return bytes with some flipped, cut, doubled or put in."""
    data = bytearray(body)
    for _ in range(rng.choice([0, 0, 1, 3, 20])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    how = rng.random()
    if how < 0.1:
        del data[rng.randrange(len(data)) :]
    elif how < 0.15:
        data = bytearray(b"[" * rng.choice([10, 2000, 100_000])) + data
    elif how < 0.2:
        data = data + data
    return bytes(data)


def request(content: Any, version: str, rng: random.Random) -> bytes:
    """Return the bytes of one malformed request."""
    body = json.dumps(broken(content, rng)).encode()
    body = mutated(body, rng) if rng.random() < 0.5 else body
    paths = ["/v1/models/model/predict", "/v2/models/model/infer",
             f"/v2/models/model/versions/{version}/infer", "/v2/models/m%00del/infer",
             "/v1/models/../../etc/passwd", "/v1/models/model/trial", "/metrics"]  # fmt: skip
    path = rng.choices(paths, [50, 50, 5, 1, 1, 1, 1])[0]
    headers = rng.sample(HEADERS, rng.choices([0, 1, 2], [8, 2, 1])[0])
    method = rng.choices(["POST", "GET", "PUT", "X"], [97, 1, 1, 1])[0]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    length = len(body) if rng.random() < 0.97 else rng.choice([0, len(body) // 2])
    first = f"{method} {path} HTTP/1.1\r\nhost: x\r\n{head}content-length: {length}\r\n\r\n"
    return first.encode("latin-1") + body


async def ask(port: int, raw: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes on a connection of their own; return status, headers and body.

    Status 0: the server closed the connection without an answer; -1: it gave none in time.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            writer.write(raw)
            status, headers = await _head(reader)
            while status == 100:
                status, headers = await _head(reader)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0, {}, b""
    except TimeoutError:
        return -1, {}, b""
    finally:
        writer.close()
    return status, headers, body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (line.partition(": ") for line in lines[1:])
    return int(lines[0].split()[1]), {name.lower(): value for name, _, value in fields}


async def fuzz(port: int, model: Model, count: int, seed: int) -> Counter[int]:
    """Send `count` malformed requests from 16 tasks; return how often each status came."""
    rng, contents, statuses = random.Random(seed), bodies(model), Counter[int]()
    raws = (request(rng.choice(contents), model.version, rng) for _ in range(count))

    async def some(raws: Iterator[bytes]) -> None:
        for raw in raws:
            status, _, body = await ask(port, raw)
            statuses[status] += 1
            if status >= 500 or status < 0:
                print(f"{status}: {raw[:300]!r} -> {body[:200]!r}")

    await asyncio.gather(*(some(raws) for _ in range(16)))
    return statuses


async def swap(
    port: int, place: Path, models: list[Model], contents: list[bytes], swaps: int
) -> Counter[str]:
    """Replace the file again and again under load; return what came of every request."""
    assert models[0].signature
    row = example_row(models[0].signature)
    body = json.dumps({"rows": [row]}).encode()
    head = f"POST /v1/models/model/predict HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
    raw = f"{head}connection: close\r\n\r\n".encode() + body
    expected = {model.version: _said(model, row) for model in models}
    seen, ends = Counter[str](), asyncio.Event()

    async def load() -> None:
        while not ends.is_set():
            status, headers, answer = await ask(port, raw)
            version = headers.get("x-model-version", "none")
            content = orjson.loads(answer) if status == 200 else {}
            is_right = content.get("predictions") == expected.get(version)
            seen[version if status == 200 and is_right else f"failed ({status})"] += 1

    tasks = [asyncio.create_task(load()) for _ in range(8)]
    for number in range(swaps):
        new = place.with_suffix(".new")
        new.write_bytes(contents[(number + 1) % 2])
        wanted = models[(number + 1) % 2].version
        new.replace(place)
        while (await ask(port, raw))[1].get("x-model-version") != wanted:
            await asyncio.sleep(RELOAD_S)
    ends.set()
    await asyncio.gather(*tasks)
    return seen


def _said(model: Model, row: dict[str, Any]) -> Any:
    rows = Rows(model)
    batch = rows.read([row])
    answers = rows.answers(batch, model.run(batch.feeds))
    return orjson.loads(orjson.dumps(answers, option=orjson.OPT_SERIALIZE_NUMPY))


def renamed(content: bytes) -> bytes:
    """Return the same model under another hash."""
    proto = onnx.load_model_from_string(content)
    proto.doc_string = "another"
    return bytes(proto.SerializeToString())


def main() -> None:
    """Run both and say what came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    parser.add_argument("--requests", type=int, default=30_000)
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    first = given.model.read_bytes()
    contents = [first, given.other.read_bytes() if given.other else renamed(first)]
    models = [Model("model", content) for content in contents]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model.onnx"
        place.write_bytes(first)
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(place, theirs))
        process.start()
        port, watched = ours.recv(), psutil.Process(process.pid)
        try:
            _measure(port, watched, place, models, contents, given)
        finally:
            process.kill()
            process.join()


def _measure(
    port: int,
    watched: psutil.Process,
    place: Path,
    models: list[Model],
    contents: list[bytes],
    given: argparse.Namespace,
) -> None:
    """Fuzz, then swap, and print what came of it."""
    before = watched.memory_info().rss
    statuses = asyncio.run(fuzz(port, models[0], given.requests, given.seed))
    print(f"{sum(statuses.values())} malformed requests: {dict(sorted(statuses.items()))}")
    print(f"memory {before / 2**20:.0f} -> {watched.memory_info().rss / 2**20:.0f} MiB")
    seen = asyncio.run(swap(port, place, models, contents, given.swaps))
    print(f"{given.swaps} swaps, {sum(seen.values())} requests meanwhile: {dict(seen)}")
    print(f"alive: {watched.is_running()}, {watched.memory_info().rss / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
