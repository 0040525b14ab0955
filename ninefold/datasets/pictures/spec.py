"""Params that all sources of image files share."""

from typing import Literal

from pydantic import Field

from ninefold.config import Spec


class ImageFilesSpec(Spec):
    """How image files are read."""

    channels: Literal["auto", "grey", "rgb"] = "auto"
    """grey or rgb; auto is rgb if any picture has colour."""
    longest_side: int = Field(256, ge=1, le=4096)
    """Larger pictures are shrunk to this side as they are read, also when predicting from files."""
    unreadable: Literal["stop", "drop"] = "stop"
    """What to do with files that hold no whole image: stop and name them, or leave their rows out;
    the profile counts and names them."""
