"""Draft a workspace from a table: params.yaml, dvc.yaml and an expectation suite."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any, get_args

from ninefold.config import nearest, validate
from ninefold.errors import InputError
from ninefold.problem import LEARNED, ProblemSpec, Task

SHOWN = 6
SHOWN_NAMES = 20
FOLDER_LABEL = "label"
"""What the subfolder of an image is called as a column."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold init`."""
    add = parser.add_argument
    add("data", metavar="DATA", type=Path,
        help="csv, tsv (also .gz) or parquet file; folder with a subfolder of images per class; "
        ".npz of arrays")  # fmt: skip
    add("--target", dest="targets", default=[], action="append", metavar="COL",
        help="column to predict, given again for several that one model predicts together; a task "
        "that needs none only compares with it")  # fmt: skip
    add("--task", choices=get_args(Task),
        help="default: told by the target; the others need none")  # fmt: skip
    add("--time", metavar="COL", help="date (or number) that orders the rows: split by time")
    add("--group", metavar="COL", nargs="+", action="extend", default=[],
        help="what tells entities apart; none of them spans two parts")  # fmt: skip
    add("--id", dest="ids", metavar="COL", nargs="+", action="extend", default=[],
        help="identifiers, never a feature")  # fmt: skip
    add("--horizon", metavar="DURATION", help="how long until the outcome is known: 12h, 7d, 2w")
    add("--available-after", metavar="COL", nargs="+", action="extend", default=[],
        help="columns known only after the outcome, never a feature")  # fmt: skip
    add("--split", type=Path, metavar="FILE", help="CSV row,part of people who already split")
    add("--image-path", metavar="COL", help="column that names image files (default: found)")
    add("--entity", metavar="COL",
        help="table with one step a line: what names the entity (or series) a step belongs to; its "
        "steps become one sequence, in the order of --time")  # fmt: skip
    add("--forecast", metavar="STEPS", type=int, nargs="+",
        help="forecast the target so many steps ahead, from windows over the series")  # fmt: skip
    add("--past", metavar="STEPS", type=int, default=48, help="steps of a window (default: 48)")
    add("--encoding", help="of a text file that is not UTF-8, such as cp1252")
    add("--into", type=Path, metavar="DIR", default=Path(), help="default: this folder")
    add("--yes", action="store_true", help="take every proposal, ask nothing")


def main(args: argparse.Namespace) -> int:
    """Read the data, propose, ask where somebody can answer, and write the workspace."""
    from expectations.merge import laid_beside
    from ninefold.aims import aim_of
    from ninefold.datasets import read
    from ninefold.splitting.given import read_parts
    from tasks.drafting import cells, params, proposals, series, sources, workspace
    from tasks.drafting.deciding import decide
    from tasks.drafting.labels import joined_labels
    from tasks.drafting.suite import drafted_path

    args.target = args.targets[0] if args.targets else ""
    needs_target = not args.target and args.task in (None, *LEARNED)
    if needs_target and not args.data.is_dir():
        raise _no_target(args)
    folder = args.into.resolve()
    workspace.refuse_to_overwrite(folder, {"params.yaml": None})
    kind = series.look(args) or sources.look(args.data, args.image_path, args.encoding)
    content = {"kind": kind.kind, "path": str(args.data), **kind.keys} | (
        {"encoding": args.encoding} if args.encoding else {}
    )
    if kind.kind in sources.FILES:
        content["unreadable"] = "drop"
    source = validate("ingest", content, source="init")
    with cells.said_later():
        opened = source.open(Path.cwd())
    if needs_target:
        args.targets = [FOLDER_LABEL]
        args.target = FOLDER_LABEL
    series.settle(args, kind, opened)
    _check_names(args, opened.names)
    split_path = None
    if args.split is not None:
        read_parts(args.split)
        split_path = workspace.stored_path(args.split, folder)
    content_of = {"target": args.targets or "", "task": args.task or "classification"}
    if kind.kind == series.WINDOWS:
        content_of |= {"time": args.time, "horizon": args.horizon}
    provisional: ProblemSpec = validate("problem", content_of, source="init")
    can_ask = sys.stdin.isatty() and not args.yes
    table, columns, settled = cells.read_table(
        content, opened, provisional, Path.cwd(), task=args.task
    )
    found_dates = cells.open_dates(table, columns)
    if cells.settle_dates(settled, found_dates, asks=can_ask):
        spec = validate("ingest", content | settled.content(), source="init")
        table, columns = read(spec, provisional, Path.cwd())
    _check_time(args.time, columns)
    declared = [*args.targets[1:], args.time, *args.group, *args.ids, *args.available_after]
    found = proposals.propose(table, columns, args.targets, filter(None, declared))
    unreadable = sources.unreadable(table)
    answers = decide(args, found, table, columns, asks=can_ask)
    problem = answers.problem
    aim = None if problem.learns_target else aim_of(problem.task)
    about = "" if aim else "; ".join(_abouts(table, columns, problem))
    draft = params.Draft(
        problem=problem,
        about_target=about,
        path=workspace.stored_path(args.data, folder),
        encoding=args.encoding,
        source=kind,
        unreadable=unreadable,
        cells=settled,
        split_path=split_path,
        title=f"{', '.join(args.targets) or problem.task.capitalize()}, from {args.data.name}",
        own=aim.draft if aim else (),
        preprocess=aim.preprocess if aim else "{}",
        text=found.text if kind.network == "mlp" else None,
        constants=found.constants,
        other_times=found.times,
        perhaps=answers.perhaps,
        slices=tuple(n for n in found.slices if not problem.is_after(n)),
    )
    rendered = params.render(draft)
    suite = _suite(table, columns, problem, rendered, args.split)
    contents = {
        workspace.SUITE: suite,
        drafted_path(Path(workspace.SUITE)).as_posix(): laid_beside(suite),
        "dvc.yaml": workspace.pipeline(split_path, problem.task, _watched(kind, folder)),
        "params.yaml": rendered,
    }
    workspace.refuse_to_overwrite(folder, contents)
    workspace.make(folder, contents)
    _tell(args, table, found, answers, about)
    for sentence in [*unreadable, *settled.sentences()]:
        print(f"note      {sentence} (ingest in params.yaml)")
    if problem.task == "classification":
        for name in problem.targets:
            if joined := joined_labels(table, columns, name):
                print(f"note      {joined.sentence()}")
    return 0


def _watched(kind: Any, folder: Path) -> str | None:
    """Return the folder of image files as dvc.yaml names it, unless the workspace lies in it."""
    from tasks.drafting.workspace import stored_path

    path = kind.pictures
    if path is None or path == folder or path in folder.parents:
        return None
    return stored_path(path, folder)


def _suite(
    table: Any, columns: Any, problem: ProblemSpec, rendered: str, split_file: Path | None
) -> str:
    """Draft the suite from the train rows of the split that params.yaml describes."""
    from ruamel.yaml import YAML

    from ninefold.datasets.tables.reading import with_roles
    from tasks.drafting.suite import draft_suite

    content = YAML(typ="safe").load(rendered)
    if split_file is not None:
        content["split"]["path"] = str(split_file.resolve())
    featurizing, splitting = (validate(key, content[key], "init") for key in ("featurize", "split"))
    columns = tuple(with_roles(column, problem) for column in columns)
    return draft_suite(
        table, columns, problem, featurizing, splitting, Path.cwd(), must_split=False
    )


def _no_target(args: argparse.Namespace) -> InputError:
    """Return what to say where the column to predict is not named: which columns there are."""
    from tasks.drafting import sources

    names = sources.names(args.data, args.encoding)
    shown = ", ".join(names[:SHOWN_NAMES]) + (", …" if len(names) > SHOWN_NAMES else "")
    others = [task for task in get_args(Task) if task not in LEARNED]
    return InputError(
        f"--target must name the column to predict, however: it is not given (one of {shown}). "
        f"Tasks that need none: --task {', '.join(others)}"
    )


def _check_names(args: argparse.Namespace, names: list[str]) -> None:
    """Raise `InputError` for a column that is not there, or a role the target cannot have."""
    options = {
        "--target": args.targets,
        "--time": [args.time] if args.time else [],
        "--group": args.group,
        "--id": args.ids,
        "--available-after": args.available_after,
    }
    for option, given in options.items():
        for name in given:
            if name not in names:
                raise InputError(
                    f"{option} must name a column of {args.data.name}, however: {name!r}"
                    f"{nearest(name, names)}"
                )
            if option != "--target" and name in args.targets:
                raise InputError(f"{option} must not name the target, however: {name!r}")
    if args.horizon is not None and args.time is None:
        raise InputError("--horizon needs --time: name the column that says when a row happened")


def _check_time(name: str | None, columns: Any) -> None:
    """Raise `InputError` if a column cannot order rows."""
    kind = next((column.kind for column in columns if column.name == name), "datetime")
    if kind not in ("datetime", "number"):
        raise InputError(
            f"--time must name a column of dates or numbers, however: {name!r} is {kind}"
        )


def _abouts(table: Any, columns: Any, problem: ProblemSpec) -> list[str]:
    """Say in a few words how each target is distributed."""
    from tasks.drafting import proposals

    alone = [problem.alone(name) for name in problem.targets]
    found = [_about(*proposals.check_target(table, columns, one)) for one in alone]
    names = [f"{name}: " for name in problem.targets] if problem.also else [""]
    return [f"{name}{about}" for name, about in zip(names, found, strict=True)]


def _about(target: Any, values: Any) -> str:
    """Say in a few words how the target is distributed."""
    if target.task == "regression":
        return (
            f"{len(values)} numbers from {target.low:g} to {target.high:g}, mean {target.offset:g}"
        )
    shown = ", ".join(target.classes[:SHOWN]) + (", …" if len(target.classes) > SHOWN else "")
    return f"{len(target.classes)} classes ({shown}) in {len(values)} rows"


def _tell(args: argparse.Namespace, table: Any, found: Any, answers: Any, about: str) -> None:
    """Print what was understood, what was written, and what to type next."""
    problem, perhaps = answers.problem, answers.perhaps
    why = "" if args.task else f" ({found.why_task})"
    others = [name for name in found.times if name != problem.time]
    dates = f"; dates: {_listed(others)} (--time COL splits by time)" if others else ""
    rows = {
        "data": f"{args.data} ({len(table)} rows, {len(table.column_names) - 1} columns)",
        "target": _shown(problem, about),
        "task": f"{problem.task}{why}",
        "ids": _listed(problem.ids),
        "time": f"{problem.time or 'none'}{'' if problem.time else dates}",
        "horizon": problem.horizon or f"none{_maybe([perhaps.horizon], '--horizon')}",
        "group": _group(problem, perhaps, found.roles.why_group),
        "after": f"{_listed(tuple(problem.available_at))}"
        f"{_maybe(perhaps.after, '--available-after')}",
        "constant": _listed(found.constants),
    }
    if problem.learns_target and found.text is not None:
        rows["text"] = f"{found.text} (its words are what the network reads)"
    if problem.time is None:
        del rows["horizon"]
    if not problem.learns_target:
        del rows["after"]
    for key, value in rows.items():
        print(f"{key:<9} {value}")
    where = args.into
    print(f"\nwrote     {', '.join(str(where / n) for n in _WRITTEN)}")
    step = "" if where.resolve() == Path.cwd() else f"cd {shlex.quote(os.fspath(where))} && "
    print(f"next      look through params.yaml, then: {step}ninefold run")


def _shown(problem: ProblemSpec, about: str) -> str:
    if problem.also or not about:
        return about or problem.target or "none"
    return f"{problem.target}: {about}"


_WRITTEN = ("params.yaml", "dvc.yaml", "expectations/suite.yaml")


def _maybe(names: Any, option: str) -> str:
    """Say what was not taken without a person's word."""
    found = [name for name in names if name]
    return f"; perhaps {_listed(found)} ({option}, or edit params.yaml)" if found else ""


def _group(problem: ProblemSpec, perhaps: Any, why: Any) -> str:
    """Say which column is the entity, or could be, and what its values tell of that."""
    named = [*problem.group, *perhaps.group]
    told = f": {why[named[0]]}" if named and named[0] in why else ""
    return f"{_listed(problem.group)}{_maybe(perhaps.group, '--group')}{told}"


def _listed(names: Any) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "") if names else "none"
