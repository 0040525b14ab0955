"""How pictures are varied while training, so that a network learns what does not matter."""

from typing import Literal

from pydantic import Field

from ninefold.config import Spec


class AugmentSpec(Spec):
    """Random changes of each train picture, drawn anew in every epoch; never of any other."""

    shift: float = Field(0.08, ge=0, le=0.5)
    """Farthest shift, as a share of the side."""
    rotate: float = Field(8.0, ge=0, le=180)
    """Widest turn, in degrees."""
    zoom: float = Field(0.08, ge=0, le=0.5)
    """Most that a picture grows or shrinks, as a share."""
    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    """Mirror half of the pictures; not where left and right (or up and down) carry meaning."""
    brightness: float = Field(0.0, ge=0, le=2)
    """Most that all pixels rise or fall, in spreads of a pixel."""
    noise: float = Field(0.0, ge=0, le=2)
    """Spread of random noise on each pixel, in spreads of a pixel."""
