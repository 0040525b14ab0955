"""Entities that init finds by their values, whatever they are called."""

import numpy as np
import pandas as pd
import pytest

from tests.tasks.test_init import here, init, sections  # noqa: F401


def readings(kind, rows=600, machines=60):
    """Readings of machines under a name that no list of words holds."""
    rng = np.random.default_rng(4)
    machine = rng.integers(0, machines, rows)
    load = rng.normal(size=rows).round(3)
    state = {
        "one target": rng.random(machines)[machine] < 0.5,
        "nearly one": rng.beta(0.3, 0.3, machines)[machine] > rng.random(rows),
        "no tie": rng.random(rows) < 0.5,
        "feature": load > 0,
    }[kind]
    names = np.array([f"Gerät {n}" for n in range(machines)])[machine]
    return pd.DataFrame({"anlage": names, "last": load, "zustand": np.where(state, "gut", "leck")})


ASKED = "group     none; perhaps anlage (--group, or edit params.yaml): rows of one anlage share"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("one target", ASKED),
        ("nearly one", ASKED),
        ("no tie", "group     none\n"),
        ("feature", "group     none\n"),
    ],
)
def test_an_entity_is_found_by_its_values_and_asked_about(kind, said, tmp_path, capsys):
    readings(kind).to_csv("d.csv", index=False)
    out = init("d.csv", "--target", "zustand", "--into", "a", capsys=capsys).out
    assert said in out
    assert sections(tmp_path / "a")["problem"].group == ()


def test_numbers_and_many_rows_of_an_entity_are_judged_too(capsys):
    table = readings("one target", rows=3000, machines=40)
    table["anlage"] = table["anlage"].str.removeprefix("Gerät ").astype(int) * 7 + 3
    table.to_csv("d.csv", index=False)
    assert ASKED in init("d.csv", "--target", "zustand", "--into", "a", capsys=capsys).out
