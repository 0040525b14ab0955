"""1,797 handwritten digits, 8 x 8 pixels, from scikit-learn (UCI, test part of optdigits)."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ninefold.datasets import DatasetSpec
from ninefold.datasets.arrays import array_source
from ninefold.datasets.packaged import folder_of

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

FILE = "datasets/data/digits.csv.gz"


class DigitsSpec(DatasetSpec):
    """Gives the columns `image` and `digit`; the 17 levels of grey are spread over 0 … 255."""

    kind: Literal["digits"] = "digits"

    def open(self, workspace: Path) -> "Source":
        file = folder_of("sklearn", "pip install scikit-learn") / FILE
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
        images = np.round(table[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
        labels = table[:, -1].astype(str).astype(object)
        return array_source("digits", images, {"digit": labels}, "image")
