"""A small network trained on the sample tables."""

from ninefold.networks.mlp import MLPSpec
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainedModel, TrainSpec, fit
from tests.training.samples import parts, problem

SMALL = MLPSpec(hidden_size=32, num_layers=2, ensemble_size=4)


def trained(
    kind: str, *, sampling=None, rows: int = 600, problem_fields=(), **fields
) -> TrainedModel:
    """Return a network that learnt a table of this kind in 12 epochs, unless `fields` say."""
    train, valid = parts(kind, rows)
    return fit(
        train,
        valid,
        problem(kind, **dict(problem_fields)),
        sampling or NoSamplingSpec(),
        PreprocessSpec(),
        TrainSpec.model_validate({"network": SMALL, "epochs": 12, **fields}),
    )
