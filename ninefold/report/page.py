"""Puts the sections together: one HTML file without script, outside asset or date."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ninefold.registry import components
from ninefold.report.evidence import APART, DOCUMENTS, Evidence
from ninefold.report.markup import Html, callout, code, html, join, tag
from ninefold.report.section import Section

FILES = {**DOCUMENTS, **APART}
CHANGED = (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError)
"""What reading a document of another shape raises."""


def render(evidence: Evidence) -> str:
    """Return the report; the same evidence gives the same bytes."""
    chosen = [section for section in sections() if _has_sources(section, evidence)]
    title = html(headline(evidence))
    body = join(
        [
            tag("header", tag("p", "Ninefold report", class_="kicker"), tag("h1", title)),
            tag("nav", *(_link(section) for section in chosen), aria_label="Contents"),
            tag("main", *(_section(section, evidence) for section in chosen), _missing(evidence)),
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{title}</title>\n<style>\n{style()}</style>\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def sheet(kicker: str, title: str, sections: Iterable[tuple[str, Html]]) -> str:
    """Return a page of its own in the report's style; a section without content is left out."""
    parts = (tag("section", tag("h2", name), part) for name, part in sections if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{html(title)}</title>\n'
        f"<style>\n{style()}</style>\n</head>\n<body>\n"
        f"<header>{tag('p', kicker, class_='kicker')}{tag('h1', title)}</header>\n"
        f"<main>{join(parts)}</main>\n</body>\n</html>\n"
    )


def sections() -> list[Section]:
    """Return every section in order."""
    found = [kind() for kind in components("ninefold.report.sections", Section)]
    return sorted(found, key=lambda section: (section.order, section.title))


def headline(evidence: Evidence) -> str:
    """Return the title given in params.yaml, or what is predicted."""
    if evidence.spec.title:
        return evidence.spec.title
    target = evidence.evaluation.get("target")
    return f"Predicting {target}" if target else "What this run found"


def _has_sources(section: Section, evidence: Evidence) -> bool:
    is_there = all(evidence.documents.get(name) for name in section.sources)
    return section.fits(evidence.task) and is_there and section.has_content(evidence)


def _section(section: Section, evidence: Evidence) -> Html:
    try:
        content: Any = section.render(evidence)
    except CHANGED as error:
        files = join((code(FILES[name]) for name in section.sources), ", ")
        said = f"{type(error).__name__}: {error}"
        content = callout("warn", "This part could not be drawn from ", files, f" ({said}).")
    return tag("section", tag("h2", section.title), content, id=_anchor(section))


def _missing(evidence: Evidence) -> Html:
    gone = [FILES[name] for name in evidence.expected if not evidence.documents.get(name)]
    if not gone:
        return Html()
    names = join((code(file) for file in gone), ", ")
    return callout("warn", "Left out, since these files are missing or damaged: ", names, ".")


def _link(section: Section) -> Html:
    return tag("a", section.title, href=f"#{_anchor(section)}")


def _anchor(section: Section) -> str:
    return "".join(c if c.isalnum() else "-" for c in section.title.lower())


@cache
def style() -> str:
    """Return the style sheet of every page."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")
