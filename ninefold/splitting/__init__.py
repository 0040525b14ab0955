"""Train, valid and test part and the folds inside train, one file per kind of split."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from ninefold.registry import OneOf
from ninefold.splitting.base import Parts, SplitterSpec
from ninefold.splitting.folds import Folds, read_folds, write_folds
from ninefold.splitting.partition import split


def _auto_kind(content: Any) -> Any:
    """Read a section without `kind` as `kind: auto`."""
    return (
        {"kind": "auto", **content}
        if isinstance(content, dict) and "kind" not in content
        else content
    )


SplitSpec = Annotated[SplitterSpec, OneOf("ninefold.splitting"), BeforeValidator(_auto_kind)]

__all__ = ["Folds", "Parts", "SplitSpec", "SplitterSpec", "read_folds", "split", "write_folds"]
