"""The quality flow: fresh rows against suite and training reference, on a schedule if you like.

Its run ends as Passed, Warned, Gate stopped or Wrong input, with the tables and pages as artifacts.
"""

from pathlib import Path
from typing import Any

from prefect import flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from expectations.wording import sentence
from flows import artifacts
from flows.session import begin
from flows.states import of_flow, refused
from ninefold.errors import InputError
from tasks import fresh
from tasks.engine import StageInfo

STATES = {"pass": "Passed", "warn": "Warned"}
SHOWN = 5
ORDER = ("block", "warn", "info")


@task(name="check", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
def check_rows(workspace: str, data: str, strict: bool) -> State[Any]:
    """Check the rows and publish what was found."""
    folder = Path(workspace)
    try:
        report = fresh.check(folder, Path(data))
    except InputError as error:
        return refused(error)
    written = folder / fresh.FOLDER
    outs = (written, written / "quality.json", written / "comparison.json", folder / fresh.DOCS)
    artifacts.publish(
        StageInfo("fresh", f"Fresh data {report['data']}", "", (), outs, 0, is_frozen=False)
    )
    stops = report["verdict"] == "block" or (strict and report["verdict"] == "warn")
    message = "\n".join(lines(report))
    if stops:
        return Failed(name="Gate stopped", message=message)
    return Completed(name=STATES[report["verdict"]], message=message)


def lines(report: dict[str, Any]) -> list[str]:
    """Return what was found as people read it, worst first."""
    counts = report["counts"]
    said = [
        f"quality of {report['data']}: {report['verdict']} ({report['rows']} rows, "
        f"{counts['passed']} of {counts['expectations']} expectations met)"
    ]
    failed = [item for item in report["expectations"] if not item["success"]]
    found = [(i["severity"], i["message"]) for i in report["findings"]]
    found += [(i["severity"], sentence(i)) for i in failed]
    found.sort(key=lambda pair: ORDER.index(pair[0]))
    said += [f"  {severity}: {message}" for severity, message in found[: 2 * SHOWN]]
    if len(found) > 2 * SHOWN:
        said.append(f"  … and {len(found) - 2 * SHOWN} more")
    return [*said, f"Look at {fresh.FOLDER.as_posix()}/index.html"]


def _run_name() -> str:
    given = runtime.flow_run.parameters
    return f"{Path(given['workspace']).resolve().name} {Path(given['data']).name}"


@flow(name="quality", flow_run_name=_run_name, validate_parameters=False, persist_result=False)
def quality(workspace: str, data: str, strict: bool = False) -> State[Any]:
    """Check a file of fresh rows without training.

    Args:
        workspace: folder of dvc.yaml and params.yaml, in which `ninefold run` has run.
        data: csv, tsv or parquet file of the columns that training had.
        strict: let warnings stop as well.
    """
    begin()
    state = check_rows(str(Path(workspace).resolve()), data, strict, return_state=True)
    return of_flow(state)
