"""split: train, valid and test part, the folds inside train, and the manifest."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ninefold.columns import read_frame, write_frame
from ninefold.files import replacing, write_json
from ninefold.sealing import seal
from ninefold.splitting import Folds, split, write_folds
from ninefold.splitting.identity import combine, hash_values
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Split the features and write the parts. Raises `InputError`, `ConfigError`."""
    frame = read_frame(io.dep("features.parquet"))
    parts = split(frame, io.params("problem"), io.params("split"), io.workspace)
    for name in ("train", "valid", "test"):
        write_frame(io.out(f"{name}.parquet"), frame.take(parts.index(name)))
    test, targets = frame.take(parts.index("test")), io.params("problem").targets
    hashed = [hash_values(test.column(name).kind, test[name]) for name in targets]
    hashes = np.zeros(len(test), dtype=np.uint64)
    if hashed:
        hashes = hashed[0] if len(hashed) == 1 else combine(hashed)
    sealed = seal(io.out("test.parquet"), test.row, hashes)
    train = parts.index("train")
    write_folds(io.out("folds.parquet"), Folds.of(frame.row[train], parts.plan))
    table = pa.table({"row": frame.row, "part": pa.array(parts.part, pa.string())})
    with replacing(io.out("parts.parquet")) as temporary:
        pq.write_table(table, temporary)
    write_json(io.out("manifest.json"), {**parts.manifest, "seal": sealed})
