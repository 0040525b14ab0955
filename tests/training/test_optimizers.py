import subprocess
import sys

import pytest
import torch
from torch import nn

from ninefold.errors import ConfigError
from ninefold.networks.modules.parameters import mark
from ninefold.registry import components
from ninefold.training import TrainSpec
from ninefold.training.optimizers import OptimizerSpec
from ninefold.training.optimizers.adagrad import AdagradSpec
from ninefold.training.optimizers.adam import AdamSpec
from ninefold.training.optimizers.adamw import AdamWSpec
from ninefold.training.optimizers.lbfgs import LBFGSSpec
from ninefold.training.optimizers.lion import LionSpec
from ninefold.training.optimizers.muon import MuonSpec, orthogonal
from ninefold.training.optimizers.rmsprop import RMSpropSpec
from ninefold.training.optimizers.sgd import SGDSpec

SPECS = [kind() for kind in components("ninefold.training.optimizers", OptimizerSpec)]
ORACLES = [
    (AdamWSpec(), "AdamW", {"betas": (0.9, 0.95)}),
    (AdamSpec(), "Adam", {}),
    (SGDSpec(momentum=0), "SGD", {}),
    (SGDSpec(), "SGD", {"momentum": 0.9}),
    (SGDSpec(nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
    (AdagradSpec(), "Adagrad", {}),
    (RMSpropSpec(), "RMSprop", {}),
    (RMSpropSpec(momentum=0.5), "RMSprop", {"momentum": 0.5}),
]


def network() -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.SiLU(), nn.Linear(4, 2))
    mark(module[2].weight, no_decay=False, lr_multiplier=3.0)
    return module


def over(module: nn.Module, spec: OptimizerSpec | None = None, **fields: float):
    return (spec or AdamWSpec()).over(module, **{"weight_decay": 0.0, **fields})


def torch_groups(module: nn.Module, lr: float, weight_decay: float):
    for name, parameter in module.named_parameters():
        yield {
            "params": [parameter],
            "lr": lr * (3.0 if name == "2.weight" else 1.0),
            "weight_decay": 0.0 if name.endswith("bias") else weight_decay,
        }


def loss_of(module: nn.Module, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(8, 3, generator=generator), torch.randn(8, 2, generator=generator)
    return (module(x) - y).square().mean()


@pytest.mark.parametrize(("spec", "name", "fields"), ORACLES, ids=lambda v: getattr(v, "kind", v))
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_steps_are_those_of_torch_optim(spec, name, fields, weight_decay):
    ours, theirs = network(), network()
    optimizer = over(ours, spec, weight_decay=weight_decay)
    oracle = getattr(torch.optim, name)(torch_groups(theirs, 0.01, weight_decay), **fields)
    for seed in range(6):
        optimizer.take(lambda seed=seed: [loss_of(ours, seed)], 0.01)
        oracle.zero_grad()
        loss_of(theirs, seed).backward()
        oracle.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


def test_lbfgs_takes_the_steps_of_torch_optim_where_each_of_them_is_a_descent():
    scale = torch.tensor([1.0, 3.0, 9.0, 0.5])
    ours, theirs = (nn.Linear(1, 4, bias=False, dtype=torch.float64) for _ in range(2))
    for module in (ours, theirs):
        module.weight.data.copy_(torch.tensor([[4.0], [-2.0], [1.0], [3.0]]))

    def value(module):
        return (module.weight.squeeze(1).square() * scale).sum() + module.weight.pow(4).sum()

    optimizer = over(ours, LBFGSSpec(iterations=1))
    oracle = torch.optim.LBFGS(theirs.parameters(), lr=1.0, max_iter=1, history_size=10)

    def closure():
        oracle.zero_grad()
        loss = value(theirs)
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.take(lambda: [value(ours)], 1.0)
        oracle.step(closure)
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-6, atol=1e-6)


def test_lbfgs_finds_a_minimum_that_full_steps_overshoot():
    module = nn.Linear(1, 2, bias=False)
    module.weight.data.copy_(torch.tensor([[-1.2], [1.0]]))

    def rosenbrock():
        x, y = module.weight[:, 0]
        return [(1 - x) ** 2 + 100 * (y - x * x) ** 2]

    optimizer = over(module, LBFGSSpec(iterations=10))
    losses = [float(optimizer.take(rosenbrock, 1.0)[0]) for _ in range(8)]
    assert losses == sorted(losses, reverse=True)
    torch.testing.assert_close(module.weight.detach(), torch.ones(2, 1), rtol=0, atol=1e-3)


def test_lion_steps_are_those_of_its_paper():
    module, lr, decay = nn.Linear(3, 2, bias=False), 0.01, 0.1
    value, mean = module.weight.detach().clone(), torch.zeros(2, 3)
    optimizer = over(module, LionSpec(), weight_decay=decay)
    for seed in range(5):
        gradient = torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))
        optimizer.gradients.copy_(gradient.reshape(-1))
        optimizer.step(lr)
        value = value - lr * ((0.9 * mean + 0.1 * gradient).sign() + decay * value)
        mean = 0.99 * mean + 0.01 * gradient
    torch.testing.assert_close(module.weight.detach(), value, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("shape", [(6, 4), (4, 9)])
def test_muon_moves_matrices_as_torch_optim_does_but_for_its_bfloat16(shape):
    torch.manual_seed(0)
    ours, theirs = (nn.Linear(shape[1], shape[0]) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    before = ours.weight.detach().clone()
    optimizer = over(ours, MuonSpec(), weight_decay=0.1)
    oracle = torch.optim.Muon(
        [theirs.weight], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
    )
    for seed in range(3):
        x = torch.randn(16, shape[1], generator=torch.Generator().manual_seed(seed))
        optimizer.take(lambda x=x: [ours(x).sin().sum()], 0.01)
        oracle.zero_grad()
        theirs.bias.data.copy_(ours.bias.data)
        theirs(x).sin().sum().backward()
        oracle.step()
    moved, expected = ours.weight.detach() - before, theirs.weight.detach() - before
    assert float((moved - expected).norm() / expected.norm()) < 0.05


def test_newton_schulz_brings_singular_values_near_1():
    matrix = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrix, 5))
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
class TestEveryOptimizer:
    def test_loss_falls(self, spec):
        module = network()
        optimizer = over(module, spec, weight_decay=spec.weight_decay)
        first = loss_of(module, 0).item()
        for _ in range(30):
            optimizer.take(lambda: [loss_of(module, 0)], spec.lr, 1.0)
        assert loss_of(module, 0).item() < 0.98 * first

    def test_a_step_shortens_long_gradients_only_and_says_how_long_they_were(self, spec):
        if spec.takes_all_rows:
            pytest.skip("its line search bounds its steps")
        torch.manual_seed(1)
        clipped, shortened = (over(network(), spec) for _ in range(2))
        for gradient in torch.randn(4, len(clipped.gradients)) * torch.tensor(
            [[1], [9], [0.01], [3]]
        ):
            length = torch.linalg.vector_norm(gradient)
            clipped.gradients.copy_(gradient)
            assert torch.equal(clipped.step(0.1, 2.0), length)
            shortened.gradients.copy_(gradient * min(1.0, 2.0 / float(length)))
            shortened.step(0.1)
        torch.testing.assert_close(clipped.values, shortened.values, rtol=1e-4, atol=1e-5)

    def test_reset_brings_weights_back_and_forgets_the_past(self, spec):
        module = network()
        optimizer = over(module, spec)
        start = optimizer.values.clone()

        def moved() -> torch.Tensor:
            optimizer.take(lambda: [loss_of(module, 1)], spec.lr)
            return optimizer.values.clone()

        first = moved()
        moved()
        optimizer.reset(start)
        assert torch.equal(optimizer.values, start)
        assert torch.equal(moved(), first)

    def test_restored_it_goes_on_as_if_nothing_had_happened(self, spec):
        modules = [network(), network()]
        goes_on, restored = (over(module, spec, weight_decay=0.01) for module in modules)
        for optimizer in (goes_on, restored):
            optimizer.start_average(0.9)
        for seed in range(3):
            goes_on.take(lambda seed=seed: [loss_of(modules[0], seed)], spec.lr)
        state = {name: tensor.clone() for name, tensor in goes_on.state().items()}
        restored.restore(state)
        for module, optimizer in zip(modules, (goes_on, restored), strict=True):
            optimizer.take(lambda module=module: [loss_of(module, 9)], spec.lr)
        assert torch.equal(goes_on.values, restored.values)
        assert torch.equal(goes_on.kept, restored.kept)
        assert not torch.equal(state["values"], restored.values)

    def test_learning_rate_and_decay_follow_the_kind_unless_given(self, spec):
        settled = TrainSpec.model_validate({"optimizer": {"kind": spec.kind}})
        assert (settled.lr, settled.weight_decay) == (spec.lr, spec.weight_decay)
        given = TrainSpec.model_validate({"optimizer": {"kind": spec.kind}, "lr": 0.5})
        assert given.lr == 0.5


WITHOUT_COMPILER = """
import sys, torch
from ninefold.registry import components
from ninefold.training.optimizers import OptimizerSpec

for kind in components("ninefold.training.optimizers", OptimizerSpec):
    module = torch.nn.Linear(2, 1)
    optimizer = kind().over(module, weight_decay=0.1)
    optimizer.take(lambda: [module(torch.ones(1, 2)).square().sum()], 0.1)
    found = {"torch._dynamo", "sympy"} & set(sys.modules)
    assert not found, (kind, found)
"""


def test_training_imports_no_compiler():
    subprocess.run([sys.executable, "-c", WITHOUT_COMPILER], check=True)


def test_gradients_are_those_of_backward_and_do_not_add_up():
    module, twin = network(), network()
    optimizer = over(module)
    twin(torch.ones(1, 3)).sum().backward()
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    for _ in range(2):
        optimizer.differentiate(module(torch.ones(1, 3)).sum())
        assert torch.equal(expected.sort().values, optimizer.gradients.sort().values)
    assert expected.abs().sum() > 0


def test_parameters_that_a_loss_does_not_use_have_no_gradient():
    module = network()
    optimizer = over(module)
    before = module[0].weight.detach().clone()
    optimizer.differentiate(module[2].weight.sum())
    optimizer.step(0.1)
    assert torch.equal(module[0].weight.detach(), before)
    assert int(optimizer.gradients.count_nonzero()) == module[2].weight.numel()


def test_summands_of_a_loss_give_the_gradient_of_the_sum():
    modules = [network(), network()]
    whole, parts = (over(module) for module in modules)
    loss = whole.evaluate(lambda: [loss_of(modules[0], 0) + loss_of(modules[0], 1)])
    found = parts.evaluate(lambda: (loss_of(modules[1], seed) for seed in (0, 1)))
    torch.testing.assert_close(parts.gradients, whole.gradients)
    torch.testing.assert_close(found, loss)


def test_l1_and_l2_are_derivatives_of_penalties_on_weights_that_decay():
    module, twin = network(), network()
    optimizer = over(module, l1=0.3, l2=0.7)
    loss = optimizer.evaluate(lambda: [loss_of(module, 0)])
    penalised = loss_of(twin, 0)
    for name, parameter in twin.named_parameters():
        if not name.endswith("bias"):
            penalised = penalised + 0.3 * parameter.abs().sum() + 0.35 * parameter.square().sum()
    penalised.backward()
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    torch.testing.assert_close(optimizer.gradients.sort().values, expected.sort().values)
    assert float(loss) == pytest.approx(loss_of(twin, 0).item())


def test_running_average_follows_the_weights_and_is_what_counts():
    module = network()
    optimizer = over(module)
    optimizer.start_average(0.5)
    seen = [optimizer.values.clone()]
    for seed in range(4):
        optimizer.take(lambda seed=seed: [loss_of(module, seed)], 0.05)
        seen.append(optimizer.values.clone())
    expected = seen[0]
    for count, values in enumerate(seen[1:], 1):
        share = min(0.5, count / (count + 9))
        expected = share * expected + (1 - share) * values
    torch.testing.assert_close(optimizer.kept, expected)
    with optimizer.averaged():
        torch.testing.assert_close(optimizer.values, expected)
    assert torch.equal(optimizer.values, seen[-1])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "sgd", "momentum": 0, "nesterov": True}, "momentum > 0"),
        ({"kind": "adamx"}, "optimizer.kind must be one of"),
        ({"kind": "lion", "momentum": 0.9}, "unknown key"),
        ({"kind": "adamw", "betas": [1.0, 0.9]}, "must be < 1"),
    ],
)
def test_mistakes_are_worded_with_their_place(fields, message):
    from ninefold.config import validate

    with pytest.raises(ConfigError, match=message):
        validate("train", {"optimizer": fields})
