"""Split by entity: what the model meets in the test part, it has never seen."""

from typing import Literal

import numpy as np

from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.splitting.base import Assignment, Glance, Rows, SplitterSpec
from ninefold.splitting.stratified import StratifiedSplitSpec

MIN_ENTITIES = 6
"""With fewer, a part would hold one or none."""


class GroupSplitSpec(StratifiedSplitSpec):
    """Whole entities (`problem.group`) go to a part or fold, classes balanced as far as possible.

    A row whose group columns are all missing is an entity of its own.
    """

    kind: Literal["group"] = "group"  # type: ignore[assignment]

    def resolve(
        self, problem: ProblemSpec, glance: Glance | None = None
    ) -> tuple[SplitterSpec, str]:
        check_declared(problem, self.kind)
        return self, f"whole entities of {', '.join(problem.group)}"

    def assign(self, rows: Rows) -> Assignment:
        self.check_entities(rows)
        return super().assign(rows)

    def check_entities(self, rows: Rows) -> None:
        """Raise `InputError` if there are too few entities to divide."""
        entities = len(np.unique(rows.unit if rows.entity is None else rows.entity))
        if entities < MIN_ENTITIES:
            raise InputError(
                f"params.yaml: problem.group {list(rows.problem.group)} must tell at least "
                f"{MIN_ENTITIES} entities apart to split by them, however: {entities}. "
                "Choose a finer group, or leave problem.group out: scores then hold for these "
                "entities alone"
            )


def check_declared(problem: ProblemSpec, kind: str) -> None:
    """Raise `ConfigError` if the problem does not say what an entity is."""
    if not problem.group:
        raise ConfigError(
            f"params.yaml: problem.group must be given for split.kind {kind}; name the columns "
            "that tell entities apart (`problem: {group: [customer]}`)"
        )
