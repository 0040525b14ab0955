"""audit: the leakage gate; the report is written before the gate stops."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ninefold.columns import Frame, read_columns, read_frame
from ninefold.errors import InputError
from ninefold.files import read_json, write_json
from ninefold.leakage import audit, stop_on_block
from ninefold.leakage.masking import masked
from tasks.stage_io import StageIO


def _with_late_columns(features: Frame, raw: Path) -> Frame:
    """Add the columns known only after the outcome, which no model sees, for the checks to see."""
    there = {column.name for column in features.columns}
    late = [c.name for c in read_columns(raw) if "after" in c.roles and c.name not in there]
    if not late:
        return features
    frame = read_frame(raw, late)
    if not np.array_equal(frame.row, features.row):
        raise InputError(
            "features.parquet must hold the rows of raw.parquet, however: they differ. Run the "
            "featurize stage again"
        )
    return Frame((*features.columns, *frame.columns), {**features.data, **frame.data}, features.row)


def run(io: StageIO) -> None:
    """Audit the features under the parts of the split. Raises `GateError`, `InputError`."""
    features = _with_late_columns(read_frame(io.dep("features.parquet")), io.dep("raw.parquet"))
    parts = pq.read_table(io.dep("parts.parquet"))
    if not np.array_equal(parts["row"].to_numpy(), features.row):
        raise InputError(
            "parts.parquet must name the rows of features.parquet, however: they differ. Run the "
            "split stage again"
        )
    part = parts["part"].to_numpy(zero_copy_only=False).astype(object)
    kind = read_json(io.dep("manifest.json"))["split"]["like"]
    report = audit(features, part, io.params("problem"), io.params("audit"), kind)
    report = masked(report, features, io.params("validate").mask)
    write_json(io.out("leakage.json"), report)
    stop_on_block(report)
