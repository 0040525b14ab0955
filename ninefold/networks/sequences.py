"""What networks that read sequences ask of the data."""

from typing import TYPE_CHECKING

from ninefold.errors import ConfigError

if TYPE_CHECKING:
    from ninefold.preprocessing import Layout


def widths(layout: "Layout", kind: str) -> tuple[int, ...]:
    """Return how many numbers a step of each column of sequences has.

    Raises:
        ConfigError: no column of sequences, or other tensors beside.
    """
    found = tuple(tensor.shape[1] for tensor in layout.tensors if tensor.kind == "sequence")
    if not found or len(found) < len(layout.tensors):
        raise ConfigError(
            f"params.yaml: train.network.kind must fit the data, however: `{kind}` needs a column "
            "of sequences (`ingest: {kind: long_table}`, windows or sequence_arrays), and nothing "
            "else that is a tensor. `mlp` takes any table"
        )
    return found
