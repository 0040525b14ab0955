"""What fresh rows may break of a rule: the share it spares, and what training breaks itself."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from expectations.suite import Suite
from ninefold.files import jsonable

EXACT = 1e-9
CHANCE = 0.001
"""What comes by chance no oftener than this is none."""


def allow(suite: Suite, found: Sequence[Any], training: Sequence[Mapping[str, Any]]) -> None:
    """Let rules be met in fresh rows that few enough of them break.

    So many as the rule spares, counted upwards to a whole one: one of twenty is five per cent, and
    says little against one in a hundred. And no more than chance gives where rows are broken as
    often as in `training`, the expectations of its report.
    """
    broken = {_key(item["type"], item["kwargs"]): item for item in training if _counted(item)[0]}
    for rule, result in zip(suite.rules, found, strict=True):
        count, values = _counted(result.result or {})
        if result.success or not count:
            continue
        before = broken.get(_key(rule.type, rule.kwargs), {})
        is_spared = bool(rule.spared) and count <= math.ceil(rule.spared * values - EXACT)
        result.success = is_spared or _is_as_often(count, values, *_counted(before))


def _is_as_often(count: int, values: int, before: int, trained: int) -> bool:
    """Tell whether chance brings so many of the rows broken by either into the fresh ones."""
    from scipy.stats import hypergeom

    chance = hypergeom.sf(count - 1, trained + values, before + count, values)
    return bool(before and chance > CHANCE)


def _counted(told: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many values broke a rule, of how many."""
    values = int(told.get("element_count") or 0) - int(told.get("missing_count") or 0)
    return int(told.get("unexpected_count") or 0), values


def _key(type_: str, kwargs: Mapping[str, Any]) -> str:
    return json.dumps([type_, jsonable(dict(kwargs))], sort_keys=True)
