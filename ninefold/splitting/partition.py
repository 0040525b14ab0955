"""Split a frame: which rows are usable, which must stay together, where each one goes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, is_missing
from ninefold.errors import InputError
from ninefold.problem import ProblemSpec
from ninefold.splitting._several import quantile_bins, strata_of_several
from ninefold.splitting.base import (
    NAMES,
    NONE,
    TEST,
    TRAIN,
    VALID,
    Assignment,
    Glance,
    Parts,
    Rows,
    SplitterSpec,
)
from ninefold.splitting.folds import Folds
from ninefold.splitting.given import named_parts
from ninefold.splitting.group import MIN_ENTITIES
from ninefold.splitting.identity import (
    by_appearance,
    chance_twin_share,
    class_codes,
    combine,
    features_of,
    hash_rows,
    hash_values,
    linked,
)
from ninefold.splitting.manifest import describe
from ninefold.splitting.remarks import remarks
from ninefold.target import Target

MIN_ROWS = {TRAIN: 30, VALID: 5, TEST: 5}
"""Fewer rows than these in a part and nothing can be learned, chosen or measured."""
NAMELESS = np.uint64(0x6E616D656C657373)
"""Tells the number of a row without an entity from an entity that is called so."""
STRATA = 10
"""Quantile bins of a regression target."""
MAX_STRATA = 20
"""Most classes of a target that is only compared with for parts to have the same mix of it."""


def split(
    frame: Frame, problem: ProblemSpec, spec: SplitterSpec, workspace: Path = Path()
) -> Parts:
    """Return the part and fold of each row, and the manifest that proves them disjoint.

    Files named in `spec` are relative to `workspace`.

    Raises:
        ConfigError: the kind of split does not fit the problem.
        InputError: too few rows, classes, entities or moments, or a wrong split file.
    """
    usable = np.flatnonzero(~_missing_target(frame, problem))
    if len(usable) < sum(MIN_ROWS.values()):
        which = " with a target" if problem.learns_target else ""
        raise InputError(
            f"the data must have at least {sum(MIN_ROWS.values())} rows{which} to be split, "
            f"however: {len(usable)} of {len(frame)}. Bring more data"
        )
    inside = frame.take(usable)
    if problem.task == "regression":
        Target.fit(inside.select(problem.targets), problem)
    stratum, entity = _strata(inside, problem), _entities(inside, problem)
    time = _time(inside, problem)
    chosen, why = spec.resolve(problem, Glance(stratum, time, entity))
    hashes = hash_rows(inside, _compared(inside, problem))
    unit, identical = _units(inside, problem, chosen, hashes)
    content = hash_rows(inside, _told(inside, problem))
    told = (time, problem, workspace, content, entity, named_parts(inside, chosen))
    rows = Rows(by_appearance(unit), stratum, inside.row, *told)
    assignment = chosen.assign(rows)
    code, dropped = _finish(assignment, rows)
    _check_sizes(code, chosen, dropped)
    train = np.flatnonzero(code == TRAIN)
    if problem.learns_target:
        Target.fit(inside.select(problem.targets).take(train), problem)
    plan = chosen.fold(_train_rows(rows, inside, train))
    fold = np.full(len(code), -1, dtype=np.int64)
    fold[train] = plan.fold
    folds = Folds.of(inside.row[train], plan)
    manifest = describe(inside, code, folds, problem, hashes, entity, chosen)
    manifest["split"] |= {"requested": spec.kind, "why": why, "seed": spec.seed}
    manifest["identical_rows"] |= identical
    manifest["rows"] |= {
        "total": len(frame),
        "dropped": {"missing_target": len(frame) - len(usable), **dropped},
    }
    manifest["notes"] = assignment.notes
    alone = int(_is_nameless(inside, problem).sum())
    manifest["warnings"] = remarks(manifest, chosen, problem, unit, alone)
    part = np.full(len(frame), "", dtype=object)
    part[usable] = np.array([*NAMES, ""], dtype=object)[code]
    everywhere = np.full(len(frame), -1, dtype=np.int64)
    everywhere[usable] = fold
    return Parts(part, everywhere, plan.scheme, manifest, plan)


def _train_rows(rows: Rows, frame: Frame, train: Array) -> Rows:
    """Return the train rows as if no other row were there: no test value has a say in the folds."""
    taken = rows.take(train)
    stratum = _strata(frame.take(train), rows.problem)
    return replace(taken, unit=by_appearance(taken.unit), stratum=stratum)


def _compared(frame: Frame, problem: ProblemSpec) -> list[str]:
    """Return the columns by which rows are identical: the features, else all there is."""
    others = list(problem.targets) if problem.target else [column.name for column in frame.columns]
    return features_of(frame, problem) or others


def _told(frame: Frame, problem: ProblemSpec) -> list[str]:
    """Return the columns that tell rows apart whatever is derived from them."""
    derived = {column.name for column in frame.columns if "derived" in column.roles}
    compared = _compared(frame, problem)
    return [name for name in compared if name not in derived] or compared


def _missing_target(frame: Frame, problem: ProblemSpec) -> Array:
    """Return the mask `(N,)` of rows that no model can learn from or be measured on."""
    if not problem.learns_target:
        return np.zeros(len(frame), dtype=bool)
    missing = np.zeros(len(frame), dtype=bool)
    for target in problem.targets:
        try:
            kind = frame.column(target).kind
        except KeyError:
            raise InputError(
                f"target `{target}` must be a column of the data, however: it is not there"
            ) from None
        missing |= is_missing(kind, frame[target])
    return missing


def _strata(frame: Frame, problem: ProblemSpec) -> Array:
    """Return `(N,)`: class codes, or the quantile bin of the target; 0 where nothing is told apart.

    A target that is only compared with gives strata too, if it has classes.
    """
    if not problem.target:
        return np.zeros(len(frame), dtype=np.int64)
    if problem.also:
        return strata_of_several(frame, problem, STRATA)
    values = frame[problem.target]
    if not problem.learns_target:
        codes, names = class_codes(frame.column(problem.target).kind, values)
        return codes if len(names) <= MAX_STRATA else np.zeros(len(frame), dtype=np.int64)
    if problem.task == "classification":
        return class_codes(frame.column(problem.target).kind, values)[0]
    return quantile_bins(values.astype(np.float64), STRATA)


def _time(frame: Frame, problem: ProblemSpec) -> Array | None:
    """Return the ordering column `(N,)`, int64 for dates and float64 for numbers."""
    if problem.time is None:
        return None
    try:
        kind = frame.column(problem.time).kind
    except KeyError:
        raise InputError(
            f"params.yaml: problem.time must be a column of the data, however: {problem.time!r}"
        ) from None
    if kind not in ("datetime", "number"):
        raise InputError(
            f"params.yaml: problem.time must be a date or a number, however: `{problem.time}` is a "
            f"{kind} column. Give its format in ingest.columns"
        )
    return frame[problem.time]


def _entities(frame: Frame, problem: ProblemSpec) -> Array | None:
    """Return a hash `(N,)` of the entity of each row; rows without one are entities apart."""
    if not problem.group:
        return None
    names = {column.name for column in frame.columns}
    for name in problem.group:
        if name not in names:
            raise InputError(
                f"params.yaml: problem.group must name columns of the data, however: {name!r}"
            )
    entity = hash_rows(frame, list(problem.group))
    missing = _is_nameless(frame, problem)
    if missing.any():
        apart = [frame.row[missing].astype(np.uint64), np.full(missing.sum(), NAMELESS)]
        entity[missing] = combine(apart)
    return entity


def _is_nameless(frame: Frame, problem: ProblemSpec) -> Array:
    """Return the mask `(N,)` of rows that no group column names."""
    nameless = np.full(len(frame), bool(problem.group))
    for name in problem.group:
        nameless &= is_missing(frame.column(name).kind, frame[name])
    return nameless


@dataclass(frozen=True)
class _Twins:
    together: bool
    why: str


def _units(
    frame: Frame, problem: ProblemSpec, spec: SplitterSpec, hashes: Array
) -> tuple[Array, dict[str, Any]]:
    """Return the unit `(N,)` of each row, and what the manifest says of identical rows."""
    features = features_of(frame, problem)
    alone = np.arange(len(frame))
    columns = [hash_values(frame.column(name).kind, frame[name]) for name in features]
    found, chance = chance_twin_share(columns) if columns else (0.0, 0.0)
    twins = _twins(spec, found, chance, bool(features))
    entity = _entities(frame, problem) if spec.keeps_entities_together else None
    unit = np.unique(hashes, return_inverse=True)[1] if twins.together else alone
    if entity is not None and twins.together and not spec.chains_entities:
        twins = _Twins(False, "an entity's part must not depend on rows of others that come later")
    if entity is not None and not twins.together:
        unit = np.unique(entity, return_inverse=True)[1]
    elif entity is not None:
        unit = linked(unit, entity)
        largest = np.bincount(unit).max() / len(unit)
        own = np.unique(entity, return_inverse=True)[1]
        too_few = unit.max() + 1 < MIN_ENTITIES <= own.max() + 1
        if too_few or largest > max(0.1, 1.25 * np.bincount(own).max() / len(own)):
            unit = own
            twins = _Twins(False, "keeping them together would chain most entities into one")
    return unit, {
        "kept_together": twins.together,
        "why": twins.why,
        "share_with_twin": found,
        "share_by_chance": chance,
    }


def _twins(spec: SplitterSpec, found: float, chance: float, has_features: bool) -> _Twins:
    """Decide whether identical rows stay together."""
    if not has_features:
        return _Twins(False, "there is no feature column to compare")
    if spec.places_rows:
        return _Twins(False, "order decides where a row goes; those of one moment stay together")
    if spec.identical_rows != "auto":
        return _Twins(spec.identical_rows == "together", "chosen in params.yaml")
    if found > 0.5 and chance > 0.5 * found:
        return _Twins(
            False,
            "the features take so few values that most rows coincide by chance; equal rows are "
            "separate observations here (split.identical_rows: together changes that)",
        )
    return _Twins(True, "equal rows in two parts would be measured on what was learned by heart")


def _finish(assignment: Assignment, rows: Rows) -> tuple[Array, dict[str, int]]:
    """Drop valid and test rows of classes that train lacks; return parts and dropped counts."""
    code = assignment.part.astype(np.int64)
    dropped = {reason: int(mask.sum()) for reason, mask in assignment.dropped.items()}
    if rows.problem.task == "classification" and not rows.problem.also:
        known = np.isin(rows.stratum, rows.stratum[code == TRAIN])
        unseen = (code > TRAIN) & ~known
        code[unseen] = NONE
        dropped["class_not_in_train"] = int(unseen.sum())
    return code, {reason: count for reason, count in dropped.items() if count}


def _check_sizes(code: Array, spec: SplitterSpec, dropped: dict[str, int]) -> None:
    for number, needed in MIN_ROWS.items():
        count = int((code == number).sum())
        if count < needed:
            lost = f" ({', '.join(f'{v} dropped: {k}' for k, v in dropped.items())})"
            gap = "split.gap (else it is problem.horizon), " if "gap" in dropped else ""
            later = spec.follows_time and "class_not_in_train" in dropped and (code == TRAIN).any()
            hint = ". Classes come one after the other: is problem.time written with the outcome?"
            raise InputError(
                f"split.kind {spec.kind}: the {NAMES[number]} part must have at least {needed} "
                f"rows, however: {count}{lost if dropped else ''}{hint if later else '.'} "
                f"Bring more data, or change {gap}split.valid_size, split.test_size or split.kind"
            )
