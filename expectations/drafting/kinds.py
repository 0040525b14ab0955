"""What a column holds: numbers, categories, text, true/false or dates."""

from collections.abc import Iterator

from expectations.sample import Rule, Sample, rule

ORDER = 10


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect every column to keep the kind that the pipeline was set up for."""
    for column in sample.columns:
        because = "the pipeline was set up for it"
        yield rule("expect_column_to_be_of_kind", "block", because,
                   column=column.name, kind=column.kind)  # fmt: skip
