"""Runs a model file on prepared inputs in a process of its own: `python -m ninefold.replay MODEL
FOLDER`. Needs numpy and onnxruntime only, as a server does, and proves it.

FOLDER holds `numbers.npz` and `texts.json` (inputs, by position) and `batches.json`: which rows
make up each run. `outputs.npz` and `labels.json` get the outputs, rows in the order of the runs.
"""

import json
import sys
from pathlib import Path

import numpy as np

from ninefold.runtime import session

FORBIDDEN = ("torch", "sklearn", "pandas", "onnx", "pyarrow")


def replay(model: bytes, folder: Path) -> None:
    """Run every batch and write the outputs."""
    found = session(model)
    with np.load(folder / "numbers.npz") as numbers:
        columns = dict(numbers)
    for key, values in json.loads((folder / "texts.json").read_text(encoding="utf-8")).items():
        columns[key] = np.asarray(values, dtype=object)
    names = [item.name for item in found.get_inputs()]
    feeds = {name: columns[str(i)].reshape(-1, 1) for i, name in enumerate(names)}
    runs = []
    for batch in json.loads((folder / "batches.json").read_text(encoding="utf-8")):
        index = np.asarray(batch, dtype=np.int64)
        runs.append(found.run(None, {name: values[index] for name, values in feeds.items()}))
    outputs = [np.concatenate(parts) for parts in zip(*runs, strict=True)]
    np.savez(folder / "outputs.npz", prediction=outputs[-1])
    labels = outputs[0].tolist() if len(outputs) > 1 else []
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")


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
