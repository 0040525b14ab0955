"""What `ninefold init` asks in a terminal: each question with a proposal, each answer checked."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from ninefold.durations import duration_us
from ninefold.errors import InputError, nearest
from tasks.drafting.telling import listed

T = TypeVar("T")
NONE = ("-", "none")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
INTRODUCTION = """\
A few questions about the columns; Enter takes what stands in brackets, Ctrl-C leaves without a
trace. Everything can be changed later in params.yaml.
"""


def introduce() -> None:
    """Say what Enter and Ctrl-C do."""
    print(INTRODUCTION)


def ask_choice(question: str, proposal: str, choices: Sequence[str]) -> str:
    """Ask for one of `choices`; Enter takes the proposal."""

    def read(answer: str) -> str:
        if answer not in choices:
            raise ValueError(f"one of {', '.join(choices)}{nearest(answer, choices)}")
        return answer

    return _ask(f"{question} [{proposal}]: ", proposal, read)


def ask_columns(
    question: str, proposal: Sequence[str], names: Sequence[str], perhaps: Sequence[str] = ()
) -> list[str]:
    """Ask for columns, a comma between them; Enter takes the proposal, `-` none.

    Where nothing is proposed, what it is `perhaps` is mentioned.
    """

    def read(answer: str) -> list[str]:
        if answer in NONE and answer not in names:
            return []
        # A name may hold a comma itself.
        chosen = [answer] if answer in names else [part.strip() for part in answer.split(",")]
        for name in chosen:
            if name not in names:
                raise ValueError(f"no column to choose: {name!r}{nearest(name, names)}")
        return list(dict.fromkeys(chosen))

    others = [name for name in perhaps if name in names]
    if others and not proposal:
        question += f"; perhaps {listed(others)}"
    shown = ", ".join(proposal) or "none"
    return _ask(f"{question} [{shown}]{', - for none' if proposal else ''}: ", [*proposal], read)


def ask_column(
    question: str, proposal: str | None, names: Sequence[str], perhaps: Sequence[str] = ()
) -> str | None:
    """Ask for one column or none."""
    while True:
        chosen = ask_columns(question, [proposal] if proposal else [], names, perhaps)
        if len(chosen) < 2:
            return chosen[0] if chosen else None
        print("  one column, or - for none")


def ask_duration(question: str, proposal: str | None, *, is_date: bool = True) -> str | None:
    """Ask for a duration such as 12h or 7d, or a number where moments are numbers; or for none."""

    def read(answer: str) -> str | None:
        if answer in NONE:
            return None
        if is_date:
            duration_us(answer)
        elif not NUMBER.fullmatch(answer):
            raise ValueError(f"must be a number such as 4 or 0.5, however: {answer!r}")
        return answer

    minus = ", - for none" if proposal else ""
    return _ask(f"{question} [{proposal or 'none'}]{minus}: ", proposal, read)


def _ask(prompt: str, proposal: T, read: Callable[[str], T]) -> T:
    """Ask until `read` takes the answer; an empty one takes the proposal.

    Raises:
        InputError: the input ended.
    """
    while True:
        try:
            answer = input(prompt).strip()
        except EOFError:
            print()
            raise InputError(
                "init must have its questions answered, however: the input ended. Nothing was "
                "written; --yes takes every proposal"
            ) from None
        except KeyboardInterrupt:
            print()
            raise
        if not answer:
            return proposal
        try:
            return read(answer)
        except ValueError as error:
            print(f"  {error}")
