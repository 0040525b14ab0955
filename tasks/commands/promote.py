"""Put this workspace's model in production, if it is better than the one that is there.

  ninefold promote                      models/model.onnx against what is in production
  ninefold promote --because REASON     promote what would be held; what is rejected stays so

Both are scored on the sealed test part: the gain needs an interval above zero (`promote` in
params.yaml holds the margins), no slice, calibration or time for a row may suffer, the export
receipt must pass. The record lies in reports/promotion.json, a line of it in
registry/journal.jsonl, which belongs in Git. Exit code 3: held or rejected.
"""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold promote`."""
    parser.add_argument(
        "model", nargs="?", type=Path, metavar="MODEL", help="the file (default: export's)"
    )
    parser.add_argument("--because", metavar="REASON", help="promote what would be held")
    parser.add_argument("--json", action="store_true", help="print reports/promotion.json only")


def main(arguments: argparse.Namespace) -> int:
    """Compare, decide, say why; return 0 when the model is in production, else 3."""
    import json

    from ninefold.files import read_json
    from tasks import promoting
    from tasks.healing import flow_lease

    workspace = Path.cwd()
    with flow_lease(workspace, _waiting):
        outcome = promoting.promote(workspace, arguments.model, arguments.because, _waiting)
    if arguments.json and outcome.action != "unchanged":
        print(json.dumps(read_json(workspace / promoting.RECORD), ensure_ascii=False, indent=2))
    else:
        print("\n".join(outcome.lines()))
    return 0 if outcome.is_in_production else 3


def _waiting() -> None:
    print("waiting for another process that works here", file=sys.stderr)
