"""How a stage's command is carried out: in this process, or as a child that dies with it."""

import collections
import contextlib
import ctypes
import gc
import importlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ninefold import interruption
from ninefold.errors import GateError, InputError, NinefoldError
from ninefold.progress import send_lines_to

Write = Callable[[str], None]
OWN_STAGE = re.compile(r"(?:exec )?python3? -m tasks ([\w-]+)")
LINES_KEPT = 20
TIDY_S = 3.0
"""How long a child may take to put away what is half-written."""
SHARED = (
    "scipy.linalg",
    "scipy.optimize",
    "scipy.sparse.csgraph",
    "scipy.special",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.datasets",
    "sklearn.ensemble",
    "sklearn.feature_selection",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.mixture",
    "sklearn.neighbors",
    "torch",
)
"""Packages loaded before stages run in threads side by side. Their parts import one another, so two
threads that enter at different parts can wait for each other: Python then breaks one import off.
And scipy asks torch whether an array is its own as soon as torch has begun to load."""
_loading = threading.Lock()
_children: set[subprocess.Popen[str]] = set()


class StageError(NinefoldError):
    """A stage's command failed for a reason of its own; running it again may help."""

    exit_code = 1


def own_stage(command: object) -> str | None:
    """Return X when a stage's `cmd` is `exec python -m tasks X`, else None."""
    found = OWN_STAGE.fullmatch(command.strip()) if isinstance(command, str) else None
    return found[1] if found else None


def run_here(workspace: Path, stage: str, write: Write) -> None:
    """Run one of our stages in this process; its progress lines go to `write`."""
    from tasks.__main__ import run_stage

    if threading.current_thread() is not threading.main_thread():
        load_shared()
    send_lines_to(write)
    try:
        run_stage(workspace, stage)
    finally:
        send_lines_to(None)
        give_back_memory()


def give_back_memory() -> None:
    """Hand what a stage has freed back to the kernel, before the next one takes its own.

    The allocators of C (glibc's) and Arrow keep it otherwise; elsewhere nothing happens. What is
    left is mostly imported packages: not looked at again, which took a quarter of a second a stage.
    """
    gc.collect()
    gc.freeze()
    if arrow := sys.modules.get("pyarrow"):
        arrow.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def load_shared() -> None:
    """Import the `SHARED` packages, one thread at a time."""
    with _loading:
        for name in SHARED:
            importlib.import_module(name)


def is_own_code(workspace: Path) -> bool:
    """Tell whether `python -m tasks` in the workspace would run the code this process runs."""
    import ninefold
    import tasks

    return all(
        not (workspace / package.__name__).is_dir()
        or (workspace / package.__name__).samefile(Path(str(package.__file__)).parent)
        for package in (tasks, ninefold)
    )


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return `base` with this interpreter's folder first on PATH, so that `python` is this one."""
    folder = str(Path(sys.executable).parent)
    return {
        **base,
        "PATH": os.pathsep.join([folder, base.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }


def run_child(
    command: str | Sequence[str],
    *,
    shell: bool,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float | None,
    write: Write,
) -> None:
    """Run a command as a child process group; each line it prints goes to `write`.

    Raises:
        InputError: it ended with 2. GateError: with 3. StageError: with another code, a signal,
            or after `timeout_s` seconds; the message is the last line it printed.
    """
    child = subprocess.Popen(
        command,
        shell=shell,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    _children.add(child)
    late = threading.Event()
    alarm = threading.Timer(timeout_s or 0, _end_late, [child, late])
    if timeout_s:
        alarm.start()
    try:
        lines = collections.deque(_lines(child, write), maxlen=LINES_KEPT)
        code = child.wait()
    finally:
        alarm.cancel()
        _kill(child, signal.SIGKILL)
        _children.discard(child)
    if late.is_set():
        raise StageError(f"took longer than the {timeout_s:g} s that its `meta.timeout_s` allows")
    if code:
        raise _error(code, lines[-1] if lines else "")


def _lines(child: subprocess.Popen[str], write: Write) -> Iterator[str]:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            if text := line.rstrip():
                write(text)
                yield text


def _error(code: int, message: str) -> NinefoldError:
    if code == GateError.exit_code:
        return GateError(message or "a gate stopped the stage")
    if code == InputError.exit_code:
        return InputError(message or "the stage refused its input")
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return StageError(f"its command {how}{': ' if message else ''}{message}")


def _kill(child: subprocess.Popen[str], how: signal.Signals) -> None:
    """Signal a child's whole group; nothing happens when it is gone."""
    try:
        os.killpg(child.pid, how)
    except (ProcessLookupError, PermissionError):
        return


def _end_late(child: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    _kill(child, signal.SIGKILL)


def end_children() -> None:
    """End every child that still runs, with its own children; it may tidy up for `TIDY_S`."""
    children = tuple(_children)
    for child in children:
        _kill(child, signal.SIGTERM)
    ends = time.monotonic() + TIDY_S
    while time.monotonic() < ends and any(child.poll() is None for child in children):
        time.sleep(0.02)
    for child in children:
        _kill(child, signal.SIGKILL)


interruption.always(end_children)
