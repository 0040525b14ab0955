"""Batch scoring from a workspace: rows are scored and compared with training at once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ninefold.config import load_params
from ninefold.errors import InputError
from ninefold.monitoring.counting import Counter
from ninefold.monitoring.reference import Reference
from ninefold.monitoring.watch import judged
from ninefold.production import in_use
from ninefold.scoring.done import Done
from ninefold.scoring.job import JobSpec, score_files
from ninefold.scoring.score import proved_model
from tasks import watching


def score(
    workspace: Path,
    model: Path | None,
    inputs: Sequence[Path],
    output: Path,
    spec: JobSpec,
    follow: Callable[[dict[str, Any]], None] | None = None,
) -> tuple[Done, dict[str, Any] | None]:
    """Score as `ninefold.scoring.job.score_files` says; paths are relative to the workspace, and
    `model` is by default the one in use there.

    Files of a folder are compared with training once: those that earlier runs scored and judged
    would hide what is new. Fewer rows than `monitor.min_rows` wait for more.

    Args:
        follow: is given the report before its files count as judged, so that a kill loses none.

    Returns:
        What was scored, and the report on how far the rows are from training, which also stands in
        reports/monitor; None where the model holds no reference, or no file is new.

    Raises:
        InputError: a model or source that is wrong, or the output cannot be written.
    """
    params = load_params(workspace, ("validate", "monitor"))
    model = workspace / (model or in_use(workspace))
    loaded, rows = proved_model(model)
    try:
        reference = Reference.of(loaded)
    except InputError:
        reference = None
    reports: list[dict[str, Any]] = []

    def judge(new: Done) -> bool:
        assert reference is not None
        report = judged(
            loaded,
            reference,
            params["monitor"],
            new.counts,
            [file.name for file in new.files],
            reference.masked | frozenset(params["validate"].mask),
            {"failed": new.failed, "aside": 0, "flagged": new.flagged},
        )
        watching.publish(workspace, report)
        reports.append(report)
        if follow is not None:
            follow(report)
        return bool(report["is_judged"])

    counter = Counter(reference, rows.signature) if reference else None
    sources = [workspace / path for path in inputs]
    done = score_files(
        model, sources, workspace / output, spec, counter, judge if reference else None
    )
    return done, reports[0] if reports else None
