import doctest
import importlib
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

import ninefold.networks.modules
from ninefold.networks import NetworkSpec
from ninefold.networks.mlp import MLPSpec, quantile_edges
from ninefold.networks.modules.mlp import GroupedLinear, PiecewiseLinearEmbedding
from ninefold.registry import components
from tests.networks.test_export import layout, tensors_for


@pytest.mark.parametrize("spec", [k() for k in components("ninefold.networks", NetworkSpec)])
@pytest.mark.parametrize(("features", "codes"), [(5, 2), (0, 1), (1, 0)])
def test_every_network_maps_rows_to_member_outputs(spec, features, codes):
    X = np.zeros((10, features), dtype=np.float32)
    for rows in (X, None):
        tensors = tensors_for(spec)
        module = spec.build(layout(features, codes, tensors), 3, rows, seed=0)
        shapes = [tuple(9 if n < 0 else n for n in tensor.shape) for tensor in tensors]
        pictures = [
            torch.from_numpy(np.zeros((10, *shape), tensor.dtype))
            for shape, tensor in zip(shapes, tensors, strict=True)
        ]
        outputs = module(torch.from_numpy(X), torch.zeros(10, codes, dtype=torch.int64), *pictures)
        assert outputs.shape[0] == 10
        assert outputs.shape[2] == 3
        assert torch.isfinite(outputs).all()


@pytest.mark.parametrize("spec", [k() for k in components("ninefold.networks", NetworkSpec)])
def test_every_network_takes_its_weights_from_the_seed_alone(spec):
    X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    state = torch.get_rng_state()
    told = layout(4, 2, tensors_for(spec))
    one, same, other = (spec.build(told, 2, X, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("outputs", [1, 3])
def test_one_group_is_one_layer(outputs):
    torch.manual_seed(0)
    layer, x = GroupedLinear(1, 6, outputs), torch.randn(5, 1, 6, requires_grad=True)
    ours, theirs = layer(x), x @ layer.weight + layer.bias
    torch.testing.assert_close(ours, theirs)
    sources = (x, layer.weight, layer.bias)
    found = torch.autograd.grad(ours.square().sum(), sources)
    torch.testing.assert_close(found, torch.autograd.grad(theirs.square().sum(), sources))


floats = st.floats(-1e6, 1e6, width=32)


@given(
    values=arrays.arrays(np.float32, st.integers(1, 60), elements=floats), bins=st.integers(2, 8)
)
def test_edges_rise_from_the_least_to_the_greatest_value(values, bins):
    edges = quantile_edges(values[:, None], (0,), bins)
    assert edges.shape == (1, bins + 1)
    assert (np.diff(edges[0]) >= 0).all()
    assert edges[0, 0] == values.min()
    assert edges[0, -1] == values.max()


@given(values=arrays.arrays(np.float32, st.integers(1, 60), elements=floats))
def test_embedding_reaches_into_bins_monotonically_and_stays_finite(values):
    embedding = PiecewiseLinearEmbedding(quantile_edges(values[:, None], (0,), 4), 3)
    with torch.no_grad():
        embedding.linear.weight.fill_(1.0)
        embedding.linear.bias.zero_()
    x = torch.from_numpy(np.sort(np.append(values, [-3e38, 3e38]).astype(np.float32)))
    reached = embedding(x[:, None])[:, 0].detach()
    assert torch.isfinite(reached).all()
    assert (reached.diff() >= -1e-5).all()
    assert reached[0] == 0


def test_members_start_apart_and_a_single_one_is_a_plain_network():
    X = np.ones((4, 3), dtype=np.float32)
    nothing = torch.zeros(4, 0, dtype=torch.int64)
    many = MLPSpec(ensemble_size=4).build(layout(3, 0), 2, X, 0).eval()
    outputs = many(torch.from_numpy(X), nothing)
    assert len({tuple(row) for row in outputs[0].tolist()}) == 4
    one = MLPSpec(ensemble_size=1).build(layout(3, 0), 2, X, 0)
    assert torch.equal(one.scale, torch.ones_like(one.scale))


@pytest.mark.parametrize("how", ["default", "xavier", "kaiming", "orthogonal"])
@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
def test_initialization_neither_blows_values_up_nor_lets_them_die_out(how, activation):
    X = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)
    spec = MLPSpec(
        embedding="none",
        ensemble_size=1,
        num_layers=8,
        hidden_size=64,
        initialization=how,
        activation=activation,
    )
    module = spec.build(layout(64, 0), 1, X, 0).eval()
    with torch.no_grad():
        spread = float(module.hidden(torch.from_numpy(X)).std())
    if how == "default":
        assert spread < 0.2
    else:
        assert 0.05 < spread < 20


@pytest.mark.parametrize(
    "fields", [{"hidden_size": 0}, {"dropout": 1.0}, {"bins": 1}, {"activation": "selu"}]
)
def test_values_out_of_bounds_are_refused(fields):
    with pytest.raises(ValidationError):
        MLPSpec.model_validate(fields)


def test_examples_in_docstrings_run():
    names = [info.name for info in pkgutil.iter_modules(ninefold.networks.modules.__path__)]
    modules = [importlib.import_module(f"ninefold.networks.modules.{name}") for name in names]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results) >= 6
    assert not any(result.failed for result in results)


def test_specs_need_neither_torch_nor_scikit_learn():
    code = (
        "import sys, ninefold.training, ninefold.baselines\n"
        "ninefold.training.TrainSpec(), ninefold.baselines.BaselinesSpec()\n"
        "heavy = {'torch', 'sklearn', 'pandas', 'scipy', 'great_expectations'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
