"""The registry of a workspace: what is in production, what was before, and who said so when.

`registry/production.json` is the pointer: replacing that one file is the whole promotion, so that a
kill leaves the old model or the new one in production, never half of one. It holds the line of
`registry/journal.jsonl` that belongs to it; the next command writes that line if it is missing.
`registry/moving` names a move until all that follows from it is done. The models lie in
`registry/versions` under the SHA-256 of their content; a server that follows the pointer checks it.
Needs the standard library only.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ninefold.errors import InputError
from ninefold.files import lease, replacing, sweep
from ninefold.production import POINTER, VERSIONS, place

JOURNAL, LEASE, MOVING = "journal.jsonl", "lease", "moving"
IGNORED = f"/{VERSIONS}/\n/{LEASE}\n/{MOVING}\n.*.tmp/\n"
DIGITS, FEWEST_DIGITS = 12, 4
Action = Literal["promote", "hold", "reject", "rollback"]
MOVES: tuple[Action, ...] = ("promote", "rollback")


@dataclass(frozen=True)
class Entry:
    """A line of the journal: what was decided about a version, and why.

    `sha256` is the model's, `previous` that of the one in production before; `because` is what a
    person said; `facts` are the numbers it rests on.
    """

    time: str
    action: Action
    sha256: str
    previous: str | None = None
    reasons: tuple[str, ...] = ()
    because: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_json(content: dict[str, Any]) -> "Entry":
        return Entry(**{**content, "reasons": tuple(content.get("reasons", ()))})

    @property
    def version(self) -> str:
        """The version as servers show it."""
        return self.sha256[:DIGITS]


class Registry:
    """The registry in a folder. What reads it needs no lease; what writes it holds one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pointer, self.journal = folder / POINTER, folder / JOURNAL
        self.moving = folder / MOVING

    @contextlib.contextmanager
    def lease(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Let one process at a time change the registry; the kernel frees the lease on kill -9.

        Finishes what a killed one began. `waiting` is called once when another one is at work.
        """
        (self.folder / VERSIONS).mkdir(parents=True, exist_ok=True)
        with lease(self.folder / LEASE, waiting):
            self._heal()
            yield

    def production(self) -> Entry | None:
        """Return the entry that says what is in production; None: nothing yet."""
        try:
            text = self.pointer.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.pointer} cannot be read: {error.strerror}") from None
        try:
            return Entry.from_json(json.loads(text))
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{self.pointer} must be what `ninefold promote` wrote, however: {error}. Take it "
                "from Git, or remove it and promote again"
            ) from None

    def path(self, sha256: str) -> Path:
        """Return where the model with that hash is kept."""
        return place(self.folder, sha256)

    def content(self, sha256: str) -> bytes:
        """Return the bytes of a model that was promoted.

        Raises:
            InputError: they are not here any more, or damaged.
        """
        path = self.path(sha256)
        try:
            content = path.read_bytes()
        except OSError:
            raise InputError(
                f"{path} must hold version {sha256[:DIGITS]}, however: it is missing (a fresh "
                "clone has the pointer only). `dvc artifacts get . model --rev TAG --out "
                f"{path}` fetches the version of a tag; `git tag --list 'model@*'` shows them"
            ) from None
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise InputError(
                f"{path} must have the sha256 of its name, however: {found[:DIGITS]}…. Remove it"
            )
        return content

    def history(self) -> list[Entry]:
        """Return the journal in order. Raises `InputError` for a line that is none."""
        try:
            lines = self.journal.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    entries.append(Entry.from_json(json.loads(line)))
                except (ValueError, TypeError) as error:
                    raise InputError(
                        f"{self.journal}: line {number} must be an entry, however: {error}. Remove "
                        "what is no JSON (merge marks), keep the rest"
                    ) from None
        return list({_line(entry): entry for entry in entries}.values())

    def note(self, entry: Entry) -> None:
        """Add an entry to the journal, unless it stands there."""
        history = self.history()
        if entry not in history:
            with replacing(self.journal) as temporary:
                temporary.write_text("".join(map(_line, [*history, entry])), encoding="utf-8")

    def move(self, entry: Entry, content: bytes, keep: int) -> None:
        """Put a model in production: its bytes first, then the pointer, then the journal.

        Until `settle` it counts as begun, for whoever comes after a kill.
        """
        path = self.path(entry.sha256)
        if not path.is_file() or path.read_bytes() != content:
            with replacing(path) as temporary:
                temporary.write_bytes(content)
        with replacing(self.moving) as temporary:
            temporary.write_text(_line(entry), encoding="utf-8")
        with replacing(self.pointer) as temporary:
            text = json.dumps(asdict(entry), ensure_ascii=False, indent=2)
            temporary.write_text(text + "\n", encoding="utf-8")
        self.note(entry)
        self._prune(keep)

    def settle(self) -> None:
        """Say that all that follows from the last move is done."""
        self.moving.unlink(missing_ok=True)

    def is_settled(self, entry: Entry) -> bool:
        """Tell whether the process that made this move came to its end."""
        try:
            return self.moving.read_text(encoding="utf-8") != _line(entry)
        except FileNotFoundError:
            return True

    def line_of_succession(self) -> list[str]:
        """Return the hashes of what would be in production after each rollback, the last first."""
        line: list[str] = []
        for entry in self.history():
            if entry.action not in MOVES:
                continue
            if entry.action == "rollback" and entry.sha256 in line:
                del line[line.index(entry.sha256) + 1 :]
            elif line[-1:] != [entry.sha256]:
                line.append(entry.sha256)
        return line[::-1]

    def find(self, version: str) -> str:
        """Return the hash of the promoted model whose version begins so. Raises `InputError`."""
        promoted = dict.fromkeys(e.sha256 for e in self.history() if e.action in MOVES)
        found = [sha256 for sha256 in promoted if sha256.startswith(version.lower())]
        if len(found) == 1 and len(version) >= FEWEST_DIGITS:
            return found[0]
        known = ", ".join(sha256[:DIGITS] for sha256 in promoted) or "none"
        raise InputError(
            f"--to must begin as one version that was in production does, with at least "
            f"{FEWEST_DIGITS} digits, or be its tag, however: {version!r}. There were: {known}"
        )

    def withdrawn(self, sha256: str) -> Entry | None:
        """Return the rollback that took a model out of production, if that was its last move."""
        for entry in reversed(self.history()):
            if entry.action == "rollback" and entry.previous == sha256:
                return entry
            if entry.action in MOVES and entry.sha256 == sha256:
                return None
        return None

    def decided(self, sha256: str) -> Entry | None:
        """Return the last decision about a model since production last moved; None: none."""
        for entry in reversed(self.history()):
            if entry.action in MOVES or entry.sha256 == sha256:
                return None if entry.action in MOVES else entry
        return None

    def _heal(self) -> None:
        ignore = self.folder / ".gitignore"
        if not ignore.is_file():
            with replacing(ignore) as temporary:
                temporary.write_text(IGNORED, encoding="utf-8")
        models = (self.folder / VERSIONS).glob("*.onnx")
        for path in (self.pointer, self.journal, self.moving, *models):
            sweep(path)
        entry = self.production()
        if entry is not None:
            self.note(entry)

    def _prune(self, keep: int) -> None:
        moves = [entry.sha256 for entry in self.history() if entry.action in MOVES]
        kept = list(dict.fromkeys(reversed(moves)))[:keep]
        for path in (self.folder / VERSIONS).glob("*.onnx"):
            if path.stem not in kept:
                path.unlink()


def _line(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False) + "\n"
