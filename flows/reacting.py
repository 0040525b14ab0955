"""What follows from a finding: an event, and, where params.yaml says so, one retrain.

Where the server has an automation for it (`flows.retraining`), the event starts the retrain, else
the flow that finds does. Which of the two is settled before the event is raised, so that never both
happen; cool-down and budget stand in a journal that outlives server and process.
"""

import contextlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.deployments import run_deployment
from prefect.events import emit_event
from prefect.events.schemas.automations import Automation
from prefect.exceptions import ObjectNotFound

from flows import retraining
from flows.states import was_left_out
from ninefold import files
from ninefold.config import load_params
from ninefold.monitoring import RetrainSpec, budget
from tasks import watching

JOURNAL = Path(".ninefold/retrains.jsonl")
log = logging.getLogger("ninefold.flow")


def react(
    workspace: Path, report: Mapping[str, Any], training: str | None, is_new: bool = True
) -> str:
    """Raise an event for a finding, have `training` started if it may be; return what was done.

    Args:
        workspace: the folder whose params.yaml says when a retrain may start.
        report: what `ninefold.monitoring.watch` found.
        training: the deployment to start, as FLOW/DEPLOYMENT.
        is_new: the finding was not told before; an old one only starts what was put off.
    """
    if report["verdict"] == "pass":
        return ""
    spec = load_params(workspace, ["monitor"])["monitor"].retrain
    if training is None or not budget.asks_for_retrain(report["verdict"], spec):
        if is_new:
            tell(workspace, report)
        return ""
    with get_client(sync_client=True) as client:
        said = _retrain(client, workspace, report, training, spec, is_new)
    if said:
        log.info("%s", said)
    return said


def resume(workspace: Path, version: str, training: str | None) -> str:
    """Have the retrain started that was put off, or came to nothing, where nothing new came and it
    may be now.

    The last report has to be about the `version` of the model that is in use still.
    """
    path = workspace / watching.FOLDER / watching.REPORT
    if training is None or not (workspace / JOURNAL).is_file() or not path.is_file():
        return ""
    report = files.read_json(path)
    if report["model"]["version"] != version:
        return ""
    return react(workspace, report, training, is_new=False)


def tell(workspace: Path, report: Mapping[str, Any], due: str = "none") -> None:
    """Raise the event `ninefold.drift`; an automation starts the deployment that is `due`."""
    emit_event(
        retraining.EVENT,
        resource={
            "prefect.resource.id": f"{retraining.WORKSPACES}{workspace.name}",
            "prefect.resource.name": str(workspace),
            "ninefold.verdict": report["verdict"],
            retraining.DUE: due,
        },
        payload={
            "data": report["data"],
            "version": report["model"]["version"],
            "findings": [item["message"] for item in report["findings"]][:20],
        },
    )


def _retrain(
    client: SyncPrefectClient,
    workspace: Path,
    report: Mapping[str, Any],
    training: str,
    spec: RetrainSpec,
    is_new: bool,
) -> str:
    path, refused, busy, automation = workspace / JOURNAL, None, None, None
    try:
        deployment = client.read_deployment_by_name(training)
        automation = retraining.automation_for(client, deployment.id)
        if automation is not None and not automation.enabled:
            refused = f"the automation {automation.name!r} is paused"
        _settle(client, path, deployment.id)
        if retraining.goes_on(client, deployment.id):
            busy = "another training goes on"
    except ObjectNotFound:
        refused = f"there is no deployment {training}"
    if not (is_new or budget.is_put_off(path)):
        return ""
    because = report["findings"][0]["message"]
    if refused is None and (why := budget.claim(path, spec, because, busy=busy)):
        refused = f"{why}; it is put off"
    if refused and not is_new:
        return ""
    if refused:
        tell(workspace, report)
        return f"no retrain: {refused}"
    if automation is None:
        tell(workspace, report)
        return _start(path, training)
    before = retraining.runs_of(client, automation, deployment.id)
    tell(workspace, report, due=training)
    run = retraining.await_run(client, automation, deployment.id, before)
    return _note(path, training, automation, run)


def _settle(client: SyncPrefectClient, path: Path, deployment_id: UUID) -> None:
    """Give the last start back if nothing came of it: its event was lost, its finder killed, or its
    run left out, since another training went on.
    """
    if (begun := budget.begun(path)) is not None:
        with contextlib.suppress(ObjectNotFound):
            if was_left_out(client.read_flow_run(UUID(begun))):
                budget.give_back(path, begun, "another training went on")
        return
    at = budget.unsettled(path)
    if at is None or datetime.now(UTC) - at < retraining.LOST_AFTER:
        return
    run = retraining.begun_since(client, deployment_id, at)
    lost = {"what": "none", "why": "no run began"}
    budget.settle(path, at, lost if run is None else {"what": "run", "run": str(run)})


def _note(path: Path, training: str, automation: Automation, run: UUID | None) -> str:
    """Write down which run the automation began, if it has."""
    by = {"deployment": training, "automation": automation.name}
    if run is None:
        budget.note(path, {"what": "event", **by})
        return f"retrain asked for; the automation {automation.name!r} has not begun one yet"
    budget.note(path, {"what": "run", "run": str(run), **by})
    return f"retrain started: {training}, by the automation {automation.name!r}"


def _start(path: Path, training: str) -> str:
    """Start the deployment from here."""
    try:
        run: Any = run_deployment(training, timeout=0, as_subflow=False, tags=[retraining.TAG])
    except ObjectNotFound:
        why = f"there is no deployment {training}"
        budget.note(path, {"what": "none", "why": why})
        return f"no retrain: {why}"
    budget.note(path, {"what": "run", "run": str(run.id), "deployment": training})
    return f"retrain started: {training}"
