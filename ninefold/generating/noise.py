"""Normal numbers from a row's seed: the same in numpy and in an exported file, row by row.

Every row has a seed of its own, so a row does not depend on how many others are drawn with it. The
numbers come from whole-number arithmetic modulo the prime 2^31 - 1, with squarings so that
neighbouring seeds and dimensions have nothing in common; products stay below 2^62.
"""

from typing import Any

import numpy as np

from ninefold.columns import Array

PRIME = 2**31 - 1
LARGEST = 9e15
"""Seeds are whole numbers up to this; others are brought there."""
ROUNDS = 4


def _constants(dimensions: int) -> tuple[Array, Array]:
    """Return the factors and summands `(ROUNDS, Z)` of each round."""
    rng = np.random.default_rng(20240229)
    drawn = rng.integers(1, PRIME, (2, ROUNDS, 4096))
    while drawn.shape[2] < dimensions:
        drawn = np.concatenate([drawn, rng.integers(1, PRIME, (2, ROUNDS, 4096))], axis=2)
    return drawn[0, :, :dimensions], drawn[1, :, :dimensions]


def normal(seeds: Array, dimensions: int) -> Array:
    """Return standard normal numbers `(N, Z)` float64 for seeds `(N,)`; NaN counts as 0."""
    from scipy.special import ndtri

    whole = np.floor(np.minimum(np.abs(np.nan_to_num(seeds, nan=0.0)), LARGEST)).astype(np.int64)
    low, high = whole % PRIME, whole // PRIME
    factors, summands = _constants(dimensions)
    x = (low[:, None] * factors[0] + summands[0]) % PRIME
    x = (x + (high[:, None] % PRIME) * factors[1]) % PRIME
    for number in range(1, ROUNDS):
        x = (x * x + summands[number]) % PRIME
        x = (x * factors[number] + low[:, None]) % PRIME
    return np.asarray(ndtri((x + 0.5) / PRIME))


def emit_normal(graph: Any, seeds: str, dimensions: int) -> str:
    """Add the nodes; `seeds` is double `[N, 1]`. Returns double `[N, Z]`."""
    from ninefold.preprocessing.scaling._normal import normal_deviate

    known = graph.Where(graph.IsNaN(seeds), np.float64(0.0), seeds)
    whole = graph.cast(graph.Floor(graph.Min(graph.Abs(known), np.float64(LARGEST))), np.int64)
    prime = np.array([[PRIME]], dtype=np.int64)
    low, high = graph.Mod(whole, prime), graph.Div(whole, prime)
    factors, summands = _constants(dimensions)
    x = graph.Mod(graph.Add(graph.Mul(low, factors[0]), summands[0]), prime)
    x = graph.Mod(graph.Add(x, graph.Mul(graph.Mod(high, prime), factors[1])), prime)
    for number in range(1, ROUNDS):
        x = graph.Mod(graph.Add(graph.Mul(x, x), summands[number]), prime)
        x = graph.Mod(graph.Add(graph.Mul(x, factors[number]), low), prime)
    shares = graph.Div(graph.Add(graph.cast(x, np.float64), 0.5), float(PRIME))
    return str(normal_deviate(graph, shares))
