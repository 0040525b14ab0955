"""audit: the leakage gate; the report is written before the gate stops."""

import numpy as np
import pyarrow.parquet as pq

from ninefold.columns import read_frame
from ninefold.errors import InputError
from ninefold.files import read_json, write_json
from ninefold.leakage import audit, stop_on_block
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Audit the features under the parts of the split. Raises `GateError`, `InputError`."""
    features = read_frame(io.dep("features.parquet"))
    parts = pq.read_table(io.dep("parts.parquet"))
    if not np.array_equal(parts["row"].to_numpy(), features.row):
        raise InputError(
            "parts.parquet must name the rows of features.parquet, however: they differ. Run the "
            "split stage again"
        )
    part = parts["part"].to_numpy(zero_copy_only=False).astype(object)
    kind = read_json(io.dep("manifest.json"))["split"]["like"]
    report = audit(features, part, io.params("problem"), io.params("audit"), kind)
    write_json(io.out("leakage.json"), report)
    stop_on_block(report)
