"""The sealed test part: told by its hash, opened by `evaluate` only, every opening written down.

The ledger is a text file in the workspace, one JSON object a line, kept by git (`merge=union` joins
two branches) and outside DVC's outputs, which a rerun deletes. An *opening* is one model seen on
one test part: the same model seen again on the same rows tells nothing new and counts once, so the
ledger does not depend on when, where or how often a run was repeated. It is written down before the
rows are read: a look that was cut off is a look.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.errors import GateError, InputError
from ninefold.files import alone, replacing

Array = np.ndarray[Any, Any]
LOOKS = (2, 3, 5, 10, 20, 50, 100)
"""Numbers of openings whose gain by chance a model says of itself."""


@dataclass(frozen=True)
class Opening:
    """One model seen on one test part.

    `test` hashes rows and targets, so that new features do not make it another test part; `model`
    hashes network and baselines. The numbers are None until the evaluation is done.
    """

    test: str
    model: str
    metric: str | None = None
    value: float | None = None
    standard_error: float | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for what no opening holds: a line that was edited by hand."""
        for field in ("test", "model"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value:
                raise ValueError(f"`{field}` must be a fingerprint, however: {value!r}")
        if not isinstance(self.metric, str | None):
            raise ValueError(f"`metric` must be a name, however: {self.metric!r}")
        for field in ("value", "standard_error"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int | float | None):
                raise ValueError(f"`{field}` must be a number, however: {value!r}")

    @property
    def name(self) -> str:
        """What tells this opening from others."""
        return hashlib.sha256(f"{self.test} {self.model}".encode()).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(files: Mapping[str, Path]) -> str:
    """Return one SHA-256 over files, told by their names here."""
    lines = [f"{name} {hash_file(files[name])}" for name in sorted(files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def seal(path: Path, row: Array, target: Array) -> dict[str, Any]:
    """Return what the manifest says of the test part written to `path`.

    Args:
        path: the file.
        row: positions of its rows in the source `(n,)`.
        target: hashes of their targets `(n,)` uint64.
    """
    order = np.argsort(row, kind="stable")
    digest = hashlib.sha256(np.ascontiguousarray(row[order], dtype="<i8").tobytes())
    digest.update(np.ascontiguousarray(target[order], dtype="<u8").tobytes())
    return {"rows": len(row), "rows_sha256": digest.hexdigest(), "file_sha256": hash_file(path)}


def check_seal(path: Path, sealed: Mapping[str, Any]) -> None:
    """Raise `GateError` if a test part is not the one that the split sealed."""
    found = hash_file(path)
    if found != sealed["file_sha256"]:
        raise GateError(
            f"the test part must be as the split sealed it (sha256 {sealed['file_sha256'][:12]}…), "
            f"however: {path.name} has {found[:12]}…. Run the split stage again; what was changed "
            "in it by hand cannot be measured on"
        )


def read_ledger(path: Path) -> tuple[Opening, ...]:
    """Read the openings in order; a missing file holds none. Raises `InputError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} must be text in UTF-8, however: {error}") from None
    return parse_ledger(text, path.name)


def parse_ledger(text: str, name: str) -> tuple[Opening, ...]:
    """Return the openings in the text of a ledger called `name`. Raises `InputError`."""
    found: dict[str, Opening] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                opening = Opening(**json.loads(line))
                key = opening.name
            except (ValueError, TypeError) as error:
                raise InputError(
                    f"{name}: line {number} must be an opening of the test part, however: "
                    f"{error}. Take it as Git has it, remove merge marks, keep the rest"
                ) from None
            # A merge may bring the same opening twice.
            if key not in found or found[key].value is None:
                found[key] = opening
    return tuple(found.values())


def record(
    path: Path, openings: Iterable[Opening], altered: Iterable[Opening] = ()
) -> tuple[Opening, ...]:
    """Write openings down, those already there only if they were not finished; return all.

    One process at a time: two that read the same lines would each leave out the other's.

    Args:
        altered: openings that take the place of what the ledger says of them.
    """
    with alone(path):
        return _recorded(path, openings, altered)


def _recorded(
    path: Path, openings: Iterable[Opening], altered: Iterable[Opening]
) -> tuple[Opening, ...]:
    known = {opening.name: opening for opening in read_ledger(path)}
    before = list(known.values())
    known |= {opening.name: opening for opening in altered}
    for opening in openings:
        if opening.name not in known or known[opening.name].value is None:
            known[opening.name] = opening
    after = list(known.values())
    if after != before or not path.is_file():
        with replacing(path) as temporary:
            text = "".join(json.dumps(asdict(opening)) + "\n" for opening in after)
            temporary.write_text(text, encoding="utf-8")
    return tuple(after)


def expected_maximum(count: int) -> float:
    """Return the expected largest of `count` standard normal draws.

    The integral of n x f(x) F(x)^(n-1), f and F of the standard normal distribution (David and
    Nagaraja, Order Statistics, 2003, section 3.1).
    """
    if count < 2:
        return 0.0
    x = np.linspace(-10, 10, 4001)
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in x])
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return float(np.trapezoid(count * x * density * below ** (count - 1), x))


def chance_gain(openings: int, standard_error: float | None) -> float | None:
    """Return the gain that the best of so many equal models shows by chance alone."""
    if standard_error is None or not math.isfinite(standard_error):
        return None
    return expected_maximum(openings) * standard_error


def finished(opening: Opening, metric: str, value: float | None, error: float) -> Opening:
    """Return an opening with what was measured."""
    known = error if math.isfinite(error) else None
    return replace(opening, metric=metric, value=value, standard_error=known)


def facts(opening: Opening, sealed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model says of its test part: nothing that depends on what else was opened.

    So the same data, params and versions give the same file, whatever was tried before. How often
    the test part was opened, the ledger says, where `opening` finds this model's line.
    """
    gains = {str(k): chance_gain(k, opening.standard_error) for k in LOOKS}
    return {
        **sealed,
        "opening": opening.name,
        "model": opening.model,
        "metric": opening.metric,
        "standard_error": opening.standard_error,
        "chance_gain": gains,
    }


def of_test(openings: Sequence[Opening], test: str) -> list[Opening]:
    """Return the openings of one test part."""
    return [opening for opening in openings if opening.test == test]


def looks(openings: Sequence[Opening], sealed: Mapping[str, Any]) -> list[Opening]:
    """Return the openings of a model's test part, its own among them: it was seen, whatever became
    of its line. `sealed` is what `facts` returned.
    """
    found = of_test(openings, sealed["rows_sha256"])
    if any(opening.name == sealed["opening"] for opening in found):
        return found
    own = Opening(sealed["rows_sha256"], sealed["model"], sealed["metric"])
    return [*found, own]


def sentence(openings: int, metric: str, standard_error: float | None) -> str:
    """Say how often the test part was opened, and what that makes of small gains."""
    if openings < 2:
        return "opened once, so nothing was chosen by it"
    gain = chance_gain(openings, standard_error)
    said = f"opened {openings} times"
    if gain is None:
        return said
    return f"{said}; with that many looks a gain below {gain:.2g} {metric} is chance"
