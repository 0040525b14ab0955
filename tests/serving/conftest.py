"""One real server per module, in a process of its own."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving.lines import PREDICT, Line
from tests.serving.models import SIZE, build, example


@contextlib.contextmanager
def running(*arguments: object, cwd: Path, program=("-m", "ninefold")):
    """Run `ninefold serve --port 0 …`; yield its address and its process."""
    with (cwd / "stderr.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *program, "serve", "--port", "0", *map(str, arguments)],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    said = process.said = []
    try:
        for line in process.stdout:
            said.append(line)
            if "gRPC at " in line:
                process.grpc = line
            if "serving at " in line:
                yield line.split()[2].rstrip(","), process
                break
        else:
            raise AssertionError("".join(said) + (cwd / "stderr.txt").read_text())
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Three exported models, the default one for two classes."""
    folder = tmp_path_factory.mktemp("served")
    build(folder / "models" / "model.onnx")
    build(folder / "models" / "many.onnx", "many")
    build(folder / "models" / "price.onnx", "regression")
    return folder


@pytest.fixture(scope="session")
def url(folder):
    with running(*(f"models/{n}.onnx" for n in ("model", "many", "price")), cwd=folder) as (url, _):
        yield url


@pytest.fixture(scope="session")
def client(url):
    with httpx.Client(base_url=url, timeout=20) as client:
        yield client


@pytest.fixture
def line(url):
    line = Line(url)
    yield line
    line.close()


@pytest.fixture(scope="module")
def expected(url):
    """Return what rows of some sizes get, asked together."""
    sizes = [10.0, 31.5, 70.0]
    rows = [{**example(), SIZE: size} for size in sizes]
    answers = httpx.post(url + PREDICT, json={"rows": rows}).json()["predictions"]
    found = {s: a["probabilities"]["yes"] for s, a in zip(sizes, answers, strict=True)}
    assert len(set(found.values())) == 3
    return found
