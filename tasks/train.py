"""Fit the preprocessing graph and the network; reads the train and valid parts only."""

from ninefold.columns import read_frame
from ninefold.training import fit
from ninefold.training.fit_scope import fit_scope, stop_if_failed
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Read both parts, prove that only train is fitted on, train, and write `models/network`.

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
    model = fit(train, valid, *settings)
    model.facts["fit_scope"] = proof
    model.save(io.out("models/network"))
