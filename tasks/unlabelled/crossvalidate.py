"""Network and baselines on the same folds; reads the train and valid parts only."""

from ninefold.aims import Contested, aim_of
from ninefold.columns import read_frame
from ninefold.crossvalidation.comparing import compete
from ninefold.errors import ConfigError
from ninefold.files import write_json
from ninefold.splitting import read_folds
from ninefold.unlabelled.contest import AimContest
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Write reports/folds.json and reports/training_cost.json.

    Raises:
        ConfigError: baselines of this task answer something else than its model.
    """
    problem, spec = io.params("problem"), io.params("crossvalidate")
    aim = aim_of(problem.task)
    if not isinstance(aim, Contested):
        raise ConfigError(
            f"dvc.yaml: no stage `crossvalidate` must stand there for {problem.task}, however: one "
            "does. Take it out"
        )
    train, valid = read_frame(io.dep("train.parquet")), read_frame(io.dep("valid.parquet"))
    aim.check(aim.rows(train), problem)
    settings = {name: io.params(name) for name in aim.sections}
    contest = AimContest(aim, problem, io.params("preprocess"), settings, spec.network)
    found = compete(contest, train, valid, read_folds(io.dep("folds.parquet")), problem, spec)
    write_json(io.out("folds.json"), found.report)
    write_json(io.out("training_cost.json"), found.cost)
