"""Serve exported models over HTTP: Open Inference Protocol v2 and rows of columns.

  ninefold serve                            models/model.onnx of this workspace
  ninefold serve late=models/model.onnx models/baselines/linear.onnx --port 8080

  ninefold serve --production               what `ninefold promote` put in production; followed
  ninefold serve --canary new.onnx --share 0.05       a second version answers a share
  ninefold serve --shadow new.onnx                    … or sees copies; see /v1/models/model/trial

Rows:     curl localhost:8000/v1/models/model/predict -d '{"rows": [{"column": 1.5}]}'
Protocol: POST /v2/models/model/infer; the page /docs describes both.
A model's file may be replaced while it is served: the new one is proved, then swapped in.
Anyone who reaches the address may ask, unless --api-keys names the keys that are accepted.
"""

import argparse
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ninefold import production
from ninefold.errors import InputError, nearest
from ninefold.serving import workers

if TYPE_CHECKING:
    from ninefold.serving.server import OnTrial
    from ninefold.serving.sources import Source
    from ninefold.serving.trial import Mode

DEFAULT_MODEL = "models/model.onnx"
DEFAULT_PORT = 8000
PRODUCTION = "model"
"""What the model in production is called."""
SHARES = {"canary": 0.05, "shadow": 1.0}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold serve`."""
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help=f"FILE or NAME=FILE (default: {DEFAULT_MODEL}); the name is the file's without .onnx",
    )
    parser.add_argument(
        "--production",
        nargs="?",
        type=Path,
        const=Path(production.FOLDER),
        metavar="FOLDER",
        help=f"serve what the registry in FOLDER ({production.FOLDER}) names, as `model`",
    )
    trial = parser.add_mutually_exclusive_group()
    trial.add_argument("--canary", metavar="MODEL", help="let MODEL answer a share of the requests")
    trial.add_argument("--shadow", metavar="MODEL", help="show MODEL copies of a share of them")
    parser.add_argument(
        "--share", type=float, metavar="P", help="share for --canary (0.05) or --shadow (1)"
    )
    parser.add_argument("--host", default=LOOPBACK[0], help="address to bind (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port to bind (%(default)s); 0: a free one"
    )
    parser.add_argument(
        "--api-keys", type=Path, metavar="FILE", help="accept only requests with a key of this file"
    )
    parser.add_argument(
        "--access-log", type=Path, metavar="FILE", help="a line of JSON per request; - for stderr"
    )
    parser.add_argument(
        "--reload-s",
        type=float,
        default=1.0,
        metavar="S",
        help="how often to look for a new model file (%(default)s); 0: only on SIGHUP",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that share the address, at most one per core pays (%(default)s)",
    )
    parser.add_argument(workers.SOCKET, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--sha256", metavar="HEX", help="serve the model only if it has this hash")


def main(arguments: argparse.Namespace) -> int:
    """Load, prove and serve the models; return 0 when told to stop.

    Raises:
        InputError: a model that is missing or wrong, or an address that is taken.
    """
    named = _sources(arguments)
    if arguments.sha256 and len(named) > 1:
        raise InputError("--sha256 must go with one model, however: there are several")
    if arguments.reload_s < 0:
        raise InputError(f"--reload-s must be at least 0, however: {arguments.reload_s:g}")
    if arguments.workers < 1:
        raise InputError(f"--workers must be at least 1, however: {arguments.workers}")
    from ninefold.serving import server
    from ninefold.serving.access_log import AccessLog
    from ninefold.serving.keys import Keys
    from ninefold.serving.readiness import prepare

    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s"
    )
    models = [source.model(name) for name, source in named.items()]
    trial = _trial(arguments, list(named))
    for model in [*models, *([trial.model] if trial else [])]:
        prepare(model)
    keys, log = arguments.api_keys, arguments.access_log
    settings = server.Settings(
        arguments.reload_s,
        Keys.read(keys) if keys else None,
        AccessLog(log) if log else None,
        trial,
    )
    files = {} if arguments.sha256 else named
    if arguments.inherited_socket is not None:
        workers.end_with_parent()
        inherited = socket.socket(fileno=arguments.inherited_socket)
        server.serve(models, files, inherited, settings=settings)
        return 0
    bound = server.bind(arguments.host, arguments.port)
    host, port = bound.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    for model in [*models, *([trial.model] if trial else [])]:
        if model.fault is None:
            _say(f"model `{model.name}` is ready (sha256 {model.sha256[:16]}…)")
        else:
            print(f"model `{model.name}` is not ready: {model.fault}", file=sys.stderr, flush=True)
    if arguments.host not in LOOPBACK and not arguments.api_keys:
        _say("anyone who reaches this address may ask: there are no --api-keys")
    _say(f"serving at {address}, described at {address}/docs; Ctrl-C stops")
    if arguments.workers > 1:
        workers.run(_for_workers(arguments), arguments.workers, bound, server.grace_s())
    else:
        server.serve(models, files, bound, settings=settings)
    _say("stopped")
    return 0


def _for_workers(arguments: argparse.Namespace) -> list[str]:
    """Return the options that a worker needs to do as this process was told."""
    options = ["--reload-s", str(arguments.reload_s)]
    for name in ("api_keys", "access_log", "sha256", "production", "canary", "shadow", "share"):
        if (value := getattr(arguments, name)) is not None:
            options += [f"--{name.replace('_', '-')}", str(value)]
    return [*options, "--", *arguments.models]


def _sources(arguments: argparse.Namespace) -> "dict[str, Source]":
    """Return model name -> where it comes from. Raises `InputError`."""
    from ninefold.serving.sources import File, Production

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


def _trial(arguments: argparse.Namespace, names: Sequence[str]) -> "OnTrial | None":
    """Return the second version that is asked for. Raises `InputError`."""
    from ninefold.serving.server import OnTrial
    from ninefold.serving.sources import File

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
    return OnTrial(source.model(name), source, mode, share)


def _say(text: str) -> None:
    print(text, flush=True)


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
