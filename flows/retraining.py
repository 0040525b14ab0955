"""The automation that starts a retrain: a Prefect server reacts to the event `ninefold.drift`.

Automations count neither across restarts nor over a month, so the flow that finds drift asks the
journal for cool-down and budget first; a start that may be is written there, and then said in the
event's label `ninefold.retrain`, for which the automation waits.
"""

import contextlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import DeploymentEventTrigger
from prefect.events.schemas.automations import Automation
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

EVENT = "ninefold.drift"
WORKSPACES = "ninefold.workspace."
DUE = "ninefold.retrain"
"""Label of the event: the deployment that is to start, as FLOW/DEPLOYMENT, or `none`."""
START_TIMEOUT_S = 15.0
POLL_S = 0.3
LOST_AFTER = timedelta(minutes=5)
"""An event that has begun no run after so long begins none: a server keeps events in memory."""
SKEW = timedelta(minutes=1)
TAG = "because-of-drift"
"""Tag of the runs that a flow starts itself."""
AHEAD = timedelta(minutes=2)
LIMIT = 200
NOT_FOUND = 404


def trigger(deployment: str) -> DeploymentEventTrigger:
    """Return what starts the deployment FLOW/DEPLOYMENT each time an event says that it is due."""
    return DeploymentEventTrigger(
        name=f"retrain on drift: {deployment}",
        description="monitor.retrain of params.yaml holds cool-down and budget. Pause me: no start",
        expect={EVENT},
        match=ResourceSpecification({"prefect.resource.id": f"{WORKSPACES}*", DUE: deployment}),
    )


def keep_paused(training: str, triggers: Iterable[Any]) -> None:
    """Let what is made anew for a deployment be paused as its automation on the server is."""
    with get_client(sync_client=True) as client, contextlib.suppress(ObjectNotFound):
        there = automation_for(client, client.read_deployment_by_name(training).id)
        for one in triggers:
            if there is not None:
                one.enabled = there.enabled


def automation_for(client: SyncPrefectClient, deployment_id: UUID) -> Automation | None:
    """Return the automation that starts a deployment on drift, one that is on if there is one."""
    try:
        found = client.read_resource_related_automations(f"prefect.deployment.{deployment_id}")
    except PrefectHTTPStatusError as error:
        if error.response.status_code == NOT_FOUND:
            return None
        raise
    mine = [one for one in found if EVENT in getattr(one.trigger, "expect", ())]
    return next(iter(sorted(mine, key=lambda one: not one.enabled)), None)


def runs_of(client: SyncPrefectClient, automation: Automation, deployment_id: UUID) -> list[UUID]:
    """Return the runs of a deployment that an automation began."""
    runs = _recent(client, deployment_id)
    return [run.id for run in runs if run.created_by and run.created_by.id == automation.id]


def begun_since(client: SyncPrefectClient, deployment_id: UUID, since: datetime) -> UUID | None:
    """Return a run of a deployment that drift began since then, None if there is none."""
    for run in _recent(client, deployment_id):
        by_automation = run.created_by is not None and run.created_by.type == "AUTOMATION"
        is_drift = by_automation or TAG in run.tags
        if is_drift and run.created is not None and run.created >= since - SKEW:
            return run.id
    return None


def goes_on(client: SyncPrefectClient, deployment_id: UUID) -> bool:
    """Tell whether a run of a deployment has begun and not ended: a further one is left out."""
    states = [run.state for run in _recent(client, deployment_id)]
    return any(state and (state.is_pending() or state.is_running()) for state in states)


def _recent(client: SyncPrefectClient, deployment_id: UUID) -> list[FlowRun]:
    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id])),
        flow_run_filter=FlowRunFilter(
            expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC) + AHEAD)
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=LIMIT,
    )


def await_run(
    client: SyncPrefectClient, automation: Automation, deployment_id: UUID, before: Iterable[Any]
) -> UUID | None:
    """Return the run that an automation has begun beside those `before`, None after a while."""
    known, end = set(before), time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        for run in runs_of(client, automation, deployment_id):
            if run not in known:
                return run
        time.sleep(POLL_S)
    return None
