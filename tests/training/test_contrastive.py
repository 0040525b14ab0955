"""Trained with a contrast, rows of one class lie nearer together, and the classes are learnt."""

import torch

from ninefold.export.network import network_to_onnx
from ninefold.objectives.contrastive import ContrastiveSpec
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.runtime import session
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from tests.explaining.test_explain import table

PROBLEM = ProblemSpec(target="y", task="classification")


def test_a_contrast_brings_rows_of_a_class_together():
    train, valid, new = (table(rows, "many", seed) for rows, seed in ((300, 0), (150, 1), (150, 2)))
    found = {}
    for objective in (CrossEntropySpec(), ContrastiveSpec()):
        spec = TrainSpec(epochs=8, objective=objective)
        model = fit(train, valid, PROBLEM, NoSamplingSpec(), PreprocessSpec(), spec)
        X, codes = model.preprocessing.transform(new)
        with torch.no_grad():
            _, read = _reading(model).outputs(torch.from_numpy(X), torch.from_numpy(codes))
        y = torch.from_numpy(model.head.target.encode(new))
        found[objective.kind] = float(ContrastiveSpec().feature_loss(read, y, torch.ones(len(y))))
        assert model.facts["valid"]["accuracy"] > 0.7
    assert found["contrastive"] < found["cross_entropy"] - 0.1
    (scores,) = session(network_to_onnx(model)).run(None, {"X": X, "codes": codes})
    torch.testing.assert_close(scores, model.scores_of(X, codes), rtol=0, atol=1e-5)


def _reading(model):
    """Return the module so that it tells what its last layer reads, whatever it was trained for."""
    model.module.objective = ContrastiveSpec()
    return model.module.eval()
