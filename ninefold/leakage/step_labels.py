"""label: labels of steps that a linear model, which never saw their sequence, contradicts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._entities import entities_of, named
from ninefold.leakage._varied import is_varied
from ninefold.leakage.case import Case, Check, Finding
from ninefold.sequences import labels_of_steps
from ninefold.splitting.identity import combine, hash_values

ROWS, STEPS, LEARNT = 5_000, 40_000, 8_000
"""Sequences and steps looked at, and steps that each fold's model is fitted on."""
MANY = 50
"""Labels with more steps than this are looked at."""
MIN_STEPS, MIN_ROWS = 5, 5
REACH, FOLDS = 2, 5
SURE = 0.98
"""Probability of another label from which a step's own is suspicious."""
SHOWN = 20
Labels = list[list[str | None]]


class StepLabelsCheck(Check):
    """Labels of steps worth a second look.

    Suspicious ones, infos, are those of confident learning (Northcutt, Jiang and Chuang 2021): a
    linear model of a step, its neighbours and their labels, fitted on other sequences (of other
    entities, where `problem.group` names them), gives another label at least as much as that
    label's own steps get on average, and nearly all. The labels beside keep it from being sure
    where one gives way to the next. Equal sequences with other labels warn: they are copies of one
    recording, and one of the two labels is wrong.
    """

    family: ClassVar[str] = "label"
    kinds: ClassVar[tuple[str, ...]] = ("label.conflicting_steps", "label.suspicious_steps")
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.problem.task != "tagging":
            return
        few = case.limited(ROWS)
        labels, of_few = _labels(case), _labels(few)
        for name, cells in case.tensors.items():
            if len(cells) and cells[0].dtype == np.float64:
                yield from _conflicts(case, name, labels)
                yield from _suspicious(few, name, of_few)


def _labels(case: Case) -> Labels:
    """Return the labels of each row's steps, [] where a cell holds none."""
    return [labels_of_steps(cell) or [] for cell in case.frame[case.problem.target]]


@dataclass(frozen=True)
class _Steps:
    """Labelled steps: the row and place of each `(M,)`, its label's code `(M,)`, the labels."""

    row: Array
    place: Array
    code: Array
    names: tuple[str, ...]

    def take(self, kept: Array) -> "_Steps":
        return replace(self, row=self.row[kept], place=self.place[kept], code=self.code[kept])


def _steps(case: Case, name: str, labels: Labels) -> _Steps:
    found = [
        (row, place, label)
        for row, own in enumerate(labels)
        for place, label in enumerate(own)
        if label is not None and place < len(case.tensors[name][row])
    ]
    names = tuple(sorted({label for _, _, label in found}))
    code = {label: at for at, label in enumerate(names)}
    row, place = (np.array([item[at] for item in found], dtype=np.int64) for at in (0, 1))
    return _Steps(row, place, np.array([code[item[2]] for item in found], dtype=np.int64), names)


def _suspicious(case: Case, name: str, labels: Labels) -> Iterator[Finding]:
    steps = _steps(case, name, labels)
    if len(steps.row) > STEPS:
        drawn = np.random.default_rng(case.seed).choice(len(steps.row), STEPS, replace=False)
        steps = steps.take(np.sort(drawn))
    size = np.bincount(steps.code, minlength=len(steps.names))
    steps = steps.take(size[steps.code] > MANY)
    kept = np.flatnonzero(size > MANY)
    fold = _folds(case)[steps.row]
    if len(kept) < 2 or len(np.unique(fold)) < FOLDS:
        return
    label = np.searchsorted(kept, steps.code)
    read = np.concatenate([_around(case, name, steps), _beside(labels, steps)], axis=1)
    votes = _out_of_fold(read, label, fold, len(kept), case.seed)
    usual = np.array([votes[label == k, k].mean() for k in range(len(kept))])
    confident = np.where(votes >= usual, votes, 0.0)
    other = confident.argmax(axis=1)
    mask = (confident.max(axis=1) >= SURE) & (other != label)
    if mask.sum() >= MIN_STEPS:
        order = np.argsort(votes[mask, label[mask]], kind="stable")
        at = np.flatnonzero(mask)[order]
        yield _suspicion(case, name, steps, kept[other], at)


def _suspicion(case: Case, name: str, steps: _Steps, other: Array, at: Array) -> Finding:
    """Return the finding on the steps `at (S,)`, the least likely labels first."""
    entities, target = entities_of(case), case.problem.target
    shown: list[dict[str, Any]] = [
        {
            "of": named(case, int(steps.row[i]), entities),
            "step": int(steps.place[i]) + 1,
            "label": steps.names[steps.code[i]],
            "looks_like": steps.names[other[i]],
        }
        for i in at[:SHOWN]
    ]
    first, share = shown[0], len(at) / len(steps.row)
    rows = np.isin(np.arange(len(case)), steps.row[at])
    return Finding(
        kind="label.suspicious_steps",
        severity="info",
        columns=(target, name, *entities),
        rows=case.source_rows(rows),
        evidence={
            "steps": len(at),
            "share": round(share, 6),
            "sequences": int(rows.sum()),
            "steps_looked_at": len(steps.row),
            "values": shown,
        },
        message=(
            f"{len(at)} steps ({share:.1%}) in {int(rows.sum())} sequences bear another `{target}` "
            f"than a model of other sequences is sure of, such as step {first['step']} "
            f"of {first['of']}, {first['label']} that looks like {first['looks_like']}: rare "
            "cases, or wrong labels"
        ),
        remedy="look at these steps; correct what is wrong in the source",
    )


def _beside(labels: Labels, steps: _Steps) -> Array:
    """Return the labels of the steps before and after, `(M, 2 L)` of 0 and 1: none at the ends."""
    code = {label: at for at, label in enumerate(steps.names)}
    found = np.zeros((len(steps.row), 2, len(code)))
    for at, (row, place) in enumerate(zip(steps.row, steps.place, strict=True)):
        for side, other in enumerate((place - 1, place + 1)):
            label = labels[row][other] if 0 <= other < len(labels[row]) else None
            if label is not None:
                found[at, side, code[label]] = 1.0
    return found.reshape(len(steps.row), -1)


def _folds(case: Case) -> Array:
    """Return the fold `(N,)` of each row; rows of an entity, and equal ones, share it."""
    names = [name for name in case.problem.group if name in case.frame.data]
    if not names:
        names = [name for name in case.inputs if name in case.hashes]
    unit = combine([hash_values(case.frame.column(n).kind, case.frame[n]) for n in names])
    code = np.unique(unit, return_inverse=True)[1]
    dealt = np.random.default_rng(case.seed).permutation(int(code.max(initial=0)) + 1)
    return np.asarray(dealt[code] % FOLDS)


def _around(case: Case, name: str, steps: _Steps) -> Array:
    """Return of each step the ranks of its values and its neighbours', gaps, and of its row.

    `(M, D)` float64; ranks go from -0.5 to 0.5, what is missing or not there is 0.
    """
    cells = case.tensors[name]
    every = np.concatenate(cells)
    known = np.isfinite(every)
    ranks = np.zeros(every.shape)
    for channel in range(every.shape[1]):
        own = every[known[:, channel], channel]
        place = np.searchsorted(np.sort(own), own, side="left") + 0.5
        ranks[known[:, channel], channel] = place / max(len(own), 1) - 0.5
    told = np.concatenate([ranks, known], axis=1)
    ends = np.cumsum([len(cell) for cell in cells])
    start = ends - [len(cell) for cell in cells]
    parts = []
    for shift in range(-REACH, REACH + 1):
        at = start[steps.row] + steps.place + shift
        inside = (at >= start[steps.row]) & (at < ends[steps.row])
        parts.append(np.where(inside[:, None], told[np.clip(at, 0, len(told) - 1)], 0.0))
    beside = Records.of(case)
    if beside.code.shape[1]:
        parts.append(beside.space[steps.row] - 0.5)
    return np.concatenate(parts, axis=1, dtype=np.float64)


def _out_of_fold(X: Array, y: Array, fold: Array, count: int, seed: int) -> Array:
    """Return probabilities `(M, count)` by models that saw no step of the same fold."""
    from sklearn.linear_model import LogisticRegression

    votes, rng = np.zeros((len(y), count)), np.random.default_rng(seed)
    for number in range(FOLDS):
        new, learnt = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if len(learnt) > LEARNT:
            learnt = np.sort(rng.choice(learnt, LEARNT, replace=False))
        if not len(new) or len(np.unique(y[learnt])) < 2:
            continue
        model = LogisticRegression(max_iter=300).fit(X[learnt], y[learnt])
        votes[np.ix_(new, model.classes_)] = model.predict_proba(X[new])
    return votes


def _conflicts(case: Case, name: str, labels: Labels) -> Iterator[Finding]:
    """Find equal sequences, too long and varied to meet by chance, whose labels differ."""
    cells, target = case.tensors[name], case.problem.target
    first: dict[bytes, int] = {}
    pairs = []
    for row, cell in enumerate(cells):
        if not is_varied(cell):
            continue
        other = first.setdefault((np.nan_to_num(cell) + 0.0).tobytes(), row)
        both = zip(labels[row], labels[other], strict=False)
        if other != row and any(a != b and None not in (a, b) for a, b in both):
            pairs.append((row, other))
    if not pairs:
        return
    mask = np.isin(np.arange(len(case)), np.unique(pairs))
    count, entities = int(mask.sum()), entities_of(case)
    shown = [[named(case, row, entities) for row in pair] for pair in pairs[:SHOWN]]
    yield Finding(
        kind="label.conflicting_steps",
        severity="warn" if count >= MIN_ROWS else "info",
        columns=(target, name, *entities),
        rows=case.source_rows(mask),
        evidence={"sequences": count, "share": round(float(mask.mean()), 6), "values": shown},
        message=(
            f"{count} sequences equal another one step by step and bear another `{target}`, such "
            f"as that of {shown[0][0]} and that of {shown[0][1]}: they are copies of one "
            "recording, and one of the two labels is wrong"
        ),
        remedy="look at how they were labelled; drop the copy whose labels are wrong",
    )
