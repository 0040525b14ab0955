"""rows: test pictures that are train pictures saved anew, turned, mirrored, cut or brightened."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._copied import (
    MIN_POOL,
    Copies,
    Sought,
    beyond_usual,
    leads,
    severity_of,
    sought,
    together,
    usual_lead,
)
from ninefold.leakage._likeness import nearest, reduced, side_for
from ninefold.leakage._registration import SIDE, registered
from ninefold.leakage._steps import (
    IN_BURSTS,
    SUSPECT,
    UNLIKELY,
    are_closed,
    in_bursts,
    is_in_burst,
    leading,
)
from ninefold.leakage.case import Case, Check, Finding

COLOURS = 3
SELDOM = 0.1
"""Share of train that may lead by itself; where more do, colours are few and tell nothing."""
FIRST, INSIDE = 200, 120
"""Test pictures that are laid on others before more are, and pictures of train that are."""
BLANK = 2.0
"""Spread of grey, of 255, below which a picture shows nothing but noise."""


class NearPicturesCheck(Check):
    """Test pictures much nearer to some of train or valid than to the next ones.

    They are laid on each other, mirrored, turned, moved and zoomed, so that what is no copy comes
    nearer, too; look-alikes then have many neighbours at about one distance, copies a gap between
    themselves and all others. Colours are looked at apart, since plain things of many colours are
    alike in grey.
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
    looks = [look for seek in (_laid, _coloured) if (look := seek(pictures, drawn, case))]
    return _finding(name, case, drawn, together(looks)) if looks else None


def _laid(pictures: Array, drawn: Sought, case: Case) -> Copies | None:
    """Return the copies there are to see once pictures are laid on each other, in grey.

    A few test pictures are looked at first, the others where there are copies among those.
    """
    known, asked = (reduced(pictures[rows], SIDE, 1)[:, 0] for rows in (drawn.pool, drawn.test))
    shown, seen = (np.flatnonzero(some.std(axis=(1, 2)) > BLANK) for some in (known, asked))
    if len(shown) < MIN_POOL or not len(seen):
        return None
    rng = np.random.default_rng(case.seed)
    known = known[shown]
    own = rng.permutation(len(known))[:INSIDE]
    inside, beside = registered(known[own], known, own)
    order = rng.permutation(seen)
    first, rest = order[:FIRST], order[FIRST:]
    distance, near = registered(asked[first], known)
    if len(rest) and leading(distance, inside, SUSPECT):
        more = registered(asked[rest], known)
        distance, near = np.concatenate([distance, more[0]]), np.concatenate([near, more[1]])
    found = leading(distance, inside, UNLIKELY)
    if found is None and _are_films(known, own, inside, beside):
        found = in_bursts(distance, inside)
    if found is None:
        return None
    rows = order[: len(distance)]
    return found.copies(rows, shown[near[:, 0]], distance[:, 0], len(drawn.test))


def _are_films(known: Array, own: Array, inside: Array, beside: Array) -> bool:
    """Tell whether pictures at `own` `(Q,)` of those known that have others beside them share these
    with the nearest.
    """
    rows = np.flatnonzero(is_in_burst(inside))
    if len(rows) < IN_BURSTS * len(own):
        return False
    twins = beside[rows, 0]
    again = registered(known[twins], known, twins)
    return are_closed(own[rows], (inside[rows], beside[rows]), again)


def _coloured(pictures: Array, drawn: Sought, case: Case) -> Copies | None:
    """Return the copies there are to see in colour; None: none."""
    test, pool, own = drawn.test, drawn.pool, drawn.own
    if np.median([picture.shape[2] for picture in pictures[pool]]) < COLOURS:
        return None
    side = side_for(pictures[pool])
    known = reduced(pictures[pool], side, COLOURS)
    inside = nearest(known[own], known, own)[0]
    scale = usual_lead(inside)
    usual = leads(inside, scale)
    if usual.mean() > SELDOM:
        return None
    distance, near = nearest(reduced(pictures[test], side, COLOURS), known)
    is_copy = beyond_usual(leads(distance, scale), usual, distance, inside)
    if not is_copy.any():
        return None
    return Copies(is_copy, is_copy, near[:, 0], distance[:, 0], float(usual.mean()))


def _finding(name: str, case: Case, drawn: Sought, found: Copies) -> Finding:
    test, is_copy = drawn.test, found.is_copy
    count, share = int(is_copy.sum()), float(is_copy.mean())
    copies = test[is_copy]
    places = drawn.pool[found.twin[is_copy]]
    twins = case.frame.row[places]
    mask = np.isin(np.arange(len(case)), copies)
    return Finding(
        kind="rows.near_picture",
        severity=severity_of(case, drawn, found),
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
            f"anew, turned, mirrored, moved, cut or brightened, such as row "
            f"{int(case.frame.row[copies[0]])}, "
            f"a copy of row {int(twins[0])}: the model is measured on what it has learned by heart"
        ),
        remedy=(
            "remove the copies, or give a column that says which pictures belong together and name "
            "it in problem.group"
        ),
    )
