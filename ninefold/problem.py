"""What is to be predicted or found, from what, and what is known when."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from ninefold.config import Spec
from ninefold.durations import duration_us

Task = Literal["classification", "regression", "clustering", "anomaly", "embedding", "generation"]
LEARNED: tuple[Task, ...] = ("classification", "regression")
"""Tasks that learn to give the target; the others have an `Aim` each, see `ninefold.aims`."""
Availability = Literal["before", "after"]


class ProblemSpec(Spec):
    """Target and roles of the columns; every stage reads them here."""

    task: Task
    """classification (two or more classes), regression, clustering (groups of rows alike), anomaly
    (rows unlike the others), embedding (rows as a few numbers) or generation (new rows)."""
    target: str = Field("", validate_default=True)
    """Column to predict: a raw one or one that featurize derives. The other tasks need none;
    one that is given is never learnt from, only what is found is compared with it."""
    positive: str | None = None
    """Binary classification: the class whose probability is reported; default: the rarer one."""
    metric: str | None = None
    """Reported metric, also watched by early stopping; default: roc_auc for two classes,
    log_loss for more, rmse for regression."""
    time: str | None = None
    """Datetime (or number) column that orders the rows."""
    horizon: str | None = None
    """How long after the prediction the outcome is known (30min, 12h, 7d, 2w): a split by time
    leaves that long a gap before each boundary."""
    group: tuple[str, ...] = ()
    """Columns that name the entity a row belongs to; an entity never spans two parts."""
    ids: tuple[str, ...] = ()
    """Identifiers: kept for reference, never a feature."""
    available_at: dict[str, Availability] = Field(default_factory=dict)
    """When a column's value is known, relative to the prediction; default: before."""

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

    @field_validator("horizon")
    @classmethod
    def _is_duration(cls, horizon: str | None) -> str | None:
        if horizon is not None:
            duration_us(horizon)
        return horizon

    def is_after(self, column: str) -> bool:
        """Tell whether a column is known only after the outcome."""
        return self.available_at.get(column) == "after"
