"""What is to be predicted or found, from what, and what is known when."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from ninefold.config import ColumnName, Spec
from ninefold.durations import duration_us

Task = Literal[
    "classification", "regression", "clustering", "anomaly", "embedding", "generation", "tagging"
]
LEARNED: tuple[Task, ...] = ("classification", "regression")
"""Tasks that learn to give the target; the others have an `Aim` each, see `ninefold.aims`."""
Availability = Literal["before", "after"]
_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
PARTS = {"train": "train", "training": "train", "valid": "valid", "val": "valid", "dev": "valid",
         "validation": "valid", "test": "test", "testing": "test"}  # fmt: skip
"""What people call a part -> its name."""


class ProblemSpec(Spec):
    """Target and roles of the columns; every stage reads them here."""

    task: Task
    """classification (two or more classes), regression, clustering (groups of rows alike), anomaly
    (rows unlike the others), embedding (rows as a few numbers), generation (new rows) or tagging (a
    label for each step of a sequence; the target holds them, see ingest.tags of long_table)."""
    target: Annotated[ColumnName, WithJsonSchema(_NAMES)] = Field("", validate_default=True)
    """Column to predict: a raw one or one that featurize derives; or a list of several, which one
    model predicts together (numbers, or two classes each). The other tasks need none;
    one that is given is never learnt from, only what is found is compared with it."""
    also: tuple[ColumnName, ...] = ()
    """Targets after the first; `target: [a, b]` says the same."""
    positive: str | None = None
    """Binary classification: the class whose probability is reported; default: the rarer one.
    Anomalies: the class of theirs, where the target has labels."""
    metric: str | None = None
    """Reported metric, also watched by early stopping; default: roc_auc for two classes,
    log_loss for more, rmse for regression. Of several targets it is the mean."""
    time: ColumnName | None = None
    """Datetime (or number) column that orders the rows."""
    horizon: Annotated[float | str | None, Field(union_mode="left_to_right")] = None
    """How long after the prediction the outcome is known (30min, 12h, 7d, 2w; a number in units of
    problem.time where that is a number): a split by time leaves that long a gap before each
    boundary."""
    group: tuple[ColumnName, ...] = ()
    """Columns that name the entity a row belongs to; an entity never spans two parts."""
    ids: tuple[ColumnName, ...] = ()
    """Identifiers: kept for reference, never a feature."""
    available_at: dict[ColumnName, Availability] = Field(default_factory=dict)
    """When a column's value is known, relative to the prediction; default: before."""

    @model_validator(mode="before")
    @classmethod
    def _one_or_several(cls, content: Any) -> Any:
        """Take a list of targets apart: the first, and those after it."""
        given = content.get("target") if isinstance(content, dict) else None
        if not isinstance(given, (list, tuple)) or not given:
            return content
        first, *others = given
        return {**content, "target": first, "also": (*others, *content.get("also", ()))}

    @field_validator("also")
    @classmethod
    def _are_several(cls, also: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        targets = (info.data.get("target", ""), *also)
        if len(set(targets)) < len(targets) or "" in also:
            raise ValueError(f"must name each target once, however: {list(targets)}")
        task = info.data.get("task", LEARNED[0])
        if also and task not in LEARNED:
            raise ValueError(f"must be left out for {task}, however: {list(also)}")
        return also

    @model_validator(mode="after")
    def _has_a_positive(self) -> Self:
        if self.positive is not None and self.task not in ("classification", "anomaly"):
            raise ValueError(
                f"must name no positive class for {self.task}, however: {self.positive!r}"
            )
        if self.also and self.positive is not None:
            raise ValueError(
                f"must name no positive class for several targets, however: {self.positive!r}. "
                "Of each the class that sorts last (1, true, yes) is taken"
            )
        return self

    @model_validator(mode="after")
    def _is_no_target(self) -> Self:
        """Refuse a target that is to say which row it is of, or when that was."""
        for place, names in (("ids", self.ids), ("group", self.group), ("time", [self.time])):
            if twice := [name for name in names if name in self.targets]:
                raise ValueError(f"must not name a target in {place}, however: {twice[0]!r}")
        return self

    @model_validator(mode="after")
    def _has_its_entity_in_time(self) -> Self:
        """Refuse an entity that is known only after the outcome: no split could follow it."""
        if late := [name for name in self.group if self.is_after(name)]:
            raise ValueError(
                f"must not name a column of group in available_at as after, however: {late[0]!r}"
            )
        return self

    @field_validator("target")
    @classmethod
    def _is_given(cls, target: str, info: ValidationInfo) -> str:
        task = info.data.get("task", LEARNED[0])
        if task in LEARNED and not target:
            raise ValueError(f"must be given for {task}: the column to predict")
        return target

    @property
    def learns_target(self) -> bool:
        """Tell whether models learn to give the target."""
        return self.task in LEARNED

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict, () if none is named."""
        return (self.target, *self.also) if self.target else ()

    def alone(self, target: str) -> "ProblemSpec":
        """Return the problem with one of its targets only."""
        return self.model_copy(update={"target": target, "also": ()}) if self.also else self

    @field_validator("horizon")
    @classmethod
    def _is_duration(cls, horizon: float | str | None) -> float | str | None:
        if isinstance(horizon, str):
            duration_us(horizon)
        elif horizon is not None and horizon < 0:
            raise ValueError(f"must be >= 0, however: {horizon:g}")
        return horizon

    @property
    def horizon_text(self) -> str:
        """The horizon as people write it, "" if there is none."""
        return f"{self.horizon:.15g}" if isinstance(self.horizon, float) else self.horizon or ""

    def is_after(self, column: str) -> bool:
        """Tell whether a column is known only after the outcome."""
        return self.available_at.get(column) == "after"


def part_of(name: object) -> str | None:
    """Return the part that a name, in whatever case, stands for; None if for none.

    >>> part_of("Validation")
    'valid'
    """
    return PARTS.get(str(name).strip().lower())
