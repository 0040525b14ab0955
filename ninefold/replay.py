"""Runs a model file on prepared inputs in a process of its own: `python -m ninefold.replay MODEL
FOLDER`. Needs numpy and onnxruntime only, as a server does, and proves it.

FOLDER holds `numbers.npz`, `tensors.npz` and `texts.json` (inputs, by position) and `batches.json`:
which rows make up each run. `outputs.npz` and `outputs.json` (texts) get the outputs, by position,
rows in the order of the runs.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ninefold.runtime import run, session, stacked
from ninefold.signature import Array

FORBIDDEN = ("torch", "sklearn", "pandas", "onnx", "pyarrow")


def replay(model: bytes, folder: Path) -> None:
    """Run every batch and write the outputs."""
    found = session(model)
    with np.load(folder / "numbers.npz") as numbers:
        columns = dict(numbers)
    for key, values in json.loads((folder / "texts.json").read_text(encoding="utf-8")).items():
        columns[key] = np.asarray(values, dtype=object)
    columns = {key: values.reshape(-1, 1) for key, values in columns.items()}
    columns |= read_tensors(folder / "tensors.npz")
    feeds = {item.name: columns[str(i)] for i, item in enumerate(found.get_inputs())}
    runs = []
    for batch in json.loads((folder / "batches.json").read_text(encoding="utf-8")):
        index = np.asarray(batch, dtype=np.int64)
        runs.append(run(found, {name: values[index] for name, values in feeds.items()}))
    outputs = [stacked(parts) for parts in zip(*runs, strict=True)]
    numbers = {str(i): output for i, output in enumerate(outputs) if output.dtype != object}
    texts = {str(i): output.tolist() for i, output in enumerate(outputs) if output.dtype == object}
    np.savez(folder / "outputs.npz", **numbers)
    (folder / "outputs.json").write_text(json.dumps(texts), encoding="utf-8")


def write_tensors(path: Path, columns: Mapping[str, Array]) -> None:
    """Write columns `(N,)` of arrays of one type each and of any sizes, end to end."""
    content: dict[str, Array] = {}
    for key, cells in columns.items():
        content[f"{key}.sizes"] = np.array([cell.shape for cell in cells], dtype=np.int64)
        content[f"{key}.values"] = np.concatenate([cell.ravel() for cell in cells])
    np.savez(path, **content)  # type: ignore[arg-type]


def read_tensors(path: Path) -> dict[str, Array]:
    """Read what `write_tensors` wrote."""
    columns: dict[str, Array] = {}
    with np.load(path) as stored:
        for key in (name.removesuffix(".sizes") for name in stored if name.endswith(".sizes")):
            sizes, values = stored[f"{key}.sizes"], stored[f"{key}.values"]
            ends = np.cumsum(sizes.prod(axis=1))
            cells = np.split(values, ends[:-1])
            columns[key] = np.empty(len(sizes), dtype=object)
            for row, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
                columns[key][row] = cell.reshape(size)
    return columns


def main(arguments: list[str]) -> int:
    """Run `MODEL FOLDER`; 1 if this process holds more than a server's would."""
    model, folder = arguments
    replay(Path(model).read_bytes(), Path(folder))
    loaded = [name for name in FORBIDDEN if name in sys.modules]
    if loaded:
        sys.stderr.write(f"a process that only runs the model imported {', '.join(loaded)}\n")
    return 1 if loaded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
