"""Targets that contradict what is otherwise clear."""

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis._unrelated import MOST, unrelated_share
from ninefold.diagnosis.case import Case, Finding, Fix, Scored, Symptom

FEWEST = 200
UNRELATED, NATS, NATS_A_ROW = 0.05, 8.0, 0.01
"""Least share of values that have nothing to do with what the network says, and by how many nats
that must explain them better than errors of any tail do, at least and a row, for what does not
quite fit adds up over the rows: of trees on rows left out, none of 67 real tables of up to 1,000
rows reached it where nothing was planted (4 reached 8), 20 with a quarter of the targets moved.
"""
SKILL, LITTLE_SKILL = 0.25, 0.1
"""Share of the errors of always saying the commonest class that the network must avoid; of
the spread of values the latter, as wrong ones hide how much is known."""
NOISE = 0.05
FLAT = 0.65
"""Errors among the surest half of rows over those among all; 1 where being sure helps nothing."""
FLAT_OF_MANY, FAR_OFF = 0.6, 0.8
"""The same of three classes or more, where the wrong rows of the surest half say more: their label,
were it drawn, is the runner-up no more often than any other class. So much of the share of drawn
ones must lie beyond it. Of 50 real tables none reached both, 28 with a quarter of the labels
changed; the rule of two classes alone, which 5 reached, found 27 of them."""
FEWEST_WRONG = 10
SKILL_LAID_FLAT = 0.5
"""The skill needed where trees read pictures, series or texts laid flat: they know less of them."""
FAR, OUTLIERS = 6.0, 0.01
"""Robust standard deviations of a value's error, and the share of valid rows beyond them."""
APART = 0.5
"""Share of the rows beyond half as far that must lie there too: errors with long tails thin out on
the way, targets that are wrong lie anywhere."""


class LabelNoise(Symptom):
    """The surest predictions on valid are wrong as often as the rest, or errors lie far out."""

    kinds = ("data.label_noise",)
    follows = ("learning_rate",)
    of_rows = False

    def look(self, case: Case) -> Finding | None:
        if not case.is_classification:
            return _values(case)
        found = None
        if case.reads_tensors and (case.valid.scores.argmax(1) != case.valid.y).mean() < NOISE:
            return None
        if len(case.valid.y) >= FEWEST:
            found = _classes(case, case.valid, "network")
            if found is None:
                return None
        rows = case.left_out
        if rows is None:
            return found
        seconded = _classes(case, rows, "vote of trees grown without them")
        return seconded and (found or seconded)


def _classes(case: Case, rows: Scored, by: str) -> Finding | None:
    """Return what the errors among `rows` show, the surest first, as they are scored `by` it."""
    scores, y = rows.scores, rows.y
    wrong = scores.argmax(1) != y
    ordered = np.sort(scores, axis=1)
    sure = np.argsort(ordered[:, -2] - ordered[:, -1], kind="stable")
    half = sure[: len(sure) // 2]
    surest, every = float(wrong[half].mean()), float(wrong.mean())
    usual = 1.0 - float(np.bincount(y).max() / len(y))
    is_of_many = scores.shape[1] > 2
    is_laid_flat = case.reads_tensors and rows is not case.valid
    skill = SKILL_LAID_FLAT if is_laid_flat else SKILL
    flat = FLAT_OF_MANY if is_of_many else FLAT
    if every > (1.0 - skill) * usual or surest < NOISE or surest < flat * every:
        return None
    if is_of_many and not _lie_anywhere(scores[half], y[half]):
        return None
    deciles = np.array_split(wrong[sure], 10)
    points = [[10 * (n + 1), round(float(part.mean()), 4)] for n, part in enumerate(deciles)]
    fix: Fix = ()
    remedy = "Check the labels that are wrong though the network is sure."
    if hasattr(case.spec, "objective"):
        remedy = (
            "Check the labels of rows that are wrong though sure; set "
            f"{case.name('objective')}.label_smoothing to 0.1."
        )
        fix = ((case.at("objective"), {"kind": "cross_entropy", "label_smoothing": 0.1}),)
    return Finding(
        "data.label_noise",
        f"The half of the {len(y):,} rows looked at that the {by} is surest of is wrong in "
        f"{surest:.0%}, all of them in {every:.0%}: about so many labels contradict what is "
        "otherwise clear.",
        remedy,
        {"wrong_surest_half": surest, "wrong": every, "wrong_without_network": usual},
        {"kind": "lines", "title": "Errors by how sure the network is", "x": "surest rows, %",
         "y": "share wrong", "curves": [{"name": "valid", "points": points}], "marked": None},
        fix,
    )  # fmt: skip


def _lie_anywhere(scores: Array, y: Array) -> bool:
    """Tell whether the labels of wrong rows are not what else was thought of, `(N, K)` scores."""
    rank = (scores > scores[np.arange(len(y)), y][:, None]).sum(axis=1)
    wrong, classes = rank[rank > 0], scores.shape[1]
    drawn = (classes - 2) / (classes - 1)
    return len(wrong) >= FEWEST_WRONG and float((wrong > 1).mean()) >= FAR_OFF * drawn


def _values(case: Case) -> Finding | None:
    valid = case.valid
    distances, scale = _distances(valid)
    found = None
    if scale:
        is_clear = _distances(valid, SKILL)[1] > 0
        found = (_far(distances) if is_clear else None) or _unrelated(
            valid, "valid rows", "the network says"
        )
    if found is None and not case.reads_tensors and (rows := case.left_out) is not None:
        distances, scale = _distances(rows)
        told = f"{len(rows.y):,} rows of train and valid"
        found = _unrelated(rows, told, "trees grown without them say") if scale else None
    if found is None:
        return None
    message, known = found
    evidence = {"robust_standard_deviation": scale}
    beyond = [[step, round(float((distances > step).mean()), 4)] for step in range(13)]
    return Finding(
        "data.label_noise",
        f"{message}: some targets contradict what is otherwise clear.",
        "Check the rows furthest from what is said of them; set "
        f"{case.name('objective')}.kind to huber, which outliers move less.",
        {**known, **evidence},
        {"kind": "lines", "title": "Rows beyond an error", "x": "robust standard deviations",
         "y": "share", "curves": [{"name": "valid", "points": beyond}], "marked": None},
        ((case.at("objective"), {"kind": "huber"}),),
    )  # fmt: skip


def _distances(rows: Scored, skill: float = LITTLE_SKILL) -> tuple[Array, float]:
    """Return errors `(N,)` in robust standard deviations, and that; 0 where little is known."""
    y, said = rows.y, rows.scores[:, 0].astype(np.float64)
    errors = y - said - np.median(y - said)
    scale = 1.4826 * float(np.median(np.abs(errors)))
    bulk = float(1.4826 * np.median(np.abs(y - np.median(y))))
    if not 0 < scale <= (1.0 - skill) * bulk:
        return errors, 0.0
    return np.abs(errors) / scale, scale


def _far(distances: Array) -> tuple[str, dict[str, float]] | None:
    """Return what is said where errors `(N,)`, in robust standard deviations, lie far out."""
    share, half_way = (float((distances > far).mean()) for far in (FAR, FAR / 2))
    if len(distances) < FEWEST or share < OUTLIERS or share < APART * half_way:
        return None
    message = (
        f"{share:.1%} of the valid rows lie more than {FAR:g} robust standard deviations from "
        "what the network says"
    )
    return message, {"share": share}


def _unrelated(rows: Scored, told: str, by: str) -> tuple[str, dict[str, float]] | None:
    """Return what is said where a share of values lies anywhere, whatever is said of them."""
    share, nats = unrelated_share(rows.y, rows.scores[:, 0].astype(np.float64))
    if share < UNRELATED or nats < max(NATS, NATS_A_ROW * min(len(rows.y), MOST)):
        return None
    message = (
        f"The targets of about {share:.0%} of the {told} have nothing to do with what {by}, "
        f"which comes close to the others ({nats:.0f} nats likelier than a long tail of errors)"
    )
    return message, {"share": share, "nats": nats}
