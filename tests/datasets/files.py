"""Small files and how tests read them."""

from ninefold.config import validate
from ninefold.datasets import read
from ninefold.problem import ProblemSpec

GOOD = "a,b,y\n" + "".join(f"{n},{n % 7},{'x' if n % 3 else 'z'}\n" for n in range(120))


PROBLEM = ProblemSpec(target="y", task="classification")


def ingest(path, problem=PROBLEM, **spec):
    content = {"kind": "file", "path": path.name, **spec}
    return read(validate("ingest", content), problem, path.parent)


def text(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def kinds(columns):
    return {column.name: column.kind for column in columns}
