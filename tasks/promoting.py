"""Compares a workspace's model with the one in production, and moves the registry's pointer."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ninefold.columns import Frame, read_frame
from ninefold.config import load_params
from ninefold.errors import InputError
from ninefold.evaluation.part import known_rows
from ninefold.export.latency import latency
from ninefold.files import jsonable, read_json, write_json
from ninefold.production import FOLDER
from ninefold.promotion import PromoteSpec
from ninefold.promotion.candidate import Candidate
from ninefold.promotion.comparing import compare
from ninefold.promotion.deciding import (
    Decision,
    Reason,
    evidence_reasons,
    latency_reasons,
    receipt_reasons,
)
from ninefold.promotion.registry import Entry, Registry
from ninefold.sealing import Opening, check_seal, finished, of_test, read_ledger, record
from tasks.stage_io import StageIO
from tasks.tagging import tag

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

    @property
    def is_in_production(self) -> bool:
        return self.action in ("promote", "rollback", "unchanged")

    def lines(self) -> list[str]:
        """Return what a person is told."""
        first = f"{SAID[self.action]} version {self.version}"
        told = [first, *(f"  {text}" for text in (*self.reasons, *self.tags))]
        return [*told, HOW_ON] if self.action == "hold" else told


def promote(
    workspace: Path,
    model: Path | None = None,
    because: str | None = None,
    waiting: Callable[[], None] | None = None,
) -> Outcome:
    """Compare a model with the champion on the sealed test part; put it in production if it may.

    Args:
        workspace: where dvc.yaml, params.yaml and the registry lie.
        model: the challenger's file; default: what the export stage writes.
        because: why a person promotes what would be held; what is rejected stays so.
        waiting: called once when another process is changing the registry.

    Raises:
        InputError: the model or the test part is missing.
        GateError: the test part is not the one the split sealed.
    """
    specs = load_params(workspace, ["problem", "evaluate", "validate", "promote"])
    export, registry = StageIO(workspace, "export"), Registry(workspace / FOLDER)
    path = model or export.out("model.onnx")
    challenger = Candidate(_read(path), str(path))
    with registry.lease(waiting):
        entry = registry.production()
        if entry is not None and entry.sha256 == challenger.sha256:
            tags = tag(workspace, registry, challenger.content)
            return Outcome("unchanged", entry.version, tags=tuple(tags))
        champion = None
        if entry is not None:
            place = registry.path(entry.sha256)
            champion = Candidate(registry.content(entry.sha256), str(place))
        trial = _Trial(workspace, specs, challenger, champion)
        receipt = export.out("receipt.json")
        found = read_json(receipt) if receipt.is_file() else None
        reasons = [*receipt_reasons(found, challenger.sha256), *trial.reasons()]
        if withdrawn := registry.withdrawn(challenger.sha256):
            reasons.append(Reason("hold", f"it was rolled back from at {withdrawn.time}"))
        decision = Decision(tuple(reasons))
        if because:
            decision = decision.accepted()
        made = _entry(decision, challenger, entry, because, trial.facts())
        write_json(workspace / RECORD, {**asdict(made), **trial.record, "receipt": found})
        return _carry_out(workspace, registry, made, challenger.content, specs["promote"])


def rollback(
    workspace: Path,
    version: str | None = None,
    because: str | None = None,
    waiting: Callable[[], None] | None = None,
) -> Outcome:
    """Put an earlier version back in production; default: the one before.

    Raises:
        InputError: there is none, or its file is gone.
    """
    spec = load_params(workspace, ["promote"])["promote"]
    registry = Registry(workspace / FOLDER)
    with registry.lease(waiting):
        entry = registry.production()
        line = registry.line_of_succession()
        if entry is None or (version is None and len(line) < 2):
            raise InputError(
                "a rollback needs a version that was in production before, however: there is none"
            )
        sha256 = registry.find(version) if version is not None else line[1]
        if sha256 == entry.sha256:
            return Outcome("unchanged", entry.version)
        content = registry.content(sha256)
        made = Entry(_now(), "rollback", sha256, entry.sha256, (), because)
        return _carry_out(workspace, registry, made, content, spec)


def _carry_out(
    workspace: Path, registry: Registry, entry: Entry, content: bytes, spec: PromoteSpec
) -> Outcome:
    tags: list[str] = []
    if entry.action in ("promote", "rollback"):
        registry.move(entry, content, spec.keep)
        tags = tag(workspace, registry, content)
    elif not _is_known(registry, entry):
        registry.note(entry)
    return Outcome(entry.action, entry.version, entry.reasons, tuple(tags))


def _is_known(registry: Registry, entry: Entry) -> bool:
    """Tell whether the journal ends with the same decision: a nightly run repeats it."""
    last = registry.history()[-1:]
    same = ("action", "sha256", "previous", "reasons", "because")
    return any(all(getattr(old, k) == getattr(entry, k) for k in same) for old in last)


class _Trial:
    """A challenger before the sealed test part, beside the champion if there is one."""

    def __init__(
        self,
        workspace: Path,
        specs: dict[str, Any],
        challenger: Candidate,
        champion: Candidate | None,
    ) -> None:
        self.specs, self.challenger, self.champion = specs, challenger, champion
        self.io = StageIO(workspace, "evaluate")
        self.sealed = _seal(self.io.dep("manifest.json"))
        self.record: dict[str, Any] = {"test_set": self.sealed}

    def reasons(self) -> Iterator[Reason]:
        """Yield what speaks for and against the challenger; fills `record`."""
        path = self.io.dep("test.parquet")
        check_seal(path, self.sealed)
        if (why := self._mismatch()) is not None:
            yield Reason("hold", why)
            return
        self._record([])
        frame = read_frame(path)
        for who, model in self._models():
            if (why := model.misfit(frame)) is not None:
                yield Reason("hold", f"the {who} cannot be run on the test part: {why}")
                return
        spec = self.specs["promote"]
        self.record["latency"] = latency(self.challenger.session, frame)
        yield from latency_reasons(self.record["latency"], spec)
        if self.champion is None:
            yield Reason("note", "nothing was in production")
            return
        yield from self._notes()
        yield from evidence_reasons(self._evidence(frame, self.champion), self._openings(), spec)

    def facts(self) -> dict[str, Any]:
        """Return the numbers that the journal keeps."""
        kept = ("metric", "rows", "challenger", "champion", "gain")
        evidence = self.record.get("evidence", {})
        found = {name: evidence[name] for name in kept if name in evidence}
        return dict(jsonable({**found, "test": self.sealed["rows_sha256"]}))

    def _models(self) -> list[tuple[str, Candidate]]:
        named = [("challenger", self.challenger), ("champion", self.champion)]
        return [(name, model) for name, model in named if model is not None]

    def _mismatch(self) -> str | None:
        """Say why the two models cannot be compared at all, or return None."""
        head = self.challenger.head
        if head is None:
            task = self.challenger.signature.task
            return f"models for {task} have no metric of a target by which they are compared"
        if self.champion is None:
            return None
        other = self.champion.head
        if other is None:
            return "the champion learnt no target"
        for name in ("names", "task", "classes"):
            ours, theirs = getattr(head.target, name), getattr(other.target, name)
            if ours != theirs:
                return f"the target's {name} must be the champion's {theirs!r}, however: {ours!r}"
        if [t.classes for t in head.target.each] != [t.classes for t in other.target.each]:
            return "the targets' classes must be the champion's"
        return None

    def _strangers(self) -> list[tuple[str, Candidate]]:
        """Return the models that were measured on another test part."""
        test = self.sealed["rows_sha256"]
        return [(who, m) for who, m in self._models() if m.test_set.get("rows_sha256") != test]

    def _notes(self) -> Iterator[Reason]:
        for who, _ in self._strangers():
            yield Reason(
                "note",
                f"the {who} was measured on another test part, which it is now scored on for the "
                "first time (counted in the ledger); some of these rows it may have learnt from",
            )

    def _evidence(self, frame: Frame, champion: Candidate) -> dict[str, Any]:
        assert self.challenger.head is not None
        rows = known_rows(frame, self.challenger.head, "test")
        masked = self.specs["validate"].mask
        problem, spec = self.specs["problem"], self.specs["evaluate"]
        evidence = compare(self.challenger, champion, rows, problem, spec, masked)
        self.record["evidence"] = evidence
        values = [evidence["challenger"], evidence["champion"]]
        self._record([(v, e) for v, e in zip(values, evidence["errors"], strict=True)])
        return evidence

    def _record(self, measured: list[tuple[float, float | None]]) -> None:
        """Write down the openings of the test part: before it is read, and with what was found."""
        if self.champion is None:
            return
        found = dict(zip(("challenger", "champion"), measured, strict=False))
        openings = []
        for who, model in self._strangers():
            opening = Opening(
                self.sealed["rows_sha256"], str(model.test_set.get("model", model.sha256))
            )
            if who in found:
                value, error = found[who]
                name = self.record["evidence"]["metric"]["name"]
                opening = finished(opening, name, value, float("nan") if error is None else error)
            openings.append(opening)
        if openings:
            record(self.io.journal(), openings)

    def _openings(self) -> int:
        return len(of_test(read_ledger(self.io.journal()), self.sealed["rows_sha256"]))


def _seal(manifest: Path) -> dict[str, Any]:
    """Return how the split sealed the test part."""
    try:
        return dict(read_json(manifest)["seal"])
    except (KeyError, TypeError):
        raise InputError(
            f"{manifest} must say how the test part was sealed, however: it does not. "
            "`ninefold run` makes it anew"
        ) from None


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
