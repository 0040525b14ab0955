import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold import dates
from ninefold.columns import NAT, Column
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.datasets.tables.parsing import parse
from ninefold.problem import ProblemSpec

EPOCH = dt.datetime(1970, 1, 1)
MOMENTS = st.datetimes(min_value=dt.datetime(1000, 1, 1))
EXACT_S = [f for f in dates.COMMON if f and "%S" in f and "%y" not in f and "%z" not in f]


def micros(moment):
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def by_arrow(texts, format=None):
    parsed = parse(pa.array(texts, pa.string()), Column("d", "datetime", format=format), ())
    return [NAT if value is None else value for value in parsed.cast(pa.int64()).to_pylist()]


@given(st.lists(MOMENTS, min_size=1))
def test_iso_dates_are_read_exactly_by_both_readers(moments):
    texts = [moment.isoformat() for moment in moments]
    assert dates.to_micros(texts).tolist() == [micros(m) for m in moments] == by_arrow(texts)


@pytest.mark.parametrize("format", EXACT_S)
@given(moment=MOMENTS)
def test_every_common_format_reads_what_strftime_writes(format, moment):
    moment = moment if "%f" in format else moment.replace(microsecond=0)
    text = moment.strftime(format)
    assert dates.to_micros([text], format).tolist() == [micros(moment)] == by_arrow([text], format)


@given(st.lists(st.text() | st.from_regex(dates.ISO), min_size=1))
def test_both_readers_agree_on_anything(texts):
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    assert dates.to_micros(texts).tolist() == by_arrow(texts)


def test_days_that_do_not_exist_are_missing():
    texts = ["2013-02-29", "2012-02-29", "2013-13-01", "2013-01-01 24:00", "2013-04-31"]
    assert [v == NAT for v in by_arrow(texts)] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("texts", "format"),
    [(["2013-02", "2013-13"], "%Y-%m"), (["Feb 2013", "Foo 2013"], "%b %Y"), (["2013", "x"], "%Y")],
)
def test_a_month_or_a_year_stands_for_its_first_day(texts, format):
    first = dt.datetime(2013, 1 if format == "%Y" else 2, 1)
    assert dates.to_micros(texts, format).tolist() == [micros(first), NAT]
    assert by_arrow(texts, format) == [micros(first), NAT]


def test_offsets_are_brought_to_utc():
    assert len(set(by_arrow(["2020-01-01T12:00:00+02:00", "2020-01-01T10:00:00Z"]))) == 1


@pytest.mark.parametrize(
    ("text", "format"), [("2013-05", "%Y-%m"), ("5/2013", "%m/%Y"), ("May 2013", "%b %Y"),
                         ("20130501", "%Y%m%d")],
)  # fmt: skip
def test_a_month_is_its_first_day(text, format):
    wanted = micros(dt.datetime(2013, 5, 1))
    assert dates.to_micros([text], format).tolist() == [wanted] == by_arrow([text], format)


@pytest.mark.parametrize(
    "format", ["%d.%m", "%Y-%m %H:%M", "%Q.%Y", "%d.%d.%Y", "%I:%M %d.%m.%Y", "x"]
)
def test_a_format_that_names_no_date_is_refused(format):
    with pytest.raises(ValueError, match="must"):
        dates.pattern(format)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"{year}-{month:02}" for year in (1949, 1950) for month in range(1, 13)], "datetime"),
        ([f"{month:02}/{year}" for year in (1949, 1950) for month in range(1, 13)], "datetime"),
        ([f"{code}-{part:02}" for code in (4000, 4711) for part in range(1, 13)], "category"),
    ],
)
def test_a_column_of_months_is_one_of_dates_and_one_of_codes_is_not(cells, kind, tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("\n".join(["m,y", *(f"{cell},{n}" for n, cell in enumerate(cells))]))
    spec = validate("ingest", {"kind": "file", "path": str(path)})
    problem = ProblemSpec(task="regression", target="y")
    columns = {column.name: column.kind for column in read(spec, problem, tmp_path)[1]}
    assert columns["m"] == kind
