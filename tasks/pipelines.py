"""Where a stage is declared: in dvc.yaml, or, if nothing else shall run it, in a file of its own.

An optional stage is asked for by name. `dvc repro` and `ninefold run` leave it alone, since they
run what dvc.yaml declares; its own file, which git keeps, appears when it is first asked for.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from ninefold.files import replacing

MAIN = "dvc.yaml"
OPTIONAL = {"tune": "tuning/dvc.yaml"}
"""Optional stage -> the file that declares it, with `wdir` the workspace."""
CODE = re.compile(r"^      - (?:ninefold|tasks|expectations)/\S+\n", re.MULTILINE)


def declaring(workspace: Path, stage: str) -> Path:
    """Return the file that declares a stage of the workspace."""
    path = workspace / OPTIONAL.get(stage, MAIN)
    return path if path.is_file() else workspace / MAIN


def present(workspace: Path) -> Iterator[Path]:
    """Yield the files that declare stages, dvc.yaml first."""
    yield workspace / MAIN
    yield from (path for name in OPTIONAL.values() if (path := workspace / name).is_file())


def stages(repo: Any, workspace: Path) -> dict[str, Any]:
    """Return DVC's stages of those files by name, in the order in which they are declared."""
    files = [str(path) for path in present(workspace.resolve())]
    return {stage.name: stage for file in files for stage in repo.stage.load_file(file)}


def ensure(workspace: Path, stage: str) -> bool:
    """Declare an optional stage where it is not yet; tell whether that was needed.

    The code it runs is among its dependencies only where the workspace holds that code.
    """
    path = workspace / OPTIONAL[stage]
    if path.is_file():
        return False
    text = files("tasks.templates").joinpath(f"{stage}.yaml").read_text(encoding="utf-8")
    if not (workspace / "ninefold" / "__init__.py").is_file():
        text = CODE.sub("", text)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return True
