"""How a file is scored."""

from typing import Literal

from pydantic import Field

from ninefold.config import ColumnName, Spec


class ScoreSpec(Spec):
    """How a file is scored."""

    rows_per_chunk: int = Field(1024, ge=1, le=1_000_000)
    """Rows that go through the model at once; memory grows with it, not with the file."""
    keep: tuple[ColumnName, ...] = ()
    """Columns of the input that stand before the predictions."""
    with_input: bool = False
    """Keep all columns of the input."""
    prefix: str = ""
    """Put before the names of the prediction columns."""
    on_error: Literal["stop", "null"] = "stop"
    """A cell that cannot be read stops the run, or leaves its row without a prediction and says
    why in a column `error`."""
    encoding: str | None = None
    """Character encoding of a text file; default: UTF-8, or that of the file which the model learnt
    from."""
    image_path: str | None = None
    """Column that names the image files."""
    with_flags: bool = False
    """Say behind the predictions what is unusual about a row, in the columns `flag_unseen`,
    `flag_out_of_range` and `flag_missing`: the names of its columns that are."""
    with_version: bool = False
    """Put the model's version into a column `model_version`."""
