"""How time and memory of the whole pipeline grow: 50 k, 336 k and 3 M rows of flights.

Each stage runs in a process of its own (`python -m tasks STAGE`), whose CPU time and peak resident
memory are read from the kernel; one epoch of training, so that rows are what is compared. Larger
tables are the 336,776 flights repeated with the numbers perturbed. Prints one table, and per stage
the exponent of growth (time ~ rows^e) between the smallest and the largest size. CPU seconds, which
a busy machine stretches less than wall seconds, are printed as stages end.

    python benchmarks/pipeline_scaling.py [ROWS …] [--until STAGE]
"""

import argparse
import math
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SIZES = (50_000, 336_776, 3_000_000)
FLIGHTS = 336_776


def workspace(folder: Path, rows: int) -> Path:
    """Copy the demo workspace into `folder`, for `rows` rows and one epoch."""
    from ruamel.yaml import YAML

    yaml = YAML()
    shutil.copytree(ROOT / "expectations", folder / "expectations")
    shutil.copy(ROOT / "dvc.yaml", folder)
    params: Any = yaml.load((ROOT / "params.yaml").read_text())
    params["train"]["epochs"] = 1
    params["ingest"]["sample_rows"] = rows
    if rows > FLIGHTS:
        perturbed(folder / "flights.parquet", rows)
        params["ingest"] = {"kind": "file", "path": "flights.parquet"}
    with (folder / "params.yaml").open("w") as file:
        yaml.dump(params, file)
    return folder


def perturbed(path: Path, rows: int) -> None:
    """Write `rows` flights: the real ones repeated, arrival and weather numbers slightly moved."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from ninefold.datasets.nycflights13 import NYCFlights13Spec

    table = pa.Table.from_batches(NYCFlights13Spec().open(path.parent).batches())
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, FLIGHTS):
        part = table.slice(0, min(FLIGHTS, rows - start))
        for name in ("temp", "dewp", "humid", "pressure"):
            position = part.schema.get_field_index(name)
            noise = pa.array(rng.normal(0, 0.01, len(part)))
            values = part[name].cast(pa.float64())
            bounds = pc.min_max(values)
            moved = pc.min_element_wise(pc.add(values, noise), bounds["max"], skip_nulls=False)
            moved = pc.max_element_wise(moved, bounds["min"], skip_nulls=False)
            part = part.set_column(position, name, moved)
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    if writer:
        writer.close()


def stages() -> list[str]:
    """Return the stages in the order dvc.yaml lists them, which is one that runs."""
    from ninefold.config import read_yaml

    return list(read_yaml(ROOT / "dvc.yaml")["stages"])


def measure(folder: Path, stage: str) -> tuple[float, float]:
    """Run one stage; return CPU seconds and peak resident memory in GiB, and say them."""
    start = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "tasks", stage],
        {**os.environ, "PWD": str(folder), "PYTHONSAFEPATH": "1"},
    )
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{stage} failed in {folder}: exit {os.waitstatus_to_exitcode(status)}")
    cpu_s, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
    wall_s = time.perf_counter() - start
    print(f"  {stage:<10} {wall_s:8.1f} s wall {cpu_s:8.1f} s CPU {peak:5.2f} GiB", flush=True)
    return cpu_s, peak


def table(results: dict[int, dict[str, tuple[float, float]]]) -> list[str]:
    """Return the lines: CPU seconds, peak GiB and growth of each stage, then their sum and peak."""
    sizes = list(results)
    lines = ["stage       " + "".join(f"{rows:>14,} rows" for rows in sizes) + "   exponent"]
    for stage in results[sizes[-1]]:
        cells = "".join(f"{s:>11.1f} s {m:>5.2f}G" for s, m in (results[r][stage] for r in sizes))
        first, last = results[sizes[0]][stage][0], results[sizes[-1]][stage][0]
        growth = math.log(last / first) / math.log(sizes[-1] / sizes[0]) if len(sizes) > 1 else 0
        lines.append(f"{stage:<12}{cells}   {growth:8.2f}")
    whole = [list(found.values()) for found in results.values()]
    sums = "".join(f"{sum(s for s, _ in w):>11.1f} s {max(m for _, m in w):>5.2f}G" for w in whole)
    return [*lines, f"{'sum / peak':<12}{sums}"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--until", choices=stages(), default=stages()[-1])
    args = parser.parse_args()
    chosen = stages()[: stages().index(args.until) + 1]
    results: dict[int, dict[str, tuple[float, float]]] = {}
    for rows in args.rows:
        print(f"{rows:,} rows", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(workspace(Path(folder), rows))
            results[rows] = {stage: measure(Path(folder), stage) for stage in chosen}
            os.chdir(ROOT)
    print("\n".join(["CPU seconds and peak memory of each stage", *table(results)]))


if __name__ == "__main__":
    main()
