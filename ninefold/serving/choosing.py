"""Which models `ninefold serve` is told to serve, and which is on trial."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ninefold.errors import InputError, nearest
from ninefold.serving.command import DEFAULT_MODEL
from ninefold.serving.model import Model
from ninefold.serving.sources import File, Production, Source
from ninefold.serving.trial import Mode, OnTrial

PRODUCTION = "model"
"""What the model in production is called."""
SHARES: dict[Mode, float] = {"canary": 0.05, "shadow": 1.0}


def sources(arguments: argparse.Namespace) -> dict[str, Source]:
    """Return model name -> where it comes from. Raises `InputError`."""
    files = arguments.models
    if arguments.production is not None and arguments.sha256:
        raise InputError(
            "--sha256 must go with a file, however: --production checks the hash itself"
        )
    if arguments.production is None:
        files = files or [DEFAULT_MODEL]
    found: dict[str, Source] = {}
    for name, path in _named(files).items():
        found[name] = File(_present(path), arguments.sha256)
    if arguments.production is not None:
        if PRODUCTION in found:
            raise InputError(f"one model must be called `{PRODUCTION}`, however: two are")
        found[PRODUCTION] = Production(arguments.production)
    return found


def _present(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"model {path} is missing: make it with `ninefold run`, or name another file"
        )
    return path


def trial(arguments: argparse.Namespace, models: Sequence[Model]) -> OnTrial | None:
    """Return the second version that is asked for of one of `models`. Raises `InputError`."""
    names = [model.name for model in models]
    mode: Mode = "canary" if arguments.canary is not None else "shadow"
    item = arguments.canary if arguments.canary is not None else arguments.shadow
    if item is None:
        if arguments.share is not None:
            raise InputError("--share must go with --canary or --shadow, however: there is neither")
        return None
    ((name, path),) = _named([item]).items()
    if len(names) == 1:
        name = names[0]
    if name not in names:
        raise InputError(
            f"--{mode} must name one of the models served, as NAME=FILE, however: "
            f"{name!r}{nearest(name, names)}"
        )
    share = SHARES[mode] if arguments.share is None else arguments.share
    if not 0 < share <= 1:
        raise InputError(f"--share must lie above 0 and at most at 1, however: {share:g}")
    source = File(_present(path))
    found, champion = source.model(name), models[names.index(name)]
    if (why := found.cannot_follow(champion)) is not None:
        raise InputError(f"--{mode} {path}: {why}")
    return OnTrial(found, source, mode, share, found.difference(champion))


def _named(models: Sequence[str]) -> dict[str, Path]:
    """Return model name -> file. Raises `InputError` for a name that is bad or taken."""
    named: dict[str, Path] = {}
    for item in models:
        name, is_named, file = item.partition("=")
        if not is_named or Path(item).exists():
            name, file = Path(item).name.removesuffix(".onnx"), item
        if not name or "/" in name:
            raise InputError(f"MODEL must be FILE or NAME=FILE, however: {item!r}")
        if name in named:
            raise InputError(
                f"models must have names of their own, however: `{name}` stands twice. "
                f"Give one as NAME={file}"
            )
        named[name] = Path(file)
    return named
