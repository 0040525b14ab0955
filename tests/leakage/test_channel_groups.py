"""A channel that marks the label is named, though none of its steps tells it; signals pass."""

import numpy as np

from tests.leakage.reports import at_random, loud, report

N, STEPS = 400, 6


def windows(peak, alone=False, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, N)
    signal = np.cumsum(rng.normal(size=(N, STEPS)), axis=1) + 0.8 * y[:, None]
    mark = rng.normal(0, 0.02, (N, STEPS))
    mark[np.arange(N), rng.integers(0, STEPS, N)] += peak * y
    made = {} if alone else {f"eeg_{k}": signal[:, k].round(3) for k in range(STEPS)}
    made |= {f"trig_{k}": mark[:, k].round(4) for k in range(STEPS)}
    return {**made, "y": np.where(y, "stimulus", "rest")}


def test_a_trigger_beside_the_signals_is_named():
    (item,) = loud(report(windows(1.0), "y", at_random(N)), "target.channel")
    assert (item["severity"], item["evidence"]["roc_auc"] > 0.99) == ("warn", True)
    assert item["columns"] == [f"trig_{k}" for k in range(STEPS)]


def test_noise_and_a_table_of_one_channel_pass():
    for made in (windows(0.0), windows(1.0, alone=True)):
        assert not loud(report(made, "y", at_random(N)), "target.channel")
