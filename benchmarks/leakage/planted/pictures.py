"""rows: pictures that come back turned, mirrored, moved, noisy, brighter or saved anew."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

Change = Callable[[Image.Image, np.random.Generator], Image.Image]
SHARE = 0.15
"""Share of the pictures that have a copy."""


def _turned(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    angle = float(rng.uniform(4, 12) * rng.choice([-1, 1]))
    return picture.rotate(angle, Image.Resampling.BILINEAR, fillcolor=_ground(picture))


def _mirrored(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(picture)


def _moved(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    most = max(1, picture.width // 12)
    move = rng.integers(1, most + 1, 2) * rng.choice([-1, 1], 2)
    whole = (1.0, 0.0, float(move[0]), 0.0, 1.0, float(move[1]))
    return picture.transform(
        picture.size, Image.Transform.AFFINE, whole, fillcolor=_ground(picture)
    )


def _noisy(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(picture).astype(float)
    return Image.fromarray((pixels + rng.normal(0, 8, pixels.shape)).clip(0, 255).astype("uint8"))


def _brighter(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(float(rng.uniform(0.75, 1.2)))


def _as_jpeg(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    return Image.open(file)


def _ground(picture: Image.Image) -> int | tuple[int, ...]:
    edge = np.asarray(picture)[0]
    middle = np.median(edge.reshape(picture.width, -1), axis=0).astype(int)
    return int(middle[0]) if len(middle) == 1 else tuple(middle.tolist())


def _copies(source: Source, table: pd.DataFrame, rng: np.random.Generator, by: Change) -> Trial:
    """Return pictures of which some come back changed, dealt by Ninefold's own split."""
    chosen = rng.choice(len(table), int(SHARE * len(table)), replace=False)
    made = table.iloc[chosen].copy()
    made["image"] = made["image"].map(lambda picture: _changed(picture, by, rng))
    both = pd.concat([table, made], ignore_index=True)
    order = rng.permutation(len(both))
    place = np.argsort(order)
    pairs = zip(place[len(table) :], place[chosen], strict=True)
    return planted(
        source, both.iloc[order].reset_index(drop=True), by.__name__.strip("_"), pairs=pairs,
        families=["rows"],
    )  # fmt: skip


def _changed(picture: Array, by: Change, rng: np.random.Generator) -> Array:
    return np.asarray(by(Image.fromarray(picture), rng))


def _plant(by: Change) -> None:
    def plant(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
        yield _copies(source, table, rng, by)

    plant.__name__ = f"a_picture_{by.__name__.strip('_')}"
    leak("rows", on="pictures")(plant)


for _change in (_turned, _mirrored, _moved, _noisy, _brighter, _as_jpeg):
    _plant(_change)


@leak(on="pictures")
def pictures_as_they_are(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Pictures with Ninefold's split, and with a random one of the user's."""
    yield planted(source, table, "as they are")
    yield planted(source, table, "given random split", part=random_part(len(table), rng))
