"""The expectation suite of a workspace: drafted from the train rows of its split, and no others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from expectations.draft import draft
from expectations.merge import merge
from ninefold.columns import Column, to_frame
from ninefold.errors import InputError
from ninefold.features import build, featurize
from ninefold.problem import ProblemSpec
from ninefold.splitting import split

NAME = "expectations/suite.yaml"
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

    The rows of the valid and the test part are set aside before anything is looked at.

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
        note = f"Only kinds were drafted, since there is no train part: {error}"
        return draft(table.slice(0, 0), columns, problem, note=note)
    train = table.filter(pa.array(parts == "train"))
    nowhere = table.filter(pa.array(parts == ""))
    left_out = {
        column.name: nowhere[column.name].null_count
        for column in columns
        if column.name in (*problem.targets, problem.time)
    }
    share = np.mean(parts == "train")
    note = f"The train part has {train.num_rows} of {table.num_rows} rows ({share:.0%})."
    return draft(train, columns, problem, left_out, note, masked)


def first_draft(suite: str) -> str:
    """Return what to lay beside a suite just drafted, so that later drafts see what changed."""
    return merge(suite, "", suite, NAME).drafted


def drafted_path(suite: Path) -> Path:
    """Return where the last draft of a suite lies."""
    return suite.with_name(suite.name.removesuffix(".yaml") + DRAFTED)
