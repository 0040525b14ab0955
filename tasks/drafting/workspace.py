"""The folder of a new workspace: its files, and DVC in it."""

import configparser
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from ruamel.yaml import YAML

from ninefold.aims import Aim, Contested, aim_of
from ninefold.errors import InputError
from ninefold.files import replacing, whole_or_gone
from ninefold.problem import LEARNED, Task
from ninefold.production import FOLDER
from ninefold.promotion.registry import JOURNAL

SUITE = "expectations/suite.yaml"
UNDER_WAY = ".ninefold-init"
"""Folder that stands in a workspace while it becomes a DVC repository."""
LEDGER = "test_ledger.jsonl"
MERGE = f"{LEDGER} merge=union\n{FOLDER}/{JOURNAL} merge=union\n"
"""Both sides of a merge opened the test part: git keeps the lines of both."""
IGNORED = "/config.local\n/tmp\n/cache\n"
SETTINGS = {"analytics": "false", "check_update": "false", "autostage": "false"}


def pipeline(
    split_path: str | None, task: Task = "classification", pictures: str | None = None
) -> str:
    """Return dvc.yaml of a workspace that reads a file, and a split file if there is one.

    Args:
        pictures: the folder of image files that the file names.
    """
    text = _template("dvc.yaml") if task in LEARNED else _unlabelled(aim_of(task))
    if pictures is not None:
        source = "      - ${ingest.path}\n"
        text = text.replace(source, f"{source}      - {json.dumps(pictures)}\n")
    if split_path is None:
        return text
    before = "    params: [problem, split]\n"
    if text.count(before) != 1:
        raise AssertionError("the template's split stage must read `params: [problem, split]`")
    return text.replace(before, "      - ${split.path}\n" + before)


def _unlabelled(aim: Aim) -> str:
    """Return dvc.yaml for a task that learns no target."""
    kinds = {"contested": isinstance(aim, Contested), "diagnosed": aim.is_diagnosed}
    text = _variant(_template("unlabelled.yaml"), kinds)
    text = text.replace("SECTIONS", ", ".join(aim.sections))
    plots = io.StringIO()
    YAML().dump({"plots": [{title: dict(plot)} for title, plot in aim.plots.items()]}, plots)
    return text.replace("plots: PLOTS\n", plots.getvalue() if aim.plots else "")


def _variant(text: str, kinds: Mapping[str, bool]) -> str:
    """Keep lines that end in `# kind` where it is so, in `# unkind` where not; without that."""
    for kind, is_so in kinds.items():
        kept, other = (f" # {kind}", f" # un{kind}")[:: 1 if is_so else -1]
        lines = (line for line in text.splitlines() if not line.endswith(other))
        text = "".join(f"{line.removesuffix(kept).rstrip()}\n" for line in lines)
    return text


def _template(name: str) -> str:
    return files("tasks.templates").joinpath(name).read_text(encoding="utf-8")


def refuse_to_overwrite(folder: Path, contents: Mapping[str, str | None]) -> None:
    """Raise `InputError` if `folder` is a file, or holds other content under these names.

    `None` stands for content that is not known yet and so differs from anything there.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--into must name a folder, however: {folder} is a file")
    for name, text in contents.items():
        path = folder / name
        if path.exists() and (text is None or path.read_bytes() != text.encode()):
            raise InputError(
                f"init must not overwrite a workspace, however: {path} exists. Name "
                "another folder with --into, or remove that file first"
            )


def stored_path(path: Path, folder: Path) -> str:
    """Return `path` relative to the workspace, or absolute if they share no folder but the root."""
    target, start = path.resolve(), folder.resolve()
    try:
        common = Path(os.path.commonpath([target, start]))
    except ValueError:
        return target.as_posix()
    return (
        target.as_posix()
        if common == Path(common.anchor)
        else Path(os.path.relpath(target, start)).as_posix()
    )


def make(folder: Path, contents: Mapping[str, str]) -> None:
    """Make a workspace: a DVC repository, and its files, all whole before the first is in place."""
    with contextlib.nullcontext() if folder.exists() else whole_or_gone(folder):
        folder.mkdir(parents=True, exist_ok=True)
        start_dvc(folder)
        whole = {**contents, **_ledger(folder), **_ignored(folder, contents.get("dvc.yaml", ""))}
        with contextlib.ExitStack() as stack:
            for name, text in reversed(tuple(whole.items())):
                stack.enter_context(replacing(folder / name)).write_text(text, encoding="utf-8")


def _ledger(folder: Path) -> dict[str, str]:
    """Return the ledger of the test part, begun, and git's rule to keep both sides in a merge.

    A ledger that is there stays: what was opened was opened.
    """
    attributes = folder / ".gitattributes"
    text = attributes.read_text(encoding="utf-8") if attributes.is_file() else ""
    begun = {} if (folder / LEDGER).exists() else {LEDGER: ""}
    if MERGE in text:
        return begun
    end = "" if text == "" or text.endswith("\n") else "\n"
    return {**begun, attributes.name: f"{text}{end}{MERGE}"}


def _ignored(folder: Path, pipeline: str) -> dict[str, str]:
    """Return what a later Git is to leave to DVC, which without Git writes no .gitignore itself."""
    if _git_above(folder) is not None:
        return {}
    path = folder / ".gitignore"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    stages = (YAML(typ="safe").load(pipeline) or {}).get("stages") or {}
    outs = [out for stage in stages.values() for out in stage.get("outs") or ()]
    wanted = [f"/{out}" for out in outs if isinstance(out, str)]
    missing = [line for line in wanted if line not in text.splitlines()]
    end = "" if text == "" or text.endswith("\n") else "\n"
    return {path.name: text + end + "".join(f"{line}\n" for line in missing)} if missing else {}


def _git_above(folder: Path) -> Path | None:
    """Return the folder, this one or above, that holds a Git repository."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), None)


def start_dvc(folder: Path) -> None:
    """Make `folder` a DVC repository of its own, unless it is one.

    Inside Git it is one Git knows (`--subdir` below its root), elsewhere one without Git.

    Raises:
        InputError: DVC refuses, in its words.
    """
    home, mark = folder / ".dvc", folder / UNDER_WAY
    if home.is_dir() and not mark.exists():
        return
    top = _git_above(folder)
    option = [] if top == folder else ["--subdir"]
    with whole_or_gone(mark), whole_or_gone(home):
        mark.mkdir(exist_ok=True)
        # A damaged .git, too, is no reason to refuse: DVC works without Git.
        refused = _dvc_init(folder, option) if top else "no Git"
        if refused:
            refused = _dvc_init(folder, ["--no-scm"])
        if refused:
            raise InputError(f"`dvc init` must work in {folder}, however: {refused}")
        _settle(folder)
        mark.rmdir()


def _dvc_init(folder: Path, option: list[str]) -> str:
    """Call `dvc init`, over what a killed one left; return the last line of its complaint."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "init", "--force", "--quiet", *option],
        cwd=folder,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return (lines or ["it said nothing"])[-1] if done.returncode else ""


def _settle(folder: Path) -> None:
    """Switch telemetry and automatic staging off; let a later Git leave cache and locks alone."""
    path = folder / ".dvc" / "config"
    config = configparser.ConfigParser()
    config.read(path, encoding="utf-8")
    if not config.has_section("core"):
        config.add_section("core")
    for key, value in SETTINGS.items():
        config.set("core", key, value)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        config.write(file)
    if not (ignored := path.with_name(".gitignore")).exists():
        ignored.write_text(IGNORED, encoding="utf-8")
