"""Row-wise columns, as an ONNX graph."""

from ninefold.columns import read_frame, write_frame
from ninefold.features import build, featurize
from ninefold.files import replacing
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Compile `featurize.derive`, run it over the raw table, keep both."""
    frame = read_frame(io.dep("raw.parquet"))
    model, columns = build(frame.columns, io.params("problem"), io.params("featurize"))
    write_frame(io.out("features.parquet"), featurize(frame, model, columns))
    with replacing(io.out("featurize.onnx")) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
