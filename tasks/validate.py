"""Stage validate: the suite is checked, Data Docs and report are written, then the gate decides."""

from expectations.gate import gate, stop
from ninefold.files import write_json
from ninefold.quality_history import entry, remember
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Check the raw table against the suite. Raises `GateError` once everything is written."""
    suite = next(str(d) for d in io.declared["deps"] if str(d).startswith("expectations/"))
    report = gate(io.dep("raw.parquet"), io.dep(suite), io.params("validate"), io.out("data_docs"))
    write_json(io.out("quality.json"), report)
    history = (io.declared.get("meta") or {}).get("history")
    if history is not None:
        remember(io.workspace / str(history), entry(report, "training data"))
    stop(report)
