"""What a section of the report is."""

from abc import ABC, abstractmethod
from typing import ClassVar

from ninefold.problem import LEARNED
from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html

LEARNERS = {"baselines", "evaluation", "network"}
"""Documents whose content depends on the task."""


class Section(ABC):
    """One part of the report; subclasses in `ninefold.report.sections` are found by themselves."""

    title: ClassVar[str]
    order: ClassVar[int]
    """Sections stand in this order."""
    sources: ClassVar[tuple[str, ...]]
    """Documents it cannot do without; if one is missing the section is left out."""

    tasks: ClassVar[tuple[str, ...]] = ()
    """Tasks it is for; (): for those that learn a target, or for any if it reads none of what
    their learners leave."""

    def fits(self, task: str) -> bool:
        """Tell whether it has something to say of a run of `task`."""
        if self.tasks:
            return task in self.tasks
        return task in LEARNED or not LEARNERS & set(self.sources)

    def has_content(self, evidence: Evidence) -> bool:
        """Tell whether the documents hold anything for it."""
        return True

    @abstractmethod
    def render(self, evidence: Evidence) -> Html:
        """Return the section's content without its heading."""
