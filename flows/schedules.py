"""The flows of a workspace as Prefect deployments, each with its own schedule."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import Flow, serve
from prefect._vendor.croniter.croniter import CroniterBadDateError, croniter
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from flows import retraining, zombies
from flows.monitoring import monitor
from flows.quality import quality
from flows.scoring import score
from flows.training import training
from flows.tuning import tuning
from ninefold.durations import duration_us
from ninefold.errors import ConfigError
from ninefold.scheduling import ScheduleSpec, WhenSpec


def deployments(
    workspace: Path, spec: ScheduleSpec, retrains: bool = False
) -> list[RunnerDeployment]:
    """Return a deployment for each flow that has a schedule.

    A run that is due while the one before it still goes on is left out. `retrains` tells that
    findings start the training flow, which then is deployed without a schedule too, with the
    automation that starts it.

    Raises:
        ConfigError: Prefect cannot read a schedule.
    """
    folder = str(workspace.resolve())
    made = []
    asked = f"{training.name}/{_name(workspace)}" if retrains else None
    if spec.training or (asked and (spec.score or spec.monitor)):
        push = spec.training.push if spec.training else False
        given: dict[str, Any] = {"workspace": folder, "push": push}
        triggers = [retraining.trigger(asked)] if asked else []
        made.append(_deployed(training, spec.training, given, workspace, triggers))
    if spec.quality:
        data = str((workspace / spec.quality.data).resolve())
        given = {"workspace": folder, "data": data, "strict": spec.quality.strict}
        made.append(_deployed(quality, spec.quality, given, workspace))
    if spec.tuning:
        made.append(_deployed(tuning, spec.tuning, {"workspace": folder}, workspace))
    common = {"workspace": folder, "training": asked}
    if spec.score:
        options = spec.score.model_dump(
            include={"keep", "scheduler"}, exclude_none=True, mode="json"
        )
        given = spec.score.model_dump(include={"inputs", "output", "model"}, mode="json")
        made.append(_deployed(score, spec.score, common | given | {"options": options}, workspace))
    if spec.monitor:
        given = spec.monitor.model_dump(exclude=set(WhenSpec.model_fields), mode="json")
        made.append(_deployed(monitor, spec.monitor, common | given, workspace))
    return made


def serve_forever(made: list[RunnerDeployment]) -> None:
    """Serve deployments until the process ends; each run is a process of its own."""
    names = [str(deployment.name) for deployment in made]
    zombies.bury_deployed(names)
    zombies.pass_over(names)
    for one in made:
        if one.triggers:
            retraining.keep_paused(f"{one.flow_name}/{one.name}", one.triggers)
    serve(*made, pause_on_shutdown=False, print_starting_message=False)


def said(when: WhenSpec | None) -> str:
    """Word a schedule."""
    if when is None:
        return "when a finding asks for it"
    return f"every {when.every}" if when.every else f"at {when.cron} ({when.timezone})"


def _deployed(
    flow: Flow[..., Any],
    when: WhenSpec | None,
    parameters: dict[str, Any],
    workspace: Path,
    triggers: Sequence[DeploymentEventTrigger] = (),
) -> RunnerDeployment:
    made: Any = flow.to_deployment(
        _name(workspace),
        schedule=_schedule(flow.name, when) if when is not None else None,
        parameters=parameters,
        triggers=list(triggers),
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        enforce_parameter_schema=False,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment)
    return made


def _name(workspace: Path) -> str:
    """Return the name of a workspace's deployments, which tells folders of one name apart."""
    folder = workspace.resolve()
    return f"{folder.name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]}"


def _schedule(name: str, when: WhenSpec) -> Schedule:
    if when.every is not None:
        return Interval(timedelta(microseconds=duration_us(when.every)))
    cron = str(when.cron)
    try:
        CronSchedule(cron=cron, timezone=when.timezone)
        croniter(cron, datetime.now(UTC)).get_next()  # type: ignore[no-untyped-call]
        return Cron(cron, timezone=when.timezone)
    except CroniterBadDateError:
        raise ConfigError(
            f"params.yaml: schedule.{name}.cron must name a day that comes, however: {when.cron!r}"
        ) from None
    except ValueError:
        raise ConfigError(
            f"params.yaml: schedule.{name}.cron must be a cron expression, however: {when.cron!r}"
        ) from None
