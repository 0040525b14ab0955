"""How fast `ninefold predict` and `score` are, beside bare `session.run` on ready tensors.

    python benchmarks/predict_rows.py [WORKSPACE] [--rows N]

Takes WORKSPACE/models/model.onnx and draws rows from WORKSPACE/data/raw.parquet at random, with
its fractions slightly shifted, to N rows (1,000,000) as Parquet and as CSV, in a temporary folder.
A command is measured whole, less what the same command takes for one row (interpreter start,
imports, loading the model); `score` writes flags and version and keeps its parts for good before it
puts them together. Bare runs go over the same chunks with the same session options, in as many
threads as a command has. Prints both, bare / command (wanted: at least 0.5), and the command's peak
memory at N/10 and at N.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ninefold.scoring import ScoreSpec
from ninefold.scoring.encoding import Encoder
from ninefold.scoring.sources import open_source
from ninefold.serving.model import Array, Model, read_model
from ninefold.serving.rows import Rows

PART = 100_000
"""Rows written at a time."""
READY = 100_000
"""Rows held as tensors; bare runs go over them as often as it takes."""
KINDS = ("parquet", "csv")
COMMANDS = ("predict", "score")


def drawn(table: pa.Table, rows: int, rng: np.random.Generator) -> pa.Table:
    """Return rows of `table` drawn at random, fractions shifted by up to a hundredth of them."""
    table = table.take(pa.array(rng.integers(0, len(table), rows)))
    for place, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            shifted = pc.round(pc.multiply(table[place], rng.uniform(0.99, 1.01, rows)), 4)
            table = table.set_column(place, field.name, shifted)
    return table


def as_text(table: pa.Table, formats: dict[str, str | None]) -> pa.Table:
    """Write dates as the model's source had them."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            form = formats.get(field.name) or "%Y-%m-%dT%H:%M:%S"
            seconds = table[place].cast(pa.timestamp("s"), safe=False)
            table = table.set_column(place, field.name, pc.strftime(seconds, form))
    return table


def write(raw: pa.Table, rows: int, folder: Path, formats: dict[str, str | None]) -> None:
    """Write rows.parquet and rows.csv, and the first row of each as one.parquet and one.csv."""
    rng = np.random.default_rng(0)
    for name, count in (("one", 1), ("tenth", rows // 10), ("rows", rows)):
        first = raw.slice(0, 1)
        with (
            pq.ParquetWriter(folder / f"{name}.parquet", first.schema) as parquet,
            pacsv.CSVWriter(folder / f"{name}.csv", as_text(first, formats).schema) as text,
        ):
            for start in range(0, count, PART):
                part = drawn(raw, min(PART, count - start), rng)
                parquet.write_table(part)
                text.write_table(as_text(part, formats))


def tensors(rows: Rows, source: Path) -> Iterator[dict[str, Array]]:
    """Yield the file's rows as tensors."""
    names, size = list(rows.cells), ScoreSpec().rows_per_chunk
    encoder = Encoder(rows.signature, names)
    for batch, _ in open_source(source, rows.cells).batches(names, size):
        yield encoder.encode(batch)[0]


def bare_s(model: Model, ready: list[dict[str, Array]], chunks: int) -> float:
    """Return how long `chunks` runs over ready tensors take."""
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda chunk: len(model.run(ready[chunk % len(ready)])), range(chunks)))
    return time.perf_counter() - start


def measured(name: str, model: Path, source: Path) -> tuple[float, float]:
    """Run a command; return its wall seconds and its peak memory in MB."""
    program = (
        "import resource, sys; from ninefold.cli import main; code = main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024); sys.exit(code)"
    )
    out = source.with_name(f"out{source.suffix}")
    command = [sys.executable, "-c", program, name, str(model), str(source), str(out)]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - start, float(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure bare runs before and after the commands and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", nargs="?", type=Path, default=Path())
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    path = options.workspace / "models" / "model.onnx"
    model = read_model(path, arena=True)
    rows, size = Rows(model), ScoreSpec().rows_per_chunk
    formats = {item.name: item.format for item in rows.signature.inputs}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = pq.read_table(options.workspace / "data" / "raw.parquet")
        write(raw.drop_columns(["_row"]), options.rows, folder, formats)
        ready = list(islice(tensors(rows, folder / "rows.parquet"), max(1, READY // size)))
        chunks = -(-options.rows // size)
        taken = [bare_s(model, ready, chunks)]
        found = {}
        for command, kind in itertools.product(COMMANDS, KINDS):
            start_s, _ = measured(command, path, folder / f"one.{kind}")
            _, tenth_mb = measured(command, path, folder / f"tenth.{kind}")
            whole_s, whole_mb = measured(command, path, folder / f"rows.{kind}")
            found[command, kind] = (start_s, whole_s - start_s, tenth_mb, whole_mb)
            taken.append(bare_s(model, ready, chunks))
    bare = min(taken)
    print(f"{options.rows:,} rows, {os.cpu_count()} threads, {size} rows per run")
    print(f"bare session.run: {bare:.1f} s (all: {', '.join(f'{s:.1f}' for s in taken)})")
    for (command, kind), (start_s, net_s, tenth_mb, whole_mb) in found.items():
        print(
            f"{command} {kind}: {net_s:.1f} s beside {start_s:.1f} s start, bare / {command} "
            f"{bare / net_s:.2f}; peak {tenth_mb:.0f} MB at {options.rows // 10:,} rows, "
            f"{whole_mb:.0f} MB at {options.rows:,}"
        )


if __name__ == "__main__":
    main()
