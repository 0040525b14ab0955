"""The taxonomy of leakage of Kapoor and Narayanan, Patterns 4 (9), 2023, table 1.

L1 no clean separation of train and test: 1.1 no test set, 1.2 preprocessing on both, 1.3 feature
selection on both, 1.4 duplicates. L2 features that are not legitimate. L3 test rows are not from
the distribution of interest: 3.1 temporal leakage, 3.2 rows that depend on each other, 3.3 sampling
bias.
"""

CODES = {
    "rows": "L1.4",
    "preprocessing": "L1.2",
    "preprocessing.selection": "L1.3",
    "encoding": "L1.2",
    "target": "L2",
    "missing": "L2",
    "id": "L2",
    "time": "L3.1",
    "time.look_ahead": "L2",
    "time.feature_ahead": "L2",
    "group": "L3.2",
    "shift": "L3.3",
}
"""Family, or kind where it differs from its family -> code."""


def code(kind: str) -> str:
    """Return the code of a kind of finding, "" where the taxonomy has none (labels, quality).

    >>> code("group.overlap"), code("label.conflict")
    ('L3.2', '')
    """
    return CODES.get(kind, CODES.get(kind.partition(".")[0], ""))
