"""group: one entity in train and in test."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding
from ninefold.splitting.identity import combine, hash_values


class GroupCheck(Check):
    """Entities of `problem.group` that stand in several parts.

    Under a split by time they may: the model will meet known entities again, so that is a warning.
    """

    family: ClassVar[str] = "group"
    kinds: ClassVar[tuple[str, ...]] = ("group.overlap",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.problem.group:
            return
        entity, known = _entities(case)
        test = (case.part == "test") & known
        seen = np.unique(entity[(case.part != "test") & known])
        mask = np.zeros(len(case), dtype=bool)
        mask[test] = np.isin(entity[test], seen)
        if not mask.any():
            return
        names = ", ".join(case.problem.group)
        shared = len(np.unique(entity[mask]))
        follows_time = case.split_kind == "time"
        yield Finding(
            kind="group.overlap",
            severity="warn" if follows_time else "block",
            columns=case.problem.group,
            rows=case.source_rows(mask),
            evidence={
                "entities_shared": shared,
                "entities_in_test": len(np.unique(entity[test])),
                "test_rows": int(mask.sum()),
                "share_of_test": round(float(mask.sum() / (case.part == "test").sum()), 6),
            },
            message=(
                f"{shared} entities of {names} stand in test and in train or valid: the score "
                "holds for entities the model knows, not for new ones"
            ),
            remedy="split: {kind: group}, if the model shall serve new entities",
            fix=() if follows_time else ((("split", "kind"), "group"),),
        )


def _entities(case: Case) -> tuple[Array, Array]:
    """Return a hash `(N,)` of each row's entity, and the mask of rows that have one."""
    names = case.problem.group
    hashes = [hash_values(case.frame.column(n).kind, case.frame[n]) for n in names]
    return combine(hashes), ~np.all([case.is_missing(n) for n in names], axis=0)
