"""The monitor flow: a model in use against its training, on a schedule if you like.

Its run ends as Passed, Warned, Nothing to do, Gate stopped or Wrong input. A finding raises the
event `ninefold.drift` and may start a retrain, see `flows.reacting`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import artifacts, reacting
from flows.session import begin
from flows.states import NOTHING_TO_DO, nothing_to_do, of_flow, refused
from ninefold.errors import InputError
from ninefold.monitoring.judged import NothingNewError
from ninefold.scoring.inputs import NoSourceError
from tasks import watching
from tasks.engine import StageInfo

STATES = {"pass": "Passed", "warn": "Warned"}


@task(name="look", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
def look_at_rows(
    workspace: str,
    data: Sequence[str],
    model: str | None,
    labels: str | None,
    key: str | None,
    strict: bool,
    training: str | None,
) -> State[Any]:
    """Look, publish what was found, and do what follows from it."""
    folder, said = Path(workspace), list[str | None]()

    def follow(report: dict[str, Any]) -> None:
        publish(folder, report)
        said.append(reacting.react(folder, report, training))

    try:
        report = watching.look(
            folder,
            [Path(path) for path in data],
            Path(model) if model else None,
            Path(labels) if labels else None,
            key,
            follow,
        )
    except NoSourceError:
        return nothing_to_do(data)
    except NothingNewError as error:
        later = reacting.resume(folder, error.version, training)
        message = "\n".join(line for line in (str(error), later) if line)
        return Completed(name=NOTHING_TO_DO, message=message)
    except InputError as error:
        return refused(error)
    message = "\n".join(line for line in [*watching.lines(report), *said] if line)
    if report["verdict"] == "block" or (strict and report["verdict"] == "warn"):
        return Failed(name="Gate stopped", message=message)
    return Completed(name=STATES[report["verdict"]], message=message)


def publish(workspace: Path, report: dict[str, Any]) -> None:
    """Publish the page and the comparison as artifacts."""
    written = workspace / watching.FOLDER
    outs = (written / "index.html", written / "monitor.json")
    about = f"{report['model']['name']} on {report['data']}"
    artifacts.publish(StageInfo("monitor", about, "", (), outs, 0, is_frozen=False))


def _run_name() -> str:
    given = runtime.flow_run.parameters
    return f"{Path(given['workspace']).resolve().name} monitor"


@flow(name="monitor", flow_run_name=_run_name, validate_parameters=False, persist_result=False)
def monitor(
    workspace: str,
    data: Sequence[str],
    model: str | None = None,
    labels: str | None = None,
    key: str | None = None,
    strict: bool = False,
    training: str | None = None,
) -> State[Any]:
    """Compare rows a model predicted with its training, and predictions with labels.

    Each file is compared once, beside those that came since the run before.

    Args:
        workspace: folder of params.yaml.
        data: tables, folders of them or of what a server recorded, relative to the workspace.
        model: the exported model, or a registry; default: what is in production, if anything
            is, else models/model.onnx.
        labels: table with a column named as the target, once there are labels.
        key: column that joins labels and rows.
        strict: let warnings stop as well.
        training: deployment to start when `monitor.retrain` of params.yaml asks for it.
    """
    begin()
    folder = str(Path(workspace).resolve())
    state = look_at_rows(folder, data, model, labels, key, strict, training, return_state=True)
    return of_flow(state)
