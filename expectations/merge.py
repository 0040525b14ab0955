"""Drafting again: what the data suggest now, without undoing what a person changed.

A three-way merge by rule. The last draft lies beside the suite (`suite.drafted.yaml`); against it a
person's edits, additions and removals show, and they stay. A rule whose fresh draft asks for the
same within its margin stays as it was drafted first, so that the difference tells what is new.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from expectations.alike import are_alike
from expectations.difference import NAMING, difference
from expectations.draft import block, heading, render, topic
from expectations.sample import Rule
from ninefold.config import invalid_yaml
from ninefold.errors import ConfigError

Key = tuple[str, str, int]
BASE_NOTE = (
    "The last draft, by which drafting again sees what you changed. Edit suite.yaml instead."
)


@dataclass(frozen=True)
class Merged:
    """The suite after merging, the draft to keep beside it, and how the suite changes."""

    suite: str
    drafted: str
    diff: str


def merge(mine: str, base: str, new: str, name: str) -> Merged:
    """Merge a fresh draft into a suite that a person may have changed since the last draft.

    Args:
        mine, base, new: YAML texts of the suite, of the last draft ("" if none) and of the new one.
        name: path of the suite, for messages and the difference.

    Raises:
        ConfigError: the suite is no YAML list of expectations.
    """
    own, last, fresh = (_read(text, name) for text in (mine, base, new))
    fresh = {
        key: last[key] if key in last and are_alike(last[key], rule) else rule
        for key, rule in fresh.items()
    }
    keep = {
        key: fresh.get(key) if rule == last.get(key) else rule
        for key, rule in own.items()
        if rule != last.get(key) or key in fresh
    }
    added = {key: rule for key, rule in fresh.items() if key not in own and key not in last}
    removed = {key: rule for key, rule in last.items() if key not in own and key not in fresh}
    text = _edit(mine, own, keep, added, list(fresh))
    drafted = render([*fresh.values(), *removed.values()], BASE_NOTE)
    return Merged(text, drafted, difference(mine, text, name))


def laid_beside(suite: str) -> str:
    """Return what to lay beside a suite just drafted: the same rules under another note."""
    start = "\nname: suite\n"
    return render([], BASE_NOTE).partition(start)[0] + start + suite.partition(start)[2]


def _load(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe").load(text) if text.strip() else {"expectations": []}
    except YAMLError as error:
        raise invalid_yaml(name, error, text) from None
    items = content.get("expectations") if isinstance(content, Mapping) else None
    if not isinstance(items, list):
        raise ConfigError(f"{name}: `expectations` must be a list, however: {_told(items)}")
    for place, item in enumerate(items, 1):
        if not isinstance(item, Mapping):
            raise ConfigError(
                f"{name}: expectation {place} must be a mapping such as `type: …, column: …`, "
                f"however: {_told(item)}"
            )
    return items


def _told(item: Any) -> str:
    return "there is none" if item is None else f"{str(item)[:60]!r}"


def _read(text: str, name: str) -> dict[Key, Rule]:
    """Return the rules of a suite by what they are about, in order."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[Key, Rule] = {}
    for item in _load(text, name):
        rule = _plain(item)
        about = (str(rule.get("type")), repr([rule.get(key) for key in NAMING]))
        found[*about, seen[about]] = rule
        seen[about] += 1
    return found


def _plain(content: Any) -> Any:
    """Turn what YAML gave into plain mappings, lists and scalars."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(item) for item in content]
    for kind in (bool, int, float, str):
        if isinstance(content, kind):
            return kind(content)
    return content


def _edit(
    text: str, own: Mapping[Key, Rule], keep: Mapping[Key, Any], added: Mapping[Key, Rule],
    order: Sequence[Key],
) -> str:  # fmt: skip
    """Write the merged rules into the suite's text; what did not change keeps every byte."""
    spans = _spans(text, len(own))
    if not spans or not (keep or added):
        return render([*(rule for rule in keep.values()), *added.values()])
    lines = text.splitlines(keepends=True)
    after = _places(own, added, order)
    named = {topic(rule) for rule in own.values()}
    result = lines[: spans[0][0]]
    result += [block(rule) for rule in after.pop(None, [])]
    for (start, stop, end), (key, rule) in zip(spans, own.items(), strict=True):
        if keep.get(key) == rule:
            result += lines[start:stop]
        elif key in keep:
            result.append(block(keep[key]))
        result += _blocks(after.get(key, []), named)
        result += lines[stop:end]
    written = "".join(result)
    for name in named - {topic(rule) for rule in [*keep.values(), *added.values()]}:
        written = written.replace(heading(name), "")
    return written


def _blocks(rules: Sequence[Rule], named: Collection[str]) -> Iterator[str]:
    """Yield rules as text; what no rule was about until now comes under a heading of its own."""
    for name, group in groupby(rules, key=topic):
        if name not in named:
            yield heading(name)
        yield from map(block, group)


def _places(
    own: Mapping[Key, Rule], added: Mapping[Key, Rule], order: Sequence[Key]
) -> dict[Key | None, list[Rule]]:
    """Put each new rule behind the rule that it follows in the draft, those on what no rule was
    about behind all that are about the same as that one.
    """
    after: dict[Key | None, list[Rule]] = {}
    anchor: Key | None = None
    last = {topic(rule): key for key, rule in own.items()}
    for key in order:
        if key in own:
            anchor = key
        elif key in added:
            is_new = topic(added[key]) not in last
            place = last[topic(own[anchor])] if anchor and is_new else anchor
            after.setdefault(place, []).append(added[key])
    if None in after and own:
        after.setdefault(list(own)[-1], [])[:0] = after.pop(None)
    return after


def _spans(text: str, rules: int) -> list[tuple[int, int, int]] | None:
    """Return for every rule its lines [start, stop) and where the next begins; None: not by lines.

    Comments and empty lines behind a rule belong to what follows.
    """
    from ruamel.yaml import YAML

    if not rules:
        return []
    lines = text.splitlines()
    entries = YAML(typ="safe").compose(text).value
    items = next(items.value for key, items in entries if key.value == "expectations")
    starts = [item.start_mark.line for item in items]
    is_listed = all(lines[start].lstrip().startswith("- ") for start in starts)
    if not is_listed or len(set(starts)) < rules or not lines[starts[0]].startswith("  - "):
        return None
    spans = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        stop = end
        while stop > start + 1 and lines[stop - 1].strip()[:1] in ("", "#"):
            stop -= 1
        spans.append((start, stop, end))
    return spans
