"""The receipt of the exported file: it gives the model's numbers, or it is not published."""

from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    badge,
    bullets,
    callout,
    code,
    count,
    join,
    number,
    paragraph,
    table,
)
from ninefold.report.section import Section

CASES = {
    "held_out": "rows kept aside",
    "all_missing": "every value missing",
    "one_missing": "one value missing",
    "unseen_category": "categories never seen",
    "extremes": "extreme values",
    "edges": "values beside every bin edge",
    "levels": "every known category",
    "batch_1": "one row at a time",
    "batch_7": "seven rows at a time",
    "reversed": "in reversed order",
}


class Export(Section):
    """Parity of the ONNX file with the model it holds, case by case."""

    title = "The exported file"
    order = 110
    sources = ("receipt",)

    def render(self, evidence: Evidence) -> Html:
        receipt = evidence.receipt
        body = [
            (
                CASES.get(name, name.replace("_", " ")),
                f"{case['n']:,}",
                number(case["max_delta"], 2),
                case["flips"],
                badge("same", "good") if case["pass"] else badge("differs", "bad"),
            )
            for name, case in receipt["cases"].items()
        ]
        size = receipt.get("bytes")
        about = f" The file takes {number(round(size / 1000))} kB" if size else ""
        if about and receipt.get("inputs"):
            about += f" and asks for {count(receipt['inputs'], 'raw column')}"
        header = ("case", "rows", "largest difference", "other decisions", "")
        return join(
            [
                _content(evidence),
                paragraph(
                    f"model.onnx was run in a fresh process, without the training library, on "
                    f"{count(receipt['rows'], 'row')} and compared with that model. Allowed is a "
                    f"difference of {number(receipt['tolerance'])} ({receipt['unit']}); the "
                    f"largest was {number(receipt['max_delta'], 2)}.",
                    about + "." if about else "",
                ),
                callout("bad", "Nothing was published.", bullets(receipt["reasons"]))
                if receipt.get("reasons")
                else "",
                table(header, body, (1, 2, 3)),
            ]
        )


def _content(evidence: Evidence) -> Html:
    name = evidence.receipt.get("model", "network")
    held = "the network" if name == "network" else f"the best baseline ({evidence.title(name)})"
    said = f"The file holds {held}: {evidence.receipt.get('why', '')}."
    return paragraph(said) if name == "network" else callout("warn", said, *_override())


def _override() -> tuple[object, ...]:
    return (" ", code("export.model: network"), " in params.yaml exports the network all the same.")
