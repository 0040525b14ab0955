import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ninefold.networks.modules.dropout import (
    FastDropout,
    SiLUDropout,
    SiLULayers,
    SiLULinear,
)


def layer_and_input(p):
    torch.manual_seed(0)
    return SiLUDropout(p), torch.randn(64, 33)


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_values_and_gradients_are_those_of_silu_where_kept(p):
    layer, x = layer_and_input(p)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y = layer(ours * 1.0)
    y.square().sum().backward()
    mask = (y.detach() != 0) * 256 / (256 - round(256 * p))
    expected = F.silu(theirs) * mask
    expected.square().sum().backward()
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_layer_values_and_gradients_are_those_of_linear_and_silu_where_kept(p):
    torch.manual_seed(0)
    layer, x = SiLULinear(5, 7, dropout=p), torch.randn(64, 5, requires_grad=True)
    y = layer(x)
    mask = (y.detach() != 0) * 256 / (256 - round(256 * p))
    expected = F.silu(F.linear(x, layer.weight, layer.bias)) * mask
    torch.testing.assert_close(y, expected)
    sources = (x, layer.weight, layer.bias)
    ours = torch.autograd.grad(y.square().sum(), sources)
    theirs = torch.autograd.grad(expected.square().sum(), sources)
    torch.testing.assert_close(ours, theirs)
    assert torch.equal(layer.eval()(x), F.silu(F.linear(x, layer.weight, layer.bias)))


def test_layers_in_one_node_give_what_they_give_one_by_one():
    def answer(is_one_node):
        torch.manual_seed(0)
        layers = [SiLULinear(5, 7, dropout=0.3), SiLULinear(7, 9, dropout=0.3)]
        x = torch.randn(64, 5, requires_grad=True)
        y = SiLULayers(*layers)(x) if is_one_node else layers[1](layers[0](x))
        parameters = [parameter for layer in layers for parameter in layer.parameters()]
        return y, *torch.autograd.grad(y.square().sum(), [x, *parameters])

    together, apart = answer(True), answer(False)
    assert len(together) == 6
    assert all(map(torch.equal, together, apart))


def test_p_is_met_and_the_mean_is_kept():
    for layer in (FastDropout(0.15), SiLUDropout(0.15)):
        dropped = layer(torch.ones(400, 500))
        assert float((dropped == 0).float().mean()) == pytest.approx(0.15, abs=0.004)
    assert float(FastDropout(0.15)(torch.ones(400, 500)).mean()) == pytest.approx(1.0, abs=0.005)


def test_masks_come_from_torchs_seed_and_differ_from_call_to_call():
    def draws():
        torch.manual_seed(3)
        layer = FastDropout(0.5)
        return layer(torch.ones(50)), layer(torch.ones(50))

    (first, second), (again, _) = draws(), draws()
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_evaluation_drops_nothing_and_leaves_its_input_alone():
    layer, x = layer_and_input(0.3)
    before = x.clone()
    assert torch.equal(layer.eval()(x), F.silu(before))
    assert torch.equal(x, before)
