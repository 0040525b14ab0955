"""rows: test pictures that are train pictures saved anew, resized, shifted or brightened."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._copied import beyond_usual, leads, severity, sought, usual_lead
from ninefold.leakage._likeness import nearest, reduced, side_for
from ninefold.leakage.case import Case, Check, Finding


class NearPicturesCheck(Check):
    """Test pictures much nearer to one (two, three) of train or valid than to the next ones.

    In a table of honest pictures the lead of the nearest over the second nearest is exponential
    (Facco and others, 2017, their TwoNN); its scale is the median lead inside train. Look-alikes
    have many neighbours at about one distance and no such lead, copies lead by powers of ten.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.near_picture",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        for name, pictures in case.tensors.items():
            if pictures[0].dtype != np.uint8:
                continue
            found = _find(name, pictures, case)
            if found is not None:
                yield found


def _find(name: str, pictures: Array, case: Case) -> Finding | None:
    drawn = sought(case)
    if drawn is None:
        return None
    test, pool, own = drawn.test, drawn.pool, drawn.own
    side = side_for(pictures[pool])
    known = reduced(pictures[pool], side)
    inside = nearest(known[own], known, own)[0]
    scale = usual_lead(inside)
    distance, near = nearest(reduced(pictures[test], side), known)
    is_copy = beyond_usual(leads(distance, scale), leads(inside, scale), distance, inside)
    count, share = int(is_copy.sum()), float(is_copy.mean())
    if count == 0:
        return None
    copies = test[is_copy]
    twins = case.frame.row[pool[near[is_copy, 0]]]
    mask = np.isin(np.arange(len(case)), copies)
    return Finding(
        kind="rows.near_picture",
        severity=severity(case, count, share),
        columns=(name,),
        rows=case.source_rows(mask),
        evidence={
            "test_pictures": count,
            "looked_at": len(test),
            "share_of_those": round(share, 4),
            "share_inside_train": round(float(leads(inside, scale).mean()), 4),
            "median_distance": round(float(np.median(distance[is_copy, 0])), 5),
            "twins": twins[:20].tolist(),
        },
        message=(
            f"{count} of {len(test)} test pictures ({share:.1%}) are train or valid pictures saved "
            f"anew, resized, shifted or brightened, such as row {int(case.frame.row[copies[0]])}, "
            f"a copy of row {int(twins[0])}: the model is measured on what it has learned by heart"
        ),
        remedy=(
            "remove the copies, or give a column that says which pictures belong together and name "
            "it in problem.group"
        ),
    )
