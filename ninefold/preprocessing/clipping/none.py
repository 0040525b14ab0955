"""No clipping."""

from typing import Literal

from ninefold.preprocessing.clipping import ClipperSpec


class NoneSpec(ClipperSpec):
    """Outliers stay as they are."""

    kind: Literal["none"] = "none"
