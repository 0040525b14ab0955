"""Honest tables: what must pass, however much it looks like a leak."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Trial


@leak()
def as_it_is(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """The table with the split that Ninefold makes."""
    yield planted(source, table, "as it is")


@leak()
def given_random_split(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The table with a random split of the user's."""
    if source.time is None:
        kept = table.drop_duplicates().reset_index(drop=True)
        yield planted(source, kept, "given random split", part=random_part(len(kept), rng))
