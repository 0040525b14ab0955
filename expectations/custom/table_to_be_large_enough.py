"""Enough rows for the task: what twice as many would buy."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from great_expectations.compatibility import pydantic

from expectations.custom._table import TableExpectation, arrays
from ninefold.exploration.learning_curve import WORDS, learning_curve


class ExpectTableToBeLargeEnough(TableExpectation):
    """Expect twice the rows to buy a cheap learner at most `max_gain` (AUC, accuracy or R²).

    A gain counts as more only where all fits to the noisy curve agree.

    A draft takes the limit from the train rows. Only whether the limit holds is told of the rows it
    is given; the stage `explore` draws the curve itself, of the train part.
    """

    target: str
    task: Literal["classification", "regression"]
    max_gain: float = pydantic.Field(0.01, gt=0)
    success_keys = ("target", "task", "max_gain", "ignore")

    def judge(self, table: Any) -> dict[str, Any]:
        inside = table[table[self.target].notna()]
        inputs = arrays(inside.drop(columns=[self.target]))
        if not inputs:
            return {"success": True, "result": {"observed_value": "no column to learn from"}}
        X = np.column_stack([v if v.dtype.kind in "fi" else pd.factorize(v)[0] for v in inputs])
        (y,) = arrays(inside[[self.target]])
        found = learning_curve(X, y, self.task)
        if found is None:
            said = f"{len(X)} rows are too few to tell"
            return {"success": False, "result": {"observed_value": said}}
        gain, low, high = (found["doubled"][key] for key in ("gain", "low", "high"))
        name, now = WORDS[found["metric"]], found["points"][-1]
        said = (
            f"doubling the data would buy about {gain:.3f} {name} ({low:.3f} to {high:.3f}; now "
            f"{now['score']:.3f} from {now['rows']} rows)"
        )
        return {"success": low <= self.max_gain, "result": {"observed_value": said}}
