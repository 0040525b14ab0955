"""Which model is in production: what a server reads of a registry (`ninefold.promotion.registry`).

Needs the standard library only.
"""

import json
from pathlib import Path

from ninefold.errors import InputError

FOLDER, EXPORTED = "registry", "models/model.onnx"
POINTER, VERSIONS = "production.json", "versions"


def named(folder: Path) -> str:
    """Return the SHA-256 of the model that the pointer in `folder` names.

    Raises:
        InputError: there is no pointer, or it cannot be read.
    """
    path = folder / POINTER
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except FileNotFoundError:
        raise InputError(
            f"{path} must say what is in production, however: it is missing. `ninefold promote` "
            "writes it"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path} must be what `ninefold promote` wrote, however: it is not. Take it from Git, "
            "or promote again"
        ) from None


def in_use(workspace: Path) -> Path:
    """Return what stands for the model in use, relative to a workspace: its registry, where
    something is in production, else the exported model.
    """
    return Path(FOLDER if (workspace / FOLDER / POINTER).is_file() else EXPORTED)


def model_file(path: Path) -> Path:
    """Return the file of the model in production where `path` is a registry, else `path`.

    Raises:
        InputError: a folder without a pointer, or without the model that it names.
    """
    return held(path, named(path)) if path.is_dir() else path


def held(folder: Path, sha256: str) -> Path:
    """Return the file of the model with that hash, which is in production.

    Raises:
        InputError: it is not there.
    """
    path = place(folder, sha256)
    if not path.is_file():
        raise InputError(
            f"{path} must hold what is in production, however: it is missing (a clone has the "
            f"pointer only). In the workspace, `dvc artifacts get . model --stage production --out "
            f"{path}` fetches it"
        )
    return path


def place(folder: Path, sha256: str) -> Path:
    """Return where the model with that hash is kept."""
    return folder / VERSIONS / f"{sha256}.onnx"
