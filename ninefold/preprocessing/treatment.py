"""Decides for each column what becomes of it, and says why."""

from dataclasses import dataclass
from typing import Any, TypeVar

from ninefold.columns import Column, Frame, Kind
from ninefold.config import Spec, nearest
from ninefold.errors import ConfigError
from ninefold.preprocessing.spec import (
    CategorySpec,
    ColumnSpec,
    NumberSpec,
    PreprocessSpec,
    Use,
    WordsSpec,
)
from ninefold.problem import ProblemSpec
from ninefold.sequences import holds_words

DEFAULT_USE: dict[Kind, Use | None] = {
    "number": "number",
    "category": "category",
    "text": "text",
    "bool": None,
    "datetime": "drop",
    "image": "image",
    "sequence": "sequence",
}
POSSIBLE: dict[Kind, tuple[Use, ...]] = {
    "number": ("number", "category", "drop"),
    "category": ("category", "text", "tokens", "drop"),
    "text": ("text", "tokens", "steps", "category", "drop"),
    "bool": ("category", "drop"),
    "datetime": ("number", "drop"),
    "image": ("image", "drop"),
    "sequence": ("sequence", "drop"),
}
S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Treatment:
    """How one column is used; `use` None means as a boolean."""

    column: Column
    use: Use | None
    why: str
    settings: Any = None


def feature_columns(frame: Frame, problem: ProblemSpec) -> list[Column]:
    """Return the columns that may become features: known at prediction time, no identifiers."""
    never = {*problem.targets, *problem.ids, *problem.group}
    return [
        column
        for column in frame.having("input", "derived", "time")
        if not column.roles & {"target", "after", "id", "group"}
        and column.name not in never
        and not problem.is_after(column.name)
    ]


def decide(frame: Frame, problem: ProblemSpec, spec: PreprocessSpec) -> list[Treatment]:
    """Return the treatment of each feature column.

    Raises:
        ConfigError: an override for an unknown column, or one that does not fit its kind.
    """
    columns = feature_columns(frame, problem)
    names = [column.name for column in columns]
    for name in spec.columns:
        if name not in names:
            known = {column.name for column in frame.columns}
            reason = (
                " (it is there, but it is the target, an identifier or a group, never a feature)"
                if name in known
                else nearest(name, names)
            )
            raise ConfigError(f"params.yaml: preprocess.columns: no feature `{name}`{reason}")
    return [_treatment(column, problem, spec) for column in columns]


def _treatment(column: Column, problem: ProblemSpec, spec: PreprocessSpec) -> Treatment:
    override = spec.columns.get(column.name, ColumnSpec())
    use, why = DEFAULT_USE[column.kind], f"{column.kind} column"
    if holds_words(column.format):
        use, why = "steps", "a word for each step"
    if column.kind == "datetime":
        why = "datetime column: its parts are features, derived under featurize"
    if column.name == problem.time and column.kind == "number":
        use, why = "drop", "orders the rows: later ones lie beyond what training sees"
    if override.use is not None:
        use, why = override.use, "params.yaml"
        if use not in POSSIBLE[column.kind]:
            raise ConfigError(
                f"params.yaml: preprocess.columns.{column.name}.use must be one of "
                f"{', '.join(POSSIBLE[column.kind])} for a {column.kind} column, however: {use}"
            )
    defaults: dict[str, Spec] = {
        "number": spec.number,
        "category": spec.category,
        "text": spec.text,
        "tokens": spec.tokens,
        "steps": spec.steps,
        "image": spec.image,
        "sequence": spec.sequence,
    }
    settings = _merged(defaults.get(use or ""), override, column.name, use or column.kind)
    return Treatment(column, use, why, settings)


def _merged(defaults: Spec | None, override: ColumnSpec, name: str, use: str) -> Spec | None:
    """Return the defaults with what `override` gives in their place."""
    given = {
        key: value
        for key in override.model_fields_set - {"use"}
        if (value := getattr(override, key)) is not None
    }
    fitting = set(type(defaults).model_fields) if defaults is not None else set()
    for key in sorted(given):
        if key not in fitting:
            raise ConfigError(
                f"params.yaml: preprocess.columns.{name}.{key} must not be given, however: the "
                f"column is used as {use}, which has no `{key}`{nearest(key, sorted(fitting))}"
            )
    return defaults.model_copy(update=given) if defaults is not None else None


__all__ = [
    "CategorySpec", "NumberSpec", "Treatment", "WordsSpec", "decide", "feature_columns",
]  # fmt: skip
