"""The roles of the columns: what was said, what is proposed, and what a person answers."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ninefold.columns import Column
from ninefold.config import validate
from ninefold.problem import LEARNED, ProblemSpec
from tasks.drafting.params import Perhaps
from tasks.drafting.proposals import Proposal
from tasks.drafting.questions import ask_choice, ask_column, ask_columns, ask_duration, introduce
from tasks.drafting.roles import propose_horizon

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Decided:
    """The problem, and what is left as a comment in params.yaml."""

    problem: ProblemSpec
    perhaps: Perhaps


@dataclass
class _Answers:
    """What is known of the roles so far."""

    task: str
    ids: list[str]
    time: str | None
    group: list[str]
    horizon: str | None
    after: list[str]
    before: list[str] = field(default_factory=list)
    """Columns that sounded late, and that a person did not name as such."""


def decide(
    args: argparse.Namespace,
    found: Proposal,
    table: "pa.Table",
    columns: Sequence[Column],
    *,
    asks: bool,
) -> Decided:
    """Join options and proposals, and ask for what no option said if somebody can answer.

    Without questions only safe proposals are taken: no column is left out on its name alone, and
    an entity only where neither time nor a split file divides the rows already.

    Raises:
        InputError: the input ended before every question was answered.
        ConfigError: the answers do not make a problem.
    """
    has_split = args.split is not None or args.part is not None
    time = args.time
    if time is None and not args.group and not has_split:
        time = found.time
    learns = args.task is None or args.task in LEARNED
    if not learns:
        time = args.time
    late = found.roles.perhaps_after if learns else ()
    entity = [] if has_split or time is not None else list(found.roles.group)
    said = _Answers(
        task=args.task or found.task,
        ids=[*dict.fromkeys([*(args.ids or found.ids), *filter(None, [args.part])])],
        time=time,
        group=list(dict.fromkeys(args.group)) or entity,
        horizon=args.horizon,
        after=list(dict.fromkeys(args.available_after)),
    )
    if asks:
        _ask(said, args, found, table, columns)
        return Decided(_problem(args, said), Perhaps())
    horizon, _, is_sure = propose_horizon(table, columns, args.target, said.time, late)
    if said.horizon is None and is_sure and not has_split:
        said.horizon = horizon
    entities = [*found.roles.group, *found.roles.perhaps_group]
    perhaps = Perhaps(
        group=() if said.group else tuple(entities),
        after=tuple(name for name in late if name != said.time),
        horizon=None if said.horizon else horizon,
    )
    return Decided(_problem(args, said), perhaps)


def _ask(
    said: _Answers,
    args: argparse.Namespace,
    found: Proposal,
    table: "pa.Table",
    columns: Sequence[Column],
) -> None:
    """Ask for the roles that no option named; change `said`."""
    names = [column.name for column in columns if column.name not in args.targets]
    introduce()
    if args.task is None:
        tasks = ["classification", "regression"]
        said.task = ask_choice(f"task ({found.why_task})", said.task, tasks)
    if not args.ids:
        said.ids = ask_columns("identifiers, never a feature (comma between)", said.ids, names)
    if args.time is None:
        ordering = [c.name for c in columns if c.kind in ("datetime", "number")]
        ordering = [name for name in ordering if name not in args.targets]
        question = "column of dates that orders the rows"
        said.time = ask_column(question, said.time, ordering, found.times)
    free = [name for name in names if name != said.time]
    if not args.group:
        proposal = [n for n in found.roles.group if n not in said.ids]
        question = "entity the model will meet for the first time, such as a customer"
        said.group = ask_columns(question, proposal, free, found.roles.perhaps_group)
    late = [n for n in found.roles.perhaps_after if n not in (said.time, *said.ids, *said.group)]
    if args.horizon is None and said.time is not None:
        proposal_h, why, _ = propose_horizon(table, columns, args.target, said.time, late)
        because = f" ({why})" if why else ""
        is_date = all(c.kind == "datetime" for c in columns if c.name == said.time)
        such = "such as 12h or 7d" if is_date else f"in units of {said.time}"
        question = f"time from prediction to outcome, {such}{because}"
        said.horizon = ask_duration(question, proposal_h, is_date=is_date)
    if not args.available_after and said.task in LEARNED:
        question = "known only after the outcome, never a feature"
        free = [name for name in free if name not in said.group]
        said.after = ask_columns(question, late, free)
        said.before = [name for name in late if name not in said.after]


def _problem(args: argparse.Namespace, said: _Answers) -> ProblemSpec:
    content = {
        "target": args.targets or "",
        "task": said.task,
        "positive": args.positive,
        "time": said.time,
        "horizon": said.horizon,
        "group": said.group,
        "ids": said.ids,
        "available_at": dict.fromkeys(said.after, "after") | dict.fromkeys(said.before, "before"),
    }
    return validate("problem", content, source="init")  # type: ignore[no-any-return]
