"""A challenger before the sealed test part, beside the champion if there is one."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ninefold.columns import Frame, read_frame
from ninefold.errors import InputError
from ninefold.evaluation.part import known_rows
from ninefold.export.latency import latency
from ninefold.files import jsonable, read_json
from ninefold.promotion.candidate import Candidate
from ninefold.promotion.comparing import compare
from ninefold.promotion.deciding import Reason, evidence_reasons, latency_reasons
from ninefold.sealing import Opening, check_seal, finished, of_test, read_ledger, record
from ninefold.target import Target
from tasks.stage_io import StageIO


class Trial:
    """What is to be said for and against a challenger; `record` holds what was found."""

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

    def grounds(self, receipt: Any) -> str:
        """Return a hash of all that decides about the challenger, but for the clock.

        Raises:
            GateError: the test part is not the one the split sealed.
        """
        check_seal(self.io.dep("test.parquet"), self.sealed)
        specs = {name: spec.model_dump(mode="json") for name, spec in self.specs.items()}
        champion = self.champion.sha256 if self.champion else None
        parts = [self.challenger.sha256, champion, self.sealed, specs, receipt, self._openings()]
        return hashlib.sha256(json.dumps(jsonable(parts)).encode()).hexdigest()[:16]

    def facts(self, receipt: Any) -> dict[str, Any]:
        """Return the numbers that the journal keeps; the clock's word holds for once only."""
        kept = ("metric", "rows", "challenger", "champion", "gain")
        evidence = self.record.get("evidence", {})
        found = {name: evidence[name] for name in kept if name in evidence}
        latency = self.record.get("latency")
        if latency is None or not any(latency_reasons(latency, self.specs["promote"])):
            found["grounds"] = self.grounds(receipt)
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
        for name in ("names", "task"):
            ours, theirs = getattr(head.target, name), getattr(other.target, name)
            if ours != theirs:
                return f"the target's {name} must be the champion's {theirs!r}, however: {ours!r}"
        for one, its in self._targets():
            if set(one.classes) != set(its.classes):
                return (
                    f"the classes of `{one.name}` must be the champion's {its.classes!r}, however: "
                    f"{one.classes!r}"
                )
        return None

    def _targets(self) -> Iterator[tuple[Target, Target]]:
        """Yield each target as the challenger knows it, and as the champion does."""
        assert self.challenger.head is not None
        assert self.champion is not None
        assert self.champion.head is not None
        ours, theirs = self.challenger.head.target, self.champion.head.target
        yield from zip(ours.each or (ours,), theirs.each or (theirs,), strict=True)

    def _strangers(self) -> list[tuple[str, Candidate]]:
        """Return the models that were measured on another test part."""
        test = self.sealed["rows_sha256"]
        return [(who, m) for who, m in self._models() if m.test_set.get("rows_sha256") != test]

    def _notes(self) -> Iterator[Reason]:
        for one, its in self._targets():
            if one.positive != its.positive:
                yield Reason(
                    "note",
                    f"the positive class of `{one.name}`, which stands last in the answers, is "
                    f"{one.positive!r}; the champion's is {its.positive!r}. `problem.positive` in "
                    "params.yaml holds it fast",
                )
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
            opening = self._opening(model)
            if who in found:
                value, error = found[who]
                name = self.record["evidence"]["metric"]["name"]
                opening = finished(opening, name, value, float("nan") if error is None else error)
            openings.append(opening)
        if openings:
            record(self.io.journal(), openings)

    def _opening(self, model: Candidate) -> Opening:
        seen = model.test_set.get("model", model.sha256)
        return Opening(self.sealed["rows_sha256"], str(seen))

    def _openings(self) -> int:
        found = of_test(read_ledger(self.io.journal()), self.sealed["rows_sha256"])
        return len({o.name for o in [*found, *(self._opening(m) for _, m in self._models())]})


def _seal(manifest: Path) -> dict[str, Any]:
    """Return how the split sealed the test part."""
    try:
        return dict(read_json(manifest)["seal"])
    except (KeyError, TypeError):
        raise InputError(
            f"{manifest} must say how the test part was sealed, however: it does not. "
            "`ninefold run` makes it anew"
        ) from None
