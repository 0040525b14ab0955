"""How much each column contributes to one answer: Shapley values by sampling.

Štrumbelj & Kononenko, Knowledge and Information Systems, 2014; every order of columns is used
forwards and backwards, which halves the noise. Needs nothing but numpy, so that a server explains a
row by the file alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Columns = Mapping[str, Array]
"""Raw columns, each `(n, …)`."""


def contributions(
    answer: Callable[[Columns], Array],
    row: Columns,
    background: Columns,
    groups: Sequence[Sequence[str]],
    orders: int = 10,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what each group of columns adds to the answer for `row`.

    The sum of `values` is exactly `answer - expected`.

    Args:
        answer: raw columns of n rows -> one number each `(n,)`.
        row: the row to explain, each column of length 1.
        background: what the row is compared with, each column of length m.
        groups: columns that go together; every column stands in one.
        orders: random orders in which groups take their values; twice as many are used.
        seed: of the orders and of which background row each begins from.
    """
    count = len(next(iter(background.values())))
    rng = np.random.default_rng(seed)
    chains: list[tuple[int, Array]] = []
    for number in range(orders):
        order, start = rng.permutation(len(groups)), number % count
        chains += [(start, order), (start, order[::-1])]
    steps = len(groups) + 1
    starts = np.repeat([start for start, _ in chains], steps)
    columns = {name: values[starts] for name, values in background.items()}
    for chain, (_, order) in enumerate(chains):
        for position, group in enumerate(order):
            rows = slice(chain * steps + position + 1, (chain + 1) * steps)
            for name in groups[group]:
                columns[name][rows] = row[name][:1]
    answers = np.asarray(answer(columns), dtype=np.float64).reshape(len(chains), steps)
    values = np.zeros(len(groups))
    for (_, order), found in zip(chains, answers, strict=True):
        values[order] += np.diff(found) / len(chains)
    return {
        "answer": float(answers[0, -1]),
        "expected": float(answers[:, 0].mean()),
        "values": values.tolist(),
    }
