"""Do fresh rows look like the train rows? A small reference, and tests against it."""

from ninefold.freshness.comparing import compare, too_few
from ninefold.freshness.reference import reference, without_values

__all__ = ["compare", "reference", "too_few", "without_values"]
