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


def test_the_slope_of_a_signal_may_tell_the_class():
    rng = np.random.default_rng(3)
    signal = 20 + np.cumsum(rng.normal(size=(N, STEPS)), axis=1) + rng.normal(0, 3, (N, 1))
    rises = signal[:, -1] - signal[:, 1] + rng.normal(0, 1, N) > 0
    for stem in ("level_", "level at step "):
        made = {f"{stem}{k}": signal[:, k].round(3) for k in range(STEPS)}
        part = at_random(N)
        assert not loud(report({**made, "y": np.where(rises, "rises", "falls")}, "y", part))
    apart = {f"level {word}": signal[:, k] for k, word in ((1, "planned"), (5, "met"))}
    found = loud(report({**apart, "y": np.where(rises, "rises", "falls")}, "y", at_random(N)))
    assert [item["kind"] for item in found] == ["target.combination"]
