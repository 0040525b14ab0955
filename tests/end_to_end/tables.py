"""Tables as people bring them: odd names, dates, free text, holes."""

from pathlib import Path

import numpy as np
import pandas as pd


def messy(rows: int, task: str, seed: int = 0) -> pd.DataFrame:
    """Return a table whose target depends on some columns; task is binary, many or regression."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 12, rows)
    city = rng.choice(["Köln", "São Paulo", "New York", "東京"], rows, p=[0.4, 0.3, 0.2, 0.1])
    member = rng.random(rows) < 0.4
    when = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 700 * 24, rows), "h")
    signal = (
        0.08 * (size - 50) + 1.2 * (city == "Köln") + 0.8 * member + 0.5 * (when.day_of_week > 4)
    )
    noise = rng.normal(0, 0.7, rows)
    table = pd.DataFrame(
        {
            "customer id": [f"C{n:06d}" for n in rng.permutation(rows)],
            "Größe (m²)": np.where(rng.random(rows) < 0.1, np.nan, size.round(2)),
            "city": np.where(rng.random(rows) < 0.05, None, city),
            "is.member": member,
            "signed 'up'": when.strftime("%Y-%m-%d %H:%M:%S"),
            "remarks": [
                " ".join(rng.choice(["late", "call", "back", "blue", "tall"], rng.integers(1, 9)))
                for _ in range(rows)
            ],
            "always": 1,
            "visits": rng.integers(0, 30, rows),
        }
    )
    if task == "regression":
        table["y"] = (100 + 20 * signal + 5 * noise).round(3)
    elif task == "binary":
        table["y"] = np.where(signal + noise > np.median(signal), "yes", "no")
    else:
        cuts = np.quantile(signal, [0.33, 0.66])
        table["y"] = np.array(["low", "mid", "high"])[np.digitize(signal + noise, cuts)]
    return table


def write(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV and return its path."""
    table.to_csv(path, index=False)
    return path
