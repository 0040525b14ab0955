"""Fit the preprocessing graph and the network; reads the train and valid parts only."""

from ninefold.columns import read_frame
from ninefold.diagnosis import case_of, diagnose
from ninefold.files import whole_or_gone, write_json
from ninefold.training import fit
from ninefold.training.fit_scope import fit_scope, stop_if_failed
from ninefold.training.model import HISTORY
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Read both parts, prove that only train is fitted on, train, and write `models/network`.

    While it runs, the history stands there already, and each epoch in the checkpoint: the same
    run, killed and started again, goes on from it and gives the same bytes.

    Raises:
        GateError: valid rows have a say in what is fitted before the network.
    """
    settings = (
        io.params("problem"),
        io.params("sampling"),
        io.params("preprocess"),
        io.params("train"),
    )
    train, valid = read_frame(io.dep("train.parquet")), read_frame(io.dep("valid.parquet"))
    proof = fit_scope(train, valid, *settings)
    stop_if_failed(proof)
    network, checkpoint = io.out("models/network"), io.beside("checkpoint")
    with whole_or_gone(network):
        model = fit(train, valid, *settings, checkpoint=checkpoint, live=network / HISTORY)
        model.facts["fit_scope"] = proof
        model.save(network)
    write_json(io.out("diagnosis.json"), diagnose(case_of(model, train, valid)))
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
