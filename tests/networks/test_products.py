import pytest
import torch

from ninefold.networks.modules.dropout import SiLULinear
from ninefold.networks.modules.products import linear, weight_gradient


@pytest.mark.parametrize("sizes", [(300, 266, 256), (512, 256, 256), (40, 7, 5)])
def test_products_are_those_of_torch_whatever_the_size(sizes):
    rows, inner, outer = sizes
    torch.manual_seed(0)
    x, weight, bias = torch.randn(rows, inner), torch.randn(outer, inner), torch.randn(outer)
    gradient = torch.randn(rows, outer)
    close = {"atol": 1e-3, "rtol": 1e-4}
    torch.testing.assert_close(linear(x, weight, bias), x @ weight.T + bias, **close)
    torch.testing.assert_close(linear(gradient, weight.T), gradient @ weight, **close)
    torch.testing.assert_close(weight_gradient(x, gradient), gradient.T @ x, **close)


def test_a_wide_layer_gives_the_same_bytes_twice():
    def gradients():
        torch.manual_seed(0)
        layer, x = SiLULinear(266, 256, dropout=0.15), torch.randn(300, 266, requires_grad=True)
        return torch.autograd.grad(layer(x).square().sum(), (x, *layer.parameters()))

    for first, second in zip(gradients(), gradients(), strict=True):
        assert torch.equal(first, second)
