"""Training that ends while the network still learns."""

from ninefold.diagnosis.case import Case, Finding, Symptom
from ninefold.diagnosis.learning_rate_low import NEAR, falls_straight

FEW, FAR_FEWER = 5, 10
"""How many times fewer epochs than by default are few; the latter at a rate too low, which may be
all that is wrong."""


class EpochsFew(Symptom):
    """The last epoch is the best one, after a fraction of the usual epochs or in a steady fall."""

    kinds = ("epochs.too_few",)
    follows = ("batch",)

    def look(self, case: Case) -> Finding | None:
        done, usual = len(case.history), _usual(case)
        is_near = case.lr * NEAR >= case.spec.optimizer.lr
        fewer = FEW if is_near else FAR_FEWER
        is_short = fewer * case.spec.epochs <= usual and case.is_cut_off
        if case.lr > NEAR * case.spec.optimizer.lr:
            return None
        if not is_short and not (is_near and falls_straight(case)):
            return None
        epochs = usual if is_short else 2 * case.spec.epochs
        last = case.history[-1]
        before = case.history[-2].valid_loss if done > 1 else case.untrained_loss
        return Finding(
            "epochs.too_few",
            f"Training ended after {done} epochs with the best one among the last: the loss on "
            f"valid was {before:.4g} before it and {last.valid_loss:.4g} after it, and the network "
            "was still learning.",
            f"Set {case.name('epochs')} to {epochs}.",
            {"epochs": done, "usual": usual, "valid_before": before, "valid": last.valid_loss},
            case.loss_picture("The loss still falls"),
            ((case.at("epochs"), epochs),),
        )


def _usual(case: Case) -> int:
    """Return the default number of epochs here."""
    from ninefold.training.defaults import epochs

    usual = int(type(case.spec).model_fields["epochs"].default)
    network = getattr(case.spec, "network", None)
    is_table = network is not None and not network.reads_tensors
    return epochs(case.facts["train_rows"]) if is_table else usual
