"""What was searched, what each trial gave, and what the winner is worth."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ninefold.report.charts.bars import shares
from ninefold.report.charts.dots import Group, dots
from ninefold.report.charts.parallel import Line, parallel
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    Tone,
    badge,
    callout,
    card,
    cards,
    code,
    details,
    figure,
    grid,
    interval,
    join,
    number,
    paragraph,
    percent,
    prose,
    table,
)  # fmt: skip
from ninefold.report.section import Section

Trial = Mapping[str, Any]
COSTS = {"latency_ms": "ms a row", "batch_latency_ms": "ms for 256 rows", "size_kb": "kB"}
TONES: dict[str, Tone] = {"complete": "good", "pruned": "plain", "failed": "bad"}


class Tuning(Section):
    """Winner and estimate, history, importance, front, every trial."""

    title = "Tuning"
    order = 75
    sources = ("tuning",)

    def render(self, evidence: Evidence) -> Html:
        found = evidence.tuning
        pictures = [_history(found), *_front(found), *_importance(found)]
        return join(
            [
                _numbers(found),
                _said(found),
                _changes(found),
                grid(pictures),
                _paths(found),
                _trials(found),
            ]
        )


def _numbers(found: Mapping[str, Any]) -> Html:
    trials, metric = found["trials"], found["metric"]["name"]
    counts = [(s, sum(t["state"] == s for t in trials)) for s in ("pruned", "failed")]
    rest = ", ".join(f"{n} {state}" for state, n in counts if n)
    made = [card("Trials", len(trials), rest)]
    for name, number_ in (("As it was", found["default"]), ("Winner", found["winner"])):
        if number_ is not None:
            trial = _trial(found, number_)
            note = f"± {number(trial['standard_error'], 2)} (one standard error)"
            made.append(card(f"{name}: {metric} in the folds", number(trial["value"]), note))
    held = found["held_back"]
    if held:
        tone: Tone = "good" if held["is_better"] else "warn"
        made.append(
            card("Gain on rows no trial saw", number(held["gain"], 3), interval(held, 3), tone)
        )
    return cards(*made)


def _said(found: Mapping[str, Any]) -> Html:
    held = found["held_back"]
    tone: Tone = "good" if held and held["is_better"] else "plain"
    parts = [callout(tone, prose(found["sentence"]))]
    if not found["folds"]["stopped_apart"]:
        parts.append(
            callout(
                "warn",
                "The folds are too few to stop training by other rows than those that judge it; "
                "the values in the folds flatter all trials.",
            )
        )
    return join(parts)


def _changes(found: Mapping[str, Any]) -> Html:
    if not found["changes"]:
        return Html()
    rows = [(code(c["path"]), _shown(c["from"]), _shown(c["to"])) for c in found["changes"]]
    return join(
        [
            table(("param", "as it was", "winner"), rows, (1, 2)),
            paragraph(
                code("ninefold tune --apply"), " writes them into ", code("params.yaml"), "."
            ),
        ]
    )


def _history(found: Mapping[str, Any]) -> Html:
    """Draw each trial's value, and the best so far."""
    metric, sign = found["metric"]["name"], 1 if found["metric"]["higher_is_better"] else -1
    known = [t for t in found["trials"] if t["value"] is not None]
    best, line = None, list[tuple[float, float]]()
    for trial in known:
        if trial["state"] == "complete":
            value, place = trial["value"], float(trial["number"])
            line += [(place, best)] if best is not None else []
            best = value if best is None or sign * value > sign * best else best
            line.append((place, best))
    title = f"{metric} in the folds, trial by trial; the line is the best so far"
    return figure(dots(title, _groups(found, known, "number"), "trial", metric, line=line), title)


def _groups(found: Mapping[str, Any], trials: Sequence[Trial], x: str) -> list[Group]:
    """Return trials as dots: pruned ones, complete ones, and those with a name of their own."""

    def dot(trial: Trial) -> tuple[float, float, str]:
        place = trial["number"] if x == "number" else trial["cost"][x]
        return float(place), trial["value"], _hint(trial)

    named = {"as it was": found["default"], "winner": found["winner"]}
    others = [t for t in trials if t["number"] not in named.values()]
    return [
        Group("pruned", "left", [dot(t) for t in others if t["state"] == "pruned"]),
        Group("trial", "data", [dot(t) for t in others if t["state"] == "complete"]),
        *(
            Group(name, css, [dot(t) for t in trials if t["number"] == named[name]], 5.4)
            for name, css in (("as it was", "rival"), ("winner", "network"))
        ),
    ]


def _front(found: Mapping[str, Any]) -> list[Html]:
    """Draw the metric against the cost that counts, with the front as a line."""
    complete = [t for t in found["trials"] if t["state"] == "complete"]
    if not complete or not complete[0]["cost"]:
        return []
    cost = found["goal"].get("cost") or next(
        (name for name in COSTS if found["goal"].get(f"max_{name}")), "latency_ms"
    )
    front = [_trial(found, number_) for number_ in found["front"]]
    line = [(t["cost"][cost], t["value"]) for t in front]
    metric = found["metric"]["name"]
    said = "; the line joins those that no other beats in both" if line else ""
    title = f"{metric} against {COSTS[cost]} of the exported file{said}"
    picture = dots(title, _groups(found, complete, cost), COSTS[cost], metric, line=line)
    return [figure(picture, title)]


def _importance(found: Mapping[str, Any]) -> list[Html]:
    if not found["importance"]:
        return []
    ranked = sorted(found["importance"].items(), key=lambda item: -item[1])
    title = "Which param the metric depends on, by fANOVA over the trials"
    return [figure(shares(title, [(n, s, percent(s)) for n, s in ranked], "data"), title)]


def _paths(found: Mapping[str, Any]) -> Html:
    """Draw parallel coordinates: every complete trial through its params to its value."""
    trials = [t for t in found["trials"] if t["state"] == "complete"]
    if not trials:
        return Html()
    names = list(trials[0]["params"])
    css = {found["default"]: "rival", found["winner"]: "network"}
    ordered = sorted(trials, key=lambda t: t["number"] in css)
    lines = [
        Line(
            [*(_plain(t["params"][name]) for name in names), t["value"]],
            css.get(t["number"], "faint"),
        )
        for t in ordered
    ]
    title = "Every complete trial through its params; winner blue, as it was orange"
    return figure(parallel(title, [*_short(names), found["metric"]["name"]], lines), title)


def _trials(found: Mapping[str, Any]) -> Html:
    """List every trial, with the reason of those that ended early."""
    names = list(found["trials"][0]["params"])
    costs = [c for c in COSTS if any(c in t["cost"] for t in found["trials"])]
    header = ["trial", "", found["metric"]["name"], "±", *(COSTS[c] for c in costs)]
    rows = [
        [
            t["number"],
            badge(t["state"], TONES[t["state"]]),
            number(t["value"]),
            number(t["standard_error"], 2),
            *(number(t["cost"].get(c), 3) for c in costs),
            *(_shown(t["params"][name]) for name in names),
            t["reason"],
        ]
        for t in found["trials"]
    ]
    content = table([*header, *names, "why it ended"], rows, (0, 2, 3))
    return details(f"All {len(rows)} trials", content)


def _short(paths: Sequence[str]) -> list[str]:
    """Return the last part of each path, or the whole path where two end alike."""
    ends = [path.rpartition(".")[2] for path in paths]
    return [e if ends.count(e) == 1 else path for e, path in zip(ends, paths, strict=True)]


def _trial(found: Mapping[str, Any], wanted: int) -> Trial:
    return next(trial for trial in found["trials"] if trial["number"] == wanted)


def _hint(trial: Trial) -> str:
    params = ", ".join(f"{name} {_shown(value)}" for name, value in trial["params"].items())
    return f"trial {trial['number']}: {number(trial['value'])}; {params}"


def _shown(value: Any) -> str:
    if value is None:
        return "default"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number(value) if is_number else str(_plain(value))


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
