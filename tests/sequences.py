"""Small tables of steps with something to learn: which way a noisy walk goes."""

from pathlib import Path

import numpy as np
import pandas as pd

CLASSES = ("down", "up")


def walks(count: int = 90, seed: int = 0) -> pd.DataFrame:
    """Return a long table: entity, t, load, heat, plant and label, steps of each entity 1 to 19."""
    rng = np.random.default_rng(seed)
    parts = []
    for entity in range(count):
        steps = 1 + (entity * 7) % 19
        way = 1 if entity % 2 else -1
        load = np.cumsum(way * 0.6 + rng.normal(size=steps)) + rng.normal()
        heat = rng.normal(size=steps)
        heat[rng.random(steps) < 0.1] = np.nan
        parts.append(
            pd.DataFrame(
                {
                    "entity": f"e{entity:03d}",
                    "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(steps), "h"),
                    "load": load.round(4),
                    "heat": heat.round(4),
                    "plant": ["north", "south"][entity % 3 == 0],
                    "label": CLASSES[entity % 2],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def write_walks(path: Path, count: int = 90, seed: int = 0) -> Path:
    """Write the long table as CSV, its lines shuffled."""
    table = walks(count, seed).sample(frac=1.0, random_state=seed)
    table.to_csv(path, index=False)
    return path


def season(steps: int = 300, seed: int = 0) -> pd.DataFrame:
    """Return a series of one value a day with a weekly season: day, load."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-01-01", periods=steps)
    load = 10 + 3 * np.sin(np.arange(steps) * 2 * np.pi / 7) + rng.normal(scale=0.3, size=steps)
    return pd.DataFrame({"day": days, "load": load.round(4)})
