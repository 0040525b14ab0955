"""Every command in the README runs as written, on a small sample of the demo."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end import workspaces
from tests.end_to_end.servers import serving
from tests.end_to_end.tables import messy, write
from tests.flows.test_schedule import home

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.S)
    for line in block.strip().splitlines()
]
MAKE = {"make run", "make test"}
SERVE = "ninefold serve models/model.onnx --port 8000"
FEWER = {**workspaces.FEWER, **workspaces.NO_NETWORK, "ingest": {"sample_rows": 1000}}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A copy of the project with a small sample and a table `data.csv` of one's own."""
    folder = tmp_path_factory.mktemp("readme") / "project"
    keep = ["dvc.yaml", "params.yaml", ".dvcignore", "expectations", "tasks", "ninefold"]
    folder.mkdir()
    for name in keep:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    workspaces.lessen(folder / "params.yaml", FEWER)
    write(messy(250, "binary"), folder / "data.csv")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *who, *command], cwd=folder, check=True)
    return folder


def shell(command, cwd, more):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "BROWSER": "true", **more}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        command, shell=True, cwd=cwd, env=environment, capture_output=True, text=True, timeout=500
    )


def test_the_readme_has_the_commands_this_test_knows_how_to_run():
    assert set(COMMANDS) >= MAKE
    assert SERVE in COMMANDS
    targets = (ROOT / "Makefile").read_text()
    for command in MAKE:
        assert re.search(rf"^{command.split()[1]}:", targets, re.M)


def test_every_other_command_runs_in_the_order_of_the_page(request, workspace, tmp_path):
    more = home(request, tmp_path)
    for command in COMMANDS:
        if command in MAKE or command == SERVE:
            continue
        done = shell(command, workspace, more)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, command
        if command.startswith("ninefold init"):
            workspaces.lessen(workspace / "mine" / "params.yaml", FEWER)
    assert (workspace / "predictions.csv").exists()
    assert (workspace / "mine" / "models" / "model.onnx").exists()
    with serving(workspace, "models/model.onnx") as url:
        assert url.startswith("http://")


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()
