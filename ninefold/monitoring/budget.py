"""How often findings may start a retrain: a cool-down and a budget, kept in a journal.

A start is written down before it happens, so that a process that is killed in between never makes
two. One that must not be yet is written down as put off, and may be later. One of which nobody
wrote down what came of it is settled later, and given back if nothing did; so is one whose run was
left out. What was given back is as if put off.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ninefold import files, journal
from ninefold.durations import duration_us
from ninefold.monitoring import RetrainSpec
from ninefold.monitoring.comparing import SEVERITIES


def asks_for_retrain(verdict: str, spec: RetrainSpec) -> bool:
    """Tell whether a verdict is one that starts a retrain."""
    asked = SEVERITIES[: SEVERITIES.index(spec.on) + 1] if spec.on != "never" else ()
    return verdict in asked


def claim(
    path: Path,
    spec: RetrainSpec,
    because: str,
    now: datetime | None = None,
    busy: str | None = None,
) -> str | None:
    """Write a start into the journal at `path`, or that it is put off; return why if it is.

    `busy` says what else is in its way.
    """
    now = now or datetime.now(UTC)
    with files.alone(path):
        refusal = busy or _refusal(path, spec, now)
        if refusal is None or not is_put_off(path):
            what = "start" if refusal is None else "put off"
            journal.append(path, {"at": now.isoformat(), "what": what, "because": because})
    return refusal


def is_put_off(path: Path) -> bool:
    """Tell whether a start was put off, or given back, and none has been since."""
    whats = ("start", "put off", "none")
    told = [line["what"] for line in journal.read(path) if line.get("what") in whats]
    return bool(told) and told[-1] != "start"


def note(path: Path, what: Mapping[str, Any]) -> None:
    """Write down what came of the last start: `{"run": …}`, or `{"what": "none", "why": …}`, which
    gives the start back.
    """
    with files.alone(path):
        journal.append(path, {"at": datetime.now(UTC).isoformat(), **what})


def unsettled(path: Path) -> datetime | None:
    """Return when the last start was written down, if nobody wrote down what came of it."""
    at = None
    for line in journal.read(path):
        if line.get("what") == "start":
            at = datetime.fromisoformat(str(line["at"]))
        elif line.get("what") in ("run", "none"):
            at = None
    return at


def settle(path: Path, start: datetime, what: Mapping[str, Any]) -> None:
    """Write down what came of a start, as `note` does, unless somebody did meanwhile."""
    with files.alone(path):
        if unsettled(path) == start:
            journal.append(path, {"at": datetime.now(UTC).isoformat(), **what})


def begun(path: Path) -> str | None:
    """Return the run that came of the last start; None if none did, or it was given back."""
    run = None
    for line in journal.read(path):
        if line.get("what") == "run":
            run = str(line.get("run"))
        elif line.get("what") in ("start", "none"):
            run = None
    return run


def give_back(path: Path, run: str, why: str) -> None:
    """Give the last start back, whose `run` came to nothing, unless somebody did meanwhile."""
    with files.alone(path):
        if begun(path) == run:
            at = datetime.now(UTC).isoformat()
            journal.append(path, {"at": at, "what": "none", "run": run, "why": why})


def _refusal(path: Path, spec: RetrainSpec, now: datetime) -> str | None:
    """Return why there must be no start now."""
    starts = _starts(path)
    last = max(starts, default=None)
    if last is not None and now - last < _span(spec.cooldown):
        return f"the last retrain began {_said(last)}, the cool-down is {spec.cooldown}"
    recent = [at for at in starts if now - at < _span(spec.per)]
    if len(recent) >= spec.most:
        return f"{len(recent)} retrains began within {spec.per}, the budget is {spec.most}"
    return None


def _starts(path: Path) -> list[datetime]:
    found: list[datetime] = []
    for line in journal.read(path):
        if line.get("what") == "start":
            found.append(datetime.fromisoformat(str(line["at"])))
        elif line.get("what") == "none" and found:
            found.pop()
    return found


def _span(text: str) -> timedelta:
    return timedelta(microseconds=duration_us(text))


def _said(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
