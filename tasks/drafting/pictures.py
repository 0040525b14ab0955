"""What `ninefold init` makes of image files of over 8 bits: which pixels are black and white."""

from collections.abc import Sequence
from pathlib import Path

from ninefold.pixels import DEEP
from tasks.drafting.arrays import BYTE, WHITES, levels_between

PROBE = 100
"""Files that tell of what mode all are."""
SIXTEEN, REAL = "I;16", "F"


def levels(paths: Sequence[Path]) -> dict[str, float]:
    """Return black and white as `ingest` says them; {} where the files' own bits say it, or where
    they are of several kinds.
    """
    probed = [_range(path) for path in paths[:: max(1, len(paths) // PROBE)]]
    modes = {found[0] for found in probed if found}
    if len(modes) != 1:
        return {}
    (mode,), all_found = modes, [found for found in map(_range, paths) if found]
    least, most = min(low for _, low, _ in all_found), max(high for _, _, high in all_found)
    if least < 0 or most > WHITES[-1]:
        return levels_between(least, most)
    if most <= (1 if mode == REAL else BYTE) and mode != SIXTEEN:
        return {}
    white = next(white for white in (BYTE, *WHITES) if most <= white)
    return {} if mode == SIXTEEN and white == WHITES[-1] else {"white": white}


def _range(path: Path) -> tuple[str, float, float] | None:
    """Return mode, least and highest pixel of a picture of more than 8 bits; None if it is none."""
    import warnings

    import numpy as np
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as file:
                if file.mode[0] not in DEEP:
                    return None
                values = np.asarray(file)
    except Exception:  # reading says so, and of which file
        return None
    if not values.size or not np.isfinite(values).all():
        return None
    mode = SIXTEEN if file.mode.startswith(SIXTEEN) else file.mode
    return mode, float(values.min()), float(values.max())
