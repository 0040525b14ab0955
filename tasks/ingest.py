"""Stage ingest: the source named in params.yaml becomes a typed table and its profile."""

from ninefold import datasets
from ninefold.columns import write_table
from ninefold.config import read_yaml
from ninefold.files import write_json
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Read, type and profile the source."""
    spec, problem = io.params("ingest"), io.params("problem")
    mask = io.params("validate").mask
    table, columns = datasets.read(spec, problem, io.workspace, _derived(io), masked=mask)
    write_table(io.out("raw.parquet"), table, columns)
    write_json(io.out("profile.json"), datasets.profile(table, columns, mask))


def _derived(io: StageIO) -> list[str]:
    """Return the names featurize will add: only to refuse unknown names before data is read."""
    featurize = read_yaml(io.workspace / "params.yaml").get("featurize")
    derive = featurize.get("derive") if isinstance(featurize, dict) else None
    steps = [step for step in derive or () if isinstance(step, dict)]
    return [str(step["name"]) for step in steps if "name" in step]
