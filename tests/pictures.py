"""Small image files with something to learn: where the bright stroke lies."""

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("across", "down")


def stroke(name: str, rng: np.random.Generator, size: tuple[int, int] = (12, 12)) -> np.ndarray:
    """Return a noisy grey picture `(H, W)` with a bright stroke."""
    picture = rng.integers(0, 90, size, dtype=np.uint8)
    place = int(rng.integers(2, min(size) - 2))
    if name == "across":
        picture[place : place + 2] = rng.integers(170, 256)
    else:
        picture[:, place : place + 2] = rng.integers(170, 256)
    return picture


def write_folder(folder: Path, count: int = 120, seed: int = 0) -> Path:
    """Write `count` files, a subfolder per class, sizes and formats mixed."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        name = CLASSES[number % 2]
        size = (12, 12) if number % 3 else (10, 15)
        image = Image.fromarray(stroke(name, rng, size))
        path = folder / name / f"{number:03d}.{'png' if number % 5 else 'bmp'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    return folder
