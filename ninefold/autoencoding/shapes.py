"""What the coordinates of a row are to the layers that read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.columns import Array
from ninefold.errors import ConfigError
from ninefold.preprocessing.sequences import TOLD
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.space import owners, widths

if TYPE_CHECKING:
    from ninefold.preprocessing import Layout


@dataclass(frozen=True)
class RowShape:
    """What the coordinates of a row are.

    groups: of which value each coordinate `(D,)` is part.
    picture: channels, height and width where they are one picture for convolutions, else ().
    of_steps: for recurrent layers which are steps `(T, C)`, the oldest first, and which none
        `(R,)`; else ().
    """

    groups: Sequence[int]
    picture: tuple[int, ...] = ()
    of_steps: tuple[Array, ...] = ()

    @staticmethod
    def of(ready: Prepared, spec: AutoEncoderSpec, place: str = "autoencoder") -> "RowShape":
        """Return the shape that layers take; `place` is where params.yaml asks for them.

        Raises:
            ConfigError: rows are not what convolutions or recurrent layers read.
        """
        values = _values_of(ready.preprocessing.layout)
        return RowShape(values, _picture(ready, spec, place), _steps(ready, spec, place))


def _picture(ready: Prepared, spec: AutoEncoderSpec, place: str) -> tuple[int, ...]:
    """Return the shape `(C, H, W)` of the picture that each row is, () for dense layers.

    Raises:
        ConfigError: convolutions are asked for, and rows are no pictures.
    """
    if spec.convolutions and not ready.picture:
        raise ConfigError(
            f"params.yaml: {place}.convolutions must be left out, however: rows are not one "
            "picture each and nothing else. Drop the other columns under ingest.drop"
        )
    return () if spec.convolutions is False else ready.picture


def _steps(ready: Prepared, spec: AutoEncoderSpec, place: str) -> tuple[Array, ...]:
    """Return which coordinates are steps `(T, C)`, and which none; () for other layers.

    Raises:
        ConfigError: recurrent layers are asked for, and rows are no sequences.
    """
    if not spec.recurrent:
        return ()
    tensors = [tensor for tensor in ready.whole.layout.tensors if tensor.kind == "sequence"]
    if len(tensors) != 1 or tensors[0].flat[1] < 2:
        raise ConfigError(
            f"params.yaml: {place}.recurrent must be left out, however: rows have "
            f"{len(tensors)} columns of sequences, and recurrent layers read one of two steps or "
            f"more. Drop the others under ingest.drop, or set {place}.recurrent: false"
        )
    layout, (depth, count, _) = ready.preprocessing.layout, tensors[0].flat
    told = tensors[0].features[len(TOLD) * depth :][: (count - 1) * depth]
    where = {name: place for place, name in enumerate(layout.features)}
    places = np.array([where[name] for name in told]).reshape(count - 1, depth)
    rest = np.setdiff1d(np.arange(widths(layout)), places)
    return places, rest


def _values_of(layout: "Layout") -> list[int]:
    """Return of which value each coordinate `(D,)` is part: levels of a category are one."""
    kinds = {column.name: column.kind for column in layout.columns}
    each = enumerate(owners(layout))
    keys = [owner if kinds.get(owner) == "category" else place for place, owner in each]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return [numbers[key] for key in keys]
