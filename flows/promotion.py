"""The promotion of what the training flow made, as its last task."""

import logging
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.states import REFUSED, refused
from tasks import promoting

NAMES = {"promote": "Promoted", "hold": "Held", "reject": "Rejected", "unchanged": "Cached"}
log = logging.getLogger("ninefold.flow")


@task(
    name="promote",
    task_run_name="promote",
    description="Compare the model with the one in production",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def promote(workspace: str) -> State[Any]:
    """End as Promoted, Held, Rejected or Cached; a model that is held fails no run."""
    try:
        outcome = promoting.promote(Path(workspace), anew=False)
    except REFUSED as error:
        return refused(error)
    for line in outcome.lines():
        log.info("promote    %s", line)
    shown = 1 if outcome.is_in_production else None
    return Completed(name=NAMES[outcome.action], message="\n".join(outcome.lines()[:shown]))
