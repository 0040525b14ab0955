import subprocess
import sys

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
        optimizer.zero_grad()
        for name, parameter in module.named_parameters():
            parameter.grad += gradients[name][step]
        optimizer.step(0.01)
    for name, parameter in module.named_parameters():
        expected = adamw(
            before[name],
            gradients[name],
            lr=0.03 if name == "2.weight" else 0.01,
            weight_decay=0.0 if name.endswith("bias") else 0.1,
        )
        torch.testing.assert_close(parameter.detach(), expected, rtol=1e-5, atol=1e-7)


def test_gradients_of_backward_land_in_the_flat_buffer():
    module = network()
    optimizer = FlatAdamW(module, weight_decay=0.0, betas=(0.9, 0.95))
    for _ in range(2):
        optimizer.zero_grad()
        module(torch.ones(1, 3)).sum().backward()
        together = torch.cat([p.grad.reshape(-1) for p in module.parameters()])
        assert torch.equal(together.sort().values, optimizer.gradients.sort().values)
        assert together.abs().sum() > 0


def test_clip_shortens_long_gradients_only_and_says_how_long_they_were():
    module = network()
    optimizer = FlatAdamW(module, weight_decay=0.0, betas=(0.9, 0.95))
    optimizer.gradients.fill_(1.0)
    length = len(optimizer.gradients) ** 0.5
    assert abs(float(optimizer.clip(2 * length)) - length) < 1e-4
    assert torch.equal(optimizer.gradients, torch.ones_like(optimizer.gradients))
    optimizer.clip(0.5)
    assert abs(float(torch.linalg.vector_norm(optimizer.gradients)) - 0.5) < 1e-4


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
        "module(torch.ones(1, 2)).sum().backward(); optimizer.step(0.1)\n"
        "assert 'torch._dynamo' not in sys.modules and 'sympy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
