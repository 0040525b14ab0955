"""rows: copies of train rows in test, as they are or disguised, and rows made from others."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

LEAST_GAIN = 0.2
"""Share of a nearest neighbour's error at the copies that their originals must take away."""
Disguise = Callable[[pd.DataFrame, Source, pd.DataFrame, np.random.Generator], pd.DataFrame]


def _numbers(table: pd.DataFrame, source: Source) -> list[str]:
    kept = table.drop(columns=[source.target, *source.after]).select_dtypes("number")
    return [str(name) for name in kept]


def _as_it_is(
    copies: pd.DataFrame, source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    return copies


def _jitter(share: float, with_target: bool = False) -> Disguise:
    def disguise(
        copies: pd.DataFrame, source: Source, table: pd.DataFrame, rng: np.random.Generator
    ) -> pd.DataFrame:
        names = _numbers(table, source)
        if with_target and is_numeric_target(source, table):
            names.append(source.target)
        copies = copies.copy()
        for name in names:
            noise = share * table[name].std() * rng.normal(size=len(copies))
            noisy = copies[name].astype(float) + noise
            is_whole = pd.api.types.is_integer_dtype(table[name])
            copies[name] = noisy.round() if is_whole and table[name].nunique() < 30 else noisy
        return copies

    return disguise


def rounded(
    copies: pd.DataFrame, source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return copies with every number rounded to a tenth of its spread or so."""
    copies = copies.copy()
    for name in _numbers(table, source):
        digits = 1 - int(np.floor(np.log10(max(float(table[name].std()), 1e-12))))
        copies[name] = copies[name].round(digits)
    return copies


def _one_cell(
    copies: pd.DataFrame, source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    features = [c for c in table if c not in (source.target, *source.after)]
    copies = copies.astype(object)
    for place in range(len(copies)):
        name = features[rng.integers(len(features))]
        other = table[name].iloc[rng.integers(len(table))]
        copies.iat[place, list(copies).index(name)] = other
    return copies.astype(table.dtypes.to_dict())


DISGUISES: dict[str, Disguise] = {
    "as they are": _as_it_is,
    "noise of 0.1 %": _jitter(0.001),
    "noise of 1 %": _jitter(0.01),
    "noise of 5 %": _jitter(0.05),
    "noise of 2 %, target too": _jitter(0.02, True),
    "rounded": rounded,
    "one cell changed": _one_cell,
}


def _base(source: Source, table: pd.DataFrame) -> pd.DataFrame | None:
    """Return the table without repeats, if its rows hold enough to be recognised."""
    names = [c for c in table if c not in (source.target, *source.after)]
    table = table.drop_duplicates().reset_index(drop=True)
    fine = sum(table[c].nunique() > 20 for c in names)
    if source.time or fine < 3 or table.duplicated(names).mean() > 0.02:
        return None
    return table


def _gain(source: Source, base: pd.DataFrame, origin: Array, made: pd.DataFrame) -> float:
    """Return the share of a nearest neighbour's error at copies that their originals take away.

    Where rows lie so close that the noise hides the original among others like it, nothing leaks.
    """
    from sklearn.neighbors import NearestNeighbors

    both = pd.concat([base, made], ignore_index=True)
    x = pd.get_dummies(both.drop(columns=[source.target, *source.after]), dtype=float)
    space = x.rank(pct=True).fillna(-0.3).to_numpy()
    near = NearestNeighbors(n_neighbors=2).fit(space[: len(base)])
    first, second = near.kneighbors(space[len(base) :], return_distance=False).T
    learned, told = base[source.target].to_numpy(), made[source.target].to_numpy()
    if is_numeric_target(source, base):
        apart = np.abs(learned[np.stack([first, second])].astype(float) - told.astype(float))
    else:
        apart = (learned[np.stack([first, second])] != told).astype(float)
    without = np.where(first == origin, apart[1], apart[0]).mean()
    return float(1 - apart[0].mean() / without) if without else 0.0


def _trial(
    source: Source,
    table: pd.DataFrame,
    name: str,
    part: Array | None,
    rows: Iterable[int] = (),
    pairs: Iterable[tuple[int, int]] = (),
) -> Trial:
    rows, pairs = tuple(rows), tuple(pairs)
    families = ("rows", "id") if rows or pairs else ()
    return planted(
        source, table, name, rows=rows, pairs=pairs, families=families, time=None, part=part
    )


@leak("rows")
def copies_of_train_rows_in_test(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A tenth of the test rows are train rows in disguise, which tell their targets."""
    base = _base(source, table)
    if base is None:
        return
    for name, disguise in DISGUISES.items():
        part = random_part(len(base), rng)
        test, train = np.flatnonzero(part == "test"), np.flatnonzero(part == "train")
        chosen = np.sort(rng.choice(test, max(8, len(test) // 10), replace=False))
        origin = rng.choice(train, len(chosen), replace=False)
        made = disguise(base.iloc[origin], source, base, rng)
        if _gain(source, base, origin, made) < LEAST_GAIN:
            continue
        out = base.copy().astype(object)
        out.iloc[chosen] = made.to_numpy(object)
        yield _trial(source, out, f"{name}, in test", part, chosen)


@leak("rows")
def copies_before_a_random_split(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A fifth of the table's rows appended in a disguise that tells, then split at random."""
    base = _base(source, table)
    if base is None:
        return
    for name, disguise in DISGUISES.items():
        origin = rng.choice(len(base), len(base) // 5, replace=False)
        made = disguise(base.iloc[origin], source, base, rng)
        if _gain(source, base, origin, made) < LEAST_GAIN:
            continue
        out = pd.concat([base, made], ignore_index=True)
        pairs = list(zip(range(len(base), len(out)), origin, strict=True))
        part = random_part(len(out), rng)
        yield _trial(source, out, f"{name}, given split", part, pairs=pairs)
        yield _trial(source, out, f"{name}, own split", None, pairs=pairs)


@leak("rows")
def a_moved_copy_of_every_row(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The table doubled by copies with noise ("augmented") that tell, then split at random."""
    base = _base(source, table)
    if base is None:
        return
    for share in (0.01, 0.05):
        made = _jitter(share)(base, source, base, rng)
        if _gain(source, base, np.arange(len(base)), made) < LEAST_GAIN:
            continue
        out = pd.concat([base, made], ignore_index=True)
        pairs = zip(range(len(base), len(out)), range(len(base)), strict=True)
        name = f"all again, noise of {share:.0%}"
        yield _trial(source, out, name, random_part(len(out), rng), pairs=pairs)


@leak("rows")
def copies_with_a_new_number(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Exact copies, but each with a moment of its own."""
    base = _base(source, table)
    if base is None:
        return
    origin = rng.choice(len(base), len(base) // 6, replace=False)
    out = pd.concat([base, base.iloc[origin]], ignore_index=True)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, len(out)), "s")
    out.insert(0, "written", when.astype(str))
    pairs = zip(range(len(base), len(out)), origin, strict=True)
    yield _trial(source, out, "new moment, given split", random_part(len(out), rng), pairs=pairs)


@leak("rows")
def records_entered_anew(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Exact copies at another time, in a table that is split by time."""
    base = _base(source, table)
    if base is None:
        return
    origin = rng.choice(len(base), len(base) // 12, replace=False)
    out = pd.concat([base, base.iloc[origin]], ignore_index=True)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, len(out)), "s")
    yield planted(
        source, out.assign(entered=when.astype(str)), "entered anew, own split by time",
        pairs=zip(range(len(base), len(out)), origin, strict=True), families=("rows",),
        time="entered",
    )  # fmt: skip


def smote(x: Array, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return `count` rows between near rows of `x` `(N, F)`, and their two parents `(count, 2)`."""
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=min(6, len(x))).fit(x).kneighbors(x)[1][:, 1:]
    first = rng.integers(0, len(x), count)
    second = near[first, rng.integers(0, near.shape[1], count)]
    way = rng.random((count, 1))
    return x[first] + way * (x[second] - x[first]), np.column_stack([first, second])


@leak("rows")
def oversampled_before_the_split(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """SMOTE on the rarest class of the whole table, then a split."""
    yield from _oversampled(source, table, rng, True)


@leak()
def oversampled_train_rows_only(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """SMOTE on the train rows of a given split, as it should be."""
    yield from _oversampled(source, table, rng, False)


def _oversampled(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if is_numeric_target(source, table) or source.time:
        return
    names = [n for n in _numbers(table, source) if table[n].nunique() > 20]
    base = table.dropna(subset=[source.target, *names]).drop_duplicates().reset_index(drop=True)
    rare = base[source.target].value_counts().index[-1]
    part = random_part(len(base), rng)
    use = (base[source.target] == rare).to_numpy() & (leaks | (part == "train"))
    members = np.flatnonzero(use)
    if len(names) < 3 or len(members) < 30:
        return
    made, parents = smote(base.loc[members, names].to_numpy(float), len(members), rng)
    new = base.iloc[members[parents[:, 0]]].copy().astype(dict.fromkeys(names, float))
    new[names] = made
    out = pd.concat([base, new], ignore_index=True)
    extra = random_part(len(new), rng) if leaks else np.full(len(new), "train", dtype=object)
    part = np.concatenate([part, extra])
    rows = np.arange(len(base), len(out))
    both = np.concatenate([rows, members[parents].ravel()])
    test = both[part[both] == "test"] if leaks else both[:0]
    yield _trial(source, out, "SMOTE, given split", part, np.unique(test))
    coarse = out.copy()
    for name in names:
        coarse[name] = out[name].round(_decimals(base[name]))
    yield _trial(source, coarse, "SMOTE, rounded as the table is written", part, np.unique(test))
    if leaks:
        yield _trial(source, out, "SMOTE, own split", None, np.unique(both))


def _decimals(column: pd.Series) -> int:
    """Return how many decimals a column is written with, up to four."""
    return next((d for d in range(4) if np.allclose(column, column.round(d), atol=1e-9)), 4)
