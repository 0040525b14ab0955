"""The expectation suite of a workspace: drafted from the train rows of its split, and no others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from expectations.draft import draft
from ninefold.columns import Array, Column, to_frame
from ninefold.errors import InputError
from ninefold.features import build, featurize
from ninefold.problem import ProblemSpec
from ninefold.splitting import split

UNSPLIT = "Only kinds were drafted, since there is no train part: "
DRAFTED = ".drafted.yaml"
"""Ending of the file beside a suite that holds the last draft."""


def draft_suite(
    table: pa.Table,
    columns: tuple[Column, ...],
    problem: ProblemSpec,
    featurizing: Any,
    splitting: Any,
    workspace: Path,
    masked: Iterable[str] = (),
    *,
    must_split: bool = True,
) -> str:
    """Return the YAML text of a suite for a table as ingest reads it.

    The rows of the valid and the test part are set aside before anything is looked at. Rows that
    lack a target or time belong to no part; a share of them is drafted from as well.

    Raises:
        InputError: the table cannot be split; without `must_split` it gives a suite of kinds only,
            which says why.
    """
    frame = to_frame(table, columns)
    try:
        model, derived = build(columns, problem, featurizing)
        parts = split(featurize(frame, model, derived), problem, splitting, workspace).part
    except InputError as error:
        if must_split:
            raise
        note = f"{UNSPLIT}{error}"
        return draft(table.slice(0, 0), columns, problem, note=note)
    is_train = parts == "train"
    beside = _beside(table, parts, (*problem.targets, problem.time))
    kept = table.filter(pa.array(is_train | beside))
    note = f"The train part has {is_train.sum()} of {table.num_rows} rows ({is_train.mean():.0%})."
    if beside.any():
        note += (
            f" {beside.sum()} rows that belong to no part, as many in proportion, stand by them."
        )
    return draft(kept, columns, problem, note, masked)


def _beside(table: pa.Table, parts: Array, needed: Iterable[str | None]) -> Array:
    """Return the mask `(N,)` of rows to draft from although they lack a `needed` cell.

    They belong to no part, yet the gate sees them: as large a share of them as train has of those
    in a part, drawn by a fixed seed.
    """
    gone = np.zeros(len(parts), bool)
    for name in needed:
        if name is not None and name in table.column_names:
            gone |= table[name].is_null(nan_is_null=True).to_numpy()
    nowhere = np.flatnonzero(gone & (parts == ""))
    count = round(len(nowhere) * float((parts == "train").sum()) / max(1, int((parts != "").sum())))
    found = np.zeros(len(parts), bool)
    found[np.random.default_rng(0).permutation(nowhere)[:count]] = True
    return found


def why_unsplit(suite: str) -> str | None:
    """Return why the table of a suite just drafted cannot be split, if it cannot."""
    told = [line.partition(UNSPLIT)[2] for line in suite.splitlines() if UNSPLIT in line]
    return told[0] if told else None


def drafted_path(suite: Path) -> Path:
    """Return where the last draft of a suite lies."""
    return suite.with_name(suite.name.removesuffix(".yaml") + DRAFTED)
