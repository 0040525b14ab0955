"""Compare rows that a model predicts with its training, and predictions with labels that arrive.

  ninefold monitor new.csv
  ninefold monitor recorded/ --model models/model.onnx
  ninefold monitor june.parquet --labels outcomes.csv --id flight

DATA are tables as `ninefold score` takes them, or what `ninefold serve --record` wrote. The section
`monitor` of params.yaml says from when on a difference warns or blocks.
"""

import argparse
import json
import sys
from pathlib import Path

from ninefold.texts import composed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold monitor`."""
    parser.add_argument("data", type=Path, nargs="+", metavar="DATA", help="files or folders")
    parser.add_argument(
        "--model",
        type=Path,
        help="exported model, or registry (what is in production, if anything"
        " is, else models/model.onnx)",
    )
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="table with a column named as the target"
    )
    parser.add_argument(
        "--id", metavar="COL", type=composed, help="column that joins labels and rows"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON only")
    parser.add_argument("--strict", action="store_true", help="end with 3 on warnings as well")


def main(args: argparse.Namespace) -> int:
    """Look, write reports/monitor and print what was found.

    Raises:
        GateError: a threshold that blocks (or warns, with --strict) is passed.
        InputError: the model holds no reference, or a source cannot be read.
    """
    from ninefold.errors import GateError
    from tasks import watching

    report = watching.look(Path.cwd(), args.data, args.model, args.labels, args.id)
    stops = report["verdict"] == "block" or (args.strict and report["verdict"] == "warn")
    said = "\n".join(watching.lines(report))
    if args.json:
        path = watching.FOLDER / watching.REPORT
        sys.stdout.write(json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False) + "\n")
    if stops:
        raise GateError(said)
    if not args.json:
        sys.stdout.write(said + "\n")
    return 0
