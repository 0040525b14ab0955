"""Compiles the derived columns to one graph and runs it over a frame."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import DTYPES, Array, Column, Frame, Role, is_missing
from ninefold.config import nearest
from ninefold.durations import DAY_US
from ninefold.errors import ConfigError
from ninefold.features.auto import Dates, automatic
from ninefold.features.scope import Scope
from ninefold.features.values import publish
from ninefold.problem import ProblemSpec
from ninefold.runtime import run_chunks, session

if TYPE_CHECKING:
    from ninefold.features import FeaturizeSpec

YEAR_US = 365.25 * DAY_US


def build(
    columns: tuple[Column, ...],
    problem: ProblemSpec,
    spec: "FeaturizeSpec",
    dates: Dates = Dates(),  # noqa: B008 - frozen
) -> tuple[Any, tuple[Column, ...]]:
    """Compile `spec` for raw `columns`, whose dates are as `dates` says.

    Returns:
        The ONNX model (inputs: the raw columns read, outputs: the derived columns, all `[N, 1]`)
        and the derived columns with their roles.

    Raises:
        ConfigError: an unknown column, a type that does not fit, a name given twice, or a feature
            made from what is known only after the outcome.
    """
    from ninefold.graph import Graph

    graph = Graph("featurize")
    scope = Scope(graph, columns)
    for position, derive in enumerate(spec.derive):
        _add(scope, derive, f"params.yaml: featurize.derive.{position}")
    if spec.auto:
        for derive in automatic(scope, problem, dates):
            _add(scope, derive, "params.yaml: featurize.auto")
    roles = _roles(scope, problem)
    derived = []
    for name, value in scope.derived.items():
        ref, kind = publish(graph, value, scope.places[name])
        graph.output(name, ref, DTYPES[kind], ("N", 1))
        derived.append(Column(name, kind, roles[name]))
    return graph.model(), tuple(derived)


def dates_of(frame: Frame, problem: ProblemSpec) -> Dates:
    """Return what the dates of a frame are like."""
    years, whole_days = 0.0, set()
    for column in frame.columns:
        if column.kind != "datetime":
            continue
        micros = frame[column.name]
        micros = micros[~is_missing("datetime", micros)]
        if len(micros) and column.name == problem.time:
            years = float(micros.max() - micros.min()) / YEAR_US
        if len(micros) and not (micros % DAY_US).any():
            whole_days.add(column.name)
    return Dates(years, frozenset(whole_days))


def _add(scope: Scope, derive: Any, place: str) -> None:
    """Emit one entry and make its columns known."""
    scope.place, scope.used = place, set()
    for name, value in derive.emit(scope).items():
        if name in scope.raw:
            raise ConfigError(
                f"{place}: `{name}` must be a new name, however: the data has a column of that "
                "name. Choose another `name`"
            )
        if name in scope.derived:
            raise ConfigError(f"{place}: `{name}` must be a new name, however: it is derived twice")
        scope.add(name, value)


def _roles(scope: Scope, problem: ProblemSpec) -> dict[str, frozenset[Role]]:
    """Return the roles of the derived columns.

    Raises:
        ConfigError: an unknown target, or a feature made from the target or from what is known
            only after the outcome.
    """
    known = [*scope.derived, *scope.raw]
    for target in problem.targets:
        if target not in known:
            raise ConfigError(
                f"params.yaml: problem.target: no column `{target}`{nearest(target, known)}"
            )
    late = {name for name, c in scope.raw.items() if "after" in c.roles or problem.is_after(name)}
    targets = set(problem.targets)
    behind_target = {origin for target in targets for origin in scope.origins(target)}
    roles: dict[str, frozenset[Role]] = {}
    for name in scope.derived:
        tainted = sorted(scope.origins(name) & (late | targets))
        found: set[Role] = {"derived"}
        if name in targets:
            found = {"target"}
        elif problem.is_after(name) or (tainted and name in behind_target):
            found = {"after"}
        elif tainted:
            raise _leak(scope.places[name], name, tainted, problem)
        if name == problem.time:
            found.add("time")
        if name in problem.group:
            found = (found - {"derived"}) | {"group"}
        if name in problem.ids:
            found = (found - {"derived"}) | {"id"}
        roles[name] = frozenset(found)
    return roles


def _leak(place: str, name: str, tainted: list[str], problem: ProblemSpec) -> ConfigError:
    """Return the error for a feature that would not be known at prediction time."""
    late = [origin for origin in tainted if origin not in problem.targets]
    why = f"`{late[0]}`, which is known only after the outcome" if late else "the target"
    remedy = "Leave it out" + (", or correct problem.available_at" if late else "")
    return ConfigError(
        f"{place}: `{name}` must use what is known at prediction time, however: it is made from "
        f"{why}. {remedy}"
    )


def featurize(frame: Frame, model: Any, columns: tuple[Column, ...]) -> Frame:
    """Return the raw columns known at prediction time, the derived ones, and the target.

    Columns with the role `after`, raw or derived, are left out unless they are the target.
    """
    data: dict[str, Array] = {c.name: np.empty(len(frame), dtype=DTYPES[c.kind]) for c in columns}
    if columns:
        names = [item.name for item in model.graph.output]
        for rows, outputs in run_chunks(session(model), frame):
            for name, values in zip(names, outputs, strict=True):
                data[name][rows] = values[:, 0]
    everything = Frame((*frame.columns, *columns), {**frame.data, **data}, frame.row)
    kept = [c.name for c in everything.columns if "after" not in c.roles or "target" in c.roles]
    return everything.select(kept)
