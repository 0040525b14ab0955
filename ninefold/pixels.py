"""Pictures as arrays: reading image files, and what a few numbers say of a picture.

In memory a picture is uint8 `(H, W, C)`, C = 1 (grey) or 3 (red, green, blue). How the files of a
column are read is its format, such as `rgb 256`: channels, and the longest side to which larger
pictures are shrunk. Needs numpy only, and Pillow where files are read.
"""

import base64
import hashlib
import io
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
CHANNELS = {"grey": 1, "rgb": 3}
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
TRANSPARENT = ("LA", "PA", "P", "RGBA", "La", "RGBa")
"""Pillow's modes of pictures that may let something shine through."""
DEEP = ("I", "F")
"""How Pillow's modes of more than 8 bits begin: whole and real numbers."""
MAX_PIXELS = 100_000_000
"""Larger files are refused before they are decoded."""
SUMMARIES = ("height", "width", "brightness", "contrast")
"""What `summaries` tells of each picture, in order; of those that may have colour also in how many
channels they differ: 1 (grey) or 3."""


def channels(format: str | None) -> int:
    """Return C of a picture column's format.

    >>> channels("rgb 256")
    3
    """
    return CHANNELS[(format or "rgb").split()[0]]


def decode(content: bytes, format: str | None = None, most: int = MAX_PIXELS) -> Array:
    """Return the picture in an image file, uint8 `(H, W, C)`.

    Without `format` it comes as it is: grey files, and colour files without colour, with C = 1.
    What is transparent becomes white, the camera's orientation is applied. More than 8 bits become
    8: between the format's black and white, else 16 bits of 65535, and whole or real numbers of 1,
    255 or 65535, whichever they fit first. A file of more than `most` pixels is refused before it
    is decoded.

    Raises:
        ValueError: no image, or a damaged one; says why.
    """
    try:
        picture = _loaded(content, _longest(format), most, levels(format))
    except ImportError:
        raise ValueError("Pillow is not installed here: send pixels instead of a file") from None
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError("it is no image" if "cannot identify" in reason else reason) from None
    if format is not None:
        return convert(picture, channels(format))
    has_colour = picture.shape[2] == 3 and bool((picture != picture[..., :1]).any())
    return picture if has_colour else np.ascontiguousarray(picture[..., :1])


def declared(content: bytes) -> int:
    """Return how many pixels an image file says that it has; 0 where it cannot be read."""
    import warnings

    try:
        from PIL import Image

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as file:
                return file.width * file.height
    except Exception:
        return 0


def levels(format: str | None) -> tuple[float, ...]:
    """Return the values of black and white in numbers other than 0 … 255, else ().

    >>> levels("grey 64 0 4095")
    (0.0, 4095.0)
    """
    return tuple(map(float, (format or "").split()[2:]))


def on_white(pictures: Array) -> Array:
    """Return pictures `(…, 4)` uint8 laid on white `(…, 3)`, their last channel being how much of
    them is to be seen.
    """
    seen = pictures[..., 3:].astype(np.uint32)
    mixed = pictures[..., :3] * seen + 255 * (255 - seen)
    return ((mixed + 127) // 255).astype(np.uint8)


def _longest(format: str | None) -> int | None:
    parts = (format or "").split()
    return int(parts[1]) if len(parts) > 1 else None


def _loaded(
    content: bytes, longest: int | None, most: int, levels: tuple[float, ...] = ()
) -> Array:
    import warnings

    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content)) as file:
            if file.width * file.height > most:
                raise ValueError(f"{file.width} x {file.height} pixels are too many")
            image: Any = ImageOps.exif_transpose(file)
            if image.mode[0] in DEEP:
                image = Image.fromarray(_bytes(np.asarray(image), image.mode, levels))
            if image.mode in TRANSPARENT or "transparency" in image.info:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert("L" if image.mode in ("1", "L") else "RGB")
            if longest is not None and max(image.size) > longest:
                image.thumbnail((longest, longest), Image.Resampling.BOX, reducing_gap=None)
            pixels = np.asarray(image, dtype=np.uint8)
    return pixels.reshape(*pixels.shape[:2], -1)


def _bytes(values: Array, mode: str, levels: tuple[float, ...]) -> Array:
    """Return pixels `(H, W)` of more than 8 bits as uint8. Raises `ValueError` for numbers that may
    mean anything.
    """
    least, most = float(values.min()), float(values.max())
    if not np.isfinite([least, most]).all():
        raise ValueError("some of its pixels are no numbers")
    if levels:
        return between(values, *levels)
    if mode.startswith("I;16"):
        return (values.astype(np.uint32) >> 8).astype(np.uint8)
    whites = (1, 255, 65535) if mode == "F" else (255, 65535)
    white = next((white for white in whites if most <= white), None)
    if least < 0 or white is None:
        raise ValueError(
            f"its pixels are numbers from {least:g} to {most:g}: say which are black and white, "
            "such as `ingest: {black: 0, white: 65535}`"
        )
    if white == 65535 and mode != "F":
        return (values >> 8).astype(np.uint8)
    return between(values, 0, white)


def between(values: Array, black: float, white: float) -> Array:
    """Return numbers as uint8 from black, 0, to white, 255; what lies beyond is cut off."""
    share = (values.astype(np.float64) - black) / (white - black)
    return np.asarray(np.rint(share.clip(0, 1) * 255), dtype=np.uint8)


def convert(picture: Array, wanted: int) -> Array:
    """Return a picture `(H, W, C)` with `wanted` channels; grey is the luma of ITU-R 601.

    >>> convert(np.full((1, 1, 3), 7, dtype=np.uint8), 1).tolist()
    [[[7]]]
    """
    if picture.shape[2] == wanted:
        return np.ascontiguousarray(picture)
    if wanted == 3:
        return np.repeat(picture, 3, axis=2)
    luma = picture.astype(np.uint32) @ np.array([19595, 38470, 7471], dtype=np.uint32)
    return ((luma + 0x8000) >> 16).astype(np.uint8)[..., None]


def sizes(name: str, format: str | None) -> tuple[str | int, ...]:
    """Return the shape of a column of pictures as an input of a graph."""
    return ("N", f"{name}#height", f"{name}#width", channels(format))


def summary_names(format: str | None) -> tuple[str, ...]:
    """Return what `summaries` tells of each picture, in order."""
    return (*SUMMARIES, "channels") if channels(format) == 3 else SUMMARIES


def summaries(pictures: Array, format: str | None = None) -> Array:
    """Return `(N, S)` float64: height, width, mean and spread of the pixels of each picture, and
    its channels.
    """
    found = np.empty((len(pictures), len(summary_names(format))))
    for row, picture in enumerate(pictures):
        flat = picture.astype(np.float64)
        told = [*picture.shape[:2], flat.mean(), flat.std()] if flat.size else [np.nan] * 4
        has_colour = flat.size and bool((picture != picture[..., :1]).any())
        found[row] = [*told, 3 if has_colour else 1][: found.shape[1]]
    return found


def objects(items: Any) -> Array:
    """Return an object array `(N,)` of arrays, whatever their sizes."""
    items = list(items)
    array = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        array[position] = item
    return array


def cell_hashes(pictures: Array) -> Array:
    """Return uint64 hashes `(N,)` of size and pixels; equal pictures hash alike on any machine."""
    return np.array([_hash(picture) for picture in pictures], dtype=np.uint64)


def _hash(picture: Array) -> int:
    size = np.array(picture.shape, dtype="<i8").tobytes()
    content = np.ascontiguousarray(picture).tobytes()
    return int.from_bytes(hashlib.blake2b(size + content, digest_size=8).digest(), "little")


def to_cell(picture: Array) -> dict[str, Any]:
    """Return a picture as JSON holds it: its shape, and its bytes in base64."""
    content = np.ascontiguousarray(picture).tobytes()
    return {"shape": list(picture.shape), "base64": base64.b64encode(content).decode()}


def blank(depth: int) -> Array:
    """Return the smallest picture, black, `(1, 1, depth)`."""
    return np.zeros((1, 1, depth), dtype=np.uint8)


def thumbnail(picture: Array, longest: int = 96) -> str:
    """Return a picture as a small PNG file in a data URI; larger ones are shrunk."""
    from PIL import Image

    image = Image.fromarray(picture if picture.shape[2] == 3 else picture[..., 0])
    if max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    content = io.BytesIO()
    image.save(content, "PNG", optimize=False)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def stretched(values: Array) -> Array:
    """Return numbers `(H, W, C)` as a picture whose darkest pixel is 0 and whose brightest 255.

    C other than 3 becomes the mean over the channels.
    """
    if values.shape[2] != 3:
        values = values.mean(axis=2, keepdims=True)
    low, high = float(values.min()), float(values.max())
    return np.round((values - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
