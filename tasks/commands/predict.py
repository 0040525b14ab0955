"""Score a file of raw rows, or pictures, with an exported model.

  ninefold predict models/model.onnx flights.csv predictions.parquet
  ninefold predict models/model.onnx pictures/ predictions.csv
  ninefold predict models/model.onnx arrays.npz predictions.csv
  ninefold predict models/model.onnx flights.csv.gz late.csv --keep flight --on-error null

Every row of INPUT gives one row of OUTPUT, in the same order: `label` and `probability_<class>`,
or `value`. Columns the model does not need are passed over. Memory does not grow with the file.
"""

import argparse
import sys
from pathlib import Path
from typing import TypeVar

from ninefold.config import Spec
from ninefold.texts import composed

S = TypeVar("S", bound=Spec)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold predict`."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="exported model (.onnx)")
    parser.add_argument(
        "input",
        type=Path,
        metavar="INPUT",
        help=".csv, .tsv (.gz), .parquet, an image or a folder of images, .npz of pictures or "
        "sequences, .ts",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".csv (.gz), .tsv or .parquet")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of whatever scores files."""
    parser.add_argument("--rows-per-chunk", type=int, metavar="N", help="rows per run of the model")
    parser.add_argument(
        "--keep",
        nargs="+",
        metavar="COL",
        type=composed,
        help="columns of INPUT to put before the predictions",
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
    parser.add_argument("--encoding", help="of a text INPUT (default: UTF-8, or as in training)")
    parser.add_argument(
        "--image-path",
        metavar="COL",
        type=composed,
        help="column of INPUT that names image files, as seen from it",
    )
    parser.add_argument(
        "--with-flags",
        action=argparse.BooleanOptionalAction,
        help="name the columns of a row that are unusual: flag_unseen, flag_out_of_range, "
        "flag_missing",
    )
    parser.add_argument(
        "--with-version",
        action=argparse.BooleanOptionalAction,
        help="put the model's version into a column model_version",
    )


def main(arguments: argparse.Namespace) -> int:
    """Score the file and say how many rows were written."""
    from ninefold.scoring import ScoreSpec, score

    spec = spec_of(ScoreSpec, arguments)
    done = score(arguments.model, arguments.input, arguments.output, spec)
    failed = f", {done.failed} of them without a prediction" if done.failed else ""
    empty = "" if done.rows else f": {arguments.input} holds none"
    sys.stdout.write(f"wrote {done.rows} rows{failed} to {arguments.output}{empty}\n")
    return 0


def spec_of(kind: type[S], arguments: argparse.Namespace) -> S:
    """Return the spec that the options describe. Raises `InputError`."""
    from pydantic import ValidationError

    from ninefold.errors import InputError

    given = {
        name: value for name in kind.model_fields if (value := getattr(arguments, name)) is not None
    }
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise InputError(f"--{option}: {first['msg']}, however: {first['input']!r}") from None
