"""How rows were divided, and the proof that no row is on both sides."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.bars import stacked
from ninefold.report.charts.timeline import timeline
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    badge,
    bullets,
    callout,
    code,
    count,
    details,
    figure,
    grid,
    join,
    number,
    paragraph,
    percent,
    prose,
    table,
    tag,
)
from ninefold.report.section import Section

DROPPED = "not used"
PARTS = {"train": "to learn", "valid": "to choose", "test": "to report, sealed"}
MAX_CLASSES = 8


class Split(Section):
    """Sizes, times, balance and disjointness of the parts."""

    title = "The split"
    order = 40
    sources = ("manifest",)

    def render(self, evidence: Evidence) -> Html:
        manifest = evidence.manifest
        parts, split = manifest["parts"], manifest["split"]
        why = split.get("why")
        return join(
            [
                paragraph(
                    "Rows were divided by ",
                    tag("b", split["kind"].replace("_", " ")),
                    prose(f": {why}." if why else "."),
                ),
                paragraph(_folds(manifest["folds"])),
                grid([_sizes(manifest), *_times(parts), _balance(parts)]),
                _proof(manifest),
                *(callout("warn", prose(warning)) for warning in manifest.get("warnings", [])),
                details("Fingerprints of the parts (SHA-256 of the content)", _hashes(parts)),
            ]
        )


SCHEMES = {
    "partition": "each validated by a model of all the others",
    "expanding": "each validated by a model of what came before it",
    "purged": "each validated by a model of all other rows but those too close to it",
}


def _folds(folds: Mapping[str, Any]) -> str:
    """Say how models are compared inside the train part, and which rows that leaves out."""
    how = SCHEMES.get(folds["scheme"], folds["scheme"])
    unused = folds.get("unused", 0)
    left = f" {count(unused, 'train row')} stand in none of them." if unused else ""
    pairs = folds.get("pairs") or [{}]
    least = min(pair.get("fit", 0) for pair in pairs)
    most = max(pair.get("fit", 0) for pair in pairs)
    size = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    rows = f" (of {size} rows)" if most else ""
    number = len(folds.get("pairs") or ()) or folds["count"]
    return f"Inside train stand {count(number, 'fold')}, {how}{rows}.{left}"


def _sizes(manifest: Mapping[str, Any]) -> Html:
    pieces = [
        (f"{name}, {PARTS.get(name, '')}", part["rows"], name)
        for name, part in manifest["parts"].items()
    ]
    for reason, amount in (manifest["rows"].get("dropped") or {}).items():
        if amount:
            pieces.append((f"{DROPPED}: {reason.replace('_', ' ')}", amount, "left"))
    return figure(stacked("Rows of each part", pieces), "Sizes")


def _times(parts: Mapping[str, Any]) -> list[Html]:
    spans = [
        (name, part["time"]["from"], part["time"]["to"], name)
        for name, part in parts.items()
        if part.get("time") and part["time"]["from"] is not None
    ]
    return [figure(timeline("Time covered by each part", spans), "Time")] if spans else []


def _balance(parts: Mapping[str, Any], name: str = "The target") -> Html:
    targets = {of: part["target"] for of, part in parts.items() if part.get("target")}
    several: Mapping[str, Any] = next(
        (target["each"] for target in targets.values() if "each" in target), {}
    )
    if several:
        apart = [
            {part: {"target": target["each"][one]} for part, target in targets.items()}
            for one in several
        ]
        pairs = zip(several, apart, strict=True)
        return join([_balance(of_one, one) for one, of_one in pairs])
    if any("classes" in target for target in targets.values()):
        listed = [level for target in targets.values() for level in target["classes"]]
        shown = list(dict.fromkeys(listed))[:MAX_CLASSES]
        body = [[level, *(_share(target, level) for target in targets.values())] for level in shown]
        more = max(t["class_count"] for t in targets.values()) - len(shown)
        caption = f"{name}: share of each class" + (
            f" ({count(more, 'more class', 'more classes')} not shown)" if more > 0 else ""
        )
        return figure(table(("class", *targets), body, range(1, len(targets) + 1)), caption)
    if not targets:
        return Html("")
    rows = [
        [word, *(number(target.get(key)) for target in targets.values())]
        for key, word in (("mean", "mean"), ("std", "spread"), ("min", "least"), ("max", "largest"))
    ]
    content = table(("target", *targets), rows, range(1, len(targets) + 1))
    return figure(content, f"{name} in each part")


def _share(target: Mapping[str, Any], name: str) -> str:
    total = sum(target["classes"].values()) + target.get("other_classes_rows", 0)
    return percent(target["classes"].get(name, 0) / total) if total else "–"


def _proof(manifest: Mapping[str, Any]) -> Html:
    proof = manifest["disjoint"]
    lines = [
        _counted("rows stand in two parts", proof.get("rows_in_two_parts")),
        _counted(
            "groups of rows with identical features span two parts",
            proof.get("identical_rows_across_parts"),
        ),
        _counted("entities stand in two parts", proof.get("entities_in_two_parts")),
    ]
    if "time_ordered" in proof:
        said = "before" if proof["time_ordered"] else "not always before"
        lines.append(f"train lies {said} valid, and valid {said} test in time")
    holds = badge("disjoint", "good") if proof["holds"] else badge("not disjoint", "bad")
    return join([tag("h3", "Proof ", holds), bullets(line for line in lines if line)])


def _counted(what: str, pairs: Mapping[str, int] | None) -> str:
    if pairs is None:
        return ""
    total = sum(pairs.values())
    places = ", ".join(f"{k.replace('_', ' and ')}: {v:,}" for k, v in pairs.items() if v)
    return f"{total:,} {what}" + (f" ({places})" if places else "")


def _hashes(parts: Mapping[str, Any]) -> Html:
    body = [
        (name, count(part["rows"], "row"), code(part.get("content_sha256", "–")))
        for name, part in parts.items()
    ]
    return table(("part", "rows", "fingerprint"), body)
