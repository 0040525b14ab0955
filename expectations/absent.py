"""Rules on columns that are not there: a word misspelt, or a column that is gone or renamed."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping

from ninefold.errors import ConfigError, nearest

SHOWN = 5


class NoColumnError(ConfigError):
    """A rule is about a column that is not there."""

    def __init__(self, name: str, type_: str, columns: Iterable[str]) -> None:
        super().__init__(f"{type_}: no column `{name}`{nearest(name, columns)}")
        self.name = name


def worded(
    mistakes: Mapping[int, ConfigError], place: str, others: Collection[str]
) -> Iterator[str]:
    """Word the mistakes of rules by their position: one line for a column that several are about.

    Args:
        others: columns that no rule is about, of which one may be the old one by a new name.
    """
    about: dict[str, list[int]] = {}
    for position, error in mistakes.items():
        if isinstance(error, NoColumnError):
            about.setdefault(error.name, []).append(position)
    for position, error in mistakes.items():
        places = about.get(error.name, []) if isinstance(error, NoColumnError) else []
        if len(places) < 2:
            yield f"{place}: expectation {position}: {error}"
        elif isinstance(error, NoColumnError) and position == places[0]:
            yield f"{place}: {_gone(error.name, places, others)}"


def _gone(name: str, positions: list[int], others: Collection[str]) -> str:
    shown = ", ".join(str(position) for position in positions[:SHOWN])
    more = f" and {len(positions) - SHOWN} more" if len(positions) > SHOWN else ""
    near = difflib.get_close_matches(name, sorted(others), n=1)
    called = f" (is it called `{near[0]}` now?)" if near else ""
    return (
        f"the data have no column `{name}`{called}, which expectations {shown}{more} are about. "
        "Bring it back, or let `ninefold expectations draft` take its rules out"
    )
