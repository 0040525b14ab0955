"""Learning by heart."""

from typing import Any

from ninefold.diagnosis.case import Case, Finding, Symptom

GAP = 0.3
"""Share of the loss on valid that is not there on train."""
RISE = 1.1
SURE = 3.0
"""Standard errors by which the losses must differ."""


class Overfitting(Symptom):
    """Train rows are known far better than valid ones, which got worse while train got better."""

    kinds = ("fit.overfitting",)

    def look(self, case: Case) -> Finding | None:
        train, valid = float(case.train.losses.mean()), float(case.valid.losses.mean())
        spread = case.valid.error_of_mean(case.valid.losses)
        rises = [epoch.valid_loss for epoch in case.history]
        rise = rises[-1] / max(min(rises), 1e-12)
        gap = (valid - train) / max(valid, 1e-12)
        if gap < GAP or valid - train < SURE * spread or rise < RISE:
            return None
        path, value = _stronger(case)
        return Finding(
            "fit.overfitting",
            f"The kept network's loss is {train:.3g} on train and {valid:.3g} on valid, where it "
            f"ended {rise:.2f} times above its least: the network learns rows by heart.",
            f"Set {'.'.join(path)} to {value:g}, or bring more rows.",
            {"train_loss": train, "valid_loss": valid, "gap": gap, "rise_on_valid": rise},
            case.loss_picture("Train and valid part"),
            ((path, value),),
        )


def _stronger(case: Case) -> tuple[tuple[str, ...], Any]:
    """Return more dropout where the network has it and there is room, else more weight decay."""
    dropout = getattr(case.network, "dropout", None)
    if dropout is not None and dropout < 0.5:
        return case.of_network("dropout"), round(min(0.5, dropout + 0.2), 3)
    decay = case.spec.weight_decay
    return case.at("weight_decay"), min(1.0, round(max(5 * decay, 0.01), 4))
