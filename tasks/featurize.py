"""Row-wise columns, as an ONNX graph."""

from ninefold.columns import read_frame, write_frame
from ninefold.features import build, dates_of, featurize
from ninefold.files import replacing
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Compile `featurize.derive`, run it over the raw table, keep both."""
    frame = read_frame(io.dep("raw.parquet"))
    problem = io.params("problem")
    dates = dates_of(frame, problem)
    model, columns = build(frame.columns, problem, io.params("featurize"), dates)
    write_frame(io.out("features.parquet"), featurize(frame, model, columns))
    with replacing(io.out("featurize.onnx")) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
