"""Many files scored as one job, part by part: a killed run goes on from its last whole part."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

import ninefold
from ninefold.addresses import ClusterAddress
from ninefold.datasets.tables.delimited import plain_suffix
from ninefold.errors import InputError
from ninefold.progress import Percents, say
from ninefold.scoring.assembling import assemble
from ninefold.scoring.chunks import Chunk
from ninefold.scoring.done import Counting, Done, FileDone, summed, tally
from ninefold.scoring.inputs import Item, Stamp, expand
from ninefold.scoring.kept import Kept, file_sha256, forget, kept_beside
from ninefold.scoring.marks import merged
from ninefold.scoring.places import Place, workers
from ninefold.scoring.score import kinds_of, opened, proved_model
from ninefold.scoring.scorer import Scorer
from ninefold.scoring.sinks import PARQUET, TEXT, check_sink
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Model
from ninefold.serving.rows import Rows

JUDGED = "judged"
PART_S, PART_BYTES = 2.0, 64 * 2**20
"""A part ends after so long, or with so much in memory, at the latest."""


class JobSpec(ScoreSpec):
    """How files are scored as one job."""

    with_flags: bool = True
    with_version: bool = True
    rows_per_part: int = Field(100_000, ge=1)
    """Rows after which what is scored is kept for good."""
    format: Literal["csv", "parquet"] = "parquet"
    """Kind of the files in an OUTPUT folder."""
    scheduler: ClusterAddress | None = None
    """Address of a Dask scheduler (`tcp://host:8786`), or of a Ray cluster (`ray://host:10001`,
    `ray:auto`), whose workers then score; the output is the same."""


def score_files(
    model_path: Path,
    inputs: Sequence[Path],
    output: Path,
    spec: JobSpec,
    counter: Counting | None = None,
    judge: Callable[[Done], bool] | None = None,
) -> Done:
    """Score files, and the tables inside folders, into one file or a folder with one for each.

    `output` is a file if its name ends as one, with a column `source` where there are several
    sources. A run that was killed goes on from its last part and writes the same bytes; sources
    that changed since are scored anew, all of them when the model or the spec changed.

    `judge` is given the sources that it did not judge before, and what was counted in them; what
    it says True of is not shown to it again, unless a kill comes between.

    Raises:
        InputError: a model or source that is wrong, or `output` cannot be written.
    """
    model, rows = proved_model(model_path)
    items = expand(inputs, rows.takes_pictures, kinds_of(rows))
    is_file = output.name.lower().removesuffix(".gz").endswith((*TEXT, *PARQUET))
    _check(inputs, items, output, is_file)
    observe = counter.count if counter is not None else None
    address = spec.scheduler
    with (
        kept_beside(output, _key(model, spec, is_file, counter)) as kept,
        workers(model, model_path, address, observe) if address else nullcontext() as place,
        Percents("score") as shown,
    ):
        if kept.is_of_another:
            say("score: starts over: the model, the options or Ninefold changed since")
        job = _Job(model, rows, items, spec, kept, counter, shown, place)
        files = job.into_file(output) if is_file else job.into_folder(output)
        done = Done(model.version, tuple(files), _counts(files, counter))
        new = done.unjudged
        if judge and new and judge(Done(model.version, new, _counts(new, counter))):
            job.remember_judged()
        return done


def _counts(files: Sequence[FileDone], counter: Counting | None) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for file in files if counter is not None else ():
        counts = counter.add(counts, file.counts)  # type: ignore[union-attr]
    return counts


def _key(model: Model, spec: JobSpec, is_file: bool, counter: Counting | None) -> str:
    """Return what identifies a job, whatever its sources."""
    options = spec.model_dump(mode="json", exclude={"scheduler"})
    said = [model.sha256, options, ninefold.__version__, is_file]
    said.append(counter is not None)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _check(inputs: Sequence[Path], items: Sequence[Item], output: Path, is_file: bool) -> None:
    for folder in (path for path in inputs if path.is_dir()):
        if output.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"OUTPUT must lie outside of INPUT, however: {output} is inside {folder}"
            )
    if is_file:
        check_sink(output)
    elif output.exists() and not output.is_dir():
        raise InputError(
            "OUTPUT must be a folder, or a file that ends in .csv, .csv.gz, .tsv or .parquet, "
            f"however: {output}"
        )
    for item in items:
        if output.exists() and output.samefile(item.path):
            raise InputError(f"OUTPUT must differ from INPUT, however: both are {output}")
    names = [item.name if is_file else _stem(item.name) for item in items]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"sources must have names of their own, however: `{twice}` stands twice")


class _Job:
    """One job over its sources, in order."""

    def __init__(
        self,
        model: Model,
        rows: Rows,
        items: Sequence[Item],
        spec: JobSpec,
        kept: Kept,
        counter: Counting | None,
        shown: Percents,
        place: Place | None,
    ) -> None:
        self.model, self.rows, self.items, self.spec = model, rows, items, spec
        self.kept, self.counter, self.shown, self.place = kept, counter, shown, place
        self._sizes = {item.name: item.size for item in items}
        self._passed = 0
        self._lines: list[dict[str, Any]] = []

    def into_file(self, output: Path) -> list[FileDone]:
        """Write the rows of all sources to one file."""
        found = [self._scored(item, item.stamp(), item.sha256()) for item in self.items]
        parts = {item.name: parts for item, (_, parts) in zip(self.items, found, strict=True)}
        assemble(self.kept, output, parts)
        forget(self.kept)
        return [done for done, _ in found]

    def into_folder(self, output: Path) -> list[FileDone]:
        """Write a file for each source; those that are whole and unchanged stay.

        Raises:
            InputError: a source that is wrong, once all others are scored; no place to write.
        """
        found: list[tuple[FileDone, dict[str, Any]]] = []
        wrong: list[InputError] = []
        for item in self.items:
            try:
                path = output / f"{_stem(item.name)}.{self.spec.format}"
                found.append(self._into(item, path))
            except InputError as error:
                if isinstance(error.__cause__ or error.__context__, OSError):
                    raise  # of a full disk, the next one would say the same
                wrong.append(error)
        if wrong:
            more = f" {len(wrong)} files are wrong in all." if len(wrong) > 1 else ""
            others = f".{more} The other {len(found)} are scored" if found or more else ""
            raise InputError(f"{wrong[0]}{others}")
        self._lines = [line for _, line in found]
        self.kept.rewrite(self._lines)
        return [done for done, _ in found]

    def remember_judged(self) -> None:
        """Note that all whole files of an output folder have been judged."""
        if self._lines:
            self.kept.rewrite([{**line, JUDGED: True} for line in self._lines])

    def _into(self, item: Item, path: Path) -> tuple[FileDone, dict[str, Any]]:
        """Write the file of one source, unless it is whole; return what it gave, and its line."""
        stamp, sha256 = item.stamp(), item.sha256()
        line = self._whole(item, sha256, path)
        if line is not None:
            self._pass(item)
            done = summed(item.name, [line], line["rows"], self.counter)
            return replace(done, is_judged=line.get(JUDGED, False)), line
        scored, parts = self._scored(item, stamp, sha256)
        assemble(self.kept, path, {item.name: parts})
        line = {"input": item.name, "sha256": sha256, "output_sha256": file_sha256(path)}
        line |= tally(scored)
        self.kept.add(line)
        self.kept.remove(parts)
        return scored, line

    def _whole(self, item: Item, sha256: str, path: Path) -> dict[str, Any] | None:
        """Return the line of a source whose output is there and was made from its content."""
        if not path.is_file():
            return None
        found = file_sha256(path)
        told = self.kept.lines(item.name)
        return next(
            (x for x in told if x["sha256"] == sha256 and x.get("output_sha256") == found), None
        )

    def _scored(
        self, item: Item, stamp: Stamp, sha256: str
    ) -> tuple[FileDone, list[dict[str, Any]]]:
        """Score what is left of a source; return what it gave and the lines of all its parts."""
        told = self.kept.lines(item.name)
        if told and all(line["sha256"] != sha256 for line in told):
            say(f"score: {item.path} changed since, it is scored anew")
        parts = self.kept.parts(item.name, sha256)
        before = sum(part["rows"] for part in parts)
        if not any(line.get("of") == len(parts) and line["sha256"] == sha256 for line in told):
            parts += self._go_on(item, sha256, before, len(parts))
            if item.stamp() != stamp:
                raise InputError(
                    f"{item.path} must stay as it is while it is scored, however: it changed. "
                    "Score it again"
                )
            self.kept.add({"input": item.name, "sha256": sha256, "of": len(parts)})
        self._pass(item)
        return summed(item.name, parts, before, self.counter), parts

    def _go_on(self, item: Item, sha256: str, before: int, part: int) -> list[dict[str, Any]]:
        """Score the rows after `before`; return the lines of the parts from `part` on."""
        source, spec = opened(item.path, self.rows, self.spec)
        observe = self.counter.count if self.counter else None
        scorer = Scorer(self.model, self.rows, source, spec, observe)
        if before:
            say(f"score: {item.path} goes on after {before:,} rows that are done")
        else:
            self._reach(item, 0.0)
        groups = self._groups(item, scorer.chunks(before, self.place))
        lines = [
            self._keep(item.name, sha256, number, scorer.schema, chunks)
            for number, chunks in enumerate(groups, start=part)
        ]
        if part == 0 and not lines:
            lines.append(self._keep(item.name, sha256, 0, scorer.schema, []))
        return lines

    def _groups(self, item: Item, chunks: Iterator[Chunk]) -> Iterator[list[Chunk]]:
        """Yield the chunks of one part after the other."""
        group: list[Chunk] = []
        rows, size, start = 0, 0, time.monotonic()
        for chunk in chunks:
            group.append(chunk)
            rows, size = rows + chunk.batch.num_rows, size + chunk.batch.nbytes
            self._reach(item, chunk.share)
            is_late = time.monotonic() - start >= PART_S
            if rows >= self.spec.rows_per_part or size >= PART_BYTES or is_late:
                yield group
                group, rows, size, start = [], 0, 0, time.monotonic()
        if group:
            yield group

    def _keep(
        self, name: str, sha256: str, part: int, schema: pa.Schema, chunks: Sequence[Chunk]
    ) -> dict[str, Any]:
        flagged: dict[str, dict[str, int]] = {}
        counts: dict[str, Any] = {}
        for chunk in chunks:
            flagged = merged(flagged, chunk.flagged)
            if self.counter is not None:
                counts = self.counter.add(counts, chunk.observed)
        batches = [chunk.batch for chunk in chunks]
        failed = sum(chunk.failed for chunk in chunks)
        rows = sum(batch.num_rows for batch in batches)
        done = FileDone(name, rows, failed, flagged, counts)
        return self.kept.add_part(name, sha256, part, schema, batches, tally(done))

    def _reach(self, item: Item, share: float) -> None:
        done = self._passed + share * self._sizes[item.name]
        self.shown.reach(done / sum(self._sizes.values()))

    def _pass(self, item: Item) -> None:
        self._passed += self._sizes[item.name]


def _stem(name: str) -> str:
    """Return a source's name without what says its kind."""
    path = Path(name)
    suffix = plain_suffix(path)
    if suffix not in (*TEXT, *PARQUET):
        return name
    plain = path if path.suffix.lower() == suffix else path.with_suffix("")
    return plain.with_suffix("").as_posix()
