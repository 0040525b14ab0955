"""Which share of values has nothing to do with what a network says of their rows."""

import numpy as np

from ninefold.columns import Array

MOST = 1_500
FREEDOMS = (2.0, 3.0, 5.0, 10.0, 100.0)
"""Degrees of freedom of the errors around what the network says, from long tails to none."""
COMMON = 0.05
"""Where so many rows share a value (nothing was paid, nothing was sold) no account fits."""
STEPS = 60
TINY = 1e-12


def unrelated_share(y: Array, said: Array) -> tuple[float, float]:
    """Return the share of values `(N,)` that lie as all values do wherever the network puts them,
    and by how many nats that explains them better than errors around what it says.

    Three accounts compete, all with Student's t around what the network says: alone; with a share
    that is drawn from all values (targets of other rows, as wrong ones mostly are); and with a
    share of errors that are spread like the values, but around what the network says (rows that
    are hard, or noise with a long tail). What one scale of the values shows, as they are or by
    their ranks, may come of that scale; the one that shows less is returned.
    """
    if np.unique(y, return_counts=True)[1].max() > COMMON * len(y):
        return 0.0, 0.0
    if len(y) > MOST:
        kept = np.unique(np.linspace(0, len(y) - 1, MOST).astype(np.int64))
        y, said = y[kept], said[kept]
    scales = [_shares(*pair) for pair in ((y, said), _as_normal(y, said))]
    return min(scales, key=lambda found: found[1])


def _shares(y: Array, said: Array) -> tuple[float, float]:
    """Return share and nats on one scale of the values."""
    errors = y - said
    errors = errors - np.median(errors)
    width = 1.06 * float(y.std()) * len(y) ** -0.2
    anywhere = _density(y, y, width, own=True)
    around = _density(errors, y - np.median(y), width)
    found, share = _best(errors, anywhere)
    return share, found - max(_best(errors, around)[0], _best(errors, None)[0])


def _best(errors: Array, other: Array | None) -> tuple[float, float]:
    return max(_fit(errors, other, freedom) for freedom in FREEDOMS)


def _as_normal(y: Array, said: Array) -> tuple[Array, Array]:
    """Return values by their ranks as normal ones, and on that scale what is said of them: errors
    that grow with the value are no longer skewed.
    """
    from scipy.special import ndtri

    known = np.sort(y)
    places = ndtri((np.arange(len(y)) + 0.5) / len(y))
    unique, first, counts = np.unique(known, return_index=True, return_counts=True)
    sums = np.add.reduceat(places, first) / counts
    return np.interp(y, unique, sums), np.interp(said, unique, sums)


def _density(at: Array, values: Array, width: float, *, own: bool = False) -> Array:
    """Return the density of `values` `(N,)` at places `(M,)` by Gaussian kernels; with `own`, the
    places are the values, and none tells of itself.
    """
    kernels = np.exp(-0.5 * np.square((at[:, None] - values[None, :]) / max(width, TINY)))
    if own:
        np.fill_diagonal(kernels, 0.0)
    count = len(values) - int(own)
    return np.asarray(kernels.sum(axis=1) / (count * width * np.sqrt(2 * np.pi)) + TINY)


def _fit(errors: Array, other: Array | None, freedom: float) -> tuple[float, float]:
    """Return the log likelihood of errors `(N,)` under a t distribution mixed with densities
    `other`, and the share of these, both by expectation and maximisation.
    """
    from scipy.special import gammaln

    scale = max(1.4826 * float(np.median(np.abs(errors))), TINY)
    share = 0.0 if other is None else 0.1
    constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2) - 0.5 * np.log(np.pi * freedom)
    total = 0.0
    for _ in range(STEPS):
        z = np.square(errors / scale)
        own = (1 - share) * np.exp(
            constant - np.log(scale) - (freedom + 1) / 2 * np.log1p(z / freedom)
        )
        both = own + (share * other if other is not None else 0.0) + TINY
        total = float(np.log(both).sum())
        belongs = own / both
        weight = belongs * (freedom + 1) / (freedom + z)
        scale = max(float(np.sqrt((weight * errors**2).sum() / belongs.sum())), TINY)
        share = 0.0 if other is None else float(1 - belongs.mean())
    return total, share
