"""What rows are called in findings about sequences: by the entity they are of."""

from ninefold.leakage.case import Case


def entities_of(case: Case) -> tuple[str, ...]:
    """Return the columns that name a row's entity: `problem.ids`, else `problem.group`."""
    for names in (case.problem.ids, case.problem.group):
        found = tuple(name for name in names if name in case.frame.data)
        if found:
            return found
    return ()


def named(case: Case, row: int, entities: tuple[str, ...]) -> str:
    """Return what a row is called: by its entity, else by its place in the source."""
    if not entities:
        return f"row {int(case.frame.row[row])}"
    return ", ".join(str(case.frame[name][row]) for name in entities)
