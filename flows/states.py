"""How tasks and flows of ours end, in words that people tell apart."""

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Failed

from flows.session import REFUSALS

REFUSED = tuple(REFUSALS.values())
"""Errors that no retry can help."""


NOTHING_TO_DO = "Nothing to do"


def refused(error: Exception) -> State[Any]:
    """Return how a task ends that one of the `REFUSED` errors stopped."""
    name = next(name for name, kind in REFUSALS.items() if isinstance(error, kind))
    return Failed(name=name, message=str(error))


def nothing_to_do(folders: Sequence[str]) -> State[Any]:
    """Return how a task ends that found no file in its folders: one may come until the next run."""
    return Completed(name=NOTHING_TO_DO, message=f"no file is in {', '.join(folders)} yet")


def of_flow(state: State[Any]) -> State[Any]:
    """Return how a flow ends whose only task ended in `state`: named and worded alike."""
    if state.is_completed():
        return Completed(name=state.name, message=state.message)
    if state.name in REFUSALS:
        return Failed(name=state.name, message=state.message)
    return state


def was_left_out(run: FlowRun) -> bool:
    """Tell whether a run never began, since the one before it went on."""
    return run.state is not None and run.state.is_cancelled() and run.start_time == run.end_time
