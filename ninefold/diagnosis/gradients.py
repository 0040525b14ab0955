"""Gradients that die out or blow up on their way back through the layers."""

import math

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Fix, Symptom

LOOKS, LONG = 2, 30.0
FACTOR = 100.0
"""Between the gradients of the first and the last hidden layer."""


class Gradients(Symptom):
    """The first hidden layer's gradient is far from the last one's early in training, or the whole
    gradient is cut down to a small share at nearly every step.
    """

    kinds = ("gradients.vanishing", "gradients.exploding")
    follows = ("learning_rate",)

    def look(self, case: Case) -> Finding | None:
        sizes = _sizes(case)
        values = [*sizes.values()] or [1.0]
        ratio = values[0] / values[-1]
        norms = [epoch.grad_norm for epoch in case.history]
        length = float(np.median(norms)) / case.spec.clip_norm if norms else 0.0
        if 1 / FACTOR < ratio < FACTOR and (length < LONG or case.spec.optimizer.takes_all_rows):
            return None
        what = "vanishing" if ratio <= 1 / FACTOR else "exploding"
        said = (
            f"{max(ratio, 1 / ratio):,.0f} times {'smaller' if ratio < 1 else 'larger'} in the "
            f"first than in the last of {len(sizes)} layers"
            if not 1 / FACTOR < ratio < FACTOR
            else f"{length:,.0f} times longer than {case.name('clip_norm')} in half of the epochs"
        )
        fix, remedy = _fix(case, what)
        logs = [math.log10(size) for size in sizes.values()]
        points = [[layer, round(value, 3)] for layer, value in enumerate(logs, 1)]
        return Finding(
            f"gradients.{what}",
            f"Gradients are {what}: {said}.",
            remedy,
            {"first_over_last": ratio, "over_clip_norm": length, "layers": sizes},
            {"kind": "lines", "title": "Gradient by layer", "x": "layer",
             "y": "log10 of the root mean square",
             "curves": [{"name": "gradient", "points": points}], "marked": None},
            fix,
        )  # fmt: skip


def _sizes(case: Case) -> dict[str, float]:
    """Return the gradient of each hidden layer (of each matrix where none is called so)."""
    early = [probe for probe in case.probes if probe["epoch"]][:LOOKS] or case.probes
    names = list(case.probes[0]["gradients"])
    names = [name for name in names if "hidden" in name] or names
    return {
        name: float(np.median([probe["gradients"][name] for probe in early])) + 1e-30
        for name in names
    }


def _fix(case: Case, what: str) -> tuple[Fix, str]:
    network = case.network
    if what == "exploding" and case.unscaled is not None:
        return case.unscaled.fix, case.unscaled.remedy
    if getattr(network, "normalization", "layer") == "none":
        path = case.of_network("normalization")
        return ((path, "layer"),), f"Set {'.'.join(path)} to layer."
    if what == "exploding":
        lr = float(f"{case.lr / 3:.2g}")
        return ((case.at("lr"), lr),), f"Set {case.name('lr')} to {lr:g}."
    key = "num_layers" if hasattr(network, "num_layers") else "depth"
    layers = getattr(network, key, 0) // 2
    if not layers:
        return (), "Look at the scale of the inputs under preprocess.columns."
    path = case.of_network(key)
    return ((path, layers),), f"Set {'.'.join(path)} to {layers}."
