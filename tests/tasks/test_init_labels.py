"""Targets whose cells join several labels are told."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ninefold.columns import Column
from tasks.drafting.labels import joined_labels
from tests.tasks.test_init import here, init, refused  # noqa: F401

LABELS = np.array(["blau", "groß", "grün", "rot", "rund"])


def cells(sign, rows=300, labels=LABELS):
    random = np.random.default_rng(1)
    chosen = random.random((rows, len(labels))) < 0.4
    chosen[np.arange(rows), random.integers(0, len(labels), rows)] = True
    return [sign.join(labels[row]) for row in chosen]


@pytest.mark.parametrize("sign", [";", "|", ",", ", "])
def test_joined_labels_are_told_with_the_way_to_predict_them(sign, capsys):
    pd.DataFrame({"a": np.arange(300.0) % 7, "tags": cells(sign)}).to_csv("d.csv", index=False)
    said = init("d.csv", "--target", "tags", "--into", "w", capsys=capsys).out
    assert f"`tags` holds several of 5 labels a cell, joined by {sign.strip()!r}" in said
    assert "--target 'blau' --target 'groß' --target 'grün' --target 'rot' …" in said


def test_too_many_combinations_are_refused_with_the_same_way(capsys):
    labels = np.array([f"l{n:02d}" for n in range(14)])
    tags = cells(";", labels=labels)
    pd.DataFrame({"a": np.arange(300.0) % 7, "tags": tags}).to_csv("d.csv", index=False)
    said = refused(capsys, "d.csv", "--target", "tags", "--into", "w")
    assert "holds several of 14 labels a cell" in said


@pytest.mark.parametrize(
    "values",
    [
        ["Paris, France", "Rome, Italy", "Bonn, Germany", "Lyon, France"],
        ["yes", "no"],
        ["a;b", "c"],
        ["Doe, John", "Doe, Jane", "Roe, Max", "Poe, Edgar"],
    ],
)
def test_names_with_a_sign_in_them_are_names(values):
    table = pd.DataFrame({"y": values * 20})
    columns = [Column("y", "category")]
    assert joined_labels(pa.Table.from_pandas(table), columns, "y") is None
