"""Looks at the test part that the ledger in the workspace does not hold: DVC's run-cache or Git do.

An experiment in another folder (`dvc exp run --queue`, `--temp`), or one taken back with
`git checkout`, saw the test part and leaves the workspace's ledger as it was. Its evaluation lies
in the run-cache, which all of them share.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ninefold.config import read_yaml
from ninefold.errors import ConfigError, InputError
from ninefold.sealing import Opening, finished, parse_ledger, read_ledger, record

EVALUATION, MANIFEST = "evaluation.json", "manifest.json"


def recover(repo: Any, workspace: Path) -> list[str]:
    """Write openings of the current test part from the run-cache, and from what Git has last, into
    the ledger, and put right the numbers of those that were measured otherwise.

    A ledger that is missing is begun. Returns a sentence for each of both if there was anything.
    Raises `InputError` if the ledger cannot be read.
    """
    stage = _stage(workspace)
    if stage is None:
        return []
    path = workspace / stage["meta"]["journal"]
    before, test = read_ledger(path), _sealed(workspace, stage)
    cached = [o for o in _cached(repo, str(stage.get("cmd", ""))) if o.test == test]
    found = [*cached, *(o for o in _committed(repo, path) if o.test == test)]
    wrong = [(o, true) for o in before if (true := _otherwise(o, cached)) is not None]
    altered = [true for _, true in wrong]
    added = len(record(path, sorted(found, key=lambda o: o.name), altered)) - len(before)
    said = []
    if added:
        what = "an opening" if added == 1 else f"{added} openings"
        said.append(
            f"{path.name} was without {what} of the test part that Git or the run-cache knows"
        )
    said += [
        f"{path.name} said {was.metric} {was.value:.6g} of a model measured at {true.value:.6g}"
        for was, true in wrong
    ]
    return said


def _otherwise(opening: Opening, cached: Sequence[Opening]) -> Opening | None:
    """Return what was measured, if a finished opening says other numbers than every evaluation of
    that model.
    """
    same = [o for o in cached if (o.name, o.metric) == (opening.name, opening.metric)]
    return same[0] if same and opening.value is not None and opening not in same else None


def _committed(repo: Any, path: Path) -> tuple[Opening, ...]:
    """Return the openings of the ledger as Git has it in the last commit; none without Git."""
    from dvc.scm import NoSCM, SCMError
    from scmrepo.exceptions import SCMError as GitError

    if isinstance(repo.scm, NoSCM):
        return ()
    place = path.resolve().relative_to(Path(repo.scm.root_dir).resolve()).as_posix()
    try:
        text = repo.scm.get_fs("HEAD").read_text(place, encoding="utf-8-sig")
        return parse_ledger(text, path.name)
    except (OSError, ValueError, GitError, SCMError, InputError):
        return ()


def _stage(workspace: Path) -> dict[str, Any] | None:
    """Return the stage of dvc.yaml that keeps a journal."""
    try:
        stages = read_yaml(workspace / "dvc.yaml").get("stages") or {}
    except ConfigError:
        return None
    for stage in stages.values():
        meta = stage.get("meta") if isinstance(stage, dict) else None
        if isinstance(meta, dict) and meta.get("journal"):
            return dict(stage)
    return None


def _sealed(workspace: Path, stage: dict[str, Any]) -> str:
    """Return the hash of the test part that the split sealed last; "" if there is none."""
    for dep in stage.get("deps") or []:
        if str(dep).endswith(f"/{MANIFEST}"):
            try:
                manifest = json.loads((workspace / str(dep)).read_text(encoding="utf-8"))
                return str(manifest["seal"]["rows_sha256"])
            except (OSError, ValueError, KeyError, TypeError):
                return ""
    return ""


def _cached(repo: Any, command: str) -> Iterator[Opening]:
    """Yield the openings of all evaluations in the run-cache; what cannot be read is left out."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    for entry in Path(repo.stage_cache.cache_dir).glob("*/*/*"):
        try:
            text = entry.read_text(encoding="utf-8")
            if command not in text:
                continue
            outs = YAML(typ="safe").load(text)["outs"]
            (oid,) = [o["md5"] for o in outs if o["path"].endswith(f"/{EVALUATION}")]
            content = json.loads(Path(repo.cache.local.oid_to_path(oid)).read_text("utf-8"))
            sealed, metric = content["test_set"], content["test_set"]["metric"]
            opening = Opening(sealed["rows_sha256"], sealed["model"])
            error = sealed["standard_error"]
            value = content["test"][metric]["value"]
            yield finished(opening, metric, value, float("nan") if error is None else error)
        except (OSError, ValueError, KeyError, TypeError, YAMLError):
            continue
