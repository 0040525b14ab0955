"""What a stage may touch: exactly the files and params that dvc.yaml declares for it."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ninefold.config import load_params, nearest, read_yaml
from ninefold.errors import ConfigError
from tasks.pipelines import declaring


class StageIO:
    """The declared deps, outs and params of one stage of a workspace.

    Files are asked for by the end of their path: `io.dep("train.parquet")`.
    """

    def __init__(self, workspace: Path, stage: str) -> None:
        self.workspace, self.stage = workspace.resolve(), stage

    @cached_property
    def declared(self) -> Mapping[str, Any]:
        """The stage's entry in dvc.yaml, with `${...}` filled in from params.yaml."""
        stages = read_yaml(declaring(self.workspace, self.stage)).get("stages") or {}
        if self.stage not in stages:
            raise ConfigError(f"dvc.yaml: no stage `{self.stage}`{nearest(self.stage, stages)}")
        params = read_yaml(self.workspace / "params.yaml")
        return dict(_filled(stages[self.stage], params))

    @cached_property
    def specs(self) -> dict[str, Any]:
        """The validated params sections the stage declares."""
        declared = [str(item).split(".")[0] for item in self.declared.get("params", [])]
        return load_params(self.workspace, dict.fromkeys(declared))

    def params(self, section: str) -> Any:
        """Return the Spec of a declared params section."""
        if section not in self.specs:
            raise ConfigError(
                f"dvc.yaml: stage `{self.stage}` must declare `params: [{section}]` to read it"
            )
        return self.specs[section]

    def dep(self, name: str) -> Path:
        """Return the path of a declared dependency."""
        return self._path(name, ["deps"])

    def has_dep(self, name: str) -> bool:
        """Tell whether a dependency of that name is declared."""
        return bool(self._named(name, ["deps"])[0])

    def has_out(self, name: str) -> bool:
        """Tell whether an output of that name is declared."""
        return bool(self._named(name, ["outs"])[0])

    def out(self, name: str) -> Path:
        """Return the path of a declared output, metric or plot."""
        return self._path(name, ["outs", "metrics", "plots"])

    def journal(self) -> Path:
        """Return the path of the file the stage adds to and never begins anew: `meta.journal`."""
        path = self.beside("journal")
        if path is None:
            raise ConfigError(
                f"dvc.yaml: stage `{self.stage}` must name the file it adds to under meta.journal"
            )
        return path

    def beside(self, role: str) -> Path | None:
        """Return the path of a file beside the outputs, `meta.<role>`; None if none is named."""
        name = (self.declared.get("meta") or {}).get(role)
        return self.workspace / str(name) if name else None

    def _path(self, name: str, keys: list[str]) -> Path:
        found, paths = self._named(name, keys)
        if len(found) != 1:
            raise ConfigError(
                f"dvc.yaml: stage `{self.stage}` must declare `{name}` once under "
                f"{' or '.join(keys)}, however: {paths}"
            )
        return self.workspace / found[0]

    def _named(self, name: str, keys: list[str]) -> tuple[list[str], list[str]]:
        """Return the declared paths that end in `name`, and all of them."""
        paths = [
            str(next(iter(item)) if isinstance(item, dict) else item)
            for key in keys
            for item in self.declared.get(key) or []
        ]
        return [path for path in paths if path == name or path.endswith(f"/{name}")], paths


def _filled(content: Any, params: Mapping[str, Any]) -> Any:
    """Replace `${section.key}` as DVC does."""
    if isinstance(content, dict):
        return {key: _filled(value, params) for key, value in content.items()}
    if isinstance(content, list):
        return [_filled(item, params) for item in content]
    if isinstance(content, str):
        return re.sub(r"\$\{([\w.]+)\}", lambda match: str(_lookup(match[1], params)), content)
    return content


def _lookup(key: str, params: Mapping[str, Any]) -> Any:
    value: Any = params
    for step in key.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise ConfigError(f"params.yaml: `{key}` must be given, dvc.yaml refers to it")
        value = value[step]
    return value
