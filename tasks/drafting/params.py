"""params.yaml of a new workspace: readable, commented, only what differs from the defaults."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ninefold.problem import ProblemSpec
from tasks.drafting.cells import Cells
from tasks.drafting.sources import Found

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ ./-][A-Za-z0-9_]+)*")
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "none", "nan", "inf"}


SAMPLING = (
    "sampling:",
    "  kind: none               # under, over or class_weights for rare classes; train only",
)


TUNE = "tune: {}                   # only `ninefold tune` reads it: trials, space, goal"


@dataclass(frozen=True)
class Perhaps:
    """Roles that names and values suggest and nobody has confirmed."""

    group: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    horizon: str | None = None


@dataclass(frozen=True)
class Draft:
    """All that params.yaml of a new workspace says."""

    problem: ProblemSpec
    about_target: str
    positive: str | None
    """The rarer of two classes."""
    path: str
    split_path: str | None
    part: str | None
    """The column that says to which part a row belongs."""
    encoding: str | None
    title: str
    constants: tuple[str, ...] = ()
    other_times: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    perhaps: Perhaps = Perhaps()
    cells: Cells = field(default_factory=Cells)
    preprocess: str = "{}"
    text: str | None = None
    """The column of texts whose words a network is to read."""
    own: tuple[str, ...] = ()
    """Lines of a task that learns no target, in the place of sampling, baselines and train."""
    source: Found = field(default_factory=Found)
    unreadable: tuple[str, ...] = ()
    """What was said of image files that hold no whole image."""


def scalar(text: str) -> str:
    """Return text as a YAML scalar, quoted where it must be."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def sequence(texts: Sequence[str]) -> str:
    """Return texts as a YAML list on one line."""
    return f"[{', '.join(json.dumps(t, ensure_ascii=False) for t in texts)}]"


def render(draft: Draft) -> str:
    """Return params.yaml as text."""
    lines = [
        "# What to find or predict, from what, and how. Checked whole before any data is read;",
        "# a section changed reruns its stage and those after it.",
        *_problem(draft),
        "ingest:",
        f"  kind: {draft.source.kind}",
        f"  path: {scalar(draft.path)}",
        *(f"  {key}: {_value(value)}" for key, value in draft.source.keys.items()),
        *(f"  # {_comment(sentence)}" for sentence in draft.unreadable),
        *(["  unreadable: drop"] if draft.unreadable else []),
        *([f"  encoding: {scalar(draft.encoding)}"] if draft.encoding else []),
        "  sample_rows: null        # a number for a quick first run on that many rows",
        *_cells(draft.cells),
        "validate: {}               # rules stand in expectations/suite.yaml",
        "featurize: {}",
        "  # derive: [{name: NEW, kind: expression, expression: a / (b + 1)}]",
        *_split(draft),
        *(() if draft.own else SAMPLING),
        "audit: {}                  # ignore: [{finding: target.copy, columns: [c], reason: why}]",
        *_preprocess(draft),
        *(draft.own or _learning(draft)),
        *(("evaluate: {}",) if draft.own else ("evaluate:", f"  slices: {sequence(draft.slices)}")),
        "export: {}",
        "report:",
        f"  title: {scalar(draft.title)}",
    ]
    return "\n".join(lines) + "\n"


def _preprocess(draft: Draft) -> tuple[str, ...]:
    if draft.own or draft.text is None:
        return (f"preprocess: {draft.preprocess}",)
    use = "{use: tokens}"
    return (
        "preprocess:",
        "  columns:                 # words in their order; simpler models get TF-IDF of them",
        f"    {json.dumps(draft.text, ensure_ascii=False)}: {use}",
    )


def _learning(draft: Draft) -> tuple[str, ...]:
    kind = draft.source.network if draft.text is None else "text_cnn"
    network = f"  network: {{kind: {kind}{draft.source.settings}}}"
    return (f"baselines: {draft.source.baselines}", "train:", network, "crossvalidate: {}", TUNE)


def _problem(draft: Draft) -> list[str]:
    problem = draft.problem
    return [
        "problem:",
        *([f"  # {_comment(draft.about_target)}"] if draft.about_target else []),
        *([f"  target: {_targets(problem)}"] if problem.target else []),
        f"  task: {problem.task}",
        *_positive(draft),
        *_time(draft),
        *_group(draft),
        f"  ids: {sequence(problem.ids)}",
        *(
            [f"  # one value only, of no use: {_comment(sequence(draft.constants))}"]
            if draft.constants
            else []
        ),
        *_available_at(draft),
    ]


def _positive(draft: Draft) -> list[str]:
    """Hold fast which of two classes is positive: in the next run the other may be the rarer."""
    if draft.positive is None:
        return []
    value = json.dumps(draft.positive, ensure_ascii=False)
    return [
        f"  positive: {value}",
        "  # the class that metrics and threshold are about (the rarer, unless named)",
    ]


def _time(draft: Draft) -> list[str]:
    lines, problem = [], draft.problem
    if problem.time is not None:
        lines.append(f"  time: {scalar(problem.time)}")
    elif draft.other_times:
        dates = _comment(sequence(draft.other_times))
        lines.append(f"  # time: COLUMN            # dates: {dates}")
    if problem.horizon is not None:
        lines.append(f"  horizon: {scalar(problem.horizon_text)}")
    elif draft.perhaps.horizon:
        about = f"{draft.perhaps.horizon}            # until the outcome is known?"
        lines.append(f"  # horizon: {about}")
    return lines


def _group(draft: Draft) -> list[str]:
    if draft.problem.group:
        return [f"  group: {sequence(draft.problem.group)}"]
    if not draft.perhaps.group:
        return []
    perhaps = _comment(sequence(draft.perhaps.group[:1]))
    return [
        "  # Does the model serve entities it has never met? Then name them, so that",
        f"  # none spans two parts:  group: {perhaps}",
    ]


def _available_at(draft: Draft) -> list[str]:
    lines, declared = [], draft.problem.available_at
    if declared:
        lines.append("  available_at:            # known only after the outcome: no feature")
        lines += [f"    {json.dumps(c, ensure_ascii=False)}: {w}" for c, w in declared.items()]
    else:
        lines.append("  available_at: {}         # {COLUMN: after} if known only after the outcome")
    if draft.perhaps.after:
        lines += [
            "  # Perhaps known only after the outcome, by their names; put those that are under",
            "  # available_at, and no model learns from them (`before` says that they are not):",
        ]
        quoted = [_comment(json.dumps(c, ensure_ascii=False)) for c in draft.perhaps.after]
        lines += [f"  #   {column}: after" for column in quoted]
    return lines


def _value(value: Any) -> str:
    return scalar(value) if isinstance(value, str) else json.dumps(value)


def _targets(problem: ProblemSpec) -> str:
    return sequence(problem.targets) if problem.also else scalar(problem.target)


def _cells(cells: Cells) -> list[str]:
    """Return what says how cells are read, each with its reason."""
    lines = []
    if cells.missing:
        lines = [f"  # {_comment(why)}; those that mean" for why, _ in cells.why_missing()]
        lines += [
            "  # something must not stand here:",
            f"  missing: {sequence(cells.all_missing())}",
        ]
    if not cells.columns:
        return [
            *lines,
            "  # columns: {COLUMN: {kind: category}}    # number, category, text, bool or datetime",
        ]
    lines.append("  columns:")
    for name, content in cells.columns.items():
        keys = ", ".join(f"{key}: {scalar(value)}" for key, value in content.items())
        lines += [f"    # {_comment(cells.why[name])}", f"    {scalar(name)}: {{{keys}}}"]
    return lines


def _split(draft: Draft) -> list[str]:
    if draft.split_path is not None:
        return ["split:", "  kind: given", f"  path: {scalar(draft.split_path)}"]
    if draft.part is not None:
        return ["split:", "  kind: given", f"  column: {scalar(draft.part)}"]
    lines = [
        "split:",
        "  kind: auto               # by time, entity, both or stratified, as problem says",
    ]
    if draft.problem.time is not None and draft.problem.horizon is None:
        lines.append("  # kind: time, gap: 7d    # if outcomes are known only 7 days later")
    return [*lines, "  valid_size: 0.15", "  test_size: 0.2"]


def _comment(text: str) -> str:
    """Return text that cannot end its comment line."""
    return " ".join(text.split())
