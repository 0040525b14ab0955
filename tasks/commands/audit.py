"""Look for leakage: ingest to audit only, findings on stdout."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, TextIO

from ninefold.errors import GateError
from ninefold.files import read_json
from ninefold.report.wording import inflation_sentence

REPORT = Path("reports/leakage.json")
SHOWN_ROWS = 10
DROP = ("ingest", "drop")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold audit`."""
    add = parser.add_argument
    add("--json", action="store_true", help="print the findings as JSON only")
    add("--fix", nargs="?", const="block", choices=("block", "warn"), metavar="SEVERITY",
        help="write the changes that end blocking findings (with `warn`: warnings too) into "
        "params.yaml, and show them")  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run the stages up to the audit and print its findings.

    Returns 3 if one of them blocks; with --fix only if one blocks that params cannot mend.
    """
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
    if args.fix:
        return _fix(workspace, report, args.fix, sys.stderr if args.json else sys.stdout)
    return code


def _fix(workspace: Path, report: dict[str, Any], least: str, out: TextIO) -> int:
    """Write the changes that findings ask for; show them, and what is left to do by hand."""
    from tasks import repairing

    severities = ("block", "warn") if least == "warn" else ("block",)
    plan = repairing.plan(report["findings"], severities)
    diff = repairing.write(workspace, plan.changes) if plan.changes else ""
    said = [""]
    if diff:
        said += [diff.rstrip("\n"), ""]
    said += plan.notes
    said += [f"by hand: {item['kind']}: {item['remedy']}" for item in plan.unmended]
    if diff:
        places = ", ".join(change.place for change in plan.changes)
        said.append(f"fixed: {places}")
        if any(change.path == DROP for change in plan.changes):
            said.append(
                "first: `ninefold expectations draft --yes`, as the suite has rules on them"
            )
        said.append("next: `ninefold audit` to look again, or `ninefold run`")
    elif plan.changes:
        said.append("nothing to fix: params.yaml holds these changes already; run `ninefold audit`")
    elif not plan.unmended and not plan.notes:
        said.append(f"nothing to fix: no finding of severity {' or '.join(severities)}")
        if repairing.plan(report["findings"], ("warn",)).changes and least != "warn":
            said.append("warnings are mended by `ninefold audit --fix warn`")
    print("\n".join(said), file=out)
    blocked = [item for item in plan.unmended if item["severity"] == "block"]
    is_left = blocked or (report["verdict"] == "block" and not diff)
    return GateError.exit_code if is_left else 0


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
        flattered = inflation_sentence(finding.get("inflation"))
        if flattered:
            said.append(f"      {flattered}")
        if "ignored" in finding:
            said.append(f"      ignored: {finding['ignored']['reason']}")
        else:
            said.append(f"      do: {finding['remedy']}")
    said += [f"params.yaml: {unused}" for unused in checked.get("unused", ())]
    return said
