"""1,797 handwritten digits, 8 x 8 pixels, from scikit-learn (UCI, test part of optdigits)."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ninefold.datasets import DatasetSpec
from ninefold.datasets.arrays import array_source

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source


class DigitsSpec(DatasetSpec):
    """Gives the columns `image` and `digit`; the 17 levels of grey are spread over 0 … 255."""

    kind: Literal["digits"] = "digits"

    def open(self, workspace: Path) -> "Source":
        from sklearn.datasets import load_digits

        found = load_digits()
        images = np.round(found.images * (255 / 16)).astype(np.uint8)
        labels = np.array([str(digit) for digit in found.target], dtype=object)
        return array_source("digits", images, {"digit": labels}, "image")
