"""target.words: a text whose words say what the class is."""

from collections.abc import Iterator
from typing import ClassVar

from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.noisy import class_named, reason, scored


class WordingCheck(Check):
    """Texts of which a few words tell the class and that, given it, are tied to nothing else.

    A report written after the outcome names it; a text from before speaks of its causes, which
    also show in other columns. Where the others tell little of the class, that cannot be tested:
    a question, which informs, unless words tell two classes without error. A table of one text
    alone is silent.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.words",)

    def findings(self, case: Case) -> Iterator[Finding]:
        for found in case.power.telling:
            if found.view.aspect != "words":
                continue
            name = found.view.column
            yield Finding(
                kind="target.words",
                severity="info" if found.is_untested else "warn",
                columns=(name,),
                evidence={**found.evidence(len(case.power.case)), "words": found.view.atom},
                message=(
                    f"a few words of `{name}` ({found.view.atom} …) tell `{case.problem.target}`"
                    f"{class_named(case, found)}: {scored(found)}; {reason(found)}. Was it written "
                    "before the outcome?"
                ),
                remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it was written after",
                fix=known_after([name]),
            )
