"""From evidence to a decision: promote, hold or reject, with every reason in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ninefold.promotion import PromoteSpec
from ninefold.sealing import chance_gain

Effect = Literal["note", "hold", "reject"]


@dataclass(frozen=True)
class Reason:
    """What speaks for or against a challenger, and what follows from it."""

    effect: Effect
    text: str


@dataclass(frozen=True)
class Decision:
    """What becomes of a challenger: `promote`, `hold` (a person may decide) or `reject`."""

    reasons: tuple[Reason, ...]

    @property
    def action(self) -> Literal["promote", "hold", "reject"]:
        effects = {reason.effect for reason in self.reasons}
        if "reject" in effects:
            return "reject"
        return "hold" if "hold" in effects else "promote"

    def accepted(self) -> "Decision":
        """Return the decision after a person took what was held on themselves."""
        return Decision(
            tuple(Reason("note" if r.effect == "hold" else r.effect, r.text) for r in self.reasons)
        )


def receipt_reasons(receipt: Mapping[str, Any] | None, sha256: str) -> Iterator[Reason]:
    """Yield what the export receipt says against a model."""
    if receipt is None or receipt.get("sha256") != sha256:
        yield Reason("reject", "no export receipt belongs to this file; `ninefold run` writes both")
    elif not receipt.get("pass"):
        why = "; ".join(map(str, receipt.get("reasons", [])[:3]))
        yield Reason("reject", f"the export receipt does not pass: {why}")


def latency_reasons(latency: Mapping[str, float], spec: PromoteSpec) -> Iterator[Reason]:
    """Yield what is to be said of the time one row takes."""
    took = latency["one_row_us"] / 1000
    if took > spec.latency_ms:
        rule = f"promote.latency_ms allows {spec.latency_ms:g} ms for one row"
        yield Reason("reject", f"{rule}, the challenger takes {took:.3g} ms")


def evidence_reasons(
    evidence: Mapping[str, Any], openings: int, spec: PromoteSpec
) -> Iterator[Reason]:
    """Yield what the comparison on the test part says; `openings`: how often that was opened."""
    yield from _gain(evidence, openings, spec)
    yield from _slices(evidence, spec)
    yield from _calibration(evidence, spec)


def _gain(evidence: Mapping[str, Any], openings: int, spec: PromoteSpec) -> Iterator[Reason]:
    name, gain = evidence["metric"]["name"], evidence["gain"]
    ours, theirs = evidence["challenger"], evidence["champion"]
    said = f"{name} {ours:.4g}, champion {theirs:.4g}"
    if gain["low"] is None or gain["high"] is None:
        yield Reason("hold", f"{said}: the gain has no interval on these rows")
        return
    confidence = evidence["resampled"]["confidence"]
    said += f": gain {gain['value']:+.3g} ({confidence:.0%}: {gain['low']:+.3g} … "
    said += f"{gain['high']:+.3g})"
    allowed = -spec.margin * abs(theirs)
    chance = chance_gain(openings, evidence["standard_error"]) or 0.0
    if gain["high"] < allowed:
        yield Reason("reject", f"{said}: worse")
    elif gain["low"] <= allowed:
        wanted = f"{allowed:+.3g}" if spec.margin else "0"
        yield Reason("hold", f"{said}: the whole interval must lie above {wanted}")
    elif not spec.margin and gain["value"] <= chance:
        looks = f"the test part was opened {openings} times, and the best of so many looks"
        yield Reason("hold", f"{said}: {looks} gains {chance:.2g} by chance")
    else:
        yield Reason("note", said)


def _slices(evidence: Mapping[str, Any], spec: PromoteSpec) -> Iterator[Reason]:
    for entry in evidence["slices"]:
        allowed = -spec.slice_margin * abs(entry["champion"])
        if entry["high"] is None or entry["gain"] >= allowed or entry["high"] >= 0:
            continue
        name = evidence["metric"]["name"]
        said = (
            f"slice `{entry['column']}` = {entry['level']} ({entry['rows']} rows): {name} "
            f"{entry['challenger']:.4g}, champion {entry['champion']:.4g}"
        )
        effect: Effect = "reject" if entry["high"] < allowed else "hold"
        yield Reason(effect, f"{said}: worse by more than promote.slice_margin allows")


def _calibration(evidence: Mapping[str, Any], spec: PromoteSpec) -> Iterator[Reason]:
    found = evidence["calibration"]
    if found and found["challenger"] - found["champion"] > spec.calibration_margin:
        yield Reason(
            "hold",
            f"expected calibration error {found['challenger']:.3g}, champion "
            f"{found['champion']:.3g}: more than promote.calibration_margin allows",
        )
