"""Params that all sources of pictures share."""

from typing import Literal, Self

from pydantic import Field, model_validator

from ninefold.config import Spec


class LevelsSpec(Spec):
    """Which numbers are black and white."""

    black: float = 0.0
    """With `white`, the value of black; what lies beyond either is cut off."""
    white: float | None = None
    """The value of white where pixels are neither 0 … 255 nor real ones 0 … 1, such as 4095 for 12
    bits or 65535 for 16. Pixels of 8 bits are taken as they are."""

    @model_validator(mode="after")
    def _is_brighter(self) -> Self:
        if self.white is None and self.black:
            raise ValueError("must have white where black is given, however: there is none")
        if self.white is not None and self.white <= self.black:
            raise ValueError(
                f"must have white above black, however: {self.white:g} and {self.black:g}"
            )
        return self

    @property
    def levels(self) -> tuple[float, ...]:
        """Black and white; () where they follow from the pixels."""
        return () if self.white is None else (self.black, self.white)


class ImageFilesSpec(LevelsSpec):
    """How image files are read."""

    channels: Literal["auto", "grey", "rgb"] = "auto"
    """grey or rgb; auto is rgb if any picture has colour."""
    longest_side: int = Field(256, ge=1, le=4096)
    """Larger pictures are shrunk to this side as they are read, also when predicting from files."""
    unreadable: Literal["stop", "drop"] = "stop"
    """What to do with files that hold no whole image: stop and name them, or leave their rows out;
    the profile counts and names them."""
