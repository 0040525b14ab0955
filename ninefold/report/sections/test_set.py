"""How often the test part was opened, and what that makes of small gains."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninefold.report.evidence import Evidence, openings_of
from ninefold.report.markup import Html, code, count, join, number, paragraph, prose, table
from ninefold.report.section import Section
from ninefold.sealing import Opening, sentence

SHOWN = 20


class TestSet(Section):
    """The seal, and the ledger of openings."""

    title = "The sealed test part"
    order = 45
    sources = ("evaluation", "ledger")
    __test__ = False

    def render(self, evidence: Evidence) -> Html:
        sealed, openings = evidence.evaluation["test_set"], evidence.ledger["openings"]
        these = openings_of(evidence)
        others = len({o["test"] for o in openings} - {sealed["rows_sha256"]})
        looks = len(these)
        said = sentence(looks, sealed["metric"], sealed["standard_error"])
        return join(
            [
                paragraph(
                    f"{count(sealed['rows'], 'row')} were sealed by the split, under the "
                    f"fingerprint {sealed['file_sha256'][:12]}…, and only the final measurement "
                    "opens them. Training, early stopping, calibration and thresholds never see "
                    "them."
                ),
                paragraph(f"{said[0].upper()}{said[1:]}."),
                _why(looks, sealed),
                _openings(these, sealed["opening"]) if looks > 1 else "",
                _others(others),
            ]
        )


def _why(looks: int, sealed: Mapping[str, Any]) -> Html:
    error = sealed["standard_error"]
    if looks < 2 or error is None:
        return Html()
    return paragraph(
        f"Of {looks} equally good models the best looks better than it is: the expected largest of "
        f"{looks} draws with the standard error of {sealed['metric']} here, {number(error, 2)}."
    )


def _openings(openings: Sequence[Opening], own: str) -> Html:
    body = [
        (
            position,
            code(opening.model[:12]),
            opening.metric or "",
            _measured(opening),
            "this model" if opening.name == own else "",
        )
        for position, opening in enumerate(openings, 1)
    ]
    return table(("opening", "model", "metric", "value", ""), body[-SHOWN:], (0, 3))


def _measured(opening: Opening) -> str:
    if opening.value is None:
        return "not finished" if opening.metric is None else "undefined"
    return number(opening.value)


def _others(others: int) -> Html:
    if not others:
        return Html()
    return paragraph(
        prose(
            f"The ledger also holds openings of {count(others, 'other test part')} of this "
            "workspace; rows may lie in several."
        )
    )
