"""Networks over sequences: padding changes no bit, any number of steps runs, twice in a process."""

import numpy as np
import pytest
import torch

from ninefold.errors import ConfigError
from ninefold.export.network import module_to_onnx
from ninefold.networks.rnn import RNNSpec
from ninefold.networks.series_cnn import SeriesCNNSpec
from ninefold.objectives import objective
from ninefold.runtime import session
from ninefold.training.scoring_module import ScoringModule
from tests.networks.test_export import PICTURE, SERIES, drawn_sequences, layout

SPECS = [
    RNNSpec(hidden_size=17),
    RNNSpec(cell="lstm", hidden_size=8, num_layers=2, bidirectional=True, pooling="mean"),
    SeriesCNNSpec(filters=(8, 12)),
    SeriesCNNSpec(filters=(8,), pooling="max", level="beside"),
    RNNSpec(hidden_size=5, level="beside"),
]
COUNTS = np.array([0, 1, 2, 5, 9, 9, 3, 1])
X, CODES = torch.zeros(8, 0), torch.zeros(8, 0, dtype=torch.int64)


def module_of(spec):
    network = spec.build(layout(0, 0, (SERIES,)), 3, None, seed=0)
    return ScoringModule(network, objective(None, "classification")).eval()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind} {spec.pooling}")
def test_what_stands_behind_the_last_step_changes_no_bit(spec):
    series = drawn_sequences(np.random.default_rng(0), COUNTS, 10)
    clean = np.where(series[:, :, :1] > 0, series, np.float32(0))
    module = module_of(spec)
    scores = module.scores(X, CODES, torch.from_numpy(series))
    np.testing.assert_array_equal(scores, module.scores(X, CODES, torch.from_numpy(clean)))
    assert np.isfinite(scores).all()
    module.train()
    loss = module(X, CODES, torch.from_numpy(series)).sum()
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind} {spec.pooling}")
@pytest.mark.some(3)
def test_the_graph_takes_any_number_of_steps_and_gives_the_same_bits(spec):
    rng = np.random.default_rng(1)
    module = module_of(spec)
    for _ in range(2):
        model = module_to_onnx(module, 0, 0, 3, (SERIES,))
        steps = model.graph.input[-1].type.tensor_type.shape.dim[1]
        assert steps.dim_param
    running = session(model)

    def run(series):
        return running.run(None, {"tensor_0": series})[0]

    series = drawn_sequences(rng, COUNTS, 10)
    whole = run(series)
    longer = np.concatenate([series, np.zeros((8, 57, 5), dtype=np.float32)], axis=1)
    np.testing.assert_array_equal(run(longer), whole)
    for row, count in enumerate(COUNTS):
        alone = series[row : row + 1, : max(count, 1)]
        np.testing.assert_array_equal(run(alone)[0], whole[row])
    for size in (1, 2, 40, 333):
        long = drawn_sequences(rng, np.full(3, size), size)
        expected = module.scores(X[:3], CODES[:3], torch.from_numpy(long))
        np.testing.assert_allclose(run(long), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "tensors", "why"),
    [
        (RNNSpec(), (), "needs a column of sequences"),
        (SeriesCNNSpec(), (PICTURE, SERIES), "nothing else that is a tensor"),
    ],
)
def test_other_data_is_refused(spec, tensors, why):
    with pytest.raises(ConfigError, match=why):
        spec.build(layout(2, 0, tensors), 1, None, seed=0)
