"""Rows in, predictions out: one file or folder of pictures, one file of predictions."""

from dataclasses import dataclass
from pathlib import Path

from ninefold import production
from ninefold.errors import InputError
from ninefold.files import replacing
from ninefold.progress import Percents
from ninefold.scoring.arrays import KINDS as ARRAYS
from ninefold.scoring.arrays import SUFFIXES, ArraysSource
from ninefold.scoring.inputs import KINDS
from ninefold.scoring.long_tables import LongSource, with_sequences
from ninefold.scoring.pictures import FILE, FolderSource, is_picture, with_pictures
from ninefold.scoring.scorer import Scorer
from ninefold.scoring.sinks import check_sink, open_sink
from ninefold.scoring.sources import Source, open_source
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Model, read_model
from ninefold.serving.rows import Rows, replay


@dataclass(frozen=True)
class Scored:
    """What was written: rows, and those of them without a prediction."""

    rows: int
    failed: int


def score(model_path: Path, source_path: Path, sink_path: Path, spec: ScoreSpec) -> Scored:
    """Write the predictions for every row of `source_path`, in order, to `sink_path`.

    The output takes its place when it is whole.

    Raises:
        InputError: a model or file that is wrong, columns that are missing, or a bad cell.
    """
    check_sink(sink_path)
    if sink_path.exists() and source_path.exists() and sink_path.samefile(source_path):
        raise InputError(f"OUTPUT must differ from INPUT, however: both are {sink_path}")
    model, rows = proved_model(model_path)
    source, spec = opened(source_path, rows, spec)
    scorer = Scorer(model, rows, source, spec)
    done = failed = 0
    with (
        Percents("predict") as shown,
        replacing(sink_path) as temporary,
        open_sink(temporary, sink_path.name, scorer.schema) as sink,
    ):
        shown.reach(0.0)
        for chunk in scorer.chunks():
            sink.write_batch(chunk.batch)
            done += chunk.batch.num_rows
            failed += chunk.failed
            shown.reach(chunk.share)
    return Scored(done, failed)


def proved_model(path: Path) -> tuple[Model, Rows]:
    """Load a model, or what a registry has in production, and replay its golden rows.

    Raises:
        InputError: there is none, or it must not be used.
    """
    file = production.model_file(path)
    model = read_model(file, None if file == path else path.name, arena=True)
    rows = Rows(model)
    if (fault := replay(model, rows)) is not None:
        raise InputError(f"model {path} must not be used: {fault}. Export it again")
    return model, rows


def kinds_of(rows: Rows) -> tuple[str, ...]:
    """Return how the names of files end that a folder may hold for a model."""
    takes_arrays = any(cells.column.kind in ARRAYS for cells in rows.cells.values())
    return (*KINDS, *SUFFIXES) if takes_arrays else KINDS


def opened(path: Path, rows: Rows, spec: ScoreSpec) -> tuple[Source, ScoreSpec]:
    """Return the source in `path`, and the spec, which keeps the names of a folder's pictures."""
    inputs = [cells.column for cells in rows.cells.values()]
    wanted = [item.name for item in inputs if item.kind == "image"]
    if wanted and (path.is_dir() or is_picture(path)):
        source: Source = FolderSource(path, wanted[0])
    elif path.suffix.lower() in SUFFIXES and path.is_file():
        source = ArraysSource(path, inputs)
    else:
        source = open_source(path, rows.cells, spec.encoding, rows.signature.encoding)
    source = with_pictures(source, inputs, spec.image_path)
    source = with_sequences(source, inputs, rows.signature.missing_tokens)
    if isinstance(source, FolderSource) and not spec.keep:
        spec = spec.model_copy(update={"keep": (FILE,)})
    if isinstance(source, LongSource) and source.entity and not spec.keep:
        spec = spec.model_copy(update={"keep": (source.entity,)})
    return source, spec
