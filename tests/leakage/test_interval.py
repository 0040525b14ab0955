"""Two moments whose difference is the outcome are found, as dates and as times of day."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 500


def tickets(clock, closed, text=False):
    rng = np.random.default_rng(0)
    opened = rng.integers(0, 400_000, N)
    planned = opened + rng.choice([60, 200, 400], N)
    took = np.minimum(rng.gamma(2.0, 110, N).astype(int) + 1, 700)

    def write(minutes):
        if not clock:
            return np.datetime64("2023-01-01T00:00") + minutes.astype("timedelta64[m]")
        if text:
            hhmm = [f"{m // 60 % 24:02d}:{m % 60:02d}" for m in minutes]
            return np.array(hhmm, dtype=object)
        return minutes // 60 % 24 * 100 + minutes % 60

    table = {"opened": write(opened), "planned": write(planned), "x": rng.normal(size=N)}
    if closed:
        table["closed"] = write(opened + took)
    late = np.where(opened + took > planned, "late", "in time").astype(object)
    return table, late, took


@pytest.mark.parametrize(("clock", "text"), [(False, False), (True, False), (True, True)])
@pytest.mark.some(2)
def test_the_closing_moment_is_named_for_class_and_duration(clock, text):
    table, late, took = tickets(clock, True, text)
    for target in (late, took):
        found = loud(report(table | {"y": target}, "y", at_random(N)), "target.interval")
        assert found
        assert "closed" in found[0]["columns"]


@pytest.mark.parametrize("clock", [False, True])
def test_planned_moments_pass(clock):
    table, late, took = tickets(clock, False)
    for target in (late, took):
        assert not loud(report(table | {"y": target}, "y", at_random(N)))
