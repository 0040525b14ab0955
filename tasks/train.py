"""Fit the preprocessing graph and the network; reads the train and valid parts only."""

from ninefold.columns import read_frame
from ninefold.training import fit
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Read both parts, train, and write `models/network`."""
    model = fit(
        read_frame(io.dep("train.parquet")),
        read_frame(io.dep("valid.parquet")),
        io.params("problem"),
        io.params("sampling"),
        io.params("preprocess"),
        io.params("train"),
    )
    model.save(io.out("models/network"))
