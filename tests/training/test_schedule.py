import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.training.schedule import batch_size, lr_factor, patience


@given(
    steps=st.integers(1, 500),
    warmup=st.floats(0, 0.99),
    flat=st.floats(0, 1),
)
def test_lr_factor_rises_stays_and_falls_between_0_and_1(steps, warmup, flat):
    factors = [lr_factor(step, steps, warmup, flat) for step in range(steps)]
    assert all(0 <= factor <= 1 for factor in factors)
    peak = factors.index(max(factors))
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(1, 32), (1_199, 32), (1_200, 64), (4_500, 128), (9_000, 256), (32_000, 512), (108_000, 1024)],
)
def test_batch_size_follows_the_number_of_train_rows(rows, expected):
    assert batch_size(rows) == expected


def test_patience_shrinks_with_the_number_of_train_rows():
    assert [patience(rows) for rows in (200, 5_000, 1_000_000)] == [16, 8, 5]
