"""CPU time of one request to `ninefold serve` beside MLServer, BentoML, LitServe, and the floor.

Each peer serves the same file the way its documentation shows, with one worker, in a virtual
environment of its own; each gets the same request, one row of JSON tensors, from the same client,
whose own time is not counted. All run ONNX Runtime with one thread and answer the same numbers,
which is checked first; metrics are on where they are by default, access logs are off. Peers make
one array a tensor, as their documentation does, and run each request alone (they batch only where
one says how long to wait); Ninefold makes one array a type and shares runs between requests that
arrive together. The floor (`benchmarks.serving_cpu`) reads, runs and answers, no more: what
it costs is what no server can save.

They take turns, `ROUNDS` times; printed are medians of microseconds of CPU per request of all the
server's processes, and of the rounds' ratios to `ninefold serve` and to the floor. Claim: at least
8 times as much as `ninefold serve`.

    python -m venv PEERS/mlserver
    PEERS/mlserver/bin/pip install mlserver 'uvloop<0.22' onnxruntime
    python -m venv PEERS/bentoml && PEERS/bentoml/bin/pip install bentoml onnxruntime
    python -m venv PEERS/litserve && PEERS/litserve/bin/pip install litserve onnxruntime
    python -m benchmarks.serving_peers MODEL PEERS [REQUESTS]

A peer that is not there is left out.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.serving_cpu import answer_of, load, request_for, tensors_of
from ninefold.serving.model import Model, read_model

CONNECTIONS = (1, 16)
ROUNDS = 5
START_S = 90.0
RUN = """
import numpy as np, onnxruntime as ort
KINDS = {"FP64": float, "FP32": np.float32, "INT64": np.int64, "BOOL": bool, "BYTES": object}
def session():
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession("MODEL", options, providers=["CPUExecutionProvider"])
def outputs(session, feeds):
    names = [item.name for item in session.get_outputs()]
    return dict(zip(names, [v.tolist() for v in session.run(names, feeds)]))
def feeds(inputs):
    return {
        i["name"]: np.array(i["data"], KINDS[i["datatype"]]).reshape(i["shape"]) for i in inputs
    }
"""
MLSERVER = """
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput
import run
class Runtime(MLModel):
    async def load(self):
        self.session = run.session()
        return True
    async def predict(self, payload):
        inputs = [
            dict(name=i.name, datatype=i.datatype, shape=i.shape, data=list(i.data))
            for i in payload.inputs
        ]
        found = run.outputs(self.session, run.feeds(inputs))
        outputs = [
            ResponseOutput(name=n, datatype="BYTES" if isinstance(v[0], str) else "FP32",
                           shape=list(run.np.shape(v)), data=run.np.ravel(v).tolist())
            for n, v in found.items()
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
"""
BENTOML = """
import bentoml, run
@bentoml.service(workers=1)
class Service:
    def __init__(self):
        self.session = run.session()
    @bentoml.api
    def infer(self, inputs: list[dict]) -> dict:
        return run.outputs(self.session, run.feeds(inputs))
"""
LITSERVE = """
import sys, litserve, run
class Api(litserve.LitAPI):
    def setup(self, device):
        self.session = run.session()
    def decode_request(self, request):
        return run.feeds(request["inputs"])
    def predict(self, feeds):
        return run.outputs(self.session, feeds)
    def encode_response(self, output):
        return output
if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    where = dict(host="127.0.0.1", port=int(sys.argv[1]))
    server.run(**where, num_api_servers=1, generate_client_file=False)
"""
FLOOR = """
import sys
from pathlib import Path
from types import SimpleNamespace
from benchmarks.serving_cpu import floor
floor(Path(sys.argv[1]), SimpleNamespace(send=print), int(sys.argv[2]))
"""
OWN = ("ninefold", "floor")
"""Those that run in this environment."""
PATHS = {
    "ninefold": "/v2/models/model/infer",
    "floor": "/",
    "mlserver": "/v2/models/model/infer",
    "bentoml": "/infer",
    "litserve": "/predict",
}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def command(name: str, model: Path, folder: Path, venv: Path, port: int) -> list[str]:
    """Write what a server needs into `folder`; return how it is started."""
    if name == "ninefold":
        return [sys.executable, "-m", "ninefold.serving", f"model={model}", "--port", str(port)]
    if name == "floor":
        return [sys.executable, "-c", FLOOR, str(model), str(port)]
    (folder / "run.py").write_text(RUN.replace("MODEL", str(model)))
    if name == "mlserver":
        (folder / "runtime.py").write_text(MLSERVER)
        settings = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port(),
                    "host": "127.0.0.1", "parallel_workers": 0, "debug": False}  # fmt: skip
        (folder / "settings.json").write_text(json.dumps(settings))
        described = {"name": "model", "implementation": "runtime.Runtime"}
        (folder / "model-settings.json").write_text(json.dumps(described))
        return [str(venv / "bin" / "mlserver"), "start", str(folder)]
    if name == "bentoml":
        (folder / "service.py").write_text(BENTOML)
        where = ["--host", "127.0.0.1", "--port", str(port)]
        return [str(venv / "bin" / "bentoml"), "serve", "service:Service", *where]
    (folder / "api.py").write_text(LITSERVE)
    return [str(venv / "bin" / "python"), "api.py", str(port)]


@contextlib.contextmanager
def serving(name: str, model: Path, venv: Path, request: bytes) -> Iterator[tuple[int, int, Any]]:
    """Run a server; yield its port, its process and what it answers to `request`."""
    port = free_port()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "BENTOML_DO_NOT_TRACK": "True"}
    if name not in OWN:
        environment.pop("PYTHONPATH", None)
        environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryDirectory() as place, (Path(place) / "log").open("w") as log:
        started = command(name, model.resolve(), Path(place), venv, port)
        where = None if name in OWN else place
        process = subprocess.Popen(started, cwd=where, env=environment, stdout=log, stderr=log)
        try:
            yield (
                port,
                process.pid,
                _first_answer(name, port, request, process, Path(place) / "log"),
            )
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.terminate()
            process.terminate()
            process.wait(30)


def _first_answer(
    name: str, port: int, request: bytes, process: "subprocess.Popen[bytes]", log: Path
) -> Any:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, IndexError, ValueError):
            answer = asyncio.run(answer_of(port, request))
            if "outputs" in answer or "probabilities" in answer or "value" in answer:
                return answer
        time.sleep(0.5)
    raise SystemExit(f"{name} did not answer:\n{log.read_text()[-2000:]}")


def numbers(answer: Any) -> list[float]:
    """Return the last output of an answer, whatever its form."""
    if "outputs" in answer:
        return [float(v) for v in answer["outputs"][-1]["data"]]
    last = list(answer.values())[-1]
    return [float(v) for v in (last[0] if isinstance(last[0], list) else last)]


def used_s(pid: int) -> float:
    """Return the CPU seconds of a process and all below it."""
    found = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    times = [process.cpu_times() for process in found]
    return float(sum(one.user + one.system for one in times))


def cost_us(port: int, pid: int, request: bytes, connections: int, requests: int) -> float:
    """Return microseconds of CPU per request."""
    before = used_s(pid)
    asyncio.run(load(port, request, connections, requests))
    return (used_s(pid) - before) / requests * 1e6


def main(model_path: Path, peers: Path, requests: int = 800) -> None:
    """Measure all that are there, in turn, and print them."""
    model: Model = read_model(model_path)
    names = [n for n in PATHS if n in OWN or (peers / n / "bin" / "python").exists()]
    print("left out:", ", ".join(n for n in PATHS if n not in names) or "none")
    asked = {name: request_for(PATHS[name], tensors_of(model)) for name in names}
    with contextlib.ExitStack() as stack:
        served = {
            name: stack.enter_context(serving(name, model_path, peers / name, asked[name]))
            for name in names
        }
        want = numbers(served["ninefold"][2])
        for _, _, answer in served.values():
            assert all(abs(a - b) < 1e-5 for a, b in zip(numbers(answer), want, strict=True))
        for connections in CONNECTIONS:
            costs: dict[str, list[float]] = {name: [] for name in names}
            for _ in range(ROUNDS + 1):
                for name, (port, pid, _) in served.items():
                    found = cost_us(port, pid, asked[name], connections, requests)
                    costs[name].append(found)
            for name in names:
                own, floor = (_ratios(costs[name], costs[other]) for other in OWN)
                print(
                    f"{connections:>3} connections: {name:<9}{median(costs[name][1:]):6.0f} µs of "
                    f"CPU per request, ×{median(own):.1f} ({min(own):.1f}…{max(own):.1f}), of the "
                    f"floor ×{median(floor):.1f} ({min(floor):.1f}…{max(floor):.1f})",
                    flush=True,
                )


def _ratios(costs: list[float], others: list[float]) -> list[float]:
    """Return the ratios of the rounds after the first."""
    return [cost / other for cost, other in zip(costs[1:], others[1:], strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
