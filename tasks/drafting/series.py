"""What `ninefold init` makes of a table with one step a line."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ninefold.errors import InputError
from tasks.drafting.sources import Found

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

LONG, WINDOWS = "long_table", "windows"
DAY_H, HOUR_US = 24, 3_600_000_000
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
    wanted: dict[str, Any] = {"time": args.time, "value": args.target, "past": args.past}
    wanted["horizons"] = args.forecast
    if args.entity is not None:
        wanted["series"] = args.entity
    return Found(WINDOWS, wanted, "rnn", ", level: beside", BASELINES)


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
