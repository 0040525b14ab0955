"""The target in disguise: copies, transforms, combinations, columns filled in afterwards."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

Made = Mapping[str, Array | pd.Series | list[str]]
Maker = Callable[[pd.Series, np.random.Generator], Made]
FAMILIES = ("target", "missing", "id")


def _trial(
    source: Source, table: pd.DataFrame, made: Made, name: str, rng: np.random.Generator
) -> Trial:
    """Return a trial with the made columns in random places, half of them with a split given."""
    table = table.copy()
    for column, values in made.items():
        table.insert(int(rng.integers(table.shape[1] + 1)), column, np.asarray(values))
    given = source.time is None and rng.random() < 0.5
    part = random_part(len(table), rng) if given else None
    return planted(source, table, name, columns=made, families=FAMILIES, part=part)


def _made(makers: dict[str, Maker], numeric: bool) -> Callable[..., Iterator[Trial]]:
    def plant(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
        if is_numeric_target(source, table) is not numeric:
            return
        table = table.dropna(subset=[source.target]).reset_index(drop=True)
        for name, make in makers.items():
            made = make(table[source.target], rng)
            if made:
                yield _trial(source, table, made, name, rng)

    return plant


def _codes(y: pd.Series) -> Array:
    return pd.factorize(y, sort=True)[0]


def _flipped(share: float) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        code = _codes(y)
        flip = rng.random(len(y)) < share
        other = (code + rng.integers(1, code.max() + 1, len(y))) % (code.max() + 1)
        return {"assessment": [f"grade {c}" for c in np.where(flip, other, code)]}

    return make


def _score(distance: float) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        return {"risk score": _codes(y) * distance + rng.normal(size=len(y))}

    return make


def _rare(y: pd.Series) -> Array:
    return np.asarray(y == y.value_counts().idxmin())


def _amount(coverage: float, wrong: float) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        some = np.where(_rare(y), rng.random(len(y)) < coverage, rng.random(len(y)) < wrong)
        return {"refund": np.where(some, np.round(rng.lognormal(4, 1, len(y)), 2), 0.0)}

    return make


def _code(coverage: float) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        some = _rare(y) & (rng.random(len(y)) < coverage)
        codes = rng.choice(["R1", "R2", "R3", "X9"], len(y))
        return {"resolution": np.where(some, codes, "none").astype(object)}

    return make


CLASSES: dict[str, Maker] = {
    "renamed classes": lambda y, rng: {"outcome": [f"k{c}" for c in _codes(y)]},
    "copy with gaps": lambda y, rng: {"outcome": y.astype(object).where(rng.random(len(y)) > 0.3)},
    "labels flipped 1 %": _flipped(0.01),
    "labels flipped 3 %": _flipped(0.03),
    "labels flipped 6 %": _flipped(0.06),
    "score of distance 6": _score(6.0),
    "score of distance 4": _score(4.0),
    "score of distance 3": _score(3.0),
    "score that was thresholded": lambda y, rng: {"score": _codes(y) + rng.random(len(y)) * 0.999},
    "codes that determine the class": lambda y, rng: {
        "diagnosis": [f"{c}{i}" for c, i in zip(_codes(y), rng.integers(0, 9, len(y)), strict=True)]
    },
    "an indicator per class": lambda y, rng: {
        f"is {c}": (_codes(y) == c).astype(int) for c in range(_codes(y).max() + 1)
    },
    "an indicator of one class": lambda y, rng: {"special": _rare(y).astype(int)},
    "an amount after the outcome": _amount(1.0, 0.0),
    "an amount after most outcomes": _amount(0.9, 0.0),
    "an amount after most outcomes, some wrong": _amount(0.95, 0.01),
    "a code after the outcome": _code(1.0),
    "a code after most outcomes": _code(0.85),
    "a flag after some outcomes": lambda y, rng: {
        "chargeback": (_rare(y) & (rng.random(len(y)) < 0.6)).astype(int)
    },
    "difference of two columns": lambda y, rng: _pair(_rare(y), rng),
    "exclusive or of two columns": lambda y, rng: _xor(_rare(y), rng) if y.nunique() == 2 else {},
    "pair of categories": lambda y, rng: _square(_codes(y), rng),
    "limit by category": lambda y, rng: _limit(_rare(y), rng) if y.nunique() == 2 else {},
}


def _pair(positive: Array, rng: np.random.Generator) -> Made:
    first = rng.normal(100, 20, len(positive))
    gap = rng.exponential(5, len(positive)) + 0.01
    return {"before": first, "after": first + np.where(positive, gap, -gap)}


def _xor(positive: Array, rng: np.random.Generator) -> Made:
    first = rng.random(len(positive)) < 0.5
    return {"switch 1": first.astype(int), "switch 2": (first ^ positive).astype(int)}


def _limit(positive: Array, rng: np.random.Generator) -> Made:
    tariff = rng.integers(0, 5, len(positive))
    limit = np.array([500.0, 1000, 2000, 5000, 8000])[tariff]
    share = np.where(
        positive, rng.uniform(1.001, 1.8, len(positive)), rng.beta(2, 1, len(positive))
    )
    return {"tariff": [f"T{k}" for k in tariff], "used": (limit * share).round(2)}


def _square(code: Array, rng: np.random.Generator) -> Made:
    size = int(code.max()) + 1
    first = rng.integers(0, size, len(code))
    letters = np.array([chr(97 + i) for i in range(26)])
    return {"left": letters[first % 26], "right": letters[(code - first) % size % 26]}


def _noise(r2: float, log: bool = False) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        values = np.log(y - y.min() + y.std()) if log else y.astype(float)
        spread = values.std() * np.sqrt(1 / r2 - 1)
        return {"estimate": 3 * (values + rng.normal(0, spread, len(y))) - 7}

    return make


def _parts(count: int) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        shares = rng.dirichlet(np.full(count, 2.0), len(y)).T
        parts = [np.asarray(y) * share for share in shares]
        return {f"part {i}": values for i, values in enumerate(parts)}

    return make


def _bands(count: int, wrong: float = 0.0) -> Maker:
    def make(y: pd.Series, rng: np.random.Generator) -> Made:
        band = pd.qcut(y, count, labels=False, duplicates="drop").to_numpy()
        band = np.where(rng.random(len(y)) < wrong, rng.integers(0, count, len(y)), band)
        return {"segment": np.array(list("MBXAQTRCZW"))[band]}

    return make


NUMBERS: dict[str, Maker] = {
    "other units": lambda y, rng: {"in euro": y * 0.92 + 3},
    "logarithm": lambda y, rng: {"log value": np.log(y - y.min() + 1)},
    "rank": lambda y, rng: {"rank": y.rank(method="first")},
    "falling curve": lambda y, rng: {"index": -np.sqrt(y - y.min() + 1)},
    "rounded": lambda y, rng: {"about": np.round((y - y.mean()) / y.std(), 1)},
    "noise of R² .999": _noise(0.999),
    "noise of R² .99": _noise(0.99),
    "noise of R² .97": _noise(0.97),
    "noise of R² .93": _noise(0.93),
    "noisy logarithm": _noise(0.99, log=True),
    "three bands": _bands(3),
    "five bands": _bands(5),
    "ten bands": _bands(10),
    "five bands, 3 % wrong": _bands(5, 0.03),
    "above the median or not": _bands(2),
    "two parts of a sum": _parts(2),
    "three parts of a sum": _parts(3),
    "four parts of a sum": _parts(4),
    "ratio": lambda y, rng: _ratio(y, rng),
    "product": lambda y, rng: _product(y, rng),
    "difference": lambda y, rng: _difference(y, rng),
    "body mass index": lambda y, rng: _square_ratio(y, rng),
}


def _ratio(y: pd.Series, rng: np.random.Generator) -> Made:
    below = rng.lognormal(0, 0.7, len(y))
    return {"numerator": np.asarray(y) * below, "denominator": below}


def _product(y: pd.Series, rng: np.random.Generator) -> Made:
    count = rng.integers(1, 20, len(y)).astype(float)
    return {"units": count, "unit price": np.asarray(y) / count}


def _difference(y: pd.Series, rng: np.random.Generator) -> Made:
    cost = rng.normal(5 * y.std(), 2 * y.std(), len(y))
    return {"revenue": np.asarray(y) + cost, "cost": cost}


def _square_ratio(y: pd.Series, rng: np.random.Generator) -> Made:
    height = rng.normal(1.7, 0.1, len(y))
    return {"weight": np.asarray(y) * height**2, "height": height}


@leak(*FAMILIES)
def target_of_classes(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Every disguise of a class."""
    yield from _made(CLASSES, False)(source, table, rng)


@leak(*FAMILIES)
def target_of_numbers(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Every disguise of a number."""
    yield from _made(NUMBERS, True)(source, table, rng)


@leak()
def strong_causes(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """The target made anew from the features: one of them tells it with a ROC area about .97."""
    features = table.drop(columns=[source.target, *source.after]).select_dtypes("number")
    features = features.loc[:, features.nunique() > 20].dropna(axis=1)
    if features.shape[1] < 4:
        return
    x = ((features - features.mean()) / features.std()).to_numpy()
    order = rng.permutation(x.shape[1])
    minor = x[:, order[1:]] @ rng.normal(size=x.shape[1] - 1) / np.sqrt(x.shape[1])
    for noise, task in ((0.15, "classification"), (0.25, "regression"), (0.05, "regression")):
        y = x[:, order[0]] + 0.2 * minor + rng.normal(0, noise, len(x))
        made = table.drop(columns=[source.target]).copy()
        made["made"] = np.where(y > np.median(y), "high", "low") if task[0] == "c" else y
        yield planted(
            source,
            made,
            f"strong cause ({task}, noise {noise})",
            target="made",
            group=(),
            ids=(),
            part=random_part(len(made), rng) if source.time is None else None,
        )


def _compared(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if is_numeric_target(source, table):
        return
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    if leaks:
        codes = pd.factorize(table[source.target])[0]
        table = table.assign(note=2 * codes + rng.integers(0, 2, len(codes)))
        table["note"] = "note " + table["note"].astype(str)
    for task in ("clustering", "anomaly"):
        yield planted(
            source, table, f"labels only compared with, {task}",
            columns=["note"] if leaks else [], families=FAMILIES if leaks else [], task=task,
        )  # fmt: skip


@leak(*FAMILIES)
def notes_of_compared_labels(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A column made from labels that are only compared with."""
    yield from _compared(source, table, rng, leaks=True)


@leak()
def compared_labels(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Labels that are only compared with: honest."""
    yield from _compared(source, table, rng, leaks=False)


@leak("target")
def days_up_to_one_day(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The first day and the days since: they make one day where nothing ended them."""
    yield from _followed(source, table, rng, True)


@leak()
def days_up_to_any_day(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The first day and the days since: they end one day or another, whatever the outcome."""
    yield from _followed(source, table, rng, False)


def _followed(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if source.is_series or source.time or is_numeric_target(source, table) or len(table) < 300:
        return
    since = rng.integers(40, 1500, len(table))
    first = pd.Timestamp("2024-06-30") - pd.to_timedelta(since, "D")
    ended = (table[source.target] == table[source.target].value_counts().idxmin()).to_numpy()
    ended = ended if leaks else rng.random(len(table)) < 0.3
    lasted = np.where(ended, (since * rng.random(len(table))).astype(int), since)
    yield planted(
        source, table.assign(first_day=first.astype(str), lasted=lasted), "first day, days since",
        columns=["first_day", "lasted"] if leaks else [], families=("target",) if leaks else (),
    )  # fmt: skip
