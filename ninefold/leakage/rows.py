"""rows: the same row in train and in test."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._row_names import row_names
from ninefold.leakage.case import Case, Check, Finding, Severity
from ninefold.leakage.chance import log10_excess
from ninefold.splitting.identity import combine, has_twin, hash_values

MIN_ROWS, MIN_SHARE = 5, 0.01
"""Contaminated test rows below both of these cannot move a metric far."""
SHUFFLES = 3
NATURAL, PLANTED = 0.35, 1.0
"""Rows equal on all columns but one over those equal on all, up to which these are copies; more are
allowed where copies are oftener in test than inside train."""
LOT = 0.3
"""Share of the differing targets that chance would give from which twins are no copies."""
MOST = 0.5
"""Share of train rows with a twin from which repeats are the nature of the table."""
UNLIKELY, UNEVEN = -4.0, -6.0
"""log10 of the chance that copies are so much oftener in test than inside train; from the second
on it warns whatever the table looks like."""


class RowsCheck(Check):
    """Test rows that equal a train or valid row in every feature.

    Held against three nulls. Shuffling each column alone says how many rows coincide where columns
    are independent. Leaving out any one column says how many nearly coincide: rows that meet by
    chance meet far more often on all columns but one, copies do not. And the train rows say how
    often a row of this table has a twin: a few copies that are as common inside train came with the
    source, and are an info, as are all of them where Ninefold made the split and time did not ask
    for them (it keeps identical rows together unless most rows coincide). Copies may have a moment
    or a number of their own: without such names of rows they are looked for once more.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.duplicate",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        found = _found(case, case.inputs or case.features, ())
        names = row_names(case)
        if names and not case.follows_time and (found is None or found.severity == "info"):
            rest = [name for name in case.inputs if name not in names]
            anew = _found(case, rest, names)
            if anew is not None and anew.severity != "info":
                found = anew
        if found is not None:
            yield found


def _found(case: Case, looked_at: list[str], but: tuple[str, ...]) -> Finding | None:
    """Find test rows with a twin in these columns: all there are `but` those that name the row."""
    columns = [case.hashes[name] for name in looked_at]
    if not columns:
        return None
    pool = ~case.test
    twins = has_twin(combine(columns), pool)
    count, inside = int(twins[case.test].sum()), int(twins[pool].sum())
    if count == 0:
        return None
    test, train = int(case.test.sum()), int(pool.sum())
    by_chance = _by_chance(columns, case)
    nearly = _nearly(columns, case)
    chance = log10_excess(count, test, inside, train)
    natural = PLANTED if chance <= UNLIKELY else NATURAL
    many = count > 5 * by_chance + 3
    alike = many and min(nearly, _alone(columns, case)) - count <= natural * count
    alike = alike and (chance <= UNLIKELY or not _is_repeated(case, columns, twins))
    uneven = many and chance <= UNEVEN and case.split_kind == "given" and not case.follows_time
    share = inside / max(1, train)
    severity = _severity(case, alike, uneven, (count, share, chance), bool(but))
    return Finding(
        kind="rows.duplicate",
        severity=severity,
        rows=case.source_rows(twins & case.test),
        evidence={
            "test_rows": count,
            "share_of_test": round(count / test, 6),
            "share_inside_train": round(share, 6),
            "log10_probability_of_the_difference": round(chance, 1),
            "expected_by_chance": round(by_chance, 3),
            "equal_but_for_one_column": nearly,
            **({"not_compared": list(but)} if but else {}),
        },
        message=_message(count, count / test, by_chance, alike or uneven, but),
        remedy=_remedy(case, alike or uneven, but),
        fix=((("problem", "ids"), but),) if but and case.split_kind != "given" else (),
    )


def _is_repeated(case: Case, columns: list[Array], twins: Array) -> bool:
    """Tell whether rows with a twin `(N,)` are records of their own: targets differ as by lot.

    A copy of a row brings its target along; people of one street, cars of one type do not.
    """
    pool, rng = ~case.test, np.random.default_rng(case.seed)
    among = np.flatnonzero(twins)

    def differing(y: Array) -> int:
        with_target = combine([*columns, hash_values("number", y.astype(np.float64))])
        return int((twins & ~has_twin(with_target, pool))[case.test].sum())

    shuffled = case.y.copy()
    shuffled[among] = rng.permutation(shuffled[among])
    by_lot = differing(shuffled)
    return by_lot >= MIN_ROWS and differing(case.y) >= LOT * by_lot


def _severity(
    case: Case, alike: bool, uneven: bool, seen: tuple[int, float, float], is_anew: bool
) -> Severity:
    """Return how much copies matter: put into test they stop, brought by the source they warn.

    Where rows that differ in one column are common too, only an uneven spread warns. Copies with
    names of their own (`is_anew`) warn at most, also under Ninefold's split, which parts them.
    """
    if not alike:
        return "warn" if uneven else "info"
    count, inside, chance = seen
    large = count >= MIN_ROWS and count / case.test.sum() >= MIN_SHARE
    planted = chance <= UNLIKELY
    if not (large or planted) or (inside > MOST and not planted):
        return "info"
    if is_anew:
        return "warn"
    if case.split_kind == "given":
        return "block" if large and planted else "warn"
    return "warn" if planted else "info"


def _message(count: int, share: float, by_chance: float, beyond: bool, but: tuple[str, ...]) -> str:
    least = "feature" + (f" but {', '.join(f'`{name}`' for name in but)}" if but else "")
    start = f"{count} test rows ({share:.1%}) equal a train or valid row in every {least}"
    if beyond:
        return (
            f"{start}; chance gives {by_chance:.1f}. They are copies, and the model is measured on "
            "rows it has learned by heart"
        )
    return f"{start}; with so few distinct values that many coincide by chance"


def _remedy(case: Case, beyond: bool, but: tuple[str, ...]) -> str:
    if not beyond:
        return "nothing to do"
    if but and case.split_kind != "given":
        return f"problem: {{ids: {list(but)}}}: identical rows then stay in one part"
    if case.split_kind == "given":
        return "remove the copies from the split file, or let `split: {kind: auto}` make the parts"
    if case.split_kind == "time":
        return "drop repeated rows from the source, or name their entity in problem.group"
    return "split: {identical_rows: together}"


def _by_chance(columns: list[Array], case: Case) -> float:
    """Return how many test rows have a twin when every column is shuffled by itself."""
    rng = np.random.default_rng(case.seed)
    counts = [
        has_twin(combine([rng.permutation(c) for c in columns]), ~case.test)[case.test].sum()
        for _ in range(SHUFFLES)
    ]
    return float(np.mean(counts))


def _alone(columns: list[Array], case: Case) -> int:
    """Return how many test rows share their value of the most telling column with a learned row.

    Where they are hardly more than the twins, its values come back only with the whole row.
    """
    telling = max(columns, key=lambda c: len(np.unique(c)))
    return int(has_twin(telling, ~case.test)[case.test].sum())


def _nearly(columns: list[Array], case: Case) -> int:
    """Return how many test rows have a twin on all columns but the most telling one."""
    if len(columns) < 2:
        return int(case.test.sum()) * len(columns)
    varied = sorted(columns, key=lambda c: -len(np.unique(c[:100_000])))[:8]
    return max(
        int(has_twin(combine([c for c in columns if c is not out]), ~case.test)[case.test].sum())
        for out in varied
    )
