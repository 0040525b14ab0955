"""How many values are missing."""

from collections.abc import Iterator

from expectations.margins import mostly, worst_stretch
from expectations.sample import Rule, Sample, rule

ORDER = 20
TYPE = "expect_column_values_to_not_be_null"


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect no more missing values than there were, within sampling error and the worst
    stretch of rows.
    """
    rows = len(sample)
    for column in sample.columns:
        gone = int(sample.missing[column.name].sum())
        share = mostly(gone, rows, worst_stretch(sample.missing[column.name]))
        if column.kind == "bool" or not share:
            continue
        because = (
            f"{gone} of {rows} were missing in training"
            if gone
            else f"none of {rows} was missing in training"
        )
        yield rule(TYPE, "warn", because, column=column.name, mostly=share)
