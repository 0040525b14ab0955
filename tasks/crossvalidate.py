"""Network and baselines on the same folds; reads the train and valid parts only."""

from ninefold.columns import read_frame
from ninefold.crossvalidation.comparing import crossvalidate
from ninefold.crossvalidation.contest import Settings
from ninefold.files import write_json
from ninefold.splitting import read_folds
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Write reports/folds.json and reports/training_cost.json."""
    settings = Settings(
        io.params("problem"),
        io.params("sampling"),
        io.params("preprocess"),
        io.params("train"),
        io.params("baselines"),
    )
    found = crossvalidate(
        read_frame(io.dep("train.parquet")),
        read_frame(io.dep("valid.parquet")),
        read_folds(io.dep("folds.parquet")),
        settings,
        io.params("crossvalidate"),
    )
    write_json(io.out("folds.json"), found.report)
    write_json(io.out("training_cost.json"), found.cost)
