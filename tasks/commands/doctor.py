"""Check versions, GPU, ports, disk and DVC state; mend what a killed run left."""

import argparse
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import Literal

from ninefold.errors import NinefoldError
from ninefold.files import unwritable

Level = Literal["ok", "note", "wrong"]
PORTS = {4200: "Prefect's server", 8000: "ninefold serve"}
FREE_BYTES, NEEDED_BYTES = 5e9, 1e8
KNOWN_BAD = {
    "fastapi": ">=0.151: Prefect's server refuses `prefect deploy` with 422, from 0.155 on it dies",
    "sqlalchemy": ">=2.1: Prefect's schedules never fire, though they look healthy",
}
"""Package -> the versions that install but do not work, and what happens."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report; `wrong` makes the command end with 2."""

    level: Level
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`ninefold doctor` has no options."""


def main(args: argparse.Namespace) -> int:
    """Print what was found and return 0, or 2 when something has to be put right."""
    workspace, is_wrong = Path.cwd(), False
    for check in CHECKS:
        for finding in check(workspace):
            print(f"{finding.level:<6}{finding.text}", flush=True)
            is_wrong |= finding.level == "wrong"
    return 2 if is_wrong else 0


def _versions(_: Path) -> Iterator[Finding]:
    from packaging.requirements import Requirement

    yield Finding("ok", f"Python {platform.python_version()} at {sys.executable}")
    wrong = 0
    for line in requires("ninefold") or ():
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(needed.name)
        except PackageNotFoundError:
            found = "missing"
        if found == "missing" or not needed.specifier.contains(found, prereleases=True):
            wrong += 1
            reason = f" ({KNOWN_BAD[needed.name]})" if needed.name in KNOWN_BAD else ""
            yield Finding(
                "wrong",
                f"{needed.name} must be {needed.specifier or 'installed'}, however: "
                f"{found}{reason}. Install what requirements.lock says",
            )
    if not wrong:
        yield Finding("ok", "every package has a version that works here")


def _bytecode(_: Path) -> Iterator[Finding]:
    spec = find_spec("pandas")
    source = spec and spec.origin
    if sys.dont_write_bytecode and source and not Path(cache_from_source(source)).is_file():
        yield Finding(
            "note",
            "every process compiles its packages anew, half the time of a stage: run once "
            f"`python -m compileall -q {sys.prefix}`, or unset PYTHONDONTWRITEBYTECODE",
        )


def _accelerator(_: Path) -> Iterator[Finding]:
    try:
        import torch
    except Exception as error:
        yield Finding("wrong", f"torch cannot be imported: {' '.join(str(error).split())}")
        return
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
        yield Finding("ok", f"GPU: {', '.join(names)} (CUDA {torch.version.cuda})")
    else:
        build = "a CPU build" if torch.version.cuda is None else "no usable driver"
        yield Finding("note", f"no GPU: torch {torch.__version__} is {build}; training runs on CPU")
    yield Finding("ok", f"{len(os.sched_getaffinity(0))} CPU cores, {_memory()} memory")


def _memory() -> str:
    import psutil

    return f"{psutil.virtual_memory().total / 1e9:.1f} GB"


def _ports(_: Path) -> Iterator[Finding]:
    for port, owner in PORTS.items():
        with socket.socket() as probe:
            is_used = probe.connect_ex(("127.0.0.1", port)) == 0
        yield Finding("note" if is_used else "ok", f"port {port} ({owner}) is {_used(is_used)}")
    if url := os.environ.get("PREFECT_API_URL"):
        from urllib.request import urlopen

        try:
            with urlopen(f"{url}/health", timeout=5):  # noqa: S310
                yield Finding("ok", f"Prefect's server answers at {url}")
        except (OSError, ValueError) as error:
            yield Finding(
                "wrong",
                f"PREFECT_API_URL must be a server that answers, however: {url}: {error}. "
                "Start it with `prefect server start`, or unset the variable",
            )


def _used(is_used: bool) -> str:
    return "in use" if is_used else "free"


def _disk(workspace: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(workspace).free
    text = f"{free / 1e9:.1f} GB free in {workspace}"
    if free < NEEDED_BYTES:
        yield Finding("wrong", f"a run needs some space, however: only {text}. Free some")
    else:
        yield Finding("ok", text) if free >= FREE_BYTES else Finding("note", f"only {text}")
    if not os.access(workspace, os.W_OK):
        yield Finding("wrong", f"{workspace} must be writable, however: permission denied")


def _pipeline(workspace: Path) -> Iterator[Finding]:
    if not (workspace / "dvc.yaml").is_file():
        yield Finding("note", f"no dvc.yaml in {workspace}: no workspace to check")
        return
    from tasks import engine, healing, status, tagging

    if tagging.is_without_git(workspace) and _is_in_git(workspace):
        yield Finding(
            "note",
            f"DVC was set up before Git and cannot read its commits and tags: {tagging.WITH_GIT}",
        )
    try:
        for sentence in healing.heal(workspace):
            yield Finding("note", f"mended: {sentence}")
        stages = engine.graph(workspace)
        engine.check_params(workspace, stages.values())
    except NinefoldError as error:
        for line in str(error).splitlines():
            yield Finding("wrong", line)
        return
    except OSError as error:
        yield Finding("wrong", str(unwritable(error.filename or workspace, error) or error))
        return
    yield Finding("ok", f"dvc.yaml: {len(stages)} stages; params.yaml is valid")
    late = status.outdated(workspace)
    if late:
        yield Finding("note", f"not up to date: {', '.join(late)}; `ninefold run` runs them")
    else:
        yield Finding("ok", "every stage is up to date")


def _is_in_git(workspace: Path) -> bool:
    return any((folder / ".git").exists() for folder in (workspace, *workspace.parents))


CHECKS: tuple[Callable[[Path], Iterator[Finding]], ...] = (
    _versions,
    _bytecode,
    _accelerator,
    _ports,
    _disk,
    _pipeline,
)
"""Run in this order; each yields its findings."""
