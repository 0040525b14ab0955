"""Runs a change of params as a DVC experiment, and reads what came of it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ninefold.errors import InputError
from ninefold.files import read_json
from ninefold.interruption import die_with_parent
from ninefold.telemetry import switch_off
from tasks.tagging import WITH_GIT, is_without_git

STAGE = "train"
DIAGNOSIS = "reports/diagnosis.json"


def run(workspace: Path, name: str, fix: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Run the train stage with a fix in a copy of the workspace, as the experiment `name`.

    The workspace stays as it is; the test part is not opened, and what the stage reads comes from
    DVC's cache: no stage before it runs again. Returns the experiment's diagnosis.

    Raises:
        InputError: the workspace has no Git commit to start from, or the experiment fails.
    """
    _check_git(workspace)
    sets = [part for change in fix for part in ("-S", _override(change))]
    options = ("--temp", "--force", "--single-item", "--name", name)
    _dvc(workspace, "exp", "run", *options, *sets, STAGE)
    revision = _revision(workspace, name)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "diagnosis.json"
        _dvc(workspace, "get", ".", DIAGNOSIS, "--rev", revision, "--out", str(out))
        found: dict[str, Any] = read_json(out)
    return found


def _override(change: Mapping[str, Any]) -> str:
    """Return a change as `-S` takes it: replaced, or added where it does not stand yet."""
    return f"++{'.'.join(change['path'])}={_value(change['value'])}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_value(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value) if not isinstance(value, str) else value


def _check_git(workspace: Path) -> None:
    found = _call(["git", "rev-parse", "--verify", "-q", "HEAD"], workspace)
    if found.returncode != 0:
        raise InputError(
            f"{workspace} must have a Git commit, which DVC experiments start from, however: it "
            "has none. Commit dvc.yaml, dvc.lock and params.yaml, or change params.yaml by hand"
        )
    if is_without_git(workspace):
        raise InputError(
            f"DVC in {workspace} must read Git's commits, however: it was set up before Git. "
            f"Run {WITH_GIT}"
        )


def _revision(workspace: Path, name: str) -> str:
    listed = _call(["git", "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps"],
                   workspace)  # fmt: skip
    for line in listed.stdout.splitlines():
        revision, _, ref = line.partition(" ")
        if ref.rpartition("/")[2] == name:
            return revision
    raise InputError(f"DVC must keep the experiment {name}, however: it has none of that name")


def _dvc(workspace: Path, *arguments: str) -> None:
    switch_off()
    done = _call([sys.executable, "-m", "dvc", *arguments], workspace)
    if done.returncode != 0:
        told = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        said = told[-1].removeprefix("ERROR: ") if told else "no reason given"
        raise InputError(f"`dvc {' '.join(arguments[:2])}` must succeed, however: {said}")


def _call(command: Sequence[str], workspace: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=die_with_parent,
    )
