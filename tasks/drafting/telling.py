"""What init says of a table, and of the workspace it drafted from it."""

import argparse
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ninefold.columns import Array
from ninefold.problem import ProblemSpec
from ninefold.target import Target
from tasks.drafting import proposals
from tasks.drafting.labels import joined_labels

SHOWN = 6
"""Names that are listed before `…`."""
WRITTEN = ("params.yaml", "dvc.yaml", "expectations/suite.yaml")


def targets(table: Any, columns: Any, problem: ProblemSpec) -> list[tuple[Target, Array]]:
    """Return each target as fitted on all rows, and its values; none where none is learned."""
    names = problem.targets if problem.learns_target else ()
    return [proposals.check_target(table, columns, problem.alone(name)) for name in names]


def abouts(found: Sequence[tuple[Target, Array]]) -> list[str]:
    """Say in a few words how each target is distributed."""
    names = [f"{target.name}: " for target, _ in found] if len(found) > 1 else [""] * len(found)
    return [f"{name}{_about(*each)}" for name, each in zip(names, found, strict=True)]


def positive(found: Sequence[tuple[Target, Array]], problem: ProblemSpec) -> str | None:
    """Return the class that metrics are about: the one named, or the rarer of a target's two."""
    is_one = problem.task == "classification" and len(found) == 1
    return found[0][0].positive if is_one else problem.positive


def _about(target: Any, values: Any) -> str:
    """Say in a few words how the target is distributed."""
    if target.task == "regression":
        return (
            f"{len(values)} numbers from {target.low:g} to {target.high:g}, mean {target.offset:g}"
        )
    shown = ", ".join(target.classes[:SHOWN]) + (", …" if len(target.classes) > SHOWN else "")
    return f"{len(target.classes)} classes ({shown}) in {len(values)} rows"


def told(args: argparse.Namespace, table: Any, found: Any, answers: Any, about: str) -> list[str]:
    """Return lines that say what was understood, what was written, and what to type next."""
    problem, perhaps = answers.problem, answers.perhaps
    why = "" if args.task else f" ({found.why_task})"
    others = [name for name in found.times if name != problem.time]
    dates = f"; dates: {listed(others)} (--time COL splits by time)" if others else ""
    rows = {
        "data": f"{args.data} ({len(table)} rows, {len(table.column_names) - 1} columns)",
        "target": _shown(problem, about),
        "task": f"{problem.task}{why}",
        "ids": listed(problem.ids),
        "time": f"{problem.time or 'none'}{'' if problem.time else dates}",
        "horizon": problem.horizon_text or f"none{_maybe([perhaps.horizon], '--horizon')}",
        "group": _group(problem, perhaps, found.roles.why_group),
        "after": f"{listed((*args.late, *filter(problem.is_after, problem.available_at)))}"
        f"{_maybe(perhaps.after, '--available-after')}",
        "constant": listed(found.constants),
    }
    if args.part is not None:
        rows["split"] = f"as `{args.part}` says; no model reads it"
    if problem.learns_target and found.text is not None:
        rows["text"] = f"{found.text} (its words are what the network reads)"
    if problem.time is None:
        del rows["horizon"]
    if not problem.learns_target:
        del rows["after"]
    where = args.into
    step = "" if where.resolve() == Path.cwd() else f"cd {shlex.quote(os.fspath(where))} && "
    return [
        *(f"{key:<9} {value}" for key, value in rows.items()),
        "",
        f"wrote     {', '.join(str(where / n) for n in WRITTEN)}",
        f"next      look through params.yaml, then: {step}ninefold run",
    ]


def notes(
    table: Any, columns: Any, problem: ProblemSpec, sentences: Iterable[str]
) -> Iterator[str]:
    """Yield what ingest says because of the data, and targets with several labels a cell."""
    for sentence in sentences:
        yield f"note      {sentence} (ingest in params.yaml)"
    if problem.task != "classification":
        return
    for name in problem.targets:
        if joined := joined_labels(table, columns, name):
            yield f"note      {joined.sentence()}"


def _shown(problem: ProblemSpec, about: str) -> str:
    if problem.also or not about:
        return about or problem.target or "none"
    return f"{problem.target}: {about}"


def _maybe(names: Any, option: str) -> str:
    """Say what was not taken without a person's word."""
    found = [name for name in names if name]
    return f"; perhaps {listed(found)} ({option}, or edit params.yaml)" if found else ""


def _group(problem: ProblemSpec, perhaps: Any, why: Any) -> str:
    """Say which column is the entity, or could be, and what its values tell of that."""
    named = [*problem.group, *perhaps.group]
    told = f": {why[named[0]]}" if named and named[0] in why else ""
    return f"{listed(problem.group)}{_maybe(perhaps.group, '--group')}{told}"


def listed(names: Any) -> str:
    """Return the first names, `none` if there are none."""
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "") if names else "none"
