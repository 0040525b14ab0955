"""Fit the preprocessing graph and the model; reads the train and valid parts only."""

from ninefold.aims import aim_of
from ninefold.columns import read_frame
from ninefold.files import whole_or_gone, write_json
from ninefold.training.fit_scope import stop_if_failed
from ninefold.training.model import HISTORY
from ninefold.training.under_way import RunFiles
from ninefold.unlabelled.preparing import fit_scope, prepare
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Read both parts, prove that only train is fitted on, fit, and write `models/network`.

    While it runs, the history stands there already, and the run in the checkpoint: killed and
    started again, it goes on from it and gives the same bytes.
    Where dvc.yaml declares it and the task has one, also reports/diagnosis.json.

    Raises:
        GateError: valid rows have a say in what is fitted before the model.
    """
    problem, preprocess = io.params("problem"), io.params("preprocess")
    aim = aim_of(problem.task)
    train, valid = (aim.rows(read_frame(io.dep(f"{name}.parquet"))) for name in ("train", "valid"))
    aim.check(train, problem)
    proof = fit_scope(train, valid, problem, preprocess)
    stop_if_failed(proof)
    ready = prepare(train, valid, problem, preprocess)
    network, checkpoint = io.out("models/network"), io.beside("checkpoint")
    with whole_or_gone(network):
        files = RunFiles(checkpoint, network / HISTORY)
        model = aim.fit(ready, {name: io.params(name) for name in aim.sections}, files)
        model.facts["fit_scope"] = proof
        model.save(network)
    if aim.is_diagnosed and io.has_out("diagnosis.json"):
        write_json(io.out("diagnosis.json"), aim.diagnosis(model, ready))
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
