"""Batch size, patience and epochs by the number of train rows."""

BATCH_SIZES = ((1_200, 32), (4_500, 64), (9_000, 128), (32_000, 256), (108_000, 512))
PATIENCES = ((4_500, 16), (10_000, 8))
EPOCHS = ((4_500, 120),)


def batch_size(rows: int) -> int:
    """Return the default batch size for so many train rows."""
    return next((size for below, size in BATCH_SIZES if rows < below), 1024)


def patience(rows: int) -> int:
    """Return the default patience, in epochs, for so many train rows."""
    return next((epochs for below, epochs in PATIENCES if rows < below), 5)


def epochs(rows: int) -> int:
    """Return the default number of epochs for so many train rows: few rows make few steps each."""
    return next((most for below, most in EPOCHS if rows < below), 40)
