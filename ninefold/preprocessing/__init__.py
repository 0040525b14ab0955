"""What is fitted on the train rows, written as one ONNX graph in double precision.

The same graph prepares the training data and stands in front of the network in `model.onnx`, so
both see the same numbers. Infinite numbers count as missing.
"""

from ninefold.preprocessing.fitting import fit
from ninefold.preprocessing.layout import Layout
from ninefold.preprocessing.model import Preprocessing
from ninefold.preprocessing.spec import ColumnSpec, PreprocessSpec

__all__ = ["ColumnSpec", "Layout", "PreprocessSpec", "Preprocessing", "fit"]
