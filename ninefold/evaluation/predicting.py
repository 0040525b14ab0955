"""What the baselines' files predict for the rows of a frame, and how large models are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.runtime import run_chunks, session


def baseline_files(folder: Path) -> dict[str, Path]:
    """Return name -> file of the baselines in `folder`. Raises `InputError` if it is missing."""
    if not folder.is_dir():
        raise InputError(f"{folder} is missing: run `ninefold run` (or `dvc repro`) first")
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def titles_of(report: Mapping[str, Any]) -> dict[str, str]:
    """Return name -> what people call it of the baselines in reports/baselines.json."""
    return {
        found["name"]: found.get("title") or found["name"].replace("_", " ")
        for found in report["baselines"]
    }


def predict_with(path: Path, frame: Frame) -> Array:
    """Run a file that takes raw columns; return probabilities `(N, K)`, or values `(N,)`."""
    parts = [outputs[-1] for _, outputs in run_chunks(session(path.read_bytes()), frame)]
    return np.concatenate(parts)


def costs(facts: Mapping[str, Any], network: Path, files: Mapping[str, Path]) -> dict[str, Any]:
    """Return what the network of folder `network` and the baselines' `files` take to keep."""
    return {
        "parameters": facts.get("parameters"),
        "network_bytes": sizes(path for path in network.iterdir() if path.is_file()),
        "baseline_bytes": {name: sizes([path]) for name, path in files.items()},
    }


def sizes(paths: Iterable[Path]) -> int:
    """Return how many bytes the files take together."""
    return sum(path.stat().st_size for path in paths)
