"""What is found in masked columns is told without their values."""

import numpy as np

from ninefold.leakage.masking import MASKED, masked
from tests.leakage.reports import at_random, frame_of, report

N = 300


def test_no_cell_of_a_masked_column_stands_in_a_finding():
    r = np.random.default_rng(0)
    y = r.choice(["yes", "no"], N, p=[0.4, 0.6]).astype(object)
    reason = np.where(y == "yes", "Hypertension", r.choice(["Angina", "Asthma"], N)).astype(object)
    table = {"reason": reason, "x": r.normal(size=N), "y": y}
    found = report(table, "y", at_random(N))
    assert "reason" in {name for item in found["findings"] for name in item["columns"]}
    hidden = masked(found, frame_of(table, "y"), ["reason"])
    text = str(hidden)
    assert not [cell for cell in np.unique(reason) if cell in text]
    assert masked(found, frame_of(table, "y"), []) == found


def test_values_in_the_units_of_a_masked_column_are_hidden_too():
    item = {
        "columns": ["wage"], "message": "`wage 7` is 7.0 exactly where `y`",
        "evidence": {"lowest_in_test": 7.0, "rows": 3},
    }  # fmt: skip
    frame = frame_of({"wage": np.array([7.0, 9.0]), "y": np.array([0.0, 1.0])}, "y")
    (told,) = masked({"findings": [item]}, frame, ["wage"])["findings"]
    assert told["message"] == f"`wage 7` is {MASKED} exactly where `y`"
    assert told["evidence"] == {"lowest_in_test": MASKED, "rows": 3}
