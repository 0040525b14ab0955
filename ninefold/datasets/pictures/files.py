"""Image files -> a table of pictures and whatever else is known of each."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ninefold import pixels
from ninefold.columns import Array, Column, to_arrow
from ninefold.datasets.pictures.spec import ImageFilesSpec
from ninefold.datasets.tables.source import Source
from ninefold.errors import InputError
from ninefold.progress import progress

log = logging.getLogger("ninefold")
SHOWN = 5
LEFT_OUT = "%s: %d of %d files hold no whole image, left out: %s"


def image_table(
    title: str,
    paths: Sequence[Path],
    names: Sequence[str],
    others: Mapping[str, pa.Array],
    column: str,
    spec: ImageFilesSpec,
) -> Source:
    """Return a source of one row per file: the picture as `column`, then `others` `(N,)`.

    Args:
        names: what the files are called in messages, as `paths`.

    Raises:
        InputError: files that hold no image, unless they are to be left out; or none that does.
    """
    found: list[Array] = []
    kept: list[int] = []
    bad: list[tuple[str, str]] = []
    for position, path in enumerate(progress(paths, f"read {title}", unit="files")):
        try:
            found.append(_read(path, spec))
            kept.append(position)
        except ValueError as error:
            bad.append((names[position], str(error)))
    _judge(title, bad, len(paths), spec)
    format = _format(_channels(found, spec), spec)
    pictures = [pixels.convert(picture, pixels.channels(format)) for picture in found]
    index = pa.array(kept, pa.int64())
    columns = {column: to_arrow(pixels.objects(pictures), "image")}
    columns |= {name: values.take(index) for name, values in others.items()}
    return Source.of_table(
        title,
        pa.table(columns),
        {column: Column(column, "image", format=format)},
        notes={"unreadable": {"count": len(bad), "files": [name for name, _ in bad[:100]]}},
    )


def _read(path: Path, spec: ImageFilesSpec) -> Array:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from None
    if not content:
        raise ValueError("it is empty")
    wanted = spec.channels if spec.channels != "auto" else "rgb"
    picture = pixels.decode(content, _format(wanted, spec))
    is_grey = spec.channels == "auto" and not (picture != picture[..., :1]).any()
    return picture[..., :1] if is_grey else picture


def _format(channels: str, spec: ImageFilesSpec) -> str:
    return " ".join([channels, *(f"{number:g}" for number in (spec.longest_side, *spec.levels))])


def _channels(pictures: Sequence[Array], spec: ImageFilesSpec) -> str:
    if spec.channels != "auto":
        return spec.channels
    return "rgb" if any(picture.shape[2] == 3 for picture in pictures) else "grey"


def _judge(title: str, bad: Sequence[tuple[str, str]], count: int, spec: ImageFilesSpec) -> None:
    if not bad:
        return
    shown = "; ".join(f"{name} ({why})" for name, why in bad[:SHOWN])
    shown += f"; and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    if spec.unreadable == "stop" or len(bad) == count:
        raise InputError(
            f"{title}: every file must hold a whole image, however: {len(bad)} of {count} do not: "
            f"{shown}. Repair or remove them, or leave their rows out with "
            "`ingest: {unreadable: drop}`"
        )
    log.warning(LEFT_OUT, title, len(bad), count, shown)
