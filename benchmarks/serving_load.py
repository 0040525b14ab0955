"""Times to answer at half of what a server can do, and its memory over minutes of load.

First as many requests as 32 connections can send, for a tenth of the time, tell what the server can
do beside this client. Then half as many a second come, evenly spaced for a third of the time and at
random moments (Poisson) for the rest; the time to answer counts from the moment a request was due,
so that what waits in the client counts as well. Claims: p99 at most 3 times p50 (at random moments
one queue whose requests take equally long has 4.3 already, at half of what it can do); memory flat,
after a tenth of the time, to 5 %, and after the largest requests that are allowed: most rows, and
most bytes.

    python -m benchmarks.serving_load MODEL [--seconds 20]
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import Iterable, Iterator
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import psutil
import uvloop

from benchmarks.serving_cpu import load, request_for, serve
from ninefold.serving.limits import Limits
from ninefold.serving.model import Model, read_model
from ninefold.serving.openapi import example_row

CONNECTIONS = 32
MIB = 2**20


async def answered(reader: asyncio.StreamReader) -> bool:
    """Read an answer; tell whether it is a 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    return head.startswith(b"HTTP/1.1 200")


async def saturated(port: int, request: bytes, seconds: float) -> float:
    """Return how many requests a second the connections get answered."""
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        await load(port, request, CONNECTIONS, CONNECTIONS * 10)
        count += CONNECTIONS * 10
    return count / (time.perf_counter() - start)


async def steady(
    port: int, request: bytes, gaps: Iterator[float], seconds: float, server: psutil.Process
) -> tuple[list[float], int, list[int]]:
    """Return times to answer in seconds, how many failed, and the server's memory, by seconds.

    A request is due `gaps` seconds after the one before it.
    """
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    took: list[float] = []
    failed, memory, tasks = 0, [server.memory_info().rss], set[asyncio.Task[None]]()

    async def ask(due: float) -> None:
        nonlocal failed
        reader, writer = await free.get()
        writer.write(request)
        if await answered(reader):
            took.append(time.perf_counter() - due)
        else:
            failed += 1
        free.put_nowait((reader, writer))

    begun = due = time.perf_counter()
    ends = due + seconds
    while due < ends:
        due += next(gaps)
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.add(task := asyncio.create_task(ask(due)))
        task.add_done_callback(tasks.discard)
        if due - begun >= len(memory):
            memory.append(server.memory_info().rss)
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait()[1].close()
    return took, failed, memory


def largest(model: Model) -> Iterable[tuple[str, bytes]]:
    """Yield the largest requests that a server takes."""
    assert model.signature
    row, limits = example_row(model.signature), Limits()
    path = f"/v1/models/{model.name}/predict"
    yield "rows", request_for(path, {"rows": [row] * limits.max_rows})
    body = json.dumps({"rows": [row]}).encode()
    body += b" " * (limits.max_body_bytes - len(body))
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    yield "bytes", head.encode() + body


async def send(port: int, request: bytes) -> bool:
    """Send one request on a connection of its own; tell whether it is answered with a 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    is_good = await answered(reader)
    writer.close()
    return is_good


def random_gaps(rate: float) -> Iterator[float]:
    """Yield the seconds between requests that come at random moments, `rate` a second."""
    rng = random.Random(0)
    while True:
        yield rng.expovariate(rate)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    model = read_model(given.model)
    assert model.signature
    row = {"rows": [example_row(model.signature)]}
    request = request_for(f"/v1/models/{model.name}/predict", row)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(given.model, theirs))
    process.start()
    try:
        port, server = ours.recv(), psutil.Process(process.pid)
        uvloop.run(load(port, request, CONNECTIONS, 640))
        most = uvloop.run(saturated(port, request, given.seconds / 10))
        print(f"{most:.0f} requests a second at most; at half of it:")
        memory: list[int] = []
        arrivals = (
            ("evenly spaced", repeat(2 / most), given.seconds / 3),
            ("at random moments", random_gaps(most / 2), given.seconds * 2 / 3),
        )
        for title, gaps, seconds in arrivals:
            took, failed, seen = uvloop.run(steady(port, request, gaps, seconds, server))
            memory += seen
            took.sort()
            p50, p99 = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
            print(f"{title}: {len(took)} answered, {failed} failed, p50 {p50:.2f} ms, "
                  f"p99 {p99:.2f} ms, ×{p99 / p50:.1f}")  # fmt: skip
        settled = memory[len(memory) // 10]
        print(f"memory {settled / MIB:.1f} MiB after a tenth, {memory[-1] / MIB:.1f} at the end, "
              f"{max(memory) / MIB:.1f} at most")  # fmt: skip
        for what, large in largest(model):
            before = server.memory_info().rss
            answers = [uvloop.run(send(port, large)) for _ in range(5)]
            time.sleep(1.0)
            after = server.memory_info().rss
            print(f"5 requests of most {what}, {sum(answers)} answered: memory {before / MIB:.1f} "
                  f"-> {after / MIB:.1f} MiB")  # fmt: skip
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
