"""How a suite would change, line by line, where most lines come many times."""

from collections.abc import Iterator
from difflib import SequenceMatcher

NAMING = ("column", "column_A", "column_B", "column_list", "column_set", "expression")
"""Arguments that say what a rule is about; two rules alike in them and their type are one rule."""


def difference(old: str, new: str, name: str) -> str:
    """Return a unified difference of two suites, "" if they are the same.

    Lines are compared together with the rule that they stand in: `severity: warn` of one rule is
    no line of another's.
    """
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    matcher = SequenceMatcher(None, _placed(before), _placed(after), autojunk=False)
    hunks = [
        line for opcodes in matcher.get_grouped_opcodes() for line in _hunk(opcodes, before, after)
    ]
    return "".join([f"--- {name}\n", f"+++ {name} (drafted again)\n", *hunks]) if hunks else ""


def _placed(lines: list[str]) -> list[tuple[str, ...]]:
    """Return every line with the one that begins its rule, and with what that rule is about; lines
    between rules by themselves.
    """
    found: list[tuple[str, ...]] = []
    place: tuple[str, ...] = ()
    for position, line in enumerate(lines):
        if line.lstrip().startswith("- ") and not line.startswith("     "):
            named = [text for text in lines[position + 1 : position + 2] if _is_name(text)]
            place = (line, *named)
        is_named = line.strip()[:1] not in ("", "#")
        found.append((line, *place) if is_named else (line,))
    return found


def _is_name(line: str) -> bool:
    return line.partition(":")[0].strip() in NAMING


def _hunk(
    opcodes: list[tuple[str, int, int, int, int]], before: list[str], after: list[str]
) -> Iterator[str]:
    (_, i, _, j, _), (_, _, i_end, _, j_end) = opcodes[0], opcodes[-1]
    yield f"@@ -{i + 1},{i_end - i} +{j + 1},{j_end - j} @@\n"
    for tag, start, stop, begin, end in opcodes:
        if tag == "equal":
            yield from (f" {line}" for line in before[start:stop])
            continue
        yield from (f"-{line}" for line in before[start:stop])
        yield from (f"+{line}" for line in after[begin:end])
