"""Score a CSV or Parquet file of raw rows, or a folder of images, with an exported model.

  ninefold predict models/model.onnx flights.csv predictions.parquet
  ninefold predict models/model.onnx pictures/ predictions.csv
  ninefold predict models/model.onnx flights.csv.gz late.csv --keep flight --on-error null

Every row of INPUT gives one row of OUTPUT, in the same order: `label` and `probability_<class>`,
or `value`. Columns the model does not need are passed over. Memory does not grow with the file.
"""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold predict`."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="exported model (.onnx)")
    parser.add_argument(
        "input",
        type=Path,
        metavar="INPUT",
        help=".csv, .tsv (.gz), .parquet, or a folder of images",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".csv (.gz), .tsv or .parquet")
    parser.add_argument("--rows-per-chunk", type=int, metavar="N", help="rows per run of the model")
    parser.add_argument(
        "--keep", nargs="+", metavar="COL", help="columns of INPUT to put before the predictions"
    )
    parser.add_argument(
        "--with-input", action="store_true", default=None, help="keep all columns of INPUT"
    )
    parser.add_argument("--prefix", help="put before the names of the prediction columns")
    parser.add_argument(
        "--on-error",
        choices=["stop", "null"],
        help="a cell that cannot be read stops the run (default), or leaves its row without a "
        "prediction and says why in a column `error`",
    )
    parser.add_argument("--encoding", help="character encoding of a text INPUT (default: utf-8)")
    parser.add_argument(
        "--image-path",
        metavar="COL",
        help="column of INPUT that names image files, as seen from it",
    )


def main(arguments: argparse.Namespace) -> int:
    """Score the file and say how many rows were written."""
    from pydantic import ValidationError

    from ninefold.errors import InputError
    from ninefold.scoring import ScoreSpec, score

    given = {
        name: value
        for name in ScoreSpec.model_fields
        if (value := getattr(arguments, name)) is not None
    }
    try:
        spec = ScoreSpec(**given)
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise InputError(f"--{option}: {first['msg']}, however: {first['input']!r}") from None
    done = score(arguments.model, arguments.input, arguments.output, spec)
    failed = f", {done.failed} of them without a prediction" if done.failed else ""
    sys.stdout.write(f"wrote {done.rows} rows{failed} to {arguments.output}\n")
    return 0
