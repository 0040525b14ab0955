"""What `ninefold init` makes of a table with one step a line."""

import argparse
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninefold.config import validate
from ninefold.datasets.windows import ShortSeriesError
from ninefold.errors import InputError
from tasks.drafting.sources import Found

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

LONG, WINDOWS = "long_table", "windows"
USUAL_PAST, LEAST_WINDOWS, SHARE = 48, 4, 8
"""Steps of a window where nobody says how many; a series of less than so many times as many has
windows of this part of it."""
DAY_H, HOUR_US = 24, 3_600_000_000
PROBE, YEAR = 200, re.compile(r"1[5-9]\d\d|2[01]\d\d")
BASELINES = (
    "{models: [{kind: dummy}, {kind: last_value}, {kind: seasonal_naive}, {kind: linear}, "
    "{kind: hist_gradient_boosting}]}"
)


def look(args: argparse.Namespace) -> Found | None:
    """Return how a table of steps is read; None if no option says that it is one.

    Raises:
        InputError: options that do not go together.
    """
    if args.forecast is None:
        is_tagging = args.task == "tagging"
        if is_tagging and (args.entity is None or len(args.targets) != 1):
            raise InputError(
                "--task tagging needs a table with one step a line: --entity COL names the "
                "sequence a step belongs to, one --target the column of labels"
            )
        if args.entity is None:
            return None
        keys = {"entity": args.entity} | ({"time": args.time} if args.time else {})
        keys |= {"tags": args.target} if is_tagging else {}
        return Found(LONG, keys, network="rnn")
    if len(args.targets) != 1 or args.time is None:
        raise InputError(
            "--forecast needs one --target, the column to forecast, and --time, the dates of its "
            "steps"
        )
    past = USUAL_PAST if args.past is None else args.past
    wanted: dict[str, Any] = {"time": args.time, "value": args.target, "past": past}
    wanted["horizons"] = args.forecast
    if args.entity is not None:
        wanted["series"] = args.entity
    years = {args.time: {"kind": "datetime", "format": "%Y"}} if _holds_years(args) else {}
    return Found(WINDOWS, wanted, "rnn", ", level: beside", BASELINES, columns=years)


def _holds_years(args: argparse.Namespace) -> bool:
    """Tell whether the first cells of the column that orders the steps are years: numbers, which
    no time would be read from.
    """
    content = {"kind": "file", "path": str(args.data)}
    content |= {"encoding": args.encoding} if args.encoding else {}
    source = validate("ingest", content, source="init").open(Path.cwd())
    batch = next(iter(source.batches()), None)
    if batch is None or args.time not in source.names:
        return False
    cells = batch.column(source.names.index(args.time))[:PROBE].to_pylist()
    texts = [str(cell).strip() for cell in cells if cell is not None]
    return bool(texts) and all(YEAR.fullmatch(text) for text in texts)


def opened(
    args: argparse.Namespace, kind: Found, read: Callable[[Found], "Source"]
) -> tuple[Found, "Source"]:
    """Return how the table is read, and what `read` opens so; windows are shorter where nobody said
    how long, and series are short.
    """
    if kind.kind != WINDOWS or args.past is not None:
        return kind, read(kind)
    try:
        source = read(kind)
        steps = source.notes["series"]["steps"] // source.notes["series"]["entities"]
        if steps >= LEAST_WINDOWS * USUAL_PAST:
            return kind, source
    except ShortSeriesError as error:
        steps = error.steps
    kind = replace(kind, keys={**kind.keys, "past": max(2, steps // SHARE)})
    return kind, read(kind)


def without_late(args: argparse.Namespace, kind: Found, source: "Source") -> Found:
    """Return how the table is read without the channels that are known only afterwards; no row has
    a column for them, so that they go from `args.available_after` to `args.late`.
    """
    absent = source.absent if kind.kind == LONG else {}
    args.late = [name for name in args.available_after if name in absent]
    args.available_after = [name for name in args.available_after if name not in absent]
    return replace(kind, keys={**kind.keys, "drop": args.late}) if args.late else kind


def settle(args: argparse.Namespace, kind: Found, source: "Source") -> None:
    """Change the options to what they mean for the rows that a table of steps gives."""
    if kind.kind == LONG:
        args.time = None
    if kind.kind != WINDOWS:
        return
    from ninefold.datasets.windows import target_name

    args.targets = [target_name(args.target, steps) for steps in args.forecast]
    args.target = args.targets[0]
    args.task = "regression"
    if args.horizon is None and source.ahead is not None:
        hours = -(-source.ahead[1] // HOUR_US)
        args.horizon = f"{hours}h" if hours % DAY_H else f"{hours // DAY_H}d"
