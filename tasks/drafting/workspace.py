"""The folder of a new workspace: its files, and DVC in it."""

import configparser
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from ninefold.errors import InputError
from ninefold.files import replacing

SUITE = "expectations/suite.yaml"
SETTINGS = {"analytics": "false", "check_update": "false", "autostage": "false"}


def pipeline(split_path: str | None) -> str:
    """Return dvc.yaml of a workspace that reads a file, and a split file if there is one."""
    text = files("tasks.templates").joinpath("dvc.yaml").read_text(encoding="utf-8")
    if split_path is None:
        return text
    before = "    params: [problem, split]\n"
    if text.count(before) != 1:
        raise AssertionError("the template's split stage must read `params: [problem, split]`")
    return text.replace(before, "      - ${split.path}\n" + before)


def refuse_to_overwrite(folder: Path) -> None:
    """Raise `InputError` if `folder` is a file or holds a workspace already."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--into must name a folder, however: {folder} is a file")
    for name in ("params.yaml", "dvc.yaml", SUITE):
        if (folder / name).exists():
            raise InputError(
                f"init must not overwrite a workspace, however: {folder / name} exists. Name "
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


def write(folder: Path, contents: dict[str, str]) -> None:
    """Write the files of a workspace, each whole or not at all."""
    for name, text in contents.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def start_dvc(folder: Path) -> None:
    """Make `folder` a DVC repository of its own, unless it is one.

    Inside Git it is one Git knows (`--subdir` below its root), elsewhere one without Git.

    Raises:
        InputError: DVC refuses, in its words.
    """
    if (folder / ".dvc").is_dir():
        return
    top = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)
    option = [] if top == folder else ["--subdir"]
    # A damaged .git, too, is no reason to refuse: DVC works without Git.
    refused = _dvc_init(folder, option) if top else "no Git"
    if refused:
        refused = _dvc_init(folder, ["--no-scm"])
    if refused:
        raise InputError(f"`dvc init` must work in {folder}, however: {refused}")
    _settle(folder)


def _dvc_init(folder: Path, option: list[str]) -> str:
    """Call `dvc init`; return the last line of its complaint, empty if there is none."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "init", "--quiet", *option],
        cwd=folder,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return (lines or ["it said nothing"])[-1] if done.returncode else ""


def _settle(folder: Path) -> None:
    """Switch telemetry and automatic staging off."""
    path = folder / ".dvc" / "config"
    config = configparser.ConfigParser()
    config.read(path, encoding="utf-8")
    if not config.has_section("core"):
        config.add_section("core")
    for key, value in SETTINGS.items():
        config.set("core", key, value)
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
