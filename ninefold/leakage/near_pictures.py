"""rows: test pictures that are train pictures saved anew, resized, shifted or brightened."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._copied import Sought, beyond_usual, leads, severity, sought, usual_lead
from ninefold.leakage._likeness import nearest, reduced, side_for
from ninefold.leakage.case import Case, Check, Finding

SELDOM = 0.1
"""Share of train that may lead by itself; where more do, colours are few and tell nothing."""


@dataclass(frozen=True)
class Copies:
    """Which of the pictures looked at are copies `(T,)`, the place in the pool of what is nearest
    to each and its distance; the share of pictures that lead as much inside train.
    """

    is_copy: Array
    twin: Array
    distance: Array
    share_inside: float


class NearPicturesCheck(Check):
    """Test pictures much nearer to one (two, three) of train or valid than to the next ones.

    Grey is looked at, and colours, since plain things of many colours are alike in grey. In a table
    of honest pictures the lead of the nearest over the second nearest is exponential (Facco and
    others, 2017, their TwoNN); its scale is the median lead inside train. Look-alikes have many
    neighbours at about one distance and no such lead, copies lead by powers of ten.
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
    looks = [look for channels in (1, 3) if (look := _look(pictures, drawn, channels))]
    return _finding(name, case, drawn, _together(looks)) if looks else None


def _together(looks: list[Copies]) -> Copies:
    """Return what any of the looks found; where several did, as the last one saw it."""
    last = looks[-1]
    for look in looks[:-1]:
        last = Copies(
            last.is_copy | look.is_copy,
            np.where(last.is_copy, last.twin, look.twin),
            np.where(last.is_copy, last.distance, look.distance),
            max(last.share_inside, look.share_inside),
        )
    return last


def _look(pictures: Array, drawn: Sought, channels: int) -> Copies | None:
    """Return the copies there are to see in grey (1 channel), or in colour; None: none."""
    test, pool, own = drawn.test, drawn.pool, drawn.own
    if channels > 1 and np.median([picture.shape[2] for picture in pictures[pool]]) < channels:
        return None
    side = side_for(pictures[pool])
    known = reduced(pictures[pool], side, channels)
    inside = nearest(known[own], known, own)[0]
    scale = usual_lead(inside)
    usual = leads(inside, scale)
    if channels > 1 and usual.mean() > SELDOM:
        return None
    distance, near = nearest(reduced(pictures[test], side, channels), known)
    is_copy = beyond_usual(leads(distance, scale), usual, distance, inside)
    if not is_copy.any():
        return None
    return Copies(is_copy, near[:, 0], distance[:, 0], float(usual.mean()))


def _finding(name: str, case: Case, drawn: Sought, found: Copies) -> Finding:
    test, is_copy = drawn.test, found.is_copy
    count, share = int(is_copy.sum()), float(is_copy.mean())
    copies = test[is_copy]
    twins = case.frame.row[drawn.pool[found.twin[is_copy]]]
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
            "share_inside_train": round(found.share_inside, 4),
            "median_distance": round(float(np.median(found.distance[is_copy])), 5),
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
