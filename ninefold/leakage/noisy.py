"""target.noisy: a feature made from the target, with noise or in classes of its own."""

from collections.abc import Iterator
from typing import ClassVar

from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.telling import Telling


class NoisyCheck(Check):
    """Features that tell the target and, once it is known, have nothing to do with the rest."""

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.noisy",)

    def findings(self, case: Case) -> Iterator[Finding]:
        for found in case.power.telling:
            if found.view.aspect == "value":
                yield _finding(case, found)


def _finding(case: Case, found: Telling) -> Finding:
    name, target = found.view.column, case.problem.target
    return Finding(
        kind="target.noisy",
        severity="warn",
        columns=(name,),
        evidence=found.evidence(len(case.power.case)),
        message=f"`{name}` alone tells `{target}`{class_named(case, found)}: {scored(found)}; "
        f"{reason(found)}. Was it known before the outcome?",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=((("problem", "available_at", name), "after"),),
    )


def class_named(case: Case, found: Telling) -> str:
    """Return which class it tells, where there are more than two."""
    if found.klass is None or case.power.classes < 3:
        return ""
    row = int((case.y == found.klass).argmax())
    return f" (class {case.frame[case.problem.target][row]})"


def scored(found: Telling) -> str:
    """Return the scores in words."""
    unit = "ROC area" if found.klass is not None else "R² of ranks"
    return f"{unit} {found.alone:.3f}, all other columns together {found.rest:.3f}"


def reason(found: Telling) -> str:
    """Return why that is not what an honest strong feature looks like."""
    if found.why == "child":
        return "given the target it is tied to no other column, as if made from the target"
    return "given the target it is hardly tied to any other column"
