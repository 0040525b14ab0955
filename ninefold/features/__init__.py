"""Row-wise columns, compiled to one ONNX graph: same row in, same row out.

The graph that computes them for training is the very graph that later stands in front of the
network in `model.onnx`. A new kind of derived column is one new file in this package.
"""

from typing import Annotated

from ninefold.config import Spec
from ninefold.features.derive import DeriveSpec
from ninefold.registry import OneOf


class FeaturizeSpec(Spec):
    """Which columns are computed from the raw ones."""

    derive: tuple[Annotated[DeriveSpec, OneOf("ninefold.features")], ...] = ()
    """Derived columns, in order; later ones may build on earlier ones."""
    auto: bool = True
    """Add cyclic calendar parts of datetime columns, and the length of text columns."""


from ninefold.features.build import build, dates_of, featurize  # noqa: E402

__all__ = ["DeriveSpec", "FeaturizeSpec", "build", "dates_of", "featurize"]
