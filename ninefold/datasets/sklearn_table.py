"""Small real tables that ship with scikit-learn: flowers, wines, tissue samples, patients."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ninefold.datasets import DatasetSpec

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source


class SklearnTableSpec(DatasetSpec):
    """Gives the table's measurements, and its classes (or values) in the column `target`."""

    kind: Literal["sklearn_table"] = "sklearn_table"
    name: Literal["breast_cancer", "diabetes", "iris", "wine"]
    """breast_cancer (569 rows, 30 numbers, 2 classes), diabetes (442, 10 numbers, a value), iris
    (150, 4 numbers, 3 classes) or wine (178, 13 numbers, 3 classes)."""

    def open(self, workspace: Path) -> "Source":
        import pyarrow as pa
        from sklearn import datasets

        from ninefold.datasets.tables.source import Source

        found = getattr(datasets, f"load_{self.name}")()
        columns = {
            name: pa.array(values)
            for name, values in zip(found.feature_names, found.data.T.copy(), strict=True)
        }
        names = getattr(found, "target_names", None)
        target = found.target if names is None else names[found.target].astype(str).tolist()
        return Source.of_table(self.name, pa.table({**columns, "target": pa.array(target)}))
