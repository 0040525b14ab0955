"""Tags that DVC and git read: what is in production, at every time."""

import json
import subprocess
import sys

import pytest

from ninefold import cli
from tasks import tagging
from tests.promotion.models import DVC_YAML, Workspace

COPY = "cp next.onnx models/model.onnx && cp next.json reports/receipt.json"


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def git(folder, *arguments):
    return run(folder, "git", "-c", "user.email=a@b.c", "-c", "user.name=a", *arguments)


def dvc(folder, *arguments):
    return run(folder, sys.executable, "-m", "dvc", *arguments)


def fetched(folder, *which):
    """Return what `dvc artifacts get` finds."""
    out = folder / "fetched.onnx"
    name = f"{folder.name}:model" if (folder.parent / ".git").exists() else "model"
    dvc(folder, "artifacts", "get", ".", name, *which, "--out", str(out), "--force", "-q")
    return out.read_bytes()


class Repository(Workspace):
    """A workspace under git and DVC whose export stage copies a model."""

    def __init__(self, folder, top):
        super().__init__(folder)
        export = DVC_YAML.index("    cmd: exec python -m tasks export")
        text = DVC_YAML[:export] + DVC_YAML[export:].replace("exec python -m tasks export", COPY)
        text = text.replace("deps: [reports/evaluation.json]", "deps: [next.onnx, next.json]")
        (folder / "dvc.yaml").write_text(text)
        git(top, "init", "-q")
        dvc(folder, "init", "-q", *([] if top == folder else ["--subdir"]))
        (folder / ".gitignore").write_text("/next.*\n/data/\n/fetched.onnx\n")

    def next(self, **quality):
        """Write what the export stage makes of the next run."""
        self.export(**quality)
        (self.folder / "models/model.onnx").replace(self.folder / "next.onnx")
        (self.folder / "reports/receipt.json").replace(self.folder / "next.json")

    def run(self, **quality):
        self.next(**quality)
        dvc(self.folder, "repro", "-q", "export")
        return (self.folder / "models/model.onnx").read_bytes()


@pytest.mark.parametrize(
    "inside", [True, pytest.param(False, marks=pytest.mark.thorough)], ids=["subfolder", "root"]
)
def test_a_version_goes_into_production_and_back_and_git_and_dvc_say_so(tmp_path, capsys, inside):
    folder = tmp_path / "sub" if inside else tmp_path
    folder.mkdir(exist_ok=True)
    workspace = Repository(folder, tmp_path)
    prefix = "sub=model" if inside else "model"

    def ninefold(*arguments):
        code = cli.main(["-C", str(folder), *arguments])
        return code, capsys.readouterr().out

    first = workspace.run(noise=2.0)
    code, said = ninefold("promote")
    assert (code, "no Git repository with a commit" in said) == (0, True)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    head = git(folder, "rev-parse", "HEAD")
    # The next command makes up for the tag.
    code, said = ninefold("promote")
    assert (code, f"tags {prefix}@v0.0.1 and {prefix}#production#1" in said) == (0, True), said

    second = workspace.run()
    code, said = ninefold("promote")
    assert (code, f"tags {prefix}@v0.0.2 and {prefix}#production#2" in said) == (0, True), said
    code, said = ninefold("rollback")
    assert (code, f"tags {prefix}@v0.0.1 and {prefix}#production#3" in said) == (0, True), said
    code, said = ninefold("rollback", "--to", "v0.0.2")
    assert (code, f"tags {prefix}@v0.0.2 and {prefix}#production#4" in said) == (0, True), said
    code, said = ninefold("rollback", "--to", f"{prefix}@v0.0.1")
    assert (code, f"{prefix}#production#5" in said) == (0, True), said
    assert fetched(folder, "--stage", "production") == first
    assert fetched(folder, "--rev", "v0.0.2") == second
    place = "sub/registry" if inside else "registry"
    shown = json.loads(git(folder, "show", f"{prefix}@v0.0.2:{place}/production.json"))
    assert shown["action"] == "promote"
    assert git(folder, "rev-parse", "HEAD") == head
    changed = git(folder, "diff", "--name-only", "HEAD").splitlines()
    assert all(name.endswith(("dvc.lock", ".json", ".jsonl")) for name in changed)


def test_a_model_that_dvc_lock_does_not_record_is_tagged_with_a_record_of_its_own(tmp_path, capsys):
    workspace = Repository(tmp_path, tmp_path)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    config = "[core]\n    remote = store\n['remote \"store\"']\n    url = store\n"
    (tmp_path / ".dvc" / "config").write_text(config)
    workspace.run(noise=0.3)
    assert cli.main(["-C", str(tmp_path), "promote"]) == 0
    workspace.export(noise=0.0, scale=2.1)
    before = [(tmp_path / name).read_bytes() for name in ("dvc.yaml", "dvc.lock")]
    assert cli.main(["-C", str(tmp_path), "promote", "--because", "a test"]) == 0
    assert "tags model@v0.0.2 and model#production#2" in capsys.readouterr().out
    assert [(tmp_path / name).read_bytes() for name in ("dvc.yaml", "dvc.lock")] == before
    promoted = (tmp_path / "models/model.onnx").read_bytes()
    assert fetched(tmp_path, "--stage", "production") == promoted
    # Another machine gets it through the remote that the tag's commit knows, committed or not.
    dvc(tmp_path, "push", "-q", "--all-tags")
    pushed = [path for path in (tmp_path / ".dvc/store").rglob("*") if path.is_file()]
    assert promoted in [path.read_bytes() for path in pushed]


def test_git_that_refuses_a_tag_holds_up_no_promotion(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tagging, "LOCKED_S", 0.0)
    workspace = Repository(tmp_path, tmp_path)
    workspace.run(noise=0.3)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    lock = tmp_path / ".git" / "refs" / "tags" / "model@v0.0.1.lock"
    lock.mkdir()
    assert cli.main(["-C", str(tmp_path), "promote"]) == 0
    said = capsys.readouterr().out
    assert "promoted version" in said
    assert "no tag: " in said
    lock.rmdir()
    (other := lock.with_name("v1.lock")).touch()
    for name in ("model@v0.0.1", "model#production#1"):  # a process was killed while it wrote one
        lock.with_name(f"{name}.lock").touch()
    assert cli.main(["-C", str(tmp_path), "promote"]) == 0
    assert "tags model@v0.0.1 and model#production#1" in capsys.readouterr().out
    assert list(lock.parent.glob("*.lock")) == [other]
    workspace.export(noise=0.0, scale=2.1)
    lock.with_name("model@v0.0.2.lock").mkdir()
    assert cli.main(["-C", str(tmp_path), "promote", "--because", "a test"]) == 0
    said = capsys.readouterr().out
    assert "For Git, in production is still what model#production#1 names" in said
