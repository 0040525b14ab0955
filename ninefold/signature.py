"""What a model takes and gives, stored in the model itself and read by whoever serves it.

Needs nothing but numpy and the standard library.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

import numpy as np

Kind = Literal["number", "category", "text", "bool", "datetime", "image", "sequence"]
Array = np.ndarray[Any, Any]
T = TypeVar("T", "Input", "Result", "Signature")
NAT = np.iinfo(np.int64).min
METADATA_KEY = "ninefold.signature"


@dataclass(frozen=True)
class Input:
    """One raw column the model takes, with the range or the levels seen in training."""

    name: str
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    levels: tuple[str, ...] = ()
    has_missing: bool = False
    format: str | None = None
    example: Any = None
    known_words: float | None = None
    """Of a text that is split into words: a larger share of known ones is not remarkable."""

    @property
    def range(self) -> tuple[float, float] | None:
        """Least and most that a number or moment, or the characters of a text, are not remarkable
        for; None: not known.

        Moments go on after the last of training, for as long as training lasted.
        """
        if self.minimum is None or self.maximum is None:
            return None
        later = self.maximum - self.minimum if self.kind == "datetime" else 0
        return self.minimum, self.maximum + later


ResultKind = Literal["text", "number", "bool", "datetime", "numbers", "image", "tags", "steps"]
PER_NAME = ("numbers", "steps")
"""Kinds of results that have a number for each of their names."""


@dataclass(frozen=True)
class Result:
    """What one output says of a row.

    kind: `numbers` is `[N, K]`, one for each of `names` (true or false where the output is BOOL),
    or `[N, O, K]` with `owners`, each of whom has an object of its own in the answer;
    `image` is `[N, H, W, C]` bytes; `tags` is `[N, T]` texts, "" where no step is, and `steps`
    `[N, T, K]`, all 0 there; every other kind is `[N]`. A datetime counts microseconds
    since 1970. Where the result has no `name`, its `names` stand in the answer by themselves.
    """

    name: str
    kind: ResultKind
    names: tuple[str, ...] = ()
    each: str = ""
    """What a column of `numbers` is called before its name; default: the result's own name."""
    inside: str = ""
    """The object in an answer that holds this result; "": it stands by itself."""
    owners: tuple[str, ...] = ()
    """Of `numbers`: whose they are."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns in a table of predictions."""
        before = f"{self.inside}_" if self.inside else ""
        if self.kind not in PER_NAME:
            return (f"{before}{self.name}",)
        each = self.each or self.name
        names = [f"{before}{each}_{name}" if each else f"{before}{name}" for name in self.names]
        if self.owners:
            return tuple(f"{name}_{owner}" for owner in self.owners for name in names)
        return tuple(names)


@dataclass(frozen=True)
class Signature:
    """Inputs in order, the task, and for classification the class labels in output order."""

    inputs: tuple[Input, ...]
    task: str
    target: str
    classes: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None
    ignored: tuple[str, ...] = ()
    missing_tokens: tuple[str, ...] = ("",)
    encoding: str = "utf-8"
    """Of text files such as the model learnt from, where it is not UTF-8."""
    outputs: tuple[str, ...] = field(default=())
    results: tuple[Result, ...] = field(default=())
    """What the outputs say, in order; () where a target is predicted."""
    model: str = "network"
    """What was exported: the network, or the kind of the baseline that it does not beat."""

    @property
    def told(self) -> tuple[Result, ...]:
        """What each output says of a row, in order."""
        if self.results:
            return self.results
        if self.task == "regression":
            return (Result("value", "number"),)
        probabilities = Result("probabilities", "numbers", self.classes, "probability")
        return Result("label", "text"), probabilities

    def without_values(self, masked: Collection[str]) -> "Signature":
        """Return the same without example, range and levels of the `masked` inputs."""
        inputs = tuple(
            Input(item.name, item.kind, has_missing=item.has_missing, format=item.format)
            if item.name in masked
            else item
            for item in self.inputs
        )
        return replace(self, inputs=inputs)

    def to_json(self) -> str:
        """Write it down without what is as it is by default: releases that do not know a field read
        files which do not need it.
        """
        content = {
            **_told(self),
            "inputs": [{"levels": (), **_told(item)} for item in self.inputs],
            "results": [_told(result) for result in self.results],
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> "Signature":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it has a field that this release does not know; how cells are read may
                depend on it.
        """
        content: dict[str, Any] = json.loads(text)
        return _read(
            Signature,
            {
                **content,
                "inputs": tuple(_read(Input, item) for item in content["inputs"]),
                "results": [_read(Result, item) for item in content.get("results", ())],
            },
        )


def _told(item: Any) -> dict[str, Any]:
    """Return the fields that are not as by default."""
    values = ((each, getattr(item, each.name)) for each in fields(item))
    return {each.name: value for each, value in values if value != each.default}


def _read(kind: type[T], content: dict[str, Any]) -> T:
    defaults = {item.name: item.default for item in fields(kind)}
    if unknown := sorted(content.keys() - defaults.keys()):
        raise ValueError(f"a newer Ninefold wrote it, `{unknown[0]}` is not known here")
    read: dict[str, Any] = {k: tuple(v) if defaults[k] == () else v for k, v in content.items()}
    return kind(**read)
