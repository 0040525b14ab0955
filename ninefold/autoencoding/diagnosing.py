"""What the training of an AutoEncoder says about its own settings."""

from typing import TYPE_CHECKING

import numpy as np

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.autoencoding.fitting import linear, spaces
from ninefold.columns import Array
from ninefold.diagnosis.case import Case, Given, Scored, Usual

if TYPE_CHECKING:
    from ninefold.autoencoding.model import Reconstruction
    from ninefold.unlabelled.preparing import Prepared

SIDES = ("encoder.", "decoder.")


def case_of(model: "Reconstruction", ready: "Prepared") -> Case:
    """Return the case of an AutoEncoder that has just been trained on these rows."""
    from ninefold.training.run import Epoch

    spec = AutoEncoderSpec.model_validate(model.facts["settings"])
    valid = ready.X_valid, ready.codes_valid
    scores = model.scores(*valid)
    twin = linear(ready, spec.model_copy(update={"latent": model.latent}))
    facts = model.facts | {
        "metric": "reconstruction_error",
        "higher_is_better": False,
        "valid": {"reconstruction_error": model.facts["valid_error"]},
    }
    history = [
        Epoch(int(line["epoch"]), line["train_loss"], line["valid_loss"], float("nan"),
              line["lr"], line["grad_norm"])
        for line in model.history
    ]  # fmt: skip
    return Case(
        history,
        spec,
        facts,
        [_of_sides(probe) for probe in model.probes],
        _scored(model.errors(model.scores(ready.X, ready.codes)), ready.X),
        _scored(model.errors(scores), ready.X_valid),
        "autoencoder",
        Given(twin.errors(twin.scores(*valid)), scores[:, 2 * model.size :], _usual(model, ready)),
        ready.preprocessing.layout,
    )


def _usual(model: "Reconstruction", ready: "Prepared") -> Usual | None:
    """Return what a bottleneck of the usual size holds, where it was given another one."""
    spec = AutoEncoderSpec.model_validate(model.facts["settings"])
    if spec.latent is None:
        return None
    usual = spec.model_copy(update={"latent": None})
    twin = linear(ready, usual, for_anomalies=model.oddity is not None)
    z, z_valid = spaces(ready)
    spread = np.square(z_valid - z.mean(axis=0), dtype=np.float64).mean(axis=1)
    errors = twin.errors(twin.scores(ready.X_valid, ready.codes_valid))
    return Usual(twin.latent, errors, spread)


def _scored(errors: Array, X: Array) -> Scored:
    """Return rows `(N, F)` with how far off they came back, as a distance that should be 0."""
    return Scored(X, np.zeros(len(errors)), np.sqrt(errors)[:, None])


def _of_sides(probe: dict[str, object]) -> dict[str, object]:
    """Return a look with the gradients of encoder and decoder alone."""
    gradients = probe["gradients"]
    assert isinstance(gradients, dict)
    kept = {name: size for name, size in gradients.items() if name.startswith(SIDES)}
    return {**probe, "gradients": kept}
