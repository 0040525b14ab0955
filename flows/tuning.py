"""The tuning flow: stage `tune` with all it depends on, which no other flow runs.

Trials are no Prefect tasks: the stage hands them to processes or a Dask cluster itself.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State

from flows.session import begin
from flows.training import carry_out, threads
from tasks import tuning as preparing


def _run_name() -> str:
    folder = Path(runtime.flow_run.parameters["workspace"]).resolve().name
    return f"{folder} tune {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(
    name="tuning",
    flow_run_name=_run_name,
    task_runner=threads(),
    validate_parameters=False,
    persist_result=False,
)
def tuning(workspace: str, trials: int | None = None) -> State[Any]:
    """Search params as the section `tune` of params.yaml says; `ninefold tune` applies them.

    Args:
        workspace: folder of dvc.yaml and params.yaml.
        trials: written into params.yaml first, if given.
    """
    begin()
    folder = Path(workspace).resolve()
    preparing.prepare(folder, trials)
    return carry_out(folder, (preparing.STAGE,))
