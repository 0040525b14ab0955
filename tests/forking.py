"""Commands as processes that are forked from one which has imported what they load.

Each is a process of its own, in a session of its own: its arguments, folder, environment, output,
exit code and signals are those of `python -m MODULE …`. It saves the seconds of the imports; what
differs is that the seed of Python's hashes is one for all. Not loaded before: Prefect, which reads
the environment while it is imported, and onnxruntime, which then starts a thread.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import site
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOADED = (
    "dvc.repo", "dvc.stage.run", "great_expectations", "griffe", "httpx", "jinja2", "jsonschema",
    "matplotlib.figure", "onnx", "onnxscript.function_libs.torch_lib.ops", "pandas", "pendulum",
    "pyarrow.parquet", "pydantic_settings", "rich.console", "ruamel.yaml", "torch.export._trace",
    "torch.onnx", "websockets",
)  # fmt: skip
"""Beside what `tasks.executors` loads before stages run side by side."""
START_S = 120


class Process:
    """One command, running or ended; what it printed is kept in files."""

    def __init__(self, module, *arguments, cwd, env):
        self.args = [module, *map(str, arguments)]
        self._out, self._error = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115
        self._told, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asked = {"args": self.args, "cwd": str(cwd), "env": dict(env)}
        numbers = [self._out.fileno(), self._error.fileno(), told.fileno()]
        with told:
            socket.send_fds(_origin()[0], [json.dumps(asked).encode()], numbers)
        self.returncode = None
        self.pid = self._hear(START_S)
        assert self.pid, f"{self.args} did not begin"

    def _hear(self, limit_s):
        if not select.select([self._told], [], [], limit_s)[0]:
            return None
        said = self._told.recv(64)
        assert said, f"nothing came of {self.args}"
        return int(said)

    def poll(self):
        if self.returncode is None:
            self.returncode = self._hear(0)
        return self.returncode

    def end(self, number):
        """Send a signal to the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def communicate(self, limit_s):
        """Wait; return what it printed on stdout and stderr."""
        if self.poll() is None:
            self.returncode = self._hear(limit_s)
        if self.returncode is None:
            self.end(signal.SIGKILL)
            raise subprocess.TimeoutExpired(self.args, limit_s)
        said = []
        for file in (self._out, self._error):
            file.seek(0)
            said.append(file.read())
            file.close()
        self._told.close()
        return tuple(said)


def run(module, *arguments, cwd, env, timeout_s):
    """Do what `subprocess.run([sys.executable, "-m", module, …])` does."""
    process = Process(module, *arguments, cwd=cwd, env=env)
    out, error = process.communicate(timeout_s)
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


@functools.cache
def _origin():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(number)],
            env={**os.environ, "JE_ARROW_MALLOC_CONF": "background_thread:false"},
            cwd=ROOT, pass_fds=[number], stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    atexit.register(_end, ours, process)
    return ours, process


def _end(ours, process):
    ours.close()
    process.wait(START_S)


def main(number):
    """Fork a process for whatever is asked on an inherited socket, until it is closed."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=number) as asked:
        while True:
            content, (*streams,), *_ = socket.recv_fds(asked, 1 << 18, 3)
            if not content:
                return
            if os.fork() == 0:
                break
            for stream in streams:
                os.close(stream)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, told = streams
    with socket.socket(fileno=told) as told:
        if pid := os.fork():
            told.send(b"%d" % pid)
            told.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            os._exit(0)
    _become(json.loads(content), streams)


def _load():
    from ninefold import telemetry, threads
    from tasks import executors
    from tests import operators

    telemetry.switch_off()
    threads.sleep_when_idle()
    executors.load_shared()
    for name in LOADED:
        importlib.import_module(name)
    operators.read_once()()
    gc.freeze()
    assert len(list(Path("/proc/self/task").iterdir())) == 1, (
        "a process with threads cannot be forked"
    )


def _become(asked, streams):
    """Run a module as `python -m` does, in this process."""
    os.setsid()
    os.chdir(asked["cwd"])
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = asked["args"]
    sys.path[:1] = [asked["cwd"], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    sys.modules.pop("sitecustomize", None)
    site.execsitecustomize()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
