"""What the exported model looks at: importance, effects, and three answers taken apart."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.intervals import Row, forest
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, count, details, figure, grid, join, number, paragraph, tag
from ninefold.report.section import Section
from ninefold.report.sections.pictures import picture

MOST, MOST_SHARES = 15, 8
SMALLEST_SHARE = 1e-9


class Explanations(Section):
    """Permutation importance with intervals, effects of the leading columns, single answers."""

    title = "What the model looks at"
    order = 105
    sources = ("explanation",)

    def render(self, evidence: Evidence) -> Html:
        found = evidence.explanation
        name = evidence.receipt.get("model", "network")
        held = "the network" if name == "network" else f"what was exported ({evidence.title(name)})"
        return join(
            [
                paragraph(
                    f"Asked of {held} on {count(found['rows'], 'valid row')}. "
                    "Importance says what the model uses, not what causes the outcome; columns "
                    "that go together are shuffled as one."
                ),
                grid([_importance(found), *(_effect(each, found) for each in found["effects"])]),
                *_apart(found),
                *_pixels(found.get("pixels") or [], _unless_gradients(found)),
                *_words(found.get("words") or [], _unless_gradients(found)),
                *_targets(found.get("targets") or {}),
            ]
        )


def _targets(found: Mapping[str, Mapping[str, Any]]) -> list[Html]:
    """Draw what the model looks at for each of several targets by itself."""
    if not found:
        return []
    parts = [
        details(
            f"What {name} depends on",
            grid([_importance(one), *(_effect(each, one) for each in one["effects"])]),
            grid([_example(each, one) for each in _examples(one)]),
        )
        for name, one in found.items()
    ]
    said = "Above: all targets together, and answers for the first. Here each by itself."
    return [tag("h3", "Target by target"), paragraph(said), *parts]


def _unless_gradients(found: Mapping[str, Any]) -> str:
    """Return what the answer is in which parts of a cell were left out; "": gradients were had."""
    return "" if found.get("has_gradients", True) else found["unit"]


def _words(found: list[Mapping[str, Any]], unit: str = "") -> list[Html]:
    """Set texts with the words that spoke for the answer in colour."""
    if not found:
        return []
    how = (
        f"What the answer, in {unit}, loses without each word"
        if unit
        else "What each word adds to the network's answer, by integrated gradients from words that "
        "mean nothing"
    )
    said = f"{how}: red speaks for it, blue against it; the numbers show where the mouse rests."
    title = tag("h3", "Which words spoke for it")
    return [title, paragraph(said), *(_text(item) for item in found)]


def _text(item: Mapping[str, Any]) -> Html:
    most = max((abs(share) for _, share in item["words"]), default=0.0) or 1.0
    words = [
        tag("span", word, class_=f"word {'for' if share >= 0 else 'against'}{_shade(share, most)}",
            title=f"{share:+.3g}")
        for word, share in item["words"]
    ]  # fmt: skip
    answer = item["said"] or number(item["answer"], 3)
    return paragraph(tag("b", f"row {item['row']}, {answer}: "), join(words, " "))


def _shade(share: float, most: float) -> int:
    """Return 0 for next to nothing, up to 4 for the strongest word."""
    return min(4, int(4.999 * abs(share) / most))


def _pixels(found: list[Mapping[str, Any]], unit: str) -> list[Html]:
    """Draw pictures beside the pixels that spoke for the answer."""
    if not found:
        return []
    how = (
        f"what the answer, in {unit}, loses without each of its regions"
        if unit
        else "what its pixels add to the network's answer, by integrated gradients from an even "
        "picture"
    )
    said = f"Beside each picture {how}: red speaks for it, blue against it."
    pairs = [
        tag(
            "div",
            picture(item["pictures"][0], f"row {item['row']}", 96),
            picture(item["pictures"][1], item["said"] or number(item["answer"], 3), 96),
        )
        for item in found
    ]
    title = tag("h3", "Which pixels spoke for it")
    return [title, paragraph(said), tag("div", *pairs, class_="thumbs")]


def _importance(found: Mapping[str, Any]) -> Html:
    rows = [
        Row(" + ".join(item["columns"]), item["value"], item["low"], item["high"])
        for item in found["importance"][:MOST]
    ]
    caption = f"Loss of {found['metric']} when a column is shuffled, with its 95 % interval"
    return figure(forest(caption, rows, f"loss of {found['metric']}", reference=(0.0, "")), caption)


def _effect(effect: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    name, points = effect["column"], effect["points"]
    if effect["kind"] in ("category", "bool"):
        rows = [Row(point["x"], point["y"]) for point in points]
        caption = f"{name}: mean answer by level, against the mean of all"
        return figure(forest(caption, rows, found["unit"], reference=(0.0, "")), caption)
    curve = Curve(name, [(point["x"], point["y"]) for point in points], "network", has_dots=True)
    beside = effect.get("moved_with") or []
    moved = f"{name}, and with it {', '.join(beside)}" if beside else name
    caption = f"{moved}: effect on the answer, other columns as they are (ALE)"
    are_dates = effect["kind"] == "datetime"
    picture = lines(caption, [curve], name, found["unit"], are_dates=are_dates)
    return figure(picture, caption)


def _apart(found: Mapping[str, Any]) -> list[Html]:
    """Draw what the columns add to three answers, unless one column is all there is."""
    examples = _examples(found)
    if all(len(each["shares"]) < 2 for each in examples):
        return []
    pictures = grid([_example(each, found) for each in examples])
    return [tag("h3", "Three answers taken apart"), paragraph(_how(found)), pictures]


def _how(found: Mapping[str, Any]) -> str:
    if found["gradients"]:
        return (
            "A row with a low, a middling and a high answer. Each bar is what a column adds to the "
            f"answer of a typical row, in {found['unit']}: integrated gradients, which add up to "
            "the row's answer."
        )
    return (
        "A row with a low, a middling and a high answer. Each bar is what a column adds to the "
        f"mean answer for train rows, in {found['unit']}: Shapley values, which add up to the "
        "row's answer."
    )


def _examples(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return answer, expected answer and named shares of each example."""
    if found["gradients"]:
        return [
            {
                "answer": each["answer"],
                "expected": each["expected"],
                "shares": sorted(each["columns"].items(), key=lambda item: -abs(item[1])),
            }
            for each in found["gradients"]
        ]
    return [
        {**each, "shares": [(_named(item), item["share"]) for item in each["shares"]]}
        for each in found["examples"]
    ]


def _named(item: Mapping[str, Any]) -> str:
    values = item["values"]
    if len(item["columns"]) > 1 or not values:
        return " + ".join(item["columns"])
    (name, value), *_ = values.items()
    return f"{name} = {number(value) if isinstance(value, (int, float)) else value}"


def _example(example: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    shares = [(name, share) for name, share in example["shares"] if abs(share) > SMALLEST_SHARE]
    rows = [Row(name, share) for name, share in shares[:MOST_SHARES]]
    rest = sum(share for _, share in shares[MOST_SHARES:])
    if len(shares) > MOST_SHARES:
        rows.append(Row(f"{len(shares) - MOST_SHARES} others", rest, css="other"))
    caption = f"Answer {number(example['answer'], 3)}, usual {number(example['expected'], 3)}"
    if not rows:
        return figure(Html(), f"{caption}: no column changes it")
    return figure(forest(caption, rows, found["unit"], reference=(0.0, "")), caption)
