"""Giving rows back worse than straight lines do."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Fix, Symptom

WORSE = 1.1
"""Times the error of the principal components."""
SURE = 3.0
"""Standard errors by which the errors must differ."""


class LinearBetter(Symptom):
    """As many principal components bring the valid rows back better than a plain AutoEncoder."""

    kinds = ("fit.worse_than_linear",)
    of_target = False
    follows = ("learning_rate", "inputs", "gradients", "units", "batch", "epochs")

    def look(self, case: Case) -> Finding | None:
        spec = case.spec
        is_plain = not (spec.noise or spec.variational or spec.contrast)  # type: ignore[attr-defined]
        if case.given is None or not is_plain:
            return None
        own, linear = case.valid.losses, case.given.linear
        apart = own - linear
        if own.mean() < WORSE * linear.mean() or apart.mean() < SURE * case.valid.error_of_mean(
            apart
        ):
            return None
        fix = _fix(case)
        largest = float(max(own.mean(), linear.mean()))
        bars = [
            [name, float(np.mean(errors)) / largest, f"{np.mean(errors):.3g}"]
            for name, errors in (("AutoEncoder", own), ("principal components", linear))
        ]
        ((path, value),) = fix
        return Finding(
            "fit.worse_than_linear",
            f"The error of the valid rows is {own.mean():.3g}, that of as many principal "
            f"components {linear.mean():.3g}: the network has not learnt what straight lines say.",
            f"Set {'.'.join(path)} to {value:g}.",
            {"error": float(own.mean()), "linear_error": float(linear.mean())},
            {"kind": "bars", "title": "Mean squared error of the valid rows", "rows": bars},
            fix,
        )


def _fix(case: Case) -> Fix:
    """Return the change that lets the network learn more, the likeliest first."""
    spec, width = case.spec, case.network.width
    if case.network.dropout > 0:
        return ((case.at("dropout"), 0.0),)
    if case.priced is not None:
        return (case.priced,)
    if width < 2 * case.facts["coordinates"] and width < 128:
        return ((case.at("width"), 128),)
    if case.is_cut_off:
        return ((case.at("epochs"), 2 * spec.epochs),)
    return ((case.at("width"), min(8192, 2 * width)),)
