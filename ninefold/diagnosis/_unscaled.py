"""Which numbers enter a network as large as they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ninefold.diagnosis.case import Case, Fix

SHARE = 0.9
"""Of the train rows, whose size of a feature is looked at: a tail of far values does not count."""
LARGE = 30.0
"""A size so many times that of a scaled number, which is about 1."""
AS_USUAL = {"kind": "robust"}


@dataclass(frozen=True)
class Unscaled:
    """The largest feature: where it comes from, its size, and the change that scales it."""

    source: str
    size: float
    features: int
    """How many are as large."""
    sizes: Mapping[str, float]
    """Of each number, the largest first."""
    path: tuple[str, ...]

    @property
    def fix(self) -> Fix:
        """The change of params.yaml."""
        return ((self.path, AS_USUAL),)

    @property
    def remedy(self) -> str:
        """The change in words."""
        return f"Set {'.'.join(self.path)} to robust."


def unscaled(case: Case) -> Unscaled | None:
    """Return what enters the network far larger than a scaled number, or None."""
    layout = case.layout
    if layout is None or not layout.continuous or not len(case.train.X):
        return None
    positions = np.array(layout.continuous)
    sizes = np.quantile(np.abs(case.train.X[:, positions]), SHARE, axis=0)
    order = np.argsort(-sizes, kind="stable")
    sizes, positions = sizes[order], positions[order]
    large = [layout.sources[p] for p in positions[sizes >= LARGE]]
    if not large:
        return None
    path: tuple[str, ...] = ("preprocess", "number", "scale")
    if len(set(large)) == 1:
        path = ("preprocess", "columns", large[0], "scale")
    names = [layout.features[p] for p in positions]
    by_name = dict(zip(names, sizes.tolist(), strict=True))
    return Unscaled(large[0], float(sizes[0]), len(large), by_name, path)
