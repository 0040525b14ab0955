"""What to type next."""

from collections.abc import Iterator, Mapping

from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, paragraph, tag
from ninefold.report.section import Section


class NextSteps(Section):
    """Commands for the model and for the next experiment."""

    title = "What to type next"
    order = 130
    sources = ("receipt",)

    def render(self, evidence: Evidence) -> Html:
        if not evidence.receipt["pass"]:
            return paragraph("Look at the exported file above: nothing was published.")
        steps = list(_steps(evidence))
        width = max(len(command) for command, _ in steps) + 2
        return tag("pre", "".join(f"{command:<{width}} # {why}\n" for command, why in steps))


def _steps(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield commands that suit the kind of model, and what each is for."""
    model = "models/model.onnx"
    if evidence.task != "generation":
        yield f"ninefold predict {model} new_rows.csv predictions.csv", "score a file"
    elif evidence.evaluation.get("gallery"):
        yield f"ninefold sample {model} 100 pictures.npz", "draw pictures"
    else:
        yield f"ninefold sample {model} 1000 rows.csv", "draw rows"
    yield f"ninefold serve {model}", "answer over HTTP"
    for section, content in evidence.params.items():
        if isinstance(content, Mapping) and "lr" in content:
            yield f"dvc exp run -S {section}.lr=0.0005", "try another setting"
            yield "dvc metrics diff", "what it changed"
    yield "ninefold run", "only what changed runs again"
