"""What simpler models make of the same rows, where no target is learnt."""

from typing import Any, get_args

from ninefold.problem import LEARNED, Task
from ninefold.report.charts.intervals import Row, forest
from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, code, figure, interval, join, number, table
from ninefold.report.section import Section


class Peers(Section):
    """The reported metric of the model and of its baselines on test; all metrics as a table."""

    title = "Against simpler models"
    order = 40
    sources = ("evaluation",)
    tasks = tuple(task for task in get_args(Task) if task not in LEARNED)

    def render(self, evidence: Evidence) -> Html:
        found, metric = evidence.evaluation, evidence.metric
        own = "the network" if "model" in evidence.receipt else "the model"
        parts: dict[str, Any] = {own: found["test"]}
        parts |= {evidence.title(name): e["test"] for name, e in found["baselines"].items()}
        rows = [
            Row(
                name,
                (test.get(metric) or {}).get("value"),
                (test.get(metric) or {}).get("low"),
                (test.get(metric) or {}).get("high"),
                "network" if name == own else "other",
            )
            for name, test in parts.items()
        ]
        names = list(dict.fromkeys(key for test in parts.values() for key in test))
        body = [[code(name), *(_said(test.get(name)) for test in parts.values())] for name in names]
        caption = "On the test part, with 95 % intervals; all saw the same rows"
        picture = forest(f"{metric} on test", rows, metric)
        columns = range(1, len(parts) + 1)
        return join([figure(picture, caption), table(("", *parts), body, columns)])


def _said(estimate: Any) -> str:
    if not estimate or estimate.get("value") is None:
        return "–"
    between = interval(estimate)
    return f"{number(estimate['value'], 3)} ({between})" if between else number(estimate["value"])
