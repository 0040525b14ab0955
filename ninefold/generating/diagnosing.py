"""What the teaching of a generator says about its own settings: its critic, and what it draws."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, spread
from ninefold.diagnosis import Finding, report_of
from ninefold.generating import GenerateSpec
from ninefold.generating.evaluating import COLLAPSED, Room, quality, seeds_for
from ninefold.generating.kinds import COUNTED, MUCH, left_out
from ninefold.generating.model import Sampler
from ninefold.unlabelled.measuring import values

MOST_ROWS = 1_000
METRIC = "discriminator_auc"
TOLD_APART = 0.7
"""Area of a forest that tells drawn from real rows, from which on there is more to learn."""
STEEP, FLAT = 1.5, 0.5
"""Mean slope of the critic over the last half, which its penalty holds at 1."""
RUN_AWAY = 10.0
STILL_FALLING, FEWEST_LINES = 0.1, 16
"""Share by which the distance fell in the last part at the full learning rate."""
NEAR_TRAIN = 0.65
FAR = 5.0
"""Times below or above the default that are far from it."""
USUAL = GenerateSpec()


@dataclass(frozen=True)
class Course:
    """A course of teaching: its history, and numbers of rows drawn beside the valid ones."""

    history: Sequence[Mapping[str, float]]
    spec: GenerateSpec
    retries: int
    drawn: Mapping[str, float]

    def column(self, name: str) -> Array:
        """Return a column of the history `(L,)`."""
        return np.array([line[name] for line in self.history])

    def picture(self, name: str, title: str, label: str) -> dict[str, Any]:
        """Return a column of the history as a picture."""
        points = [[line["epoch"], float(f"{line[name]:.4g}")] for line in self.history]
        return {"kind": "lines", "title": title, "x": "step", "y": label, "marked": None,
                "curves": [{"name": label, "points": points}]}  # fmt: skip

    def bars(self) -> dict[str, Any]:
        """Return what is known of the drawn rows as a picture."""
        names = ("precision", "recall", "nearer_to_train", "distinct", METRIC)
        rows = [[n.replace("_", " "), self.drawn[n], f"{self.drawn[n]:.2f}"] for n in names]
        return {"kind": "bars", "title": "Drawn rows beside the valid ones", "rows": rows}


def diagnosis(model: Sampler, train: Frame, valid: Frame) -> dict[str, Any]:
    """Return reports/diagnosis.json of a generator that has just been taught."""
    spec = GenerateSpec.model_validate(model.facts["settings"])
    room, real = Room(model, train), valid.take(spread(len(valid), MOST_ROWS))
    rows = model.frame(seeds_for("valid", len(real)))
    found = values(quality(room, room.place(real), room.place(rows), rows, spec.seed))
    drawn = {name: float(entry["value"]) for name, entry in found.items()}
    counted = rows if len(rows) >= COUNTED else model.frame(seeds_for("valid", COUNTED))
    drawn["left_out"] = left_out(room.train, room.place(counted))
    course = Course(model.history, spec, int(model.facts["retries"]), drawn)
    return report_of(KINDS, list(findings(course)), (METRIC, drawn[METRIC], False))


def findings(course: Course) -> Iterator[Finding]:
    """Yield what is wrong: one thing of the critic at most, one of the drawn rows at most."""
    for looks in (_OF_CRITIC, _OF_ROWS):
        found = next((item for look in looks if (item := look(course)) is not None), None)
        if found is not None:
            yield found if looks is _OF_CRITIC else _of_usual_settings(course, found)
            if found.kind.startswith("learning_rate"):
                return


def _rate_high(course: Course) -> Finding | None:
    steepest = float(course.column("slope").max())
    is_held = course.spec.penalty * FAR >= USUAL.penalty
    if not course.retries and (steepest < RUN_AWAY or not is_held):
        return None
    far_above = course.spec.lr > FAR * USUAL.lr
    lr = USUAL.lr if far_above else float(f"{course.spec.lr / 10:.2g}")
    said = (
        f"training began again {course.retries} times" if course.retries
        else f"the critic's slope reached {steepest:.3g}, 1 being usual"
    )  # fmt: skip
    return Finding(
        "learning_rate.too_high",
        f"With generate.lr {course.spec.lr:g} {said}: steps are too long.",
        f"Set generate.lr to {lr:g}.",
        {"lr": course.spec.lr, "retries": course.retries, "steepest": steepest},
        course.picture("slope", "The critic runs away", "slope of the critic"),
        ((("generate", "lr"), lr),),
    )


def _of_usual_settings(course: Course, found: Finding) -> Finding:
    """Return what is wrong with drawn rows; a setting far from the usual goes before all else."""
    if course.drawn[METRIC] < TOLD_APART:
        return found
    is_collapsed = found.kind == "modes.collapsed"
    for key, kind, is_far in _FAR_OFF:
        value, usual = getattr(course.spec, key), getattr(USUAL, key)
        if is_far(value, usual) and (kind or is_collapsed):
            said = "above" if value > usual else "below"
            return replace(
                found,
                kind=found.kind if is_collapsed else kind,
                remedy=f"Set generate.{key} to {usual:g}, the usual one: {value:g} is far {said} "
                "it.",
                evidence={**found.evidence, key: value},
                fix=((("generate", key), usual),),
            )
    return found


def _critic_slope(course: Course) -> Finding | None:
    slope = course.column("slope")
    late = float(np.median(slope[len(slope) // 2 :]))
    if FLAT < late < STEEP:
        return None
    spec, evidence = course.spec, {"slope": late, "penalty": course.spec.penalty}
    picture = course.picture("slope", "The critic's slope, 1 being usual", "slope of the critic")
    if late >= STEEP:
        penalty = min(1000.0, max(USUAL.penalty, 5 * spec.penalty))
        return Finding(
            "critic.too_steep",
            f"The critic's mean slope is {late:.3g} in the second half, which its penalty should "
            "hold at 1: it overstates how far drawn rows are from real ones.",
            f"Set generate.penalty to {penalty:g}.",
            evidence,
            picture,
            ((("generate", "penalty"), penalty),),
        )
    lr = USUAL.lr if spec.lr * FAR < USUAL.lr else min(1.0, float(f"{spec.lr * 10:.2g}"))
    return Finding(
        "learning_rate.too_low",
        f"With generate.lr {spec.lr:g} the critic's mean slope is {late:.3g} in the second half; "
        "1 is usual of one that has learnt to tell rows apart: steps are too short or too few.",
        f"Set generate.lr to {lr:g}.",
        evidence | {"lr": spec.lr},
        picture,
        ((("generate", "lr"), lr),),
    )


def _collapsed(course: Course) -> Finding | None:
    told = course.drawn
    covers = told["recall"] >= COLLAPSED * told["precision"] and told["left_out"] < MUCH
    if covers and told["distinct"] >= 0.5:
        return None
    steps = min(100, max(5, 2 * course.spec.critic_steps))
    share = told["left_out"]
    of_train = f", such as make up {share:.0%} of train and are hardly drawn" if share else ""
    return Finding(
        "modes.collapsed",
        f"Drawn rows cover {told['recall']:.0%} of the valid ones, though {told['precision']:.0%} "
        f"of them lie among those, and {told['distinct']:.0%} of them differ: kinds of rows are "
        f"left out{of_train}.",
        f"Set generate.critic_steps to {steps}, or take a larger generate.latent.",
        {name: told[name] for name in ("recall", "precision", "distinct", "left_out")},
        course.bars(),
        ((("generate", "critic_steps"), steps),),
    )


def _memorised(course: Course) -> Finding | None:
    told = course.drawn
    has_copies = told["copies"] > told["copies_among_real"] + 0.05
    if told["nearer_to_train"] <= NEAR_TRAIN and not has_copies:
        return None
    steps = max(1, course.spec.steps // 2)
    return Finding(
        "data.memorised",
        f"In {told['nearer_to_train']:.0%} of pairs a drawn row is nearer to train rows than a "
        f"valid row is, one half being usual; {told['copies']:.0%} are copies of train rows.",
        f"Set generate.steps to {steps}, or bring more rows.",
        {name: told[name] for name in ("nearer_to_train", "copies", "copies_among_real")},
        course.bars(),
        ((("generate", "steps"), steps),),
    )


def _too_short(course: Course) -> Finding | None:
    if course.spec.steps * FAR > USUAL.steps or course.drawn[METRIC] < TOLD_APART:
        return None
    return _more(course, "steps", USUAL.steps)


def _underfitted(course: Course) -> Finding | None:
    if course.drawn[METRIC] < TOLD_APART:
        return None
    if course.spec.width < USUAL.width and not _still_falls(course):
        return _more(course, "width", USUAL.width)
    return _more(course, "steps", max(2 * course.spec.steps, USUAL.steps))


def _still_falls(course: Course) -> bool:
    """Tell whether the distance still fell when the learning rate began to."""
    distance = course.column("wasserstein")
    if len(distance) < FEWEST_LINES:
        return True
    before, after = np.array_split(distance[: len(distance) // 2], 4)[-2:]
    return bool(before.mean() - after.mean() > STILL_FALLING * abs(before.mean()))


def _more(course: Course, key: str, value: int) -> Finding:
    area = course.drawn[METRIC]
    return Finding(
        "fit.underfitting",
        f"A forest tells drawn from valid rows with an area of {area:.2f}, one half being chance: "
        f"there is more to learn than the generator has learnt in {course.spec.steps} steps.",
        f"Set generate.{key} to {value}.",
        {METRIC: area, "steps": course.spec.steps, "width": course.spec.width},
        course.picture("wasserstein", "Distance that the critic sees", "distance"),
        ((("generate", key), value),),
    )


def _is_above(value: float, usual: float) -> bool:
    return value > FAR * usual


def _is_below(value: float, usual: float) -> bool:
    return value * FAR < usual


_FAR_OFF: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("lr", "learning_rate.too_high", _is_above), ("batch_size", "batch.too_small", _is_below),
    ("latent", "", _is_below), ("width", "", _is_below),
)  # fmt: skip
"""Settings, the kind of what is found where one is so far from the usual, and when it is; without a
kind it explains only kinds of rows that are left out."""
_OF_CRITIC: tuple[Callable[[Course], Finding | None], ...] = (_rate_high, _critic_slope)
_OF_ROWS: tuple[Callable[[Course], Finding | None], ...] = (
    _too_short, _collapsed, _memorised, _underfitted,
)  # fmt: skip
KINDS = ("learning_rate.too_high", "learning_rate.too_low", "critic.too_steep", "batch.too_small",
         "modes.collapsed", "data.memorised", "fit.underfitting")  # fmt: skip
"""What is looked for."""
