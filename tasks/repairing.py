"""Writes the params changes that findings ask for into params.yaml; comments and layout stay."""

import difflib
import io
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ninefold.config import load_params, yaml_mistake
from ninefold.errors import ConfigError
from ninefold.files import replacing
from ninefold.registry import components
from ninefold.splitting import SplitterSpec
from tasks.drafting.params import scalar

KIND = ("split", "kind")
BOTH = {"group", "time"}
"""Kinds of split that two findings may ask for at once: `group_time` does what both want."""
LAYOUTS = ((2, 2, 0), (2, 4, 2), (4, 6, 4), (4, 4, 2))
"""Indents of mappings and sequences, and the offset of the dash, as people write them."""
SPLIT_FILE = re.compile(r"^\s*-\s*['\"]?\$\{split\.path\}['\"]?\s*\n", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """A value for a place in params.yaml, and the findings that ask for it."""

    path: tuple[str, ...]
    value: Any
    because: tuple[str, ...] = ()
    is_whole: bool = False
    """Put the value in the place of what stands there; else lists are united, mappings merged."""

    @property
    def place(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Plan:
    """Changes to make, sentences on what was decided, and findings that params cannot mend."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    unmended: tuple[Mapping[str, Any], ...]


def plan(findings: Iterable[Mapping[str, Any]], severities: Sequence[str]) -> Plan:
    """Join the fixes of findings of these severities; those that people ignore are left out.

    Lists are united and mappings merged. Where findings want different values in one place, two
    kinds of split become the one that does both; anything else is left alone and explained.
    """
    wanted: dict[tuple[str, ...], list[tuple[Any, str]]] = {}
    unmended = []
    for finding in findings:
        if finding["severity"] not in severities or finding.get("ignored"):
            continue
        if not finding.get("fix"):
            unmended.append(finding)
        for fix in finding.get("fix") or ():
            wanted.setdefault(tuple(fix["path"]), []).append((fix["value"], finding["kind"]))
    changes, notes = [], []
    for path, asked in wanted.items():
        because = tuple(dict.fromkeys(kind for _, kind in asked))
        values = _distinct([value for value, _ in asked])
        if len(values) > 1 and path == KIND and set(values) == BOTH:
            notes.append("split.kind: findings ask for group and for time; group_time does both")
            values = ["group_time"]
        if len(values) > 1 and not all(isinstance(value, list) for value in values):
            said = "; ".join(f"{kind} wants {value!r}" for value, kind in asked)
            notes.append(f"{'.'.join(path)} is left alone, because findings disagree: {said}")
            continue
        value = _united(values) if isinstance(values[0], list) else values[0]
        changes.append(Change(path, value, because))
    return Plan(tuple(changes), tuple(notes), tuple(unmended))


def _distinct(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _united(lists: Sequence[Any]) -> list[Any]:
    return _distinct([item for values in lists for item in values])


def edited(text: str, changes: Sequence[Change]) -> str:
    """Return params.yaml with the changes made; lines they do not touch stay as they are.

    Raises:
        ConfigError: the text is no mapping, or a place lies inside something that is none.
    """
    yaml, content = _load(text)
    before = _dump(yaml, content)
    after = yaml.load(text)  # a copy of `content` would lack some comments
    for change in changes:
        _set(after, change)
    if any(change.path == KIND for change in changes):
        _drop_foreign_keys(after["split"])
    dumped = _dump(yaml, after)
    patched = _patched(text, before, dumped)
    return patched if _plain(patched) == _plain(dumped) else dumped


def _load(text: str) -> tuple[Any, Any]:
    """Parse text with the indents whose round trip changes it least."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    best: tuple[int, Any, Any] | None = None
    for mapping, sequence, offset in LAYOUTS:
        yaml = YAML()
        yaml.preserve_quotes, yaml.width, yaml.allow_unicode = True, 100_000, True
        yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
        try:
            content = yaml.load(text)
        except YAMLError as error:
            said = yaml_mistake(error, text)
            raise ConfigError(f"params.yaml must be valid YAML, however: {said}") from None
        if not isinstance(content, dict):
            found = "it is empty" if content is None else f"a {type(content).__name__}"
            raise ConfigError(f"params.yaml must be a mapping of sections, however: {found}")
        lines, again = text.splitlines(), _dump(yaml, content).splitlines()
        off = sum(a != b for a, b in zip(lines, again, strict=False)) + abs(len(lines) - len(again))
        if best is None or off < best[0]:
            best = (off, yaml, content)
    assert best is not None
    return best[1], best[2]


def _dump(yaml: Any, content: Any) -> str:
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def _plain(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return None


def _patched(text: str, before: str, after: str) -> str:
    """Bring the difference of two dumps into the text they came from, line by line."""
    lines, old, new = (t.splitlines(keepends=True) for t in (text, before, after))
    if len(lines) != len(old):
        return after
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    result: list[str] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        result += lines[i:j] if what == "equal" else new[k:m]
    return "".join(result)


def _set(content: Any, change: Change) -> None:
    from ruamel.yaml.comments import CommentedMap

    *parents, last = change.path
    node = content
    for number, key in enumerate(parents, 1):
        if node.get(key) is None:
            node[key] = CommentedMap()
        node = node[key]
        if not isinstance(node, dict):
            raise ConfigError(
                f"params.yaml: {'.'.join(parents[:number])} must be a mapping to be changed, "
                f"however: {node!r}"
            )
    if not node:
        node.fa.set_flow_style()
    node[_quoted(last)] = _joined(None if change.is_whole else node.get(last), change.value)


def _quoted(value: Any) -> Any:
    """Return text in double quotes, unless every YAML reader takes it for that text without."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    is_plain = not isinstance(value, str) or scalar(value) == value
    return value if is_plain else DoubleQuotedScalarString(value)


def _joined(old: Any, new: Any) -> Any:
    """Return lists with what is new at the end, mappings merged, and anything else replaced."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(new, dict):
        merged = old if isinstance(old, dict) else CommentedMap()
        for key, value in new.items():
            merged[_quoted(key)] = _joined(merged.get(key), value)
        return merged
    if isinstance(new, (list, tuple)):
        items: Any = old if isinstance(old, list) else CommentedSeq()
        if not items:
            items.fa.set_flow_style()
        items.extend(_quoted(item) for item in new if item not in items)
        return items
    return _quoted(new)


def _drop_foreign_keys(split: Any) -> None:
    """Remove the settings that the new kind of split does not have."""
    for spec in components("ninefold.splitting", SplitterSpec):
        if spec.model_fields["kind"].default == split["kind"]:
            for key in [key for key in split if key not in spec.model_fields]:
                del split[key]


def write(workspace: Path, changes: Sequence[Change], title: str = "fixed") -> str:
    """Write the changes into params.yaml (and dvc.yaml, if a split file is no longer read).

    Returns the unified diff, "" if the changes stand there already. What is written is checked
    first, and whole or not at all.

    Raises:
        ConfigError: the changed params.yaml would not be valid.
    """
    path, pipeline = workspace / "params.yaml", workspace / "dvc.yaml"
    before = path.read_text(encoding="utf-8")
    after = edited(before, changes)
    _check(after)
    files = {path: (before, after)}
    if "path" not in (_plain(after).get("split") or {}) and pipeline.is_file():
        text = pipeline.read_text(encoding="utf-8")
        files[pipeline] = (text, SPLIT_FILE.sub("", text))
    changed = {place: both for place, both in files.items() if both[0] != both[1]}
    for place, (_, text) in changed.items():
        with replacing(place.resolve()) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return "".join(_diff(place.name, title, *both) for place, both in changed.items())


def _check(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "params.yaml").write_text(text, encoding="utf-8")
        try:
            load_params(Path(folder))
        except ConfigError as error:
            raise ConfigError(
                f"the changed params.yaml must be valid, however: {error}. Nothing was written; "
                "change it by hand as the findings say"
            ) from None


def _diff(name: str, title: str, before: str, after: str) -> str:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, name, f"{name} ({title})")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
