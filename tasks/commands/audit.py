"""Look for leakage: ingest to audit only, findings on stdout."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ninefold.errors import GateError
from ninefold.files import read_json

REPORT = Path("reports/leakage.json")
SHOWN_ROWS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold audit`."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON only")


def main(args: argparse.Namespace) -> int:
    """Run the stages up to the audit and print its findings; 3 if one of them blocks."""
    from tasks import engine

    workspace, done = Path.cwd(), []

    def tell(name: str, happened: str, seconds: float) -> None:
        done.append(name)
        print(f"{name:<10} {happened:<10} {seconds:5.1f} s", file=sys.stderr)

    code = 0
    try:
        engine.run_stages(workspace, ["audit"], report=tell)
    except GateError as error:
        if "split" not in done:
            raise
        code = error.exit_code
    report = read_json(workspace / REPORT)
    if args.json:
        contract = {key: report[key] for key in ("verdict", "findings")}
        print(json.dumps(contract, ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines(report)))
    return code


def lines(report: dict[str, Any]) -> list[str]:
    """Return the findings as people read them, worst first."""
    checked = report["checked"]
    said = [
        f"leakage: {report['verdict']} ({checked['rows']} rows, {checked['features']} features, "
        f"{len(checked['kinds'])} checks)"
    ]
    for finding in report["findings"]:
        said += ["", f"{finding['severity']:<5} {finding['kind']}: {finding['message']}"]
        if finding["rows"]:
            more = ", …" if len(finding["rows"]) > SHOWN_ROWS else ""
            shown = ", ".join(map(str, finding["rows"][:SHOWN_ROWS]))
            said.append(f"      rows {shown}{more}")
        if "ignored" in finding:
            said.append(f"      ignored: {finding['ignored']['reason']}")
        else:
            said.append(f"      do: {finding['remedy']}")
    return said
