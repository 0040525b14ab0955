"""Runs the rules of a suite with Great Expectations, those on the same columns together.

Great Expectations filters the whole table once or twice for each rule, and computes everything
again when one rule cannot be computed. Among the few columns of a group both cost little.
"""

from collections.abc import Sequence
from typing import Any

from expectations.suite import ASKS_FOR_COLUMNS, Rule, Suite
from ninefold.columns import ROW


def results(suite: Suite, table: Any, names: Sequence[str], max_rows: int) -> list[Any]:
    """Return what Great Expectations found of each rule on a DataFrame, in the suite's order.

    Args:
        table: `ROW` and the columns that the suite reads.
        names: all columns there are.
        max_rows: failing rows that are listed for each rule.
    """
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.validator.validator import Validator

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    answer_with = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": max_rows,
        "include_unexpected_rows": False,
    }
    found: list[Any] = []
    for columns, rules in _groups(suite).items():
        if columns is None:
            shown = pd.DataFrame(columns=list(names))
        else:
            shown = table[[name for name in table if name in columns]] if columns else table
        engine = PandasExecutionEngine(batch_data_dict={"rows": shown})
        found += Validator(engine, data_context=context).graph_validate(
            [rule.expectation.configuration for rule in rules], {"result_format": answer_with}
        )
    return sorted(found, key=lambda result: result.expectation_config.meta["position"])


def _groups(suite: Suite) -> dict[frozenset[str] | None, list[Rule]]:
    """Return the rules by the columns that they read: none for those on the table as a whole.

    Rules on which columns there are stand under None.
    """
    found: dict[frozenset[str] | None, list[Rule]] = {}
    for rule in suite.rules:
        columns = frozenset((*rule.columns, ROW)) if rule.columns else frozenset[str]()
        found.setdefault(None if rule.type in ASKS_FOR_COLUMNS else columns, []).append(rule)
    return found
