"""From prepared train rows to a model that gives rows back, and its linear twin."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.autoencoding import AnomalySpec, AutoEncoderSpec
from ninefold.autoencoding.model import Reconstruction
from ninefold.autoencoding.oddity import Oddity
from ninefold.autoencoding.shapes import RowShape
from ninefold.columns import Array
from ninefold.training.under_way import NO_FILES, RunFiles
from ninefold.unlabelled.chain import Chain
from ninefold.unlabelled.model import history_csv
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.recurrence import Recurrence
from ninefold.unlabelled.space import weights, widen
from ninefold.unlabelled.steps import Layers, Steps

if TYPE_CHECKING:
    from ninefold.training.run import Epoch

HELD = 0.9
"""Share of the variance that the principal components of the default size hold."""
MOST_LATENT = 32
NARROWED = 3
"""By what the default size is divided to tell anomalies: through a narrow bottleneck little that is
unusual comes back, and what does, shows in the code."""


def fit(
    ready: Prepared,
    spec: AutoEncoderSpec,
    files: RunFiles = NO_FILES,
    *,
    for_anomalies: bool = False,
    place: str = "autoencoder",
) -> Reconstruction:
    """Train an AutoEncoder on the train rows; the valid rows say when to stop.

    The default size of the bottleneck is narrower `for_anomalies`; `place` is where params.yaml
    has the spec.

    Raises:
        InputError: loss and gradient would not stay finite.
    """
    z, z_valid = spaces(ready)
    latent = size_of(spec, z, for_anomalies=for_anomalies)
    rows = RowShape.of(ready, spec, place)
    taught = _trained(z, z_valid, latent, spec, rows, files)
    model = Reconstruction(
        ready.preprocessing,
        {
            "title": "the AutoEncoder",
            "latent": latent,
            **taught.facts,
            **({"picture": list(rows.picture)} if rows.picture else {}),
        },
        taught.history,
        encoder=taught.encoder,
        decoder=taught.decoder,
        weights=weights(ready.X, ready.preprocessing.layout),
        probes=taught.probes,
    )
    _describe(model, ready)
    model.facts["sizes"] = [
        {"latent": size, "valid_error": found.facts["valid_error"]}
        for size in sorted(set(spec.sizes) - {latent})
        if size < z.shape[1]
        for found in [_trained(z, z_valid, size, spec, rows)]
    ]
    model.facts["linear_sizes"] = _linear_sizes(z, z_valid)
    return model


def linear(
    ready: Prepared, spec: AutoEncoderSpec, *, for_anomalies: bool = False
) -> Reconstruction:
    """Return the principal components of the same number: the linear AutoEncoder."""
    z, _ = spaces(ready)
    latent = size_of(spec, z, for_anomalies=for_anomalies)
    mean, axes = _components(z)
    kept = axes[:latent]
    encoder = Chain(((kept.T.astype(np.float32), (-mean @ kept.T).astype(np.float32)),))
    decoder = Chain(((kept.astype(np.float32), mean.astype(np.float32)),))
    model = Reconstruction(
        ready.preprocessing,
        {"title": "the principal components", "latent": latent},
        encoder=encoder,
        decoder=decoder,
        weights=weights(ready.X, ready.preprocessing.layout),
    )
    _describe(model, ready)
    return model


def spaces(ready: Prepared) -> tuple[Array, Array]:
    """Return the coordinates of the train and of the valid rows, float32."""
    layout = ready.preprocessing.layout
    by = weights(ready.X, layout)
    return (
        widen(ready.X, ready.codes, layout, by),
        widen(ready.X_valid, ready.codes_valid, layout, by),
    )


def size_of(spec: AutoEncoderSpec, z: Array, *, for_anomalies: bool = False) -> int:
    """Return the size of the bottleneck: as given, or by the principal components."""
    if spec.latent is not None:
        return spec.latent
    variance = np.linalg.svd(z - z.mean(axis=0), compute_uv=False).astype(np.float64) ** 2
    held = np.cumsum(variance) / max(variance.sum(), 1e-300)
    size = int(min(np.searchsorted(held, HELD) + 1, max(1, z.shape[1] - 1), MOST_LATENT))
    return max(1, size // NARROWED) if for_anomalies else size


def told_apart(model: Reconstruction, ready: Prepared, spec: AnomalySpec) -> Reconstruction:
    """Return the model with what makes a row unusual, and the threshold of alarm.

    The first is learnt from the train rows; as many of the rows that `spec` names are above the
    threshold as it says.
    """
    size, scores = model.size, model.scores(ready.X, ready.codes)
    apart = scores[:, :size].astype(np.float64) - scores[:, size : 2 * size]
    model = replace(model, oddity=Oddity.fit(apart, scores[:, 2 * size :]))
    if spec.threshold_on == "valid":
        scores = model.scores(ready.X_valid, ready.codes_valid)
    found = model.oddities(scores)
    told = {
        "threshold": float(np.quantile(found, 1 - spec.alarm_rate, method="higher")),
        "alarm_rate": spec.alarm_rate,
        "oddity_unit": float(found.std()) or 1.0,
    }
    return replace(model, facts={**model.facts, **told})


@dataclass(frozen=True)
class _Taught:
    """Both sides of a trained AutoEncoder, and what training has to report."""

    encoder: Layers
    decoder: Layers
    facts: dict[str, Any]
    history: tuple[dict[str, float], ...]
    probes: tuple[dict[str, Any], ...]


def _trained(
    z: Array,
    z_valid: Array,
    latent: int,
    spec: AutoEncoderSpec,
    shape: RowShape,
    files: RunFiles = NO_FILES,
) -> _Taught:
    import torch

    from ninefold.autoencoding.contrast import PictureViews, Views, on_valid
    from ninefold.autoencoding.network import (
        AutoEncoder,
        Reconstructing,
        dense_sides,
        picture_sides,
        step_sides,
    )
    from ninefold.training.device import choose_device, keep_freed_memory, reproducible
    from ninefold.training.fitting import range_test, seeds
    from ninefold.training.loop import Rows, Watch, train
    from ninefold.training.probing import Probe
    from ninefold.training.scoring_module import ScoringModule

    device = choose_device(spec.device, "autoencoder")
    keep_freed_memory()
    weights_seed, training_seed = seeds(spec.seed, -1)
    with reproducible(weights_seed, spec.threads, device):
        sides = (
            picture_sides(shape.picture, latent, spec) if shape.picture
            else step_sides(shape.of_steps, latent, spec) if shape.of_steps
            else dense_sides(z.shape[1], latent, spec)
        )  # fmt: skip
        views = None
        if spec.contrast:
            views = (
                PictureViews(shape.picture, latent) if shape.picture
                else Views(shape.groups, latent, spec.corrupt)
            )  # fmt: skip
        network = AutoEncoder(
            sides, latent, noise=spec.noise, variational=spec.variational, views=views
        )

    def rows(values: Array) -> Rows:
        x = torch.from_numpy(np.ascontiguousarray(values)).to(device)
        codes = torch.zeros((len(x), 0), dtype=torch.int64, device=device)
        return Rows(x, codes, x, torch.ones(len(x), device=device))

    with reproducible(training_seed, spec.threads, device):
        told = (spec.beta, spec.contrast, spec.temperature)
        objective: Any = Reconstructing(z.shape[1], *told)
        module = ScoringModule(network, objective).to(device)
        valid = rows(z_valid)

        def watched(scores: Array) -> float:
            if views is None:
                return float("nan")
            apart = on_valid(views, network.encoder, valid.x, spec.temperature)
            return float(np.square(scores - z_valid).mean()) + spec.contrast * apart

        watch = Watch(watched, higher_is_better=False, by_loss=views is None)
        settings = {"autoencoder": spec.model_dump(mode="json"), "latent": latent}
        kept = files.observers(settings, (z, z_valid), lambda done: history_csv(map(_line, done)))
        on_train = rows(z)
        outcome = train(module, on_train, valid, watch, spec, (*kept, Probe(on_train)))
    module = module.cpu().eval()
    assert outcome.found is not None
    history = tuple(map(_line, outcome.history))
    best = next((e for e in outcome.history if e.epoch == outcome.best_epoch), None)
    facts = {
        "best_epoch": outcome.best_epoch,
        "epochs": len(outcome.history),
        "retries": outcome.retries,
        "parameters": sum(p.numel() for p in network.parameters()),
        "valid_error": best.valid_loss if best else float("nan"),
        "lr_finder": range_test(outcome),
        "settings": spec.model_copy(update={"lr": outcome.found.lr}).model_dump(mode="json"),
    }
    kind: Any = Steps if shape.picture else Recurrence if shape.of_steps else Chain
    encoder, decoder = kind.of(network.encoder), kind.of(network.decoder)
    return _Taught(encoder, decoder, facts, history, tuple(outcome.probes))


def _line(epoch: "Epoch") -> dict[str, float]:
    """Return what the history tells of an epoch: nothing is watched but the loss."""
    names = ("epoch", "train_loss", "valid_loss", "lr", "grad_norm")
    return {name: getattr(epoch, name) for name in names}


def _describe(model: Reconstruction, ready: Prepared) -> None:
    """Add what the receipt measures differences in, and how well train and valid come back."""
    scores = model.scores(ready.X, ready.codes)
    errors = model.errors(scores)
    valid = model.errors(model.scores(ready.X_valid, ready.codes_valid))
    z = scores[:, : model.size].astype(np.float64)
    code = scores[:, 2 * model.size :]
    model.facts |= {
        "unit": float(errors.std()) or 1.0,
        "code_unit": float(code.std()) or 1.0,
        "column_units": {
            d["column"]: (d["high"] - d["low"]) or 1.0
            for d in model.preprocessing.layout.decoders
            if "high" in d
        },
        "coordinates": model.size,
        "variance": float(z.var(axis=0).mean()) or 1.0,
        "train_error": float(errors.mean()),
        "valid_error": float(valid.mean()),
        "train_rows": len(z),
        "valid_rows": len(valid),
    }


def _components(z: Array) -> tuple[Array, Array]:
    """Return the mean `(D,)` and the principal axes `(R, D)`, signs fixed."""
    mean = z.astype(np.float64).mean(axis=0)
    _, _, axes = np.linalg.svd(z.astype(np.float64) - mean, full_matrices=False)
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return mean, axes * np.sign(largest)[:, None]


def _linear_sizes(z: Array, z_valid: Array) -> list[dict[str, Any]]:
    """Return the error of the valid rows by the number of principal components."""
    mean, axes = _components(z)
    centred = z_valid.astype(np.float64) - mean
    total = (centred**2).mean()
    along = np.cumsum(((centred @ axes.T) ** 2).mean(axis=0)) / z.shape[1]
    chosen = np.unique(np.geomspace(1, len(axes), min(len(axes), 12)).round().astype(int))
    return [
        {"latent": int(k), "valid_error": float(max(total - along[k - 1], 0.0))} for k in chosen
    ]
