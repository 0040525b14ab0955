"""Flow runs that nobody works on: Prefect shows those of a killed process as running for ever, and
starts every one that was missed.
"""

import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime

import psutil
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed

FLOWS = ["training", "tuning", "quality", "score", "monitor"]
PID = "pid:"
LIMIT = 200


def tags() -> list[str]:
    """Return the tags that say where a flow run's process is: its host and its number."""
    return [f"host:{socket.gethostname()}", f"{PID}{os.getpid()}"]


def bury() -> int:
    """Mark runs of this host whose process is gone as crashed; return how many."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=FLOWS)),
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=tags()[:1]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
            ),
            sort=FlowRunSort.START_TIME_DESC,
            limit=LIMIT,
        )
        dead = [run for run in found if not _is_alive(run.tags)]
        for run in dead:
            client.set_flow_run_state(run.id, Crashed(message="its process was killed"), force=True)
    return len(dead)


def bury_deployed(deployments: Sequence[str]) -> int:
    """Mark runs of these deployments that nobody works on any more as crashed; return how many.

    Call it before the deployments are served: a run of an earlier process would count as one that
    goes on, and no other would start.
    """
    under_way = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=list(deployments))),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=under_way))
            ),
            sort=FlowRunSort.START_TIME_DESC,
            limit=LIMIT,
        )
        for run in found:
            client.set_flow_run_state(run.id, Crashed(message="its process was ended"), force=True)
    return len(found)


def pass_over(deployments: Sequence[str]) -> int:
    """Cancel the runs that were due while nobody served these deployments, but for the last of
    each; return how many. The server keeps them all, and each would start a process to no end.
    """
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=list(deployments))),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=LIMIT,
        )
        by_clock = [run for run in found if run.auto_scheduled]
        last = {run.deployment_id: run.id for run in reversed(by_clock)}
        missed = [run for run in by_clock if run.id != last[run.deployment_id]]
        for run in missed:
            client.set_flow_run_state(
                run.id, Cancelled(message="nobody served its schedule when it was due"), force=True
            )
    return len(missed)


def _is_alive(tags: list[str]) -> bool:
    numbers = [tag.removeprefix(PID) for tag in tags if tag.startswith(PID)]
    return any(psutil.pid_exists(int(number)) for number in numbers)
