"""From train and valid rows to a trained model."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.training.calibration import conformal, fit_head
from ninefold.training.defaults import FEW_WATCHED, of_table
from ninefold.training.filters import filter_pictures
from ninefold.training.model import TrainedModel
from ninefold.training.preparing import Ready, Table, prepare
from ninefold.training.under_way import RunFiles

if TYPE_CHECKING:
    from ninefold.evaluation.metrics import Metric
    from ninefold.preprocessing import Layout, PreprocessSpec
    from ninefold.sampling import Sampling
    from ninefold.training import TrainSpec
    from ninefold.training.run import Outcome
    from ninefold.training.scoring_module import ScoringModule


def fit(
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    sampling: "Sampling",
    preprocess: "PreprocessSpec",
    spec: "TrainSpec",
    *,
    fold: int = -1,
    checkpoint: Path | None = None,
    live: Path | None = None,
) -> TrainedModel:
    """Fit preprocessing and network on `train`; stop early and calibrate on `valid`.

    Args:
        fold: gives the seeds of this fold; -1 is the model that is shipped.
        checkpoint: where a run is kept after each epoch, and taken up again by the same call after
            it was killed; whoever has saved the model removes it.
        live: where the history is written as CSV after each epoch.

    Raises:
        InputError: the data cannot be learnt from, or training diverges.
        ConfigError: objective, metric or device do not fit.
    """
    ready = prepare(train, valid, problem, sampling, preprocess, spec)
    target, reported = ready.target, ready.reported
    X_valid, codes_valid, y_valid, _, *tensors_valid = ready.valid
    update: dict[str, Any] = {"objective": ready.objective}
    if not spec.network.reads_tensors:
        update |= of_table(spec, len(ready.rows[2]))
    spec = spec.model_copy(update=update)
    goal = ready.objective
    head = Head(target, quantiles=goal.levels, quantile=goal.level)
    by_loss = ready.objective.is_watched or _is_noisy(ready, sampling)

    def watched(scores: Array) -> float:
        return reported.compute(y_valid, head.predict(scores))

    module, outcome = _train(
        ready.rows,
        ready.valid,
        ready.preprocessing.layout,
        head,
        (watched, reported.higher_is_better, by_loss),
        spec,
        fold,
        RunFiles(checkpoint, live),
    )
    assert outcome.found is not None
    spec = spec.model_copy(update={"lr": outcome.found.lr})
    model = TrainedModel(ready.preprocessing, module, head, tuple(outcome.history), spec)
    model.probes = tuple(outcome.probes)
    scores = model.scores_of(X_valid, codes_valid, *tensors_valid)
    if goal.levels or goal.level:
        model.head = conformal(head, scores, y_valid) if spec.calibrate else head
    else:
        settings = (reported, spec.calibrate, spec.threshold)
        model.head = fit_head(scores, y_valid, target, *settings)
    model.facts = _facts(model, outcome, scores, y_valid, reported) | {
        "watched": "loss" if by_loss else reported.name,
        "train_rows": len(ready.rows[2]),
        "valid_rows": len(y_valid),
    }
    return model


def _is_noisy(ready: Ready, sampling: "Sampling") -> bool:
    """Tell whether the loss on valid says better than the reported metric which epoch is best.

    Only where it means the same on train and valid: no rows are drawn or weighed.
    """
    is_plain = sampling.kind == "none" and bool(np.ptp(ready.rows[3]) == 0)
    return ready.reported.is_of_order and is_plain and len(ready.valid[2]) < FEW_WATCHED


def _train(
    rows: Table,
    valid: Table,
    layout: "Layout",
    head: Head,
    watched: tuple[Callable[[Array], float], bool, bool],
    spec: "TrainSpec",
    fold: int,
    files: RunFiles,
) -> "tuple[ScoringModule, Outcome]":
    from ninefold.training.device import choose_device, keep_freed_memory, reproducible
    from ninefold.training.loop import Watch, on_device, train
    from ninefold.training.probing import Probe
    from ninefold.training.ranks.following import Material
    from ninefold.training.ranks.leading import team
    from ninefold.training.scoring_module import ScoringModule

    check_finite(rows[0], layout)
    check_finite(valid[0], layout)
    assert spec.objective is not None
    device = choose_device(spec.device)
    keep_freed_memory()
    weights_seed, training_seed = seeds(spec.seed, fold)
    alone = spec if fold < 0 else spec.model_copy(update={"ranks": 1})
    material = Material(rows, layout, head.target, head.width, alone, weights_seed)
    with reproducible(training_seed, spec.threads, device), team(material, device) as ranks:
        network = spec.network.build(layout, head.width, rows[0], weights_seed)
        module = ScoringModule(network, spec.objective).to(device)
        parts = on_device(rows, head.target, device), on_device(valid, head.target, device)
        settings = {"train": spec.model_dump(mode="json"), "fold": fold}
        observers = files.observers(settings, (*rows, *valid))
        if fold < 0:
            observers.append(Probe(parts[0]))
        outcome = train(module, *parts, Watch(*watched), spec, observers, ranks)
    return module.cpu().eval(), outcome


def seeds(seed: int, fold: int) -> tuple[int, int]:
    """Return independent seeds for the weights and for the training of a fold (-1: no fold)."""
    state = np.random.SeedSequence([seed, fold + 1]).generate_state(2)
    return int(state[0]), int(state[1])


def check_finite(X: Array, layout: "Layout") -> None:
    """Refuse features `(N, F)` that no network can take. Raises `InputError`."""
    bad: Array = ~np.asarray(np.isfinite(X).all(axis=0))
    if bad.any():
        names = [name for name, is_bad in zip(layout.features, bad, strict=True) if is_bad]
        raise InputError(
            f"features must be finite after preprocessing, however: {names[:5]} are not. "
            "Clip or scale them under `preprocess.columns` in params.yaml"
        )


def _facts(
    model: TrainedModel, outcome: "Outcome", scores: Array, y: Array, reported: "Metric"
) -> dict[str, Any]:
    """Return what training reports beside the history; nothing that differs from run to run."""
    from ninefold.evaluation.metrics import metrics_for

    prediction, threshold = model.head.predict(scores), model.head.cut
    return {
        "metric": reported.name,
        "higher_is_better": reported.higher_is_better,
        "best_epoch": outcome.best_epoch,
        "epochs": len(outcome.history),
        "retries": outcome.retries,
        "micro_batch_size": outcome.micro_batch_size,
        "lr_finder": range_test(outcome),
        "parameters": sum(p.numel() for p in model.module.parameters()),
        "filters": filter_pictures(model.module.network),
        "valid": {
            found.name: found.compute(y, prediction, None, threshold)
            for found in metrics_for(model.head.target)
        },
    }


def range_test(outcome: "Outcome") -> dict[str, Any] | None:
    """Return what the range test saw, None without one."""
    found = outcome.found
    if found is None or not found.rates:
        return None
    return {
        "lr": found.lr,
        "rates": [float(f"{rate:.6g}") for rate in found.rates],
        "losses": [float(f"{loss:.6g}") for loss in found.losses],
    }
