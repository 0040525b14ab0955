"""What `ninefold tune` does to a workspace before the search and after it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ninefold.config import load_params, read_yaml, validate
from ninefold.errors import ConfigError, InputError
from ninefold.files import read_json
from ninefold.tuning.space import settings_of, value_at
from tasks import pipelines, repairing
from tasks.repairing import Change
from tasks.tune import space_of

STAGE = "tune"
REPORT, PAGE = Path("reports/tuning.json"), Path("reports/tuning.html")


def prepare(workspace: Path, trials: int | None = None) -> str:
    """Declare the stage, and give params.yaml its section, with `trials` if they are named.

    Returns the diff of params.yaml, "" if it stays as it is.

    Raises:
        ConfigError: params.yaml is wrong, or `tune.space` names what cannot be searched.
    """
    specs, content = load_params(workspace), read_yaml(workspace / "params.yaml")
    if not specs["problem"].learns_target:
        raise ConfigError(
            "params.yaml: problem.task must be one that learns a target to be tuned, however: "
            f"{specs['problem'].task!r}. Its own section says what is chosen, and how"
        )
    space_of(specs[STAGE], specs)
    changes = [] if STAGE in content else [Change((STAGE,), {})]
    if trials is not None and specs[STAGE].trials != trials:
        validate(STAGE, {"trials": trials}, "--trials")
        changes.append(Change((STAGE, "trials"), trials))
    pipelines.ensure(workspace, STAGE)
    return repairing.write(workspace, changes, "tuned") if changes else ""


def apply(workspace: Path) -> str:
    """Write the winner of the last search into params.yaml.

    Returns the diff, "" if params.yaml as it was is best.

    Raises:
        InputError: no search has been run, or no trial kept the limits.
    """
    found = read_json(workspace / REPORT)
    if found["winner"] is None:
        raise InputError(f"the search must have a winner to apply, however: {found['sentence']}")
    content = read_yaml(workspace / "params.yaml")
    settings = settings_of(load_params(workspace))
    changes = [change for item in found["changes"] for change in _changes(item, content, settings)]
    return repairing.write(workspace, changes, "tuned") if changes else ""


def _changes(
    item: Mapping[str, Any], content: Mapping[str, Any], settings: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield the change of one param; first the kind of what is there by default only."""
    path = tuple(item["path"].split("."))
    for length in range(1, len(path)):
        above = ".".join(path[:length])
        default = value_at(settings, above)
        if value_at(content, above) is None and isinstance(default, dict) and "kind" in default:
            yield Change((*path[:length], "kind"), default["kind"])
    yield Change(path, item["to"], is_whole=True)
