"""The score flow: files scored as one job, resumably, with rows, flags and drift as artifacts.

Its run ends as Scored, Nothing to do or Wrong input. Rows unlike training raise the event
`ninefold.drift` and may start a retrain, see `flows.reacting`; they are scored all the same.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import flow, runtime, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import monitoring, reacting
from flows.session import begin
from flows.states import nothing_to_do, of_flow, refused
from ninefold.config import validate_as
from ninefold.errors import InputError
from ninefold.scoring.done import Done
from ninefold.scoring.inputs import NoSourceError
from ninefold.scoring.job import JobSpec
from tasks import scoring, watching

SHOWN = 50


@task(name="score", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
def score_rows(
    workspace: str,
    inputs: Sequence[str],
    output: str,
    model: str | None,
    options: Mapping[str, Any],
    training: str | None,
) -> State[Any]:
    """Score the rows, publish what was found, and do what follows from it."""
    folder, said = Path(workspace), list[str | None]()

    def follow(report: dict[str, Any]) -> None:
        monitoring.publish(folder, report)
        said.extend([*watching.lines(report), reacting.react(folder, report, training)])

    try:
        spec = validate_as(JobSpec, "options", dict(options), "score")
        paths = [Path(path) for path in inputs]
        done, _ = scoring.score(
            folder, Path(model) if model else None, paths, Path(output), spec, follow
        )
    except NoSourceError:
        return nothing_to_do(inputs)
    except InputError as error:
        return refused(error)
    if not said:
        said.append(reacting.resume(folder, done.model_version, training))
    _publish(done)
    there = f", where {done.before} were" if done.before else ""
    first = f"wrote {done.rows - done.before} rows to {output}{there}"
    return Completed(name="Scored", message="\n".join(line for line in [first, *said] if line))


def _publish(done: Done) -> None:
    """Publish rows by source and flagged cells by column."""
    files = [
        {"source": file.name, "rows": file.rows, "without prediction": file.failed,
         "scored before": file.before}
        for file in done.files
    ]  # fmt: skip
    create_table_artifact(
        files[:SHOWN], key="score-rows", description=f"Scored by version {done.model_version}"
    )
    flags = [
        {"what": kind, "column": name, "rows": rows}
        for kind, columns in done.flagged.items()
        for name, rows in sorted(columns.items(), key=lambda item: (-item[1], item[0]))
    ]
    shown = flags[:SHOWN] or [{"what": "none"}]
    create_table_artifact(shown, key="score-flags", description="Cells unlike training")


def _run_name() -> str:
    given = runtime.flow_run.parameters
    return f"{Path(given['workspace']).resolve().name} score"


@flow(name="score", flow_run_name=_run_name, validate_parameters=False, persist_result=False)
def score(
    workspace: str,
    inputs: Sequence[str],
    output: str,
    model: str | None = None,
    options: Mapping[str, Any] | None = None,
    training: str | None = None,
) -> State[Any]:
    """Score files and folders; a run that was killed goes on from its last whole part.

    Args:
        workspace: folder of params.yaml.
        inputs: tables or folders of them, relative to the workspace.
        output: a file, or a folder for one file each.
        model: the exported model, or a registry; default: what is in production, if anything
            is, else models/model.onnx.
        options: more of `ninefold.scoring.job.JobSpec`.
        training: deployment to start when `monitor.retrain` of params.yaml asks for it.
    """
    begin()
    folder = str(Path(workspace).resolve())
    state = score_rows(folder, inputs, output, model, options or {}, training, return_state=True)
    return of_flow(state)
