"""What to type next."""

from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, paragraph, tag
from ninefold.report.section import Section

STEPS = """\
ninefold predict models/model.onnx new_rows.csv predictions.csv   # score a file
ninefold serve models/model.onnx                                   # score over HTTP
dvc exp run -S train.lr=0.001                                      # try another setting
dvc metrics diff                                                   # what it changed
ninefold run                                                       # only what changed runs again
"""


class NextSteps(Section):
    """Commands for the model and for the next experiment."""

    title = "What to type next"
    order = 130
    sources = ("receipt",)

    def render(self, evidence: Evidence) -> Html:
        if not evidence.receipt["pass"]:
            return paragraph("Look at the exported file above: nothing was published.")
        return tag("pre", STEPS)
