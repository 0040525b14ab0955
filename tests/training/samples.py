"""Small learnable tables with the odd things that real ones have."""

import numpy as np

from ninefold.columns import Column, Frame
from ninefold.problem import ProblemSpec

CITIES = np.array(["Łódź", "", 'quo"te', "a.b", "x y"] + [f"town {n}" for n in range(15)], object)


def table(kind: str, rows: int = 600, seed: int = 0, noise: float = 0.4) -> Frame:
    """Return a frame with the target `y`; `kind` is binary, multiclass or regression.

    Inputs: two numbers that interact (one with missing values), a heavy-tailed one, one that is
    constant, a category with 19 levels and missing values, and a bool.
    """
    rng = np.random.default_rng(seed)
    a, b, tail = rng.normal(size=rows), rng.normal(size=rows), rng.standard_cauchy(size=rows)
    city = rng.integers(0, len(CITIES), rows)
    flag = rng.random(rows) < 0.3
    signal = 2 * np.sin(a) * b + (city % 3) + flag + np.tanh(tail) + noise * rng.logistic(size=rows)
    if kind == "regression":
        y, column = 1000.0 + 50.0 * signal, Column("y", "number", frozenset({"target"}))
    else:
        cuts = np.quantile(signal, [0.7] if kind == "binary" else [0.3, 0.6, 0.9])
        names = np.array(["no", "yes", "may be", "'never'"], dtype=object)
        y = names[np.digitize(signal, cuts)]
        column = Column("y", "category", frozenset({"target"}))
    data = {
        "the number": np.where(rng.random(rows) < 0.1, np.nan, a),
        "b": b,
        "tail.heavy": tail,
        "constant": np.full(rows, 3.0),
        "cité": CITIES[city],
        "flag": flag,
    }
    kinds = {"cité": "category", "flag": "bool"}
    columns = [Column(n, kinds.get(n, "number"), frozenset({"input"})) for n in data]  # type: ignore[arg-type]
    return Frame((*columns, column), {**data, "y": y}, np.arange(rows))


def parts(kind: str, rows: int = 600, valid: int = 300) -> tuple[Frame, Frame]:
    """Return train and valid rows."""
    frame = table(kind, rows + valid)
    return frame.take(np.arange(rows)), frame.take(np.arange(rows, rows + valid))


def problem(kind: str, **fields: object) -> ProblemSpec:
    """Return the problem that goes with `table(kind)`."""
    task = "regression" if kind == "regression" else "classification"
    return ProblemSpec.model_validate({"target": "y", "task": task, **fields})
