"""Units that take no part."""

from collections.abc import Mapping
from typing import Any

from ninefold.diagnosis.case import Case, Finding, Fix, Symptom

MANY = 0.5
"""Share of a layer's units; a quarter are still in healthy convolutional networks."""
OF_UNSCALED = 0.25
"""Share of saturated units where inputs are unscaled, which is what drives them to their ends."""
FAR_ABOVE = 10
"""A learning rate so many times the default goes before all else."""


class Units(Symptom):
    """Many units of a layer give the same for every row, or stand at the ends of their range."""

    kinds = ("units.dead", "units.saturated")
    follows = ("learning_rate", "gradients")

    def look(self, case: Case) -> Finding | None:
        last = case.probes[-1]
        for what in ("saturated", "dead"):
            shares = {name: found.get(what, 0.0) for name, found in last["units"].items()}
            worst = max(shares, key=lambda name: shares[name], default="")
            is_driven = what == "saturated" and case.unscaled is not None
            if worst and shares[worst] > (OF_UNSCALED if is_driven else MANY):
                return _finding(case, what, worst, shares, last)
        return None


def _finding(
    case: Case, what: str, worst: str, shares: Mapping[str, float], last: Mapping[str, Any]
) -> Finding:
    network = case.network
    said = (
        "give the same number for every row" if what == "dead"
        else "stand at the ends of their range for nearly all rows"
    )  # fmt: skip
    path = case.of_network("activation")
    value: Any = "silu"
    usual = case.spec.optimizer.lr
    if case.lr > FAR_ABOVE * usual:
        path, value = case.at("lr"), usual
    elif getattr(network, "activation", "silu") == "silu":
        path, value = case.at("lr"), float(f"{case.lr / 3:.2g}")
    if case.priced is not None:
        path, value = case.priced
    fix: Fix = ((path, value),)
    remedy = f"Set {'.'.join(path)} to {value}."
    if case.unscaled is not None:
        fix, remedy = case.unscaled.fix, case.unscaled.remedy
    return Finding(
        f"units.{what}",
        f"{shares[worst]:.0%} of the units of layer {worst} {said} after epoch {last['epoch']}: "
        "they pass no gradient on.",
        remedy,
        {"layer": worst, "share": shares[worst], "epoch": last["epoch"]},
        {
            "kind": "bars",
            "title": f"Share of {what} units by layer",
            "rows": [[name, share, f"{share:.0%}"] for name, share in shares.items()],
        },
        fix,
    )
