"""explore: what the train part looks like, and the reference that fresh data are compared with."""

from ninefold.columns import read_frame
from ninefold.exploration.explore import explore
from ninefold.files import write_json
from ninefold.freshness import reference
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Describe the train rows; no other part is read."""
    train, masked = read_frame(io.dep("train.parquet")), io.params("validate").mask
    problem = io.params("problem")
    write_json(io.out("exploration.json"), explore(train, problem, masked))
    write_json(io.out("reference.json"), reference(train, masked, problem.time))
