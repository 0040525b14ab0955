"""What the commit of a version's tag holds, so that DVC fetches the model and Git says what it is.

The model is the output that dvc.lock records. Where it is another file (promoted by its name, or
made before the data changed), DVC gets a copy of it in its cache, and the commit an artifact of its
own: `registry/model.onnx.dvc`. The workspace's dvc.yaml and dvc.lock stay as they are.
"""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

from ninefold.config import read_yaml
from ninefold.errors import ConfigError
from ninefold.production import FOLDER, POINTER
from ninefold.promotion.registry import JOURNAL
from tasks.repository import keep

ARTIFACT = "model"
CONFIG = ".dvc/config"
KEPT = (CONFIG, "dvc.yaml", "dvc.lock", "params.yaml", "test_ledger.jsonl",
        f"{FOLDER}/{POINTER}", f"{FOLDER}/{JOURNAL}")  # fmt: skip
"""The configuration is among them: DVC looks for a tag's files in the remote named there."""
FOLDERS = re.compile(r"^(\s*url\s*=\s*)(?!/|~|\w+:)(\S.*?)\s*$", re.MULTILINE)
"""A remote that is a folder, as DVC writes it: relative to the configuration."""
OWN = f"{FOLDER}/{ARTIFACT}.onnx"


def files(workspace: Path, model: bytes) -> dict[str, bytes]:
    """Return name -> bytes of what a tag's commit holds beside HEAD.

    Args:
        workspace: where dvc.yaml stands.
        model: the bytes of what is in production.

    Raises:
        ConfigError: the workspace is not under DVC.
    """
    there = [name for name in KEPT if (workspace / name).is_file()]
    held = {name: (workspace / name).read_bytes() for name in there}
    if CONFIG in held:
        held[CONFIG] = _with_whole_paths(workspace / CONFIG)
    if not _is_recorded(workspace, model):
        held |= _own(workspace, model)
    return held


def _is_recorded(workspace: Path, model: bytes) -> bool:
    """Tell whether DVC finds the model by dvc.yaml and dvc.lock as they are."""
    try:
        artifact = (read_yaml(workspace / "dvc.yaml").get("artifacts") or {}).get(ARTIFACT) or {}
        stages = read_yaml(workspace / "dvc.lock").get("stages") or {}
    except ConfigError:
        return False
    outs = [out for stage in stages.values() for out in stage.get("outs") or ()]
    recorded = [out.get("md5") for out in outs if out.get("path") == artifact.get("path")]
    return recorded == [hashlib.md5(model, usedforsecurity=False).hexdigest()]


def _with_whole_paths(config: Path) -> bytes:
    """Return DVC's configuration for a tag: `dvc push --all-tags` reads paths from the root."""

    def whole(found: re.Match[str]) -> str:
        return f"{found[1]}{(config.parent / found[2]).resolve()}"

    return FOLDERS.sub(whole, config.read_text(encoding="utf-8")).encode()


def _own(workspace: Path, model: bytes) -> dict[str, bytes]:
    from ruamel.yaml import YAML

    yaml = YAML()
    pipeline = yaml.load((workspace / "dvc.yaml").read_text(encoding="utf-8"))
    artifacts = pipeline.get("artifacts") or {}
    pipeline["artifacts"] = artifacts
    artifacts[ARTIFACT] = {"type": "model", **(artifacts.get(ARTIFACT) or {}), "path": OWN}
    out = {"md5": keep(workspace, model), "size": len(model), "hash": "md5", "path": Path(OWN).name}
    return {"dvc.yaml": _dumped(yaml, pipeline), f"{OWN}.dvc": _dumped(yaml, {"outs": [out]})}


def _dumped(yaml: Any, content: Any) -> bytes:
    stream = io.BytesIO()
    yaml.dump(content, stream)
    return stream.getvalue()
