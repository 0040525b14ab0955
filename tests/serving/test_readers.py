"""Large bodies are read beside the server: others are answered meanwhile, and it never ends."""

import base64
import csv
import io
import os
import socket
import threading
import time

import grpc
import httpx
import numpy as np
import orjson
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ninefold.serving.grpc_messages import messages
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import read_model
from ninefold.serving.readers import Readers, is_large
from ninefold.serving.reading import Job, read
from tests.serving.conftest import running
from tests.serving.models import CITY, NOTE, SIZE, WHEN, build, example, table
from tests.serving.test_parts import PICTURE, SERIES, TEXT
from tests.serving.test_parts import model as of_parts

PREDICT, INFER = "/v1/models/model/predict", "/v2/models/model/infer"


def sent_whole(url, body):
    """Send a body in one call, in which this process's other threads go on; return the answer."""
    host, port = url.removeprefix("http://").split(":")
    head = f"POST {INFER} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        return connection.recv(4096)


@pytest.mark.parametrize("value", [b"[],", b'{"a":1},', b"1,"], ids=["lists", "objects", "ones"])
@pytest.mark.some(2)
def test_small_requests_do_not_wait_for_a_large_body(url, value):
    """Read in a thread, it kept the interpreter's lock until it was parsed."""
    body = b'{"inputs": [' + value * (24 * 2**20 // len(value)) + b"1]}"
    waits, is_over = [], threading.Event()

    def ask():
        with httpx.Client(base_url=url, timeout=60) as client:
            while not is_over.is_set():
                start = time.perf_counter()
                assert client.get("/v2/health/live").status_code == 200
                waits.append(time.perf_counter() - start)

    with httpx.Client(base_url=url, timeout=60) as client:
        client.post(INFER, content=b'{"inputs": [' + b"1," * 2**18 + b"1]}")  # starts the reader
    asking = threading.Thread(target=ask)
    asking.start()
    start = time.perf_counter()
    said = sent_whole(url, body)
    took = time.perf_counter() - start
    is_over.set()
    asking.join()
    assert said.startswith(b"HTTP/1.1 400")
    assert max(waits) < max(0.5 * took, 0.2)


def of_rows(rows):
    return orjson.dumps({"rows": rows}), "application/json"


def of_csv(rows):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode(), "text/csv"


def of_parquet(rows):
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue(), "application/vnd.apache.parquet"


@pytest.mark.parametrize("form", [of_rows, of_csv, of_parquet])
def test_a_large_body_is_answered_as_its_rows_alone(client, form):
    rows = [row | {NOTE: "x, y " * 30, WHEN: "2013-12-31T14:05"} for row in table(3000, seed=3)]
    rows[7][SIZE] = None
    body, type_ = form(rows)
    said = client.post(PREDICT, content=body, headers={"Content-Type": type_}).json()
    assert len(said["predictions"]) == len(rows)
    for place in (0, 7, 1500, 2999):
        alone = client.post(PREDICT, json={"rows": [rows[place]]}).json()["predictions"][0]
        assert said["predictions"][place] == alone


def test_a_large_body_of_wrong_rows_says_which(client):
    rows = [row | {NOTE: "x" * 200} for row in table(2000)]
    rows[5][CITY], rows[6] = 5, [1]
    answer = client.post(PREDICT, json={"rows": rows})
    assert answer.status_code == 200
    said = answer.json()["predictions"]
    assert [place for place, item in enumerate(said) if "error" in item] == [5, 6]
    answer = client.post(PREDICT, json={"rows": [rows[5]] * 2000})
    assert answer.status_code == 400
    assert "text or null" in answer.json()["error"]


def test_pictures_and_sequences_come_through(tmp_path):
    (tmp_path / "model.onnx").write_bytes(of_parts())
    raw = base64.b64encode(np.arange(64 * 64, dtype=np.uint8).tobytes()).decode()
    rows = [
        {TEXT: "good", PICTURE: {"shape": [64, 64, 1], "base64": raw}, SERIES: [1.5, None] * n}
        for n in range(60)
    ]
    with (
        running("model.onnx", cwd=tmp_path) as (url, _),
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        said = client.post(PREDICT, json={"rows": rows}).json()["predictions"]
        alone = [client.post(PREDICT, json={"rows": [row]}).json() for row in rows[:3]]
    assert len(orjson.dumps({"rows": rows})) > Limits().beside_bytes
    assert said[:3] == [item["predictions"][0] for item in alone]


def job(folder, rows):
    model = read_model(folder / "models" / "model.onnx")
    return Job(model, "predict", of_rows(rows)[0], {}, Limits())


def test_a_reader_that_was_ended_is_started_anew(folder):
    readers, job_ = Readers(), job(folder, table(3500))
    assert is_large(job_)
    try:
        wanted = read(job_).batch.feeds[SIZE]
        for _ in range(2):
            found = readers.read_now(read, job_).batch.feeds[SIZE]
            assert np.array_equal(found, wanted, equal_nan=True)
            for process in psutil.Process().children(recursive=True):
                if "spawn_main" in " ".join(process.cmdline()):
                    process.kill()
        with pytest.raises(RequestError, match="at most 4096 rows"):
            readers.read_now(read, job(folder, table(5000)))
    finally:
        readers.stop()


def test_a_table_that_ends_its_reader_is_refused_and_nothing_else(client):
    """Arrow ends the process over statistics that contradict themselves."""
    body, type_ = of_parquet(table(20))
    rng, seen = np.random.default_rng(0), set()
    for _ in range(60):
        wrong = bytearray(body)
        for place in rng.integers(len(body) // 2, len(body), 4):
            wrong[place] = rng.integers(256)
        answer = client.post(PREDICT, content=bytes(wrong), headers={"Content-Type": type_})
        seen.add(answer.status_code)
    assert seen <= {200, 400, 413}
    assert client.get("/v2/health/ready").status_code == 200


def test_a_time_zone_that_nobody_knows_is_refused(client):
    when = pa.array([0], pa.int64()).cast(pa.timestamp("us", "Nowhere/Special"))
    file = io.BytesIO()
    pq.write_table(pa.table({WHEN: when}), file)
    answer = client.post(
        PREDICT, content=file.getvalue(), headers={"Content-Type": "application/parquet"}
    )
    assert answer.status_code == 400
    assert "Parquet" in answer.json()["error"]


@pytest.mark.parametrize("form", [of_csv, of_parquet])
@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
def test_the_index_that_pandas_writes_is_left_out(client, form, name):
    row = example() | {WHEN: "2013-12-31T14:05"}
    said = []
    for rows in ([row], [{name: 0} | row]):
        body, type_ = form(rows)
        said.append(client.post(PREDICT, content=body, headers={"Content-Type": type_}).json())
    assert said[0] == said[1]
    assert "label" in said[0]["predictions"][0]


def test_a_table_without_its_type_is_told_so(client):
    answer = client.post(PREDICT, content=of_csv(table(2))[0])
    assert answer.status_code == 400
    assert "Content-Type" in answer.json()["error"]


def test_a_body_that_ends_every_reader_is_refused(folder, monkeypatch):
    readers = Readers()
    monkeypatch.setattr("ninefold.serving.readers._read", _die)
    with pytest.raises(RequestError, match="died of it"):
        readers.read_now(read, job(folder, table(10)))
    readers.stop()


def _die(*_):
    os._exit(1)


NARROW = """
from pathlib import Path
from ninefold.serving import server
from ninefold.serving.grpc_messages import messages
from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.readiness import prepare
prepare(model := read_model(Path("models/model.onnx")))
bound, reserved = server.bind("127.0.0.1", 0), server.reserve("127.0.0.1", 0)
address = f"127.0.0.1:{reserved.getsockname()[1]}"
def begin():
    print("gRPC at", address, flush=True)
    print(f"serving at http://127.0.0.1:{bound.getsockname()[1]}, narrow", flush=True)
settings = server.Settings(grpc=address)
server.serve([model], {}, bound, Limits(max_held_bytes=2**20), settings, begin)
"""


def test_large_bodies_have_so_much_room_in_all(tmp_path):
    """Each of a hundred may have 32 MiB; all of them together would take the server's memory."""
    build(tmp_path / "models" / "model.onnx")
    part = b" " * 600_000
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: 700000\r\n\r\n".encode()
    large = messages().ModelInferRequest(raw_input_contents=[part]).SerializeToString()
    with running(cwd=tmp_path, program=("-c", NARROW)) as (url, process):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(head + part)
            ends = time.monotonic() + 10
            while time.monotonic() < ends:
                answer = httpx.post(url + PREDICT, content=part)
                if answer.status_code == 503:
                    break
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert "too many large requests" in answer.json()["error"]
            with grpc.insecure_channel(process.grpc.split()[-1]) as channel:
                infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
                with pytest.raises(grpc.RpcError) as refused:
                    infer(large, timeout=20)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
            assert "too many large requests" in refused.value.details()
            assert httpx.post(url + PREDICT, json={"rows": [example()]}).status_code == 200
        while (answer := httpx.post(url + PREDICT, content=part)).status_code == 503:
            assert time.monotonic() < ends
        assert answer.status_code == 400
