"""What follows from a finding: an event, and, where params.yaml says so, one retrain.

Prefect's automations cannot count: a cool-down and a budget that hold on every server, and after
kill -9, need a journal. So the flow that finds starts the retrain itself; the event is there for
whatever else should follow.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect.deployments import run_deployment
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound

from ninefold.config import load_params
from ninefold.monitoring import budget

JOURNAL = Path(".ninefold/retrains.jsonl")
EVENT = "ninefold.drift"
TAG = "because-of-drift"
log = logging.getLogger("ninefold.flow")


def react(workspace: Path, report: Mapping[str, Any], training: str | None) -> str:
    """Raise an event for a finding, start `training` if it may be; return what was done.

    Args:
        workspace: the folder whose params.yaml says when a retrain may start.
        report: what `ninefold.monitoring.watch` found.
        training: the deployment to start, as FLOW/DEPLOYMENT.
    """
    if report["verdict"] == "pass":
        return ""
    messages = [item["message"] for item in report["findings"]]
    emit_event(
        EVENT,
        resource={
            "prefect.resource.id": f"ninefold.workspace.{workspace.name}",
            "prefect.resource.name": str(workspace),
            "ninefold.verdict": report["verdict"],
        },
        payload={
            "data": report["data"],
            "version": report["model"]["version"],
            "findings": messages[:20],
        },
    )
    spec = load_params(workspace, ["monitor"])["monitor"].retrain
    if training is None or not budget.asks_for_retrain(report["verdict"], spec):
        return ""
    said = _start(workspace / JOURNAL, spec, training, messages[0])
    log.info("%s", said)
    return said


def _start(path: Path, spec: Any, training: str, because: str) -> str:
    refused = budget.claim(path, spec, because)
    if refused is not None:
        return f"no retrain: {refused}"
    try:
        run: Any = run_deployment(training, timeout=0, as_subflow=False, tags=[TAG])
    except ObjectNotFound:
        why = f"there is no deployment {training}"
        budget.note(path, {"what": "none", "why": why})
        return f"no retrain: {why}"
    budget.note(path, {"what": "run", "run": str(run.id), "deployment": training})
    return f"retrain started: {training}"
