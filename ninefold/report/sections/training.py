"""How training went, epoch by epoch."""

from ninefold.report.charts.lines import Curve, lines
from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, count, figure, grid, join, number, paragraph
from ninefold.report.section import Section


class Training(Section):
    """Loss and reported metric by epoch, with the epoch that was kept."""

    title = "Training"
    order = 70
    sources = ("network",)

    def render(self, evidence: Evidence) -> Html:
        facts = evidence.network["facts"]
        network = evidence.network["train"]["network"]
        best, size = facts["best_epoch"], facts.get("parameters")
        said = (
            f"A network of kind {network['kind']} with {number(size)} parameters learnt from "
            f"{count(facts['train_rows'], 'row')} in {count(facts['epochs'], 'epoch')}; epoch "
            f"{best}, the best on valid, was kept."
        )
        return join([paragraph(said), _curves(evidence, best)])


def _curves(evidence: Evidence, best: int) -> Html:
    history = evidence.history or tuple(evidence.evaluation.get("history", ()))
    if not history:
        return Html()
    epochs = [row["epoch"] for row in history]
    span = (min(epochs), max(epochs)) if len(set(epochs)) > 1 else (epochs[0] - 1, epochs[0] + 1)
    kept = (float(best), f"kept: {best}") if min(epochs) <= best <= max(epochs) else None

    def curve(key: str, name: str, css: str) -> Curve:
        points = [(row["epoch"], row[key]) for row in history if _is_known(row.get(key))]
        return Curve(name, points, css, has_dots=len(points) <= 60)

    metric = evidence.network["facts"].get("metric") or evidence.metric
    both = [curve("train_loss", "train", "network"), curve("valid_loss", "valid", "rival")]
    loss = lines("Loss by epoch", both, "epoch", "loss", x_range=span, marked_x=kept)
    watched = [curve("metric", "valid", "rival")]
    score = lines(f"{metric} by epoch", watched, "epoch", metric, x_range=span, marked_x=kept)
    by_loss = evidence.network["facts"].get("watched") == "loss"
    decides = "; the one on valid decides when to stop" * by_loss
    said = f"Loss: falling on train but rising on valid would be learning by heart{decides}"
    decides = "" if by_loss else ", which decides when to stop"
    return grid([figure(loss, said), figure(score, f"{metric} on valid{decides}")])


def _is_known(value: float | None) -> bool:
    return value is not None and value == value and abs(value) != float("inf")
