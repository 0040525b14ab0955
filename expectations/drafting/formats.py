"""How texts are written: e-mail addresses, dates, codes of one pattern."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from expectations.drafting.levels import MAX_LEVELS
from expectations.margins import mostly
from expectations.sample import Rule, Sample, rule
from ninefold.pixels import SUFFIXES

ORDER = 70
MIN_VALUES = 50
MAX_PATTERNS = 3
MAX_RUNS = 12
MAX_LENGTH = 80
MAX_STRANGE = 0.02
FAMILIES = {
    "e-mail addresses": r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
    "UUIDs": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    "web addresses": r"^https?://[^\s/$.?#][^\s]*$",
    "IPv4 addresses": r"^(\d{1,3}\.){3}\d{1,3}$",
    "ISO dates": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?.*)?$",
    "dates with points": r"^\d{1,2}\.\d{1,2}\.\d{2,4}$",
    "dates with strokes": r"^\d{1,2}/\d{1,2}/\d{2,4}$",
    "clock times": r"^\d{1,2}:\d{2}(:\d{2})?$",
    "phone numbers": r"^(?=.*[+ (])\+?[\d(][\d ()/.-]{6,}\d$",
    "hexadecimal numbers": r"^(0x)?[0-9a-f]{8,}$",
}
RUN = re.compile(r"(?P<U>[A-Z]+)|(?P<L>[a-z]+)|(?P<D>[0-9]+)|(?P<O>.)", re.DOTALL)
CLASSES = {"U": "[A-Z]", "L": "[a-z]", "D": "[0-9]"}


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect the family of writing, or the few patterns, that nearly all values of a text had."""
    for column in sample.of_kind("category", "text"):
        values = sample.present(column.name).tolist()
        distinct = set(values)
        if len(values) < MIN_VALUES or len(distinct) <= MAX_LEVELS or _names_images(values):
            continue
        found = _family(values) or _patterns(values, distinct)
        if found is None:
            continue
        regex, name, strange = found
        others = f"{len(values) - strange} of {len(values)}" if strange else f"all {len(values)}"
        because = f"{others} values were {name} in training"
        share = {} if regex in FAMILIES.values() else _share(strange, values)
        yield rule("expect_column_values_to_match_regex", "warn", because,
                   column=column.name, regex=regex, **share)  # fmt: skip


def _names_images(values: list[str]) -> bool:
    """Tell whether values are names of image files, which say where a picture lies, not how."""
    return all(value.lower().endswith(SUFFIXES) for value in values)


def _share(strange: int, values: list[str]) -> dict[str, float]:
    """Return the share of values to expect so written, where not simply all of them.

    Rows that repeat a name say no more than one: they count for the effective number of names, by
    the design effect of Kish (1965).
    """
    counts = Counter(values).values()
    names = len(values) ** 2 / sum(count**2 for count in counts)
    if 2 * names > len(values):
        return {"mostly": mostly(strange, len(values))} if strange else {}
    return {"mostly": mostly(math.ceil(strange * names / len(values)), math.ceil(names))}


def _family(values: list[str]) -> tuple[str, str, int] | None:
    for name, regex in FAMILIES.items():
        matches = re.compile(regex).match
        if not all(matches(value) for value in values[:3]):
            continue
        strange = sum(matches(value) is None for value in values)
        if strange <= MAX_STRANGE * len(values):
            return regex, name, strange
    return None


def _patterns(values: list[str], distinct: set[str]) -> tuple[str, str, int] | None:
    """Return a regular expression of the patterns that came often, if they are few."""
    sizes: dict[str, list[list[int]]] = {}
    counts: Counter[str] = Counter()
    for value in distinct:
        if len(value) > MAX_LENGTH:
            return None
        runs = [(str(m.lastgroup), m[0]) for m in RUN.finditer(value)]
        if len(runs) > MAX_RUNS or any(text.isspace() or ord(text[0]) > 127 for _, text in runs):
            return None
        pattern = "".join(kind if kind != "O" else re.escape(text) for kind, text in runs)
        counts[pattern] += 1
        sizes.setdefault(pattern, []).append([len(text) for _, text in runs])
        if len(counts) > 50:
            return None
    often = [p for p, count in counts.most_common() if count >= max(10, 0.02 * len(distinct))]
    if not often or len(often) > MAX_PATTERNS:
        return None
    words = [_regex(pattern, sizes[pattern]) for pattern in often]
    regex = f"^{words[0]}$" if len(words) == 1 else f"^(?:{'|'.join(words)})$"
    if regex in (f"^{runs}+$" for runs in CLASSES.values()):
        return None
    matches = re.compile(regex).match
    strange = sum(matches(value) is None for value in values)
    name = "written so" if len(words) == 1 else f"written in one of {len(words)} ways"
    return (regex, name, strange) if strange <= MAX_STRANGE * len(values) else None


def _regex(pattern: str, sizes: list[list[int]]) -> str:
    """Word a pattern: runs that always had one length keep it."""
    parts, position, index = [], 0, 0
    while position < len(pattern):
        kind = pattern[position]
        lengths = {size[index] for size in sizes}
        if kind in CLASSES:
            only = lengths.pop() if len(lengths) == 1 else None
            parts.append(CLASSES[kind] + _times(only))
            position += 1
        else:
            step = 2 if kind == "\\" else 1
            parts.append(pattern[position : position + step])
            position += step
        index += 1
    return "".join(parts)


def _times(only: int | None) -> str:
    if only is None:
        return "+"
    return "" if only == 1 else f"{{{only}}}"
