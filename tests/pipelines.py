"""A pipeline of shell commands: quick, and it writes down what ran."""

import os
import subprocess
import sys
from pathlib import Path

DVC = [sys.executable, "-m", "dvc"]
STEP = """\
echo "$1" >> ran.log; out=$2; key=$1; shift 2
{ grep "^$key:" params.yaml; cat "$@"; } > "$out"
"""
DIAMOND = """\
stages:
  source:
    desc: The first
    cmd: sh step.sh source a.txt input.txt
    deps: [input.txt]
    params: [source]
    outs: [a.txt]
  left:
    cmd: sh step.sh left left.txt a.txt
    deps: [a.txt]
    params: [left]
    outs: [left.txt]
  right:
    cmd: sh step.sh right right.txt a.txt
    deps: [a.txt]
    params: [right]
    outs: [right.txt]
  join:
    cmd: sh step.sh join joined.txt left.txt right.txt
    deps: [left.txt, right.txt]
    params: [join]
    outs: [joined.txt]
"""
NAMES = ["source", "left", "right", "join"]
PARAMS = "source: 1\nleft: 1\nright: 1\njoin: 1\n"


class Workspace:
    """A folder under DVC with `dvc.yaml`, `params.yaml` and a log of the commands that ran."""

    def __init__(self, folder: Path, pipeline: str = DIAMOND, *, git: bool = False) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.write("dvc.yaml", pipeline)
        self.write("params.yaml", PARAMS)
        self.write("step.sh", STEP)
        self.write("input.txt", "data\n")
        if git:
            self.run("git", "init", "-q")
            self.run("git", "config", "user.email", "a@b.c")
            self.run("git", "config", "user.name", "a")
            self.write(".gitignore", "/ran.log\n")
        self.dvc("init", "-q", *([] if git else ["--no-scm"]))
        self.dvc("config", "core.autostage", "false")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def set_param(self, name: str, value: object) -> None:
        lines = self.read("params.yaml").splitlines()
        lines = [f"{name}: {value}" if line.startswith(f"{name}:") else line for line in lines]
        self.write("params.yaml", "\n".join(lines) + "\n")

    def take_ran(self) -> list[str]:
        """Return the stages whose command ran since the last call, sorted."""
        path = self.folder / "ran.log"
        lines = sorted(path.read_text().split()) if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env=environment(), check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def dvc(self, *arguments: str, check: bool = True) -> str:
        done = self.run(*DVC, *arguments, check=check)
        return done.stdout + ("" if check else done.stderr)

    def is_clean(self) -> bool:
        return self.dvc("status", "--json").strip() == "{}"


def environment() -> dict[str, str]:
    return {**os.environ, "DVC_NO_ANALYTICS": "true", "COLUMNS": "200"}
