"""How fast `ninefold predict` is, beside bare `session.run` on tensors that are ready in memory.

Prints for each kind of file: seconds, rows per second and the ratio bare / predict (wanted: at
least 0.5). Both use the same session options and chunks; bare is one thread, as the session is.

    python benchmarks/predict_rows.py MODEL INPUT [ROWS]

INPUT is a Parquet or CSV file of raw rows for MODEL; it is repeated to ROWS (1,000,000).
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ninefold.scoring import ScoreSpec, score
from ninefold.scoring.encoding import Encoder
from ninefold.scoring.sources import open_source
from ninefold.serving.model import Array, read_model
from ninefold.serving.rows import Rows

ROUNDS = 3


def chunks(model_path: Path, source: Path) -> Iterator[dict[str, Array]]:
    """Yield the file's rows as tensors."""
    rows = Rows(read_model(model_path))
    encoder = Encoder(rows.signature, list(rows.cells))
    spec = ScoreSpec()
    for batch, _ in open_source(source, rows.cells).batches(list(rows.cells), spec.rows_per_chunk):
        yield encoder.encode(batch)[0]


def _as_text(table: pa.Table, formats: dict[str, str | None]) -> pa.Table:
    """Write dates as the model's source had them."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            texts = pc.strftime(table[place], formats[field.name] or "%Y-%m-%dT%H:%M:%S")
            table = table.set_column(place, field.name, texts)
    return table


def repeated(source: Path, rows: int, folder: Path, formats: dict[str, str | None]) -> list[Path]:
    """Write the source's rows, repeated, as Parquet and CSV."""
    columns = list(formats)
    batches = [batch for batch, _ in open_source(source, columns).batches(columns, 50_000)]
    table = pa.Table.from_batches(batches)
    table = pa.concat_tables([table] * (rows // len(table) + 1)).slice(0, rows)
    paths = [folder / "rows.parquet", folder / "rows.csv"]
    pq.write_table(table, paths[0], row_group_size=100_000)
    pacsv.write_csv(_as_text(table, formats), paths[1])
    return paths


def main(model_path: Path, source: Path, rows: int = 1_000_000) -> None:
    """Measure in interleaved rounds and print the best of each."""
    model = read_model(model_path)
    formats = {item.name: item.format for item in Rows(model).signature.inputs}
    formats = {item.name: formats[item.name] for item in model.inputs}
    with tempfile.TemporaryDirectory() as folder:
        paths = repeated(source, rows, Path(folder), formats)
        ready = list(chunks(model_path, paths[0]))
        bare: list[float] = []
        times: dict[str, list[float]] = {path.name: [] for path in paths}
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for feeds in ready:
                model.run(feeds)
            bare.append(time.perf_counter() - start)
            for path in paths:
                start = time.perf_counter()
                score(model_path, path, Path(folder) / f"out{path.suffix}", ScoreSpec())
                times[path.name].append(time.perf_counter() - start)
    print(f"bare session.run: {min(bare):.2f} s, {rows / min(bare):,.0f} rows/s")
    for name, taken in times.items():
        best, ratio = min(taken), min(bare) / min(taken)
        print(
            f"predict {name}: {best:.2f} s, {rows / best:,.0f} rows/s, bare / predict {ratio:.2f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
