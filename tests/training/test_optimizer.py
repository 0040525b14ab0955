import subprocess
import sys

import pytest
import torch
from torch import nn

from ninefold.networks.modules.parameters import mark
from ninefold.training.optimizer import FlatAdamW


def network() -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.SiLU(), nn.Linear(4, 2))
    mark(module[2].weight, no_decay=False, lr_multiplier=3.0)
    return module


def adamw(parameter, gradients, *, lr, weight_decay, betas=(0.9, 0.95), eps=1e-8):
    """AdamW as Loshchilov & Hutter write it."""
    value, mean, square = parameter.clone(), 0.0, 0.0
    for step, gradient in enumerate(gradients, start=1):
        value = value * (1 - lr * weight_decay)
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        scaled = mean / (1 - betas[0] ** step)
        value = value - lr * scaled / ((square / (1 - betas[1] ** step)).sqrt() + eps)
    return value


def test_steps_are_those_of_adamw_with_decay_and_lr_groups():
    module = network()
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    gradients = {name: torch.randn(5, *p.shape) for name, p in module.named_parameters()}
    optimizer = FlatAdamW(module, weight_decay=0.1, betas=(0.9, 0.95))
    for step in range(5):
        slopes = (
            (parameter * gradients[name][step]).sum()
            for name, parameter in module.named_parameters()
        )
        optimizer.differentiate(torch.stack(list(slopes)).sum())
        optimizer.step(0.01)
    for name, parameter in module.named_parameters():
        expected = adamw(
            before[name],
            gradients[name],
            lr=0.03 if name == "2.weight" else 0.01,
            weight_decay=0.0 if name.endswith("bias") else 0.1,
        )
        torch.testing.assert_close(parameter.detach(), expected, rtol=1e-5, atol=1e-7)


def test_gradients_are_those_of_backward_and_do_not_add_up():
    module, twin = network(), network()
    optimizer = FlatAdamW(module, weight_decay=0.0, betas=(0.9, 0.95))
    twin(torch.ones(1, 3)).sum().backward()
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    for _ in range(2):
        optimizer.differentiate(module(torch.ones(1, 3)).sum())
        assert torch.equal(expected.sort().values, optimizer.gradients.sort().values)
    assert expected.abs().sum() > 0


def test_parameters_that_a_loss_does_not_use_have_no_gradient():
    module = network()
    optimizer = FlatAdamW(module, weight_decay=0.0, betas=(0.9, 0.95))
    before = module[0].weight.detach().clone()
    optimizer.differentiate(module[2].weight.sum())
    optimizer.step(0.1)
    assert torch.equal(module[0].weight.detach(), before)
    assert int(optimizer.gradients.count_nonzero()) == module[2].weight.numel()


@pytest.mark.parametrize("clip_norm", [0.5, 2.0, 1000.0])
def test_a_step_shortens_long_gradients_only_and_says_how_long_they_were(clip_norm):
    clipped, shortened = (
        FlatAdamW(network(), weight_decay=0.0, betas=(0.9, 0.95)) for _ in range(2)
    )
    torch.manual_seed(1)
    for gradient in torch.randn(4, len(clipped.gradients)) * torch.tensor([[1], [9], [0.01], [3]]):
        length = torch.linalg.vector_norm(gradient)
        clipped.gradients.copy_(gradient)
        assert torch.equal(clipped.step(0.1, clip_norm), length)
        shortened.gradients.copy_(gradient * min(1.0, clip_norm / float(length)))
        shortened.step(0.1)
    torch.testing.assert_close(clipped.values, shortened.values)


def test_reset_brings_weights_back_and_forgets_the_past():
    module = network()
    optimizer = FlatAdamW(module, weight_decay=0.0, betas=(0.9, 0.95))
    start = optimizer.values.clone()

    def moved() -> torch.Tensor:
        optimizer.gradients.fill_(0.5)
        optimizer.step(0.1)
        return optimizer.values.clone()

    first = moved()
    moved()
    optimizer.reset(start)
    assert torch.equal(optimizer.values, start)
    assert torch.equal(moved(), first)


def test_training_imports_no_compiler():
    code = (
        "import sys, torch\n"
        "from ninefold.training.optimizer import FlatAdamW\n"
        "module = torch.nn.Linear(2, 1)\n"
        "optimizer = FlatAdamW(module, weight_decay=0.1, betas=(0.9, 0.95))\n"
        "optimizer.differentiate(module(torch.ones(1, 2)).sum()); optimizer.step(0.1)\n"
        "assert 'torch._dynamo' not in sys.modules and 'sympy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
