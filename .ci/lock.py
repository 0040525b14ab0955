"""Write requirements.lock and requirements-dev.lock from what this environment holds.

`make lock` runs it. It walks the requirements of the project for every supported Python and
system; what only some of them need gets a marker.
"""

import importlib.metadata
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11.0", "3.11.3", "3.12.0", "3.13.0")
"""The first release of every span in which packages ask for the same things."""
SYSTEMS = {"linux": ("Linux", "x86_64"), "darwin": ("Darwin", "arm64")}
ELSEWHERE = {"async-timeout": "5.0.1", "whenever": "0.10.5"}
"""Packages that an environment on Python 3.11.3 does not hold -> the version to take."""
BY_ITSELF = ("aeon",)
"""Packages of which only the data are read: what they need does not go with what Ninefold needs."""
HEADER = """\
# {what}, exact, for Python {first} to {last}.
# Made by `make lock` (.ci/lock.py) from a virtual environment that passes `make test`;
# torch is the CPU build unless you say otherwise: `make run TORCH=cuda`.
"""


def environment(python: str, system: str) -> dict[str, str]:
    """Return the marker variables of one Python on one system."""
    name, machine = SYSTEMS[system]
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": name,
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": system,
    }


def closure(roots: Iterable[tuple[str, str]], variables: Mapping[str, str]) -> set[str]:
    """Return the names that `roots` (name, extra) need, directly or not, themselves left out."""
    seen: set[tuple[str, str]] = set()
    open_ = list(roots)
    while open_:
        name, extra = open_.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        if name in ELSEWHERE:
            continue
        for line in importlib.metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({**variables, "extra": extra}):
                found = canonicalize_name(needed.name)
                open_ += [(found, ""), *((found, e) for e in needed.extras)]
    return {name for name, _ in seen} - {name for name, _ in roots}


def pins(roots: Iterable[tuple[str, str]], without: Iterable[str] = ()) -> list[str]:
    """Return one `name==version[; marker]` per package, sorted."""
    needed_by = {
        (python, system): closure(roots, environment(python, system))
        for python in PYTHONS
        for system in SYSTEMS
    }
    names = set().union(*needed_by.values()) - set(without)
    return [f"{name}=={_version(name)}{_marker(name, needed_by)}" for name in sorted(names)]


def _version(name: str) -> str:
    return ELSEWHERE.get(name) or importlib.metadata.version(name).partition("+")[0]


def _marker(name: str, needed_by: Mapping[tuple[str, str], set[str]]) -> str:
    pythons = [p for p in PYTHONS if any(name in needed_by[p, s] for s in SYSTEMS)]
    systems = [s for s in SYSTEMS if any(name in needed_by[p, s] for p in PYTHONS)]
    conditions = []
    if pythons[0] != PYTHONS[0]:
        conditions.append(f"python_full_version >= '{pythons[0]}'")
    if pythons[-1] != PYTHONS[-1]:
        end = PYTHONS[PYTHONS.index(pythons[-1]) + 1]
        conditions.append(f"python_full_version < '{end}'")
    if len(systems) == 1:
        conditions.append(f"sys_platform == '{systems[0]}'")
    return "; " + " and ".join(conditions) if conditions else ""


def main() -> int:
    """Write both files."""
    run = pins([("ninefold", "")])
    names = [line.partition("==")[0] for line in run]
    development = pins([("ninefold", ""), ("ninefold", "dev")], without=names)
    development = sorted([*development, *(f"{name}=={_version(name)}" for name in BY_ITSELF)])
    for file, what, lines in (
        ("requirements.lock", "What Ninefold needs to run", run),
        ("requirements-dev.lock", "What `make test` needs besides", development),
    ):
        header = HEADER.format(what=what, first=PYTHONS[0][:4], last=PYTHONS[-1][:4])
        (ROOT / file).write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
