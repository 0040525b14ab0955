"""What it takes to get the same result again: params and versions."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, code, details, join, paragraph, table, tag
from ninefold.report.section import Section

UNSET = "default"


class Settings(Section):
    """Resolved params, section by section, and versions."""

    title = "Settings"
    order = 120
    sources = ()

    def render(self, evidence: Evidence) -> Html:
        folded = [
            details(name, table(("key", "value"), [(code(k), code(v)) for k, v in _said(content)]))
            for name, content in evidence.params.items()
            if content
        ]
        versions = table(("package", "version"), sorted(evidence.versions.items()))
        return join(
            [
                paragraph(
                    "The same data, params and versions give the same model, byte for byte. "
                    "Params as they were used, defaults included:"
                ),
                *folded,
                tag("h3", "Versions") if evidence.versions else "",
                versions if evidence.versions else "",
            ]
        )


def _said(content: Any) -> list[tuple[str, str]]:
    """Return what is shown of a section: of single columns only what sets them apart."""
    return [
        (key, value)
        for key, value in _flat(content)
        if value != UNSET or not key.startswith("columns.")
    ]


def _flat(content: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return `(dotted key, value)` pairs; lists of plain values stay together."""
    if isinstance(content, Mapping) and content:
        return [
            pair
            for key, value in content.items()
            for pair in _flat(value, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(content, (list, tuple)) and any(isinstance(v, Mapping) for v in content):
        return [p for i, value in enumerate(content) for p in _flat(value, f"{prefix}.{i}")]
    if isinstance(content, (list, tuple)):
        return [(prefix, ", ".join(map(str, content)) or "none")]
    if content is None or content == {}:
        return [(prefix, UNSET if content is None else "none")]
    return [(prefix, str(content).lower() if isinstance(content, bool) else str(content))]
