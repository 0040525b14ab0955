"""The lock files and pyproject.toml agree."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def locked(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {
        canonicalize_name(pin.name): pin
        for pin in (Requirement(line) for line in lines if not line.startswith("#"))
    }


RUN, DEV = locked("requirements.lock"), locked("requirements-dev.lock")


def version(pin):
    (found,) = pin.specifier
    assert found.operator == "=="
    return found.version


@pytest.mark.parametrize(
    ("line", "pins"),
    [(line, RUN) for line in PROJECT["dependencies"]]
    + [(line, RUN | DEV) for line in EXTRAS["dev"]],
)
def test_a_declared_range_admits_the_locked_version(line, pins):
    wanted = Requirement(line)
    pin = pins[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(version(pin)), f"{line} against {pin}: run `make lock`"


def test_every_package_is_pinned_once_and_exactly():
    assert not RUN.keys() & DEV.keys()
    for pin in [*RUN.values(), *DEV.values()]:
        assert version(pin)


def test_torch_is_pinned_without_a_build():
    assert version(RUN["torch"]) == re.search(
        r"torch==([\d.]+)", " ".join(PROJECT["dependencies"])
    ).group(1)


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_the_header_says_how_a_lock_is_made(file):
    assert "make lock" in (ROOT / file).read_text(encoding="utf-8")[:400]


def test_the_environment_holds_what_is_locked():
    import importlib.metadata

    for name, pin in (RUN | DEV).items():
        if pin.marker is None or pin.marker.evaluate():
            assert importlib.metadata.version(name).partition("+")[0] == version(pin), name
