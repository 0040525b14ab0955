"""Batch size, patience and epochs by the number of train rows; what else tables have by default."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ninefold.training import TrainSpec

BATCH_SIZES = ((1_200, 32), (4_500, 64), (9_000, 128), (32_000, 256), (108_000, 512))
PATIENCES = ((4_500, 16), (10_000, 8))
EPOCHS = ((4_500, 120),)
TABLE_EMA, TABLE_PATIENCE = 0.99, 10
"""An average of the weights moves less from epoch to epoch, so that less patience is enough."""
PATIENT_STEPS = 200
"""Steps without improvement that a table is given at least: what only several columns together tell
is learnt after a plateau of some hundred steps, which are many epochs of a small table."""
FEW_WATCHED = 1_000
"""Valid rows below which an order of scores is too noisy to choose an epoch by."""


def batch_size(rows: int) -> int:
    """Return the default batch size for so many train rows."""
    return next((size for below, size in BATCH_SIZES if rows < below), 1024)


def patience(rows: int) -> int:
    """Return the default patience, in epochs, for so many train rows."""
    return next((epochs for below, epochs in PATIENCES if rows < below), 5)


def epochs(rows: int) -> int:
    """Return the default number of epochs for so many train rows: few rows make few steps each."""
    return next((most for below, most in EPOCHS if rows < below), 40)


def of_table(spec: "TrainSpec", rows: int) -> dict[str, Any]:
    """Return what a table of `rows` train rows has for the fields that `spec` leaves open.

    Batch normalisation has no average of the weights: its statistics are those of the last ones;
    nor has an optimizer of few, long steps.
    """
    given, found = spec.model_fields_set, dict[str, Any]()
    if "epochs" not in given:
        found["epochs"] = epochs(rows)
    if spec.optimizer.takes_all_rows:
        return found
    is_batch_normalised = getattr(spec.network, "normalization", "none") == "batch"
    if "ema" not in given and not is_batch_normalised:
        found["ema"] = TABLE_EMA
    if "patience" not in given:
        usual = min(patience(rows), TABLE_PATIENCE) if "ema" in found else patience(rows)
        steps = max(rows // (spec.batch_size or batch_size(rows)), 1)
        found["patience"] = max(usual, math.ceil(PATIENT_STEPS / steps))
    return found
