"""Whether a raw target can be learned at all, told before anything else runs."""

import pyarrow as pa
import pyarrow.compute as pc

from ninefold.errors import InputError
from ninefold.problem import ProblemSpec


def check_target(values: pa.ChunkedArray, problem: ProblemSpec, kind: str, title: str) -> None:
    """Raise `InputError` for a target without values, with one class, or of the wrong kind."""
    name = problem.target
    present = values.drop_null()
    if len(present) == 0:
        raise InputError(
            f"target `{name}` of {title} must have values, however: all are missing. Choose "
            "another target, or correct ingest.missing"
        )
    distinct = pc.count_distinct(present).as_py()
    if problem.task == "classification" and distinct < 2:
        raise InputError(
            f"target `{name}` of {title} must have at least two classes, however: only one class, "
            f"{str(present[0].as_py())!r}, in {len(present)} rows"
        )
    if problem.task == "regression":
        if kind not in ("number", "bool"):
            raise InputError(
                f"target `{name}` of {title} must be numbers for regression, however: it is a "
                f"{kind} column. Set problem.task to classification, or choose another target"
            )
        if distinct < 2:
            raise InputError(
                f"target `{name}` of {title} must vary, however: every row has {present[0].as_py()}"
            )
