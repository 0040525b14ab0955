"""Row-wise columns, as an ONNX graph."""

from ninefold.columns import read_frame, write_frame
from ninefold.features import build, featurize, years_of
from ninefold.files import replacing
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Compile `featurize.derive`, run it over the raw table, keep both."""
    frame = read_frame(io.dep("raw.parquet"))
    problem = io.params("problem")
    years = years_of(frame, problem)
    model, columns = build(frame.columns, problem, io.params("featurize"), years)
    write_frame(io.out("features.parquet"), featurize(frame, model, columns))
    with replacing(io.out("featurize.onnx")) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
