"""Which cases of a test every run tries, and which only a thorough round does (`make test-all`)."""

import pytest


def quick(*cases, of=()):
    """Return `cases`, then those of `of` that are not among them for a thorough round.

    >>> [case if isinstance(case, str) else case.values for case in quick("a", of="ab")]
    ['a', ('b',)]
    """
    return [*cases, *(pytest.param(c, marks=pytest.mark.thorough) for c in of if c not in cases)]
