"""What a job has finished, on the disk: parts of its output and a journal that says which."""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ninefold import journal
from ninefold.errors import InputError
from ninefold.files import claim, replacing

JOURNAL, LEASE = "journal.jsonl", "lease"


class Kept:
    """The folder in which one job keeps what is whole; its first line says which job it is.

    A part counts once its line is in the journal, which is written after the part; so a process
    that is killed loses the part it was at, and nothing is there twice.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self._key = folder, key
        self._journal = folder / JOURNAL
        lines = journal.read(self._journal)
        self.is_of_another = bool(lines) and lines[0].get("key") != key
        self._lines = [] if self.is_of_another else lines[1:]
        if self.is_of_another or not lines:
            self.rewrite([])

    def rewrite(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Keep these lines only, and no part."""
        with replacing(self._journal) as temporary:
            journal.append(temporary, {"key": self._key})
            for line in lines:
                journal.append(temporary, line)
        for path in self.folder.glob("*.arrows"):
            path.unlink()
        self._lines = [dict(line) for line in lines]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is whole yet."""
        return not self._lines

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return all that is said of a source, whatever its content was."""
        return [dict(line) for line in self._lines if line.get("input") == name]

    def add(self, line: Mapping[str, Any]) -> None:
        """Say what is whole from now on."""
        journal.append(self._journal, line)
        self._lines.append(dict(line))

    def parts(self, name: str, sha256: str) -> list[dict[str, Any]]:
        """Return the lines of the parts of a source that are there, from its first row on."""
        found: list[dict[str, Any]] = []
        for line in self.lines(name):
            if line.get("part") == len(found) and line["sha256"] == sha256:
                path = self.folder / line["file"]
                if path.is_file() and file_sha256(path) == line["file_sha256"]:
                    found.append(line)
        return found

    def add_part(
        self,
        name: str,
        sha256: str,
        part: int,
        schema: pa.Schema,
        batches: Sequence[pa.RecordBatch],
        tally: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Write a part, say so and return its line."""
        file = f"{hashlib.sha256(name.encode()).hexdigest()[:16]}-{part:06d}.arrows"
        with (
            replacing(self.folder / file) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_stream(sink, schema) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)
        found = file_sha256(self.folder / file)
        line = {"input": name, "sha256": sha256, "part": part, "file": file, "file_sha256": found}
        self.add(line := line | dict(tally))
        return line

    def read(self, parts: Sequence[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of parts in order."""
        for part in parts:
            with pa.memory_map(str(self.folder / part["file"])) as file:
                yield from pa.ipc.open_stream(file)

    def schema(self, part: Mapping[str, Any]) -> pa.Schema:
        """Return the columns of a part."""
        with pa.memory_map(str(self.folder / part["file"])) as file:
            return pa.ipc.open_stream(file).schema

    def remove(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Remove parts that are no longer needed."""
        for part in parts:
            (self.folder / part["file"]).unlink(missing_ok=True)


@contextlib.contextmanager
def kept_beside(output: Path, key: str) -> Iterator[Kept]:
    """Yield what is kept of the job that writes `output`, for this process alone.

    Raises:
        InputError: another process scores into `output`.
    """
    folder = output.parent / f".{output.name}.scoring"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LEASE).open("a") as file:
        claim(file, f"one process may score into {output}, however: another one does")
        kept = Kept(folder, key)
        try:
            yield kept
        except InputError:
            if kept.is_empty:
                forget(kept)
            raise


def forget(kept: Kept) -> None:
    """Remove all that is kept."""
    shutil.rmtree(kept.folder, ignore_errors=True)


def file_sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
