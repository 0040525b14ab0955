"""A soft limit."""

from typing import ClassVar, Literal

from ninefold.preprocessing.clipping import ClipperSpec


class SmoothSpec(ClipperSpec):
    """The scaled value x becomes x / sqrt(1 + (x / 3)²), which stays between -3 and 3.

    Source: Holzmüller et al., "Better by default: strong pre-tuned MLPs" (RealMLP), 2024.
    """

    kind: Literal["smooth"] = "smooth"
    is_smooth: ClassVar[bool] = True
