import datetime

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.features.frames import derive, frame

MOMENT = st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31))
PARTS = {
    "year": lambda t: t.year,
    "quarter": lambda t: (t.month + 2) // 3,
    "month": lambda t: t.month,
    "day": lambda t: t.day,
    "day_of_year": lambda t: t.timetuple().tm_yday,
    "weekday": lambda t: t.weekday(),
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "second": lambda t: t.second,
}


@settings(max_examples=60, deadline=None)
@given(st.lists(MOMENT, min_size=1, max_size=8))
@example([datetime.datetime(2000, 2, 29), datetime.datetime(1900, 2, 28, 23, 59, 59, 999999)])
@example([datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), datetime.datetime(2100, 3, 1)])
@example([datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59)])
def test_calendar_parts_are_pythons(moments):
    source = frame(t=[*moments, None])
    result = derive(source, {"kind": "calendar", "column": "t", "parts": [*PARTS, "is_weekend"]})
    for name, part in PARTS.items():
        expected = [float(part(moment)) for moment in moments] + [np.nan]
        np.testing.assert_array_equal(result[f"t_{name}"], expected, err_msg=name)
    weekend = ["true" if moment.weekday() > 4 else "false" for moment in moments]
    assert result["t_is_weekend"].tolist() == [*weekend, ""]


@pytest.mark.parametrize(("part", "first", "count"), [("hour", 0, 24), ("month", 1, 12)])
def test_cyclic_parts_lie_on_a_circle(part, first, count):
    moments = [datetime.datetime(1960, 1 + i % 12, 1, i % 24) for i in range(48)]
    result = derive(frame(t=[*moments, None]), {"kind": "cyclic", "column": "t", "part": part})
    angle = np.array([2 * np.pi * (getattr(m, part) - first) / count for m in moments])
    np.testing.assert_allclose(result[f"t_{part}_sin"][:-1], np.sin(angle), atol=1e-15)
    np.testing.assert_allclose(result[f"t_{part}_cos"][:-1], np.cos(angle), atol=1e-15)
    assert np.isnan(result[f"t_{part}_cos"][-1])


def test_elapsed_time_is_missing_where_either_end_is():
    day = datetime.datetime(2020, 1, 1)
    source = frame(a=[day, None, day], b=[day + datetime.timedelta(hours=36), day, None])
    result = derive(source, {"kind": "elapsed", "column": "a", "until": "b", "unit": "days"})
    np.testing.assert_array_equal(result["a_days_to_b"], [1.5, np.nan, np.nan])
