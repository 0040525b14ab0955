"""Learning rate, batch size and patience as functions of where training stands."""

import math

BATCH_SIZES = ((1_200, 32), (4_500, 64), (9_000, 128), (32_000, 256), (108_000, 512))
PATIENCES = ((4_500, 16), (10_000, 8))


def lr_factor(step: int, steps: int, warmup: float, flat: float) -> float:
    """Return the factor on the learning rate: linear warm-up, flat, then a cosine towards 0.

    >>> [round(lr_factor(step, 100, 0.02, 0.5), 2) for step in (0, 1, 50, 75, 99)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    rising = warmup * steps
    factor = min(1.0, (step + 1) / rising) if rising > 0 else 1.0
    progress = step / steps
    if progress > flat:
        factor *= 0.5 * (1.0 + math.cos(math.pi * (progress - flat) / (1.0 - flat)))
    return factor


def batch_size(rows: int) -> int:
    """Return the default batch size for so many train rows."""
    return next((size for below, size in BATCH_SIZES if rows < below), 1024)


def patience(rows: int) -> int:
    """Return the default patience, in epochs, for so many train rows."""
    return next((epochs for below, epochs in PATIENCES if rows < below), 5)
