"""Tables that suites are drafted from, and how tests draft and check."""

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from expectations.draft import draft
from expectations.gate import gate
from ninefold.columns import write_table
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.problem import ProblemSpec
from ninefold.quality import ValidateSpec
from tasks.drafting.suite import draft_suite
from tests.end_to_end.tables import write

ROWS = 900


PROBLEM = ProblemSpec(target="sold", task="classification", ids=("code",), time="start")


def orders(rows=ROWS, seed=0):
    """Return a table that keeps rules: start <= end, net + tax = total, gaps that come together."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 9000, rows)), "h")
    net, tax = rng.gamma(2, 50, rows).round(2), rng.gamma(1, 10, rows).round(2)
    is_open = rng.random(rows) < 0.2
    end = (start + pd.to_timedelta(rng.integers(1, 6000, rows), "h")).where(~is_open)
    return pd.DataFrame(
        {
            "code": [f"A{n:06d}" for n in rng.permutation(rows)],
            "start": start.strftime("%Y-%m-%d %H:%M:%S"),
            "end": end.strftime("%Y-%m-%d %H:%M:%S"),
            "closed by": np.where(is_open, None, rng.choice(["Ann", "Bo", "Cy"], rows)),
            "email": [f"user{n}@shop{n % 7}.example" for n in range(rows)],
            "pieces": rng.poisson(4, rows),
            "net": net,
            "tax": tax,
            "total": (net + tax).round(2),
            "sold": rng.choice(["yes", "no"], rows),
        }
    )


def ingest(table, folder):
    write(table, folder / "t.csv")
    return read(validate("ingest", {"kind": "file", "path": "t.csv"}), PROBLEM, folder)


def drafted(table, folder, **more):
    rows, columns = ingest(table, folder)
    splitting = validate("split", {"kind": "time"})
    return draft_suite(rows, columns, PROBLEM, validate("featurize", {}), splitting, folder, **more)


def check(table, suite, folder, **spec):
    write_table(folder / "raw.parquet", *ingest(table, folder))
    (folder / "s.yaml").write_text(suite, encoding="utf-8")
    return gate(folder / "raw.parquet", folder / "s.yaml", ValidateSpec(**spec), folder / "docs")


def rules(suite):
    return YAML(typ="safe").load(suite)["expectations"]


def drawn(table, columns):
    return rules(draft(table, columns, ProblemSpec(task="clustering")))
