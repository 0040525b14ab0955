"""Compares a workspace's model with the one in production, and moves the registry's pointer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ninefold.config import load_params
from ninefold.errors import InputError
from ninefold.files import read_json, write_json
from ninefold.production import FOLDER
from ninefold.promotion import PromoteSpec
from ninefold.promotion.candidate import Candidate
from ninefold.promotion.deciding import (
    Decision,
    Reason,
    receipt_reasons,
)
from ninefold.promotion.registry import Entry, Registry
from tasks.challenging import Trial
from tasks.stage_io import StageIO
from tasks.tagging import tag, tagged

RECORD = Path("reports") / "promotion.json"
HOW_ON = "  `ninefold promote --because REASON` promotes it all the same, and keeps the reason"
SAID = {
    "promote": "promoted",
    "hold": "held",
    "reject": "rejected",
    "rollback": "rolled back to",
    "unchanged": "in production already:",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a model: the action of the registry's entry, or `unchanged`."""

    action: str
    version: str
    reasons: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: str | None = None
    """When that was decided, if it was before; nothing it rests on has changed."""

    @property
    def is_in_production(self) -> bool:
        return self.action in ("promote", "rollback", "unchanged")

    def lines(self) -> list[str]:
        """Return what a person is told."""
        first = f"{SAID[self.action]} version {self.version}"
        if self.since:
            return [f"{first}, as decided at {self.since}: nothing has changed since"]
        told = [first, *(f"  {text}" for text in (*self.reasons, *self.tags))]
        return [*told, HOW_ON] if self.action == "hold" else told


def promote(
    workspace: Path,
    model: Path | None = None,
    because: str | None = None,
    waiting: Callable[[], None] | None = None,
    anew: bool = True,
) -> Outcome:
    """Compare a model with the champion on the sealed test part; put it in production if it may.

    Args:
        workspace: where dvc.yaml, params.yaml and the registry lie.
        model: the challenger's file; default: what the export stage writes.
        because: why a person promotes what would be held; what is rejected stays so.
        waiting: called once when another process is changing the registry.
        anew: compare also what was held or rejected before, on the same grounds.

    Raises:
        InputError: the model or the test part is missing.
        GateError: the test part is not the one the split sealed.
    """
    specs = load_params(workspace, ["problem", "evaluate", "validate", "promote"])
    export, registry = StageIO(workspace, "export"), Registry(workspace / FOLDER)
    path = model or export.out("model.onnx")
    challenger = Candidate(_read(path), str(path))
    with registry.lease(waiting):
        registry.settle()
        entry = registry.production()
        if entry is not None and entry.sha256 == challenger.sha256:
            tags = tag(workspace, registry, challenger.content)
            return Outcome("unchanged", entry.version, tags=tuple(tags))
        champion = None
        if entry is not None:
            place = registry.path(entry.sha256)
            champion = Candidate(registry.content(entry.sha256), str(place))
            tag(workspace, registry, champion.content)  # a kill may have come before
        receipt = export.out("receipt.json")
        found = read_json(receipt) if receipt.is_file() else None
        trial = Trial(workspace, specs, challenger, champion)
        known = None if anew else registry.decided(challenger.sha256)
        if known is not None and known.facts.get("grounds") == trial.grounds(found):
            return Outcome(known.action, known.version, since=known.time)
        reasons = [*receipt_reasons(found, challenger.sha256), *trial.reasons()]
        if withdrawn := registry.withdrawn(challenger.sha256):
            reasons.append(Reason("hold", f"it was rolled back from at {withdrawn.time}"))
        decision = Decision(tuple(reasons))
        if because:
            decision = decision.accepted()
        made = _entry(decision, challenger, entry, because, trial.facts(found))
        write_json(workspace / RECORD, {**asdict(made), **trial.record, "receipt": found})
        return _carry_out(workspace, registry, made, challenger.content, specs["promote"])


def rollback(
    workspace: Path,
    version: str | None = None,
    because: str | None = None,
    waiting: Callable[[], None] | None = None,
) -> Outcome:
    """Put an earlier version back in production; default: the one before.

    Where a kill cut the last rollback short, the default completes that one.

    Raises:
        InputError: there is none, or its file is gone.
    """
    spec = load_params(workspace, ["promote"])["promote"]
    registry = Registry(workspace / FOLDER)
    with registry.lease(waiting):
        entry = registry.production()
        if version is None and entry is not None and _was_cut_short(registry, entry):
            return _complete(workspace, registry, entry)
        line = registry.line_of_succession()
        if entry is None or (version is None and len(line) < 2):
            now = f"{entry.version}, since {entry.time}" if entry else "nothing"
            raise InputError(
                "a rollback needs a version that was in production before, however: there is none. "
                f"In production is {now}"
            )
        if version is not None:
            version = tagged(workspace, version) or version
        sha256 = registry.find(version) if version is not None else line[1]
        content = registry.content(sha256)
        if sha256 == entry.sha256:
            tags = tag(workspace, registry, content)
            return Outcome("unchanged", entry.version, tags=tuple(tags))
        made = Entry(_now(), "rollback", sha256, entry.sha256, (), because)
        return _carry_out(workspace, registry, made, content, spec)


def _carry_out(
    workspace: Path, registry: Registry, entry: Entry, content: bytes, spec: PromoteSpec
) -> Outcome:
    tags: list[str] = []
    if entry.action in ("promote", "rollback"):
        registry.move(entry, content, spec.keep)
        tags = tag(workspace, registry, content)
        registry.settle()
    elif not _is_known(registry, entry):
        registry.note(entry)
    return Outcome(entry.action, entry.version, entry.reasons, tuple(tags))


def _was_cut_short(registry: Registry, entry: Entry) -> bool:
    return entry.action == "rollback" and not registry.is_settled(entry)


def _complete(workspace: Path, registry: Registry, entry: Entry) -> Outcome:
    """Finish a rollback whose process was killed after the pointer had moved."""
    tags = tag(workspace, registry, registry.content(entry.sha256))
    registry.settle()
    told = f"a run that was killed had begun it at {entry.time}; repeat it to go back one more"
    return Outcome(entry.action, entry.version, (told,), tuple(tags))


def _is_known(registry: Registry, entry: Entry) -> bool:
    """Tell whether the journal ends with the same decision: a nightly run repeats it."""
    last = registry.history()[-1:]
    same = ("action", "sha256", "previous", "reasons", "because")
    grounds = entry.facts.get("grounds")
    return any(
        all(getattr(old, k) == getattr(entry, k) for k in same)
        and old.facts.get("grounds") == grounds
        for old in last
    )


def _entry(
    decision: Decision,
    challenger: Candidate,
    champion: Entry | None,
    because: str | None,
    facts: dict[str, Any],
) -> Entry:
    texts = tuple(reason.text for reason in decision.reasons)
    previous = champion.sha256 if champion else None
    return Entry(_now(), decision.action, challenger.sha256, previous, texts, because, facts)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"model {path} cannot be read: {error.strerror}. Make it with `ninefold run`, or name "
            "another file"
        ) from None
