"""Draw rows from an exported generator: the same seed gives the same rows.

  ninefold sample models/model.onnx 1000 rows.csv
  ninefold sample models/model.onnx 1000 rows.parquet --seed 5000
  ninefold sample models/model.onnx 100 pictures.npz       (or a folder, for PNG files)

Row i is made from the seed --seed + i, whatever else is drawn; --with-seed puts it before the row.
"""

import argparse
import sys
import tempfile
from pathlib import Path

LARGEST = 9_000_000_000_000_000
MOST_ROWS = 100_000_000
CHUNK = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold sample`."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="exported generator (.onnx)")
    parser.add_argument("rows", type=int, metavar="N", help="number of rows")
    parser.add_argument(
        "output",
        type=Path,
        metavar="OUTPUT",
        help=".csv (.gz), .tsv or .parquet; of pictures .npz or a folder",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the first row (%(default)s)")
    parser.add_argument("--with-seed", action="store_true", help="put each row's seed before it")


def main(arguments: argparse.Namespace) -> int:
    """Draw the rows and say how many were written. Raises `InputError`."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ninefold.errors import InputError
    from ninefold.scoring import ScoreSpec, score
    from ninefold.serving.model import read_model

    if not 1 <= arguments.rows <= MOST_ROWS:
        raise InputError(f"N must lie in 1…{MOST_ROWS}, however: {arguments.rows}")
    if not 0 <= arguments.seed <= LARGEST - arguments.rows:
        raise InputError(f"--seed must lie in 0…{LARGEST}, however: {arguments.seed}")
    signature = read_model(arguments.model).signature
    if signature is None or signature.task != "generation":
        what = "no signature" if signature is None else f"task {signature.task}"
        raise InputError(
            f"model {arguments.model} must draw rows (task generation), however: it has {what}. "
            "Score rows with `ninefold predict`"
        )
    name = signature.inputs[0].name
    if any(result.kind == "image" for result in signature.told):
        _pictures(arguments)
        print(f"wrote {arguments.rows} pictures to {arguments.output}", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory(prefix="ninefold-sample-") as folder:
        seeds = np.arange(arguments.rows, dtype=np.float64) + arguments.seed
        path = Path(folder) / "seeds.parquet"
        pq.write_table(pa.table({name: seeds}), path)
        spec = ScoreSpec(keep=(name,) if arguments.with_seed else ())
        done = score(arguments.model, path, arguments.output, spec)
    print(f"wrote {done.rows} rows to {arguments.output}", file=sys.stderr)
    return 0


def _pictures(arguments: argparse.Namespace) -> None:
    """Write pictures as one array with their seeds, or as PNG files named by seed.

    Raises:
        InputError: the output is neither.
    """
    import numpy as np
    from PIL import Image

    from ninefold.errors import InputError
    from ninefold.files import replacing
    from ninefold.serving.model import read_model

    model, output = read_model(arguments.model), arguments.output
    if output.suffix not in ("", ".npz"):
        raise InputError(f"OUTPUT must be a folder or end in .npz for pictures, however: {output}")
    seeds = np.arange(arguments.rows, dtype=np.float64) + arguments.seed
    parts = [
        next(iter(model.run({model.inputs[0].name: seeds[start : start + CHUNK, None]}).values()))
        for start in range(0, len(seeds), CHUNK)
    ]
    with replacing(output) as temporary:
        if output.suffix:
            with temporary.open("wb") as file:
                np.savez_compressed(file, image=np.concatenate(parts), seed=seeds)
            return
        temporary.mkdir(parents=True)
        for seed, picture in zip(seeds, np.concatenate(parts), strict=True):
            shown = picture if picture.shape[2] == 3 else picture[..., 0]
            Image.fromarray(shown).save(temporary / f"{seed:.0f}.png")
