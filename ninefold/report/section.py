"""What a section of the report is."""

from abc import ABC, abstractmethod
from typing import ClassVar

from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html


class Section(ABC):
    """One part of the report; subclasses in `ninefold.report.sections` are found by themselves."""

    title: ClassVar[str]
    order: ClassVar[int]
    """Sections stand in this order."""
    sources: ClassVar[tuple[str, ...]]
    """Documents it cannot do without; if one is missing the section is left out."""

    @abstractmethod
    def render(self, evidence: Evidence) -> Html:
        """Return the section's content without its heading."""
