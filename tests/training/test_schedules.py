import doctest
import importlib
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ninefold.registry import components, modules
from ninefold.training.defaults import batch_size, patience
from ninefold.training.schedules import ScheduleSpec, Standing
from ninefold.training.schedules.cosine import CosineSpec
from ninefold.training.schedules.flat_cos import FlatCosSpec
from ninefold.training.schedules.one_cycle import OneCycleSpec
from ninefold.training.schedules.plateau import PlateauSpec
from ninefold.training.schedules.step import StepSpec

KINDS = components("ninefold.training.schedules", ScheduleSpec)


def factors(spec: ScheduleSpec, epochs: int, per_epoch: int, goals: tuple[float, ...] = ()):
    steps = epochs * per_epoch
    return [
        spec.factor(step, Standing(steps, step // per_epoch, goals[: step // per_epoch]))
        for step in range(steps)
    ]


def torch_lrs(name: str, steps: int, **fields: object) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = getattr(torch.optim.lr_scheduler, name)(optimizer, **fields)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(
    epochs=st.integers(1, 30),
    per_epoch=st.integers(1, 20),
    warmup=st.floats(0.01, 0.99),
    seed=st.integers(0, 100),
)
def test_every_schedule_stays_between_0_and_1_and_rises_at_first(
    kind, epochs, per_epoch, warmup, seed
):
    goals = tuple(math.sin(seed + n) for n in range(epochs))
    found = factors(kind(warmup=warmup), epochs, per_epoch, goals)
    assert all(0 <= factor <= 1 for factor in found)
    rising = int(warmup * len(found))
    if kind in (FlatCosSpec, OneCycleSpec):
        peak = found.index(max(found))
        assert found[: peak + 1] == sorted(found[: peak + 1])
        assert found[peak:] == sorted(found[peak:], reverse=True)
    elif rising > 1:
        assert found[0] < 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_warm_up_reaches_the_learning_rate(kind):
    found = factors(kind(warmup=0.2), 10, 10)
    assert found[0] < 0.1
    assert max(found) > 0.9


def test_one_cycle_is_that_of_torch():
    ours = factors(OneCycleSpec(), 10, 10)
    theirs = torch_lrs("OneCycleLR", 99, max_lr=1.0, total_steps=100, cycle_momentum=False)
    assert ours[:99] == pytest.approx(theirs, abs=1e-9)


def test_cosine_is_that_of_torch():
    ours = factors(CosineSpec(warmup=0, floor=0.1), 10, 10)
    assert ours == pytest.approx(
        torch_lrs("CosineAnnealingLR", 100, T_max=100, eta_min=0.1), abs=1e-9
    )


def test_steps_are_those_of_torch():
    ours = factors(StepSpec(warmup=0, every=3, gamma=0.5), 10, 1)
    assert ours == pytest.approx(torch_lrs("StepLR", 10, step_size=3, gamma=0.5))


@given(goals=st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_plateau_is_that_of_torch(goals):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=2, threshold=0.0, threshold_mode="abs", eps=0
    )
    spec = PlateauSpec(warmup=0, patience=2, floor=0)
    for count, goal in enumerate(goals, 1):
        theirs.step(goal)
        expected = optimizer.param_groups[0]["lr"]
        assert spec.factor(0, Standing(100, count, tuple(goals[:count]))) == expected


def test_examples_in_docstrings_run():
    results = [doctest.testmod(module) for module in modules("ninefold.training.schedules")]
    results.append(doctest.testmod(importlib.import_module("ninefold.training.defaults")))
    assert sum(result.attempted for result in results) >= 4
    assert not any(result.failed for result in results)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(1, 32), (1_199, 32), (1_200, 64), (4_500, 128), (9_000, 256), (32_000, 512), (108_000, 1024)],
)
def test_batch_size_follows_the_number_of_train_rows(rows, expected):
    assert batch_size(rows) == expected


def test_patience_shrinks_with_the_number_of_train_rows():
    assert [patience(rows) for rows in (200, 5_000, 1_000_000)] == [16, 8, 5]
