"""Batch scoring from a workspace: rows are scored and compared with training at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ninefold.config import load_params
from ninefold.errors import InputError
from ninefold.monitoring.counting import Counter
from ninefold.monitoring.reference import Reference
from ninefold.monitoring.watch import judged
from ninefold.scoring.done import Done
from ninefold.scoring.job import JobSpec, score_files
from ninefold.scoring.score import proved_model
from tasks import watching


def score(
    workspace: Path, model: Path, inputs: Sequence[Path], output: Path, spec: JobSpec
) -> tuple[Done, dict[str, Any] | None]:
    """Score as `ninefold.scoring.job.score_files` says; paths are relative to the workspace.

    Returns:
        What was scored, and the report on how far the rows are from training, which also stands in
        reports/monitor; None where the model holds no reference.

    Raises:
        InputError: a model or source that is wrong, or the output cannot be written.
    """
    params = load_params(workspace, ("validate", "monitor"))
    loaded, rows = proved_model(workspace / model)
    try:
        reference = Reference.of(loaded)
    except InputError:
        reference = None
    counter = Counter(reference, rows.signature) if reference else None
    sources = [workspace / path for path in inputs]
    done = score_files(workspace / model, sources, workspace / output, spec, counter)
    if reference is None:
        return done, None
    report = judged(
        loaded,
        reference,
        params["monitor"],
        done.counts,
        [file.name for file in done.files],
        reference.masked | frozenset(params["validate"].mask),
        {"failed": done.failed, "aside": 0, "flagged": done.flagged},
    )
    watching.publish(workspace, report)
    return done, report
