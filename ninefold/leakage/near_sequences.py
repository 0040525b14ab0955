"""rows: test sequences that are train sequences recorded anew, rounded, noisy or cut."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._copied import (
    Copies,
    Sought,
    beyond_usual,
    is_oftener,
    is_plain,
    leads,
    severity_of,
    sought,
    together,
    usual_lead,
)
from ninefold.leakage._entities import entities_of, named
from ninefold.leakage._moved import moved
from ninefold.leakage._varied import is_varied
from ninefold.leakage.case import Case, Check, Finding
from ninefold.sequences import trimmed

POINTS = 32
"""Steps to which sequences are brought."""
NEAREST, LEAST = 6, 1e-3
"""Neighbours looked at; distances below the second are those of one recording."""
SHOWN = 10
SELDOM, RARE = 0.1, 0.02
"""Share of train that may lead by itself; where more do, plain shapes are alike; and the share up
to which test need not lead oftener."""


class NearSequencesCheck(Check):
    """Test sequences much nearer to one (two, three) of train or valid than to the next ones.

    Judged as `near_pictures` judges: by how far the nearest leads. They are looked at as they are:
    distances are root mean squares over steps and channels, in standard deviations of the channels,
    sequences of other lengths brought to one. And they are laid on each other, moved and reversed,
    whatever their scale. The entities are named where `problem.ids` or `problem.group` names them.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.near_sequence",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        for name, cells in case.tensors.items():
            if len(cells) and cells[0].dtype == np.float64:
                found = _find(name, cells, case)
                if found is not None:
                    yield found


def _find(name: str, cells: Array, case: Case) -> Finding | None:
    drawn = sought(case, np.array([is_varied(trimmed(cell)) for cell in cells]))
    if drawn is None:
        return None
    looks = [look for seek in (_plain, moved) if (look := seek(cells, drawn, case))]
    return _finding(name, case, drawn, together(looks)) if looks else None


def _plain(cells: Array, drawn: Sought, case: Case) -> Copies | None:
    """Return the copies there are to see in sequences as they are; None: none."""
    test, pool, own = drawn.test, drawn.pool, drawn.own
    space = _space(cells, np.concatenate([pool, test]))
    known, asked = space[: len(pool)], space[len(pool) :]
    inside = _nearest(known[own], known, own)[0]
    scale = usual_lead(inside)
    usual = leads(inside, scale)
    if usual.mean() > SELDOM:
        return None
    distance, near = _nearest(asked, known)
    found = leads(distance, scale)
    if usual.mean() > RARE and not is_oftener(found, usual):
        return None
    is_copy = beyond_usual(found, usual, distance, inside)
    if not is_copy.any() or is_plain(is_copy, distance):
        return None
    return Copies(is_copy, is_copy, near[:, 0], distance[:, 0], float(usual.mean()))


def _finding(name: str, case: Case, drawn: Sought, found: Copies) -> Finding:
    looked_at, is_copy = len(drawn.test), found.is_copy
    copies, twins = drawn.test[is_copy], drawn.pool[found.twin[is_copy]]
    count, share = len(copies), len(copies) / looked_at
    entities = entities_of(case)
    pairs = [
        [named(case, row, entities) for row in pair]
        for pair in zip(copies[:SHOWN], twins[:SHOWN], strict=True)
    ]
    return Finding(
        kind="rows.near_sequence",
        severity="info" if case.follows_time else severity_of(case, drawn, found),
        columns=(name, *entities),
        rows=case.source_rows(np.isin(np.arange(len(case)), copies)),
        evidence={
            "test_sequences": count,
            "looked_at": looked_at,
            "share_of_those": round(share, 4),
            "share_inside_train": round(found.share_inside, 4),
            "median_distance": round(float(np.median(found.distance[is_copy])), 5),
            "twins": case.frame.row[twins[:20]].tolist(),
            "pairs_of_values": pairs,
        },
        message=(
            f"{count} of {looked_at} test sequences ({share:.1%}) are sequences of train or valid, "
            "or overlap with them: to the last digit, or with noise, rescaled, moved by some steps "
            f"or reversed; such as that of {pairs[0][0]}, a copy of that of {pairs[0][1]}: the "
            "model is measured on what it has learned by heart"
        ),
        remedy=(
            "remove the copies from the source, or name the column that says which sequences "
            "belong together (of one recording, say) in problem.group"
        ),
    )


def _space(cells: Array, rows: Array) -> Array:
    """Return the sequences of rows as points `(N, POINTS C)` float32, one unit a deviation."""
    every = np.concatenate([cells[row] for row in rows])
    every[~np.isfinite(every)] = np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        middle = np.nan_to_num(np.nanmean(every, axis=0)) if len(every) else 0.0
        spread = np.nan_to_num(np.nanstd(every, axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    found = [_brought((trimmed(cells[row]) - middle) / spread) for row in rows]
    return np.asarray(found, dtype=np.float32)


def _brought(steps: Array) -> Array:
    """Return steps `(T, C)` read at `POINTS` places, `(POINTS C,)`; what is missing is 0."""
    plain = np.clip(np.nan_to_num(steps, posinf=0.0, neginf=0.0), -10.0, 10.0)
    at, places = np.arange(len(plain)), np.linspace(0, len(plain) - 1, POINTS)
    read = [np.interp(places, at, plain[:, channel]) for channel in range(plain.shape[1])]
    return np.concatenate(read)


def _nearest(query: Array, pool: Array, same: Array | None = None) -> tuple[Array, Array]:
    """Return the distances `(Q, NEAREST)` of the nearest of `pool`, rising, and their positions.

    `same` `(Q,)` are positions in `pool` of the queries themselves, which do not count.
    """
    from sklearn.neighbors import NearestNeighbors

    most = min(NEAREST + (same is not None), len(pool))
    model = NearestNeighbors(n_neighbors=most, algorithm="brute").fit(pool)
    distance, near = model.kneighbors(query)
    if same is not None:
        is_self = near == same[:, None]
        is_self[~is_self.any(axis=1), -1] = True
        kept = np.argsort(is_self, axis=1, kind="stable")[:, :-1]
        distance = np.take_along_axis(distance, kept, 1)
        near = np.take_along_axis(near, kept, 1)
    return np.maximum(distance / np.sqrt(pool.shape[1]), LEAST), near
