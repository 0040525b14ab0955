"""Say what training shows about its own settings; --try tries the changes."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ninefold.config import read_yaml
from ninefold.errors import InputError
from ninefold.files import read_json
from ninefold.report.markup import count
from tasks.stage_io import StageIO

REPORT = Path("reports/diagnosis.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold diagnose`."""
    add = parser.add_argument
    add("--json", action="store_true", help="print reports/diagnosis.json only")
    add(
        "--try",
        action="store_true",
        dest="tries",
        help="run each change as a DVC experiment of the train stage; say whether it held",
    )


def main(args: argparse.Namespace) -> int:
    """Print the findings of the last training run, and try their changes if asked to.

    Raises:
        InputError: nothing was trained yet, what was trained has no diagnosis, or experiments
            cannot be run here.
    """
    workspace = Path.cwd()
    if not (workspace / REPORT).is_file() and not StageIO(workspace, "train").has_out(REPORT.name):
        raise InputError(
            f"dvc.yaml: stage `train` must declare {REPORT} for a diagnosis, however: it does not, "
            "as for clusters, which have none: reports/report.html says how sure they are"
        )
    report = read_json(workspace / REPORT)
    if args.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(lines(report)))
    if changed := changed_since(workspace):
        print(f"note: params.yaml has changed since that run ({', '.join(changed)}): run again")
    if args.tries:
        _try(workspace, report)
    return 0


def changed_since(workspace: Path) -> list[str]:
    """Return the sections of params.yaml that are not as the diagnosed run had them."""
    lock = workspace / "dvc.lock"
    stages = (read_yaml(lock).get("stages") or {}) if lock.is_file() else {}
    now = read_yaml(workspace / "params.yaml")
    return [
        section
        for stage in stages.values()
        if any(out["path"] == str(REPORT) for out in stage.get("outs", []))
        for section, value in stage.get("params", {}).get("params.yaml", {}).items()
        if now.get(section) != value
    ]


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return the findings as people read them."""
    findings, symptoms = report["findings"], len(report["looked_for"])
    said = [f"diagnosis: {count(len(findings), 'finding')}, of {symptoms} symptoms looked for"]
    for finding in findings:
        said += ["", f"{finding['kind']}: {finding['message']}", f"  do: {finding['remedy']}"]
    if any(finding["fix"] for finding in findings):
        said += ["", "next: `ninefold diagnose --try` runs these changes as experiments"]
    return said


def _try(workspace: Path, report: Mapping[str, Any]) -> None:
    from tasks import experimenting

    for finding in report["findings"]:
        if not finding["fix"]:
            continue
        name = "diagnose-" + finding["kind"].replace(".", "-").replace("_", "-")
        after = experimenting.run(workspace, name, finding["fix"])
        print(f"\n{verdict(finding['kind'], report, after)}")
        print(f"  `dvc exp apply {name}` takes it over")


def verdict(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say whether a change held: the finding is gone and the metric on valid is no worse."""
    is_gone = kind not in {finding["kind"] for finding in after["findings"]}
    old, new, metric = before["valid"], after["valid"], before["metric"]
    if old is None or new is None:
        is_better, moved = is_gone, f"{metric} on valid is not known"
    else:
        is_better = new >= old if before["higher_is_better"] else new <= old
        moved = f"{metric} on valid {old:.4g} -> {new:.4g}"
    held = "held" if is_gone and is_better else "did not hold"
    return (
        f"{kind}: the change {held}: the finding is {'gone' if is_gone else 'still there'}, {moved}"
    )
