"""Score files and folders as one job: resumable, with the model's version and flags for each row.

  ninefold score models/model.onnx monday.csv tuesday.parquet week.parquet
  ninefold score models/model.onnx incoming/ scored/ --keep flight

OUTPUT is a file if it ends in .csv, .csv.gz, .tsv or .parquet: the rows of all inputs, with a
column `source` where there are several. Else it is a folder with a file for each input; what did
not change since the last time stays as it is. A run that was killed goes on from its last whole
part and ends with the same bytes.
"""

import argparse
import sys
from pathlib import Path

from tasks.commands.predict import add_options, spec_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold score`."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="exported model (.onnx)")
    parser.add_argument(
        "input",
        type=Path,
        nargs="+",
        metavar="INPUT",
        help="files as `ninefold predict` takes them, or folders",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="a file or a folder")
    add_options(parser)
    parser.add_argument("--rows-per-part", type=int, metavar="N", help="rows kept for good at once")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler whose workers score (tcp://host:8786)",
    )
    parser.add_argument(
        "--format", choices=["csv", "parquet"], help="kind of the files in a folder (parquet)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Score the inputs and say how many rows were written and what is unusual about them."""
    from ninefold.scoring.job import JobSpec, score_files

    spec = spec_of(JobSpec, arguments)
    done = score_files(arguments.model, arguments.input, arguments.output, spec)
    failed = f", {done.failed} of them without a prediction" if done.failed else ""
    before = f" ({done.before} had been scored before)" if done.before else ""
    sys.stdout.write(f"wrote {done.rows} rows{failed} to {arguments.output}{before}\n")
    for kind, columns in done.flagged.items():
        most = sorted(columns.items(), key=lambda item: (-item[1], item[0]))[:5]
        if most:
            said = ", ".join(f"`{name}` {rows}" for name, rows in most)
            sys.stdout.write(f"  {kind}: {said}\n")
    return 0
