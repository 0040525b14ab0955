"""Draft a workspace from a table: params.yaml, dvc.yaml and an expectation suite."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ninefold.config import nearest, validate
from ninefold.errors import InputError
from ninefold.problem import LEARNED, ProblemSpec, Task
from ninefold.texts import composed

if TYPE_CHECKING:
    from tasks.drafting.params import Draft

SHOWN_NAMES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold init`."""
    add = parser.add_argument
    add("data", metavar="DATA", type=Path,
        help="csv, tsv (also .gz) or parquet file; folder with a subfolder of images per class; "
        ".npz of arrays")  # fmt: skip
    add("--target", dest="targets", default=[], action="append", metavar="COL", type=composed,
        help="column to predict, given again for several that one model predicts together; a task "
        "that needs none only compares with it")  # fmt: skip
    add("--task", choices=get_args(Task),
        help="default: told by the target; the others need none")  # fmt: skip
    add("--positive", metavar="CLASS",
        help="the one of two classes that metrics are about (default: the rarer), or the class of "
        "the anomalies")  # fmt: skip
    add("--time", metavar="COL", type=composed,
        help="date (or number) that orders the rows: split by time")  # fmt: skip
    add("--group", metavar="COL", type=composed, nargs="+", action="extend", default=[],
        help="what tells entities apart; none of them spans two parts")  # fmt: skip
    add("--id", dest="ids", metavar="COL", type=composed, nargs="+", action="extend", default=[],
        help="identifiers, never a feature")  # fmt: skip
    add(
        "--horizon",
        metavar="DURATION",
        help="how long until the outcome is known: 12h, 7d, 2w; a number if --time is one",
    )
    add("--available-after", metavar="COL", type=composed, nargs="+", action="extend", default=[],
        help="columns known only after the outcome, never a feature")  # fmt: skip
    add("--split", type=Path, metavar="FILE|COL",
        help="CSV row,part of people who already split; or the column that says train, valid or "
        "test (default: found)")  # fmt: skip
    add("--image-path", metavar="COL", help="column that names image files (default: found)")
    add("--entity", metavar="COL", type=composed,
        help="table with one step a line: what names the entity (or series) a step belongs to; its "
        "steps become one sequence, in the order of --time")  # fmt: skip
    add("--forecast", metavar="STEPS", type=int, nargs="+",
        help="forecast the target so many steps ahead, from windows over the series")  # fmt: skip
    add("--past", metavar="STEPS", type=int,
        help="steps of a window (default: 48, less for short series)")  # fmt: skip
    add("--encoding", help="of a text file that is not UTF-8, such as cp1252")
    add("--into", type=Path, metavar="DIR", default=Path(), help="default: this folder")
    add("--yes", action="store_true", help="take every proposal, ask nothing")


def main(args: argparse.Namespace) -> int:
    """Read the data, propose, ask where somebody can answer, and write the workspace."""
    from tasks.drafting import (
        forecasting,
        params,
        parts,
        proposals,
        series,
        sources,
        telling,
        workspace,
    )
    from tasks.drafting.deciding import decide
    from tasks.drafting.suite import why_unsplit

    args.targets = [sources.target(name, args.data) for name in args.targets]
    args.target = args.targets[0] if args.targets else ""
    needs_target = not args.target and args.task in (None, *LEARNED)
    if needs_target and not sources.may_name_target(args.data):
        raise _no_target(args)
    folder = args.into.resolve()
    workspace.refuse_to_overwrite(folder, {"params.yaml": None})
    kind = series.look(args) or sources.look(
        args.data, args.image_path, args.encoding, args.targets
    )
    if needs_target and not kind.target:
        raise _no_target(args)
    kind, opened = series.opened(args, kind, lambda kind: _opened(_content(args, kind)))
    content = _content(args, kind)
    read = series.without_late(args, kind, opened)
    if read is not kind:
        kind, content = read, _content(args, read)
        opened = _opened(content)
    if needs_target:
        args.targets, args.target = [kind.target], kind.target
    elif not args.target and kind.target in opened.names:
        args.available_after.append(kind.target)  # no part of a picture
    series.settle(args, kind, opened)
    _check_names(args, opened.names)
    args.part = parts.named(args, opened.names)
    split_path = _split_path(args.split, folder)
    can_ask = sys.stdin.isatty() and not args.yes
    table, columns, settled = _read(args, kind, content, opened, asks=can_ask)
    _check_time(args.time, columns)
    declared = [*args.targets[1:], args.time, *args.group, *args.ids, *args.available_after]
    if args.split is None and args.part is None and kind.kind != series.WINDOWS:
        args.part = parts.found(table, columns, [*args.targets, *filter(None, declared)])
    declared.append(args.part)
    found = proposals.propose(table, columns, args.targets, filter(None, declared))
    unreadable = sources.unreadable(table)
    answers = decide(args, found, table, columns, asks=can_ask)
    problem = answers.problem
    targets = telling.targets(table, columns, problem)
    proposals.check_labels(table, columns, problem)
    about = "; ".join(telling.abouts(targets))
    draft = _draft(
        args, kind, found, answers,
        about_target=about, positive=telling.positive(targets, problem),
        path=workspace.stored_path(args.data, folder), split_path=split_path,
        part=args.part, unreadable=unreadable, cells=settled,
    )  # fmt: skip
    rendered = params.render(draft)
    suite = _suite(table, columns, problem, rendered, args.split)
    pipeline = workspace.pipeline(split_path, problem.task, _watched(kind, folder))
    _write(folder, suite, {"dvc.yaml": pipeline, "params.yaml": rendered})
    lines = telling.told(args, table, found, answers, about)
    said = [*unreadable, *sources.unnamed(table), *settled.sentences(), *kind.notes]
    notes = [*telling.notes(table, columns, problem, said)]
    if kind.kind == "file" and problem.learns_target and args.task != "classification":
        series_said = forecasting.suggestion(str(args.data), table, columns, problem)
        notes += [f"note      {series_said}"] if series_said else []
    why = why_unsplit(suite)
    stops = [f"note      `ninefold run` will stop at the split: {why}"] if why else []
    print("\n".join([*lines, *notes, *stops]))
    return 0


def _content(args: argparse.Namespace, kind: Any) -> dict[str, Any]:
    """Return what the section ingest says while the data are read for the first time."""
    from tasks.drafting import sources

    content = {"kind": kind.kind, "path": str(args.data), **kind.keys}
    if kind.columns:
        content["columns"] = kind.columns
    if args.encoding:
        content["encoding"] = args.encoding
    if kind.kind in sources.FILES:
        content["unreadable"] = "drop"
    return content


def _opened(content: dict[str, Any]) -> Any:
    from tasks.drafting import cells

    source = validate("ingest", content, source="init")
    with cells.said_later():
        return source.open(Path.cwd())


def _split_path(split: Path | None, folder: Path) -> str | None:
    """Return how params.yaml names a file of parts, which can be read."""
    from ninefold.splitting.given import read_parts
    from tasks.drafting import workspace

    if split is None:
        return None
    read_parts(split)
    return workspace.stored_path(split, folder)


def _read(
    args: argparse.Namespace, kind: Any, content: dict[str, Any], opened: Any, *, asks: bool
) -> tuple[Any, Any, Any]:
    """Return the table, its columns, and what had to be settled about its cells."""
    from ninefold.datasets import read
    from tasks.drafting import cells, series

    provisional = {"target": args.targets or "", "task": args.task or "classification"}
    if kind.kind == series.WINDOWS:
        provisional |= {"time": args.time, "horizon": args.horizon}
    problem: ProblemSpec = validate("problem", provisional, source="init")
    table, columns, settled = cells.read_table(content, opened, problem, Path.cwd(), task=args.task)
    found_dates = cells.open_dates(table, columns)
    if cells.settle_dates(settled, found_dates, asks=asks):
        spec = validate("ingest", content | settled.content(), source="init")
        table, columns = read(spec, problem, Path.cwd())
    return table, columns, settled


def _draft(args: argparse.Namespace, kind: Any, found: Any, answers: Any, **known: Any) -> "Draft":
    """Return what params.yaml is to say: what is `known`, and what proposals and answers give."""
    from ninefold.aims import aim_of
    from tasks.drafting.params import Draft

    problem = answers.problem
    aim = None if problem.learns_target else aim_of(problem.task)
    return Draft(
        problem=problem,
        encoding=args.encoding,
        source=kind,
        title=f"{', '.join(args.targets) or problem.task.capitalize()}, from {args.data.name}",
        own=aim.draft if aim else (),
        preprocess=aim.preprocess if aim else "{}",
        text=found.text if kind.network == "mlp" else None,
        constants=found.constants,
        other_times=found.times,
        perhaps=answers.perhaps,
        slices=tuple(n for n in found.slices if not problem.is_after(n)),
        **known,
    )


def _write(folder: Path, suite: str, contents: dict[str, str]) -> None:
    """Write the workspace, the suite with its first draft beside it."""
    from expectations.merge import laid_beside
    from tasks.drafting import workspace
    from tasks.drafting.suite import drafted_path

    drafted = drafted_path(Path(workspace.SUITE)).as_posix()
    contents = {workspace.SUITE: suite, drafted: laid_beside(suite), **contents}
    workspace.refuse_to_overwrite(folder, contents)
    workspace.make(folder, contents)


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


def _check_names(args: argparse.Namespace, names: Sequence[str]) -> None:
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
