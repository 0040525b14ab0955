"""Flow runs whose process was killed: Prefect shows them as running for ever."""

import os
import socket

import psutil
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed

FLOWS = ["training", "tuning", "quality"]
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


def _is_alive(tags: list[str]) -> bool:
    numbers = [tag.removeprefix(PID) for tag in tags if tag.startswith(PID)]
    return any(psutil.pid_exists(int(number)) for number in numbers)
