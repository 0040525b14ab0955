"""A model file that is or wants to be in production, and what it predicts for a part."""

import hashlib
import json
from functools import cached_property
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.head import Head
from ninefold.runtime import run_chunks, session
from ninefold.signature import METADATA_KEY, Signature


class Candidate:
    """An exported model with what it says of itself."""

    def __init__(self, content: bytes, place: str) -> None:
        """Raises `InputError` when `content`, read from `place`, is no exported model."""
        self.content, self.place = content, place
        self.sha256 = hashlib.sha256(content).hexdigest()
        try:
            self.session = session(content)
            self._metadata = self.session.get_modelmeta().custom_metadata_map
            self.signature = Signature.from_json(self._metadata[METADATA_KEY])
        except Exception as error:
            why = " ".join(str(error).split())[:200]
            if error.args == (METADATA_KEY,):
                why = "it has no signature (a baseline's file takes features, not raw rows)"
            raise InputError(
                f"{place} must be a model that `ninefold run` exported, however: {why}"
            ) from None

    @cached_property
    def head(self) -> Head | None:
        """Target, classes, temperature and threshold; None where nothing is learnt from a target"""
        try:
            return Head.from_json(self.facts("head"))
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def test_set(self) -> dict[str, Any]:
        """What the file says of the test part it was measured on."""
        found = self.facts("test_set")
        return found if isinstance(found, dict) else {}

    def facts(self, key: str) -> Any:
        """Return what the file's metadata says under `ninefold.<key>`; None if nothing."""
        try:
            return json.loads(self._metadata.get(f"ninefold.{key}", "null"))
        except ValueError:
            return None

    def misfit(self, frame: Frame) -> str | None:
        """Say why the model cannot be run on the rows of `frame`, or return None."""
        kinds = {column.name: column.kind for column in frame.columns}
        for item in self.signature.inputs:
            found = kinds.get(item.name)
            if found != item.kind:
                what = "there is none" if found is None else f"it is a {found}"
                return f"it needs a {item.kind} `{item.name}`, and {what}"
        return None

    def predict(self, frame: Frame) -> Array:
        """Return probabilities `(N, K)`, or values `(N,)`."""
        parts = [outputs[-1] for _, outputs in run_chunks(self.session, frame)]
        return np.concatenate(parts)
