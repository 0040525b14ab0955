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
import contextlib
import logging
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ninefold import production
from ninefold.errors import InputError
from ninefold.serving import workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ninefold.serving.model import Model

DEFAULT_MODEL = "models/model.onnx"
DEFAULT_PORT = 8000
PASSED_ON = (
    "api_keys",
    "access_log",
    "sha256",
    "production",
    "canary",
    "shadow",
    "share",
    "grpc_port",
    "record",
    "record_share",
    "record_mb",
)
"""Options that workers are told as well."""
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
        "--grpc-port", type=int, metavar="PORT", help="answer gRPC there as well; 0: a free one"
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
    parser.add_argument(
        "--record", type=Path, metavar="DIR", help="keep requests here, for `ninefold monitor`"
    )
    parser.add_argument(
        "--record-share", type=float, metavar="P", help="share of the requests that are kept (1)"
    )
    parser.add_argument(
        "--record-mb", type=float, metavar="MB", help="room for them; the oldest go (256)"
    )
    parser.add_argument(workers.SOCKET, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--sha256", metavar="HEX", help="serve the model only if it has this hash")


def main(arguments: argparse.Namespace) -> int:
    """Load, prove and serve the models; return 0 when told to stop.

    Raises:
        InputError: a model that is missing or wrong, or an address that is taken.
    """
    from ninefold.serving import choosing

    named = choosing.sources(arguments)
    if arguments.sha256 and len(named) > 1:
        raise InputError("--sha256 must go with one model, however: there are several")
    if arguments.reload_s < 0:
        raise InputError(f"--reload-s must be at least 0, however: {arguments.reload_s:g}")
    if arguments.workers < 1:
        raise InputError(f"--workers must be at least 1, however: {arguments.workers}")
    from ninefold.serving import recording, server
    from ninefold.serving.access_log import AccessLog
    from ninefold.serving.keys import Keys
    from ninefold.serving.readiness import prepare

    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s"
    )
    models = [source.model(name) for name, source in named.items()]
    trial = choosing.trial(arguments, models)
    for model in [*models, *([trial.model] if trial else [])]:
        prepare(model)
    keys, log = arguments.api_keys, arguments.access_log
    settings = server.Settings(
        arguments.reload_s,
        Keys.read(keys) if keys else None,
        AccessLog(log) if log else None,
        trial,
        record=recording.chosen(arguments.record, arguments.record_share, arguments.record_mb),
    )
    files = {} if arguments.sha256 else named
    if arguments.inherited_socket is not None:
        workers.end_with_parent()
        inherited = socket.socket(fileno=arguments.inherited_socket)
        if arguments.grpc_port is not None:
            host = _address(inherited).rpartition(":")[0]
            settings = replace(settings, grpc=f"{host}:{arguments.grpc_port}")
        server.serve(models, files, inherited, settings=settings)
        return 0
    said, rpc = [*models, *([trial.model] if trial else [])], None
    with server.bind(arguments.host, arguments.port) as bound, contextlib.ExitStack() as stack:
        if arguments.grpc_port is not None:
            reserved = server.reserve(arguments.host, arguments.grpc_port)
            stack.enter_context(reserved)
            arguments.grpc_port = reserved.getsockname()[1]
            settings = replace(settings, grpc=_address(reserved))
            rpc = reserved.getsockname()[:2]

        def begin() -> None:
            if settings.grpc is not None:
                _say(f"answering gRPC at {settings.grpc}")
            if trial is not None and trial.change:
                _say(f"the {trial.mode} is unlike `{trial.model.name}`{trial.change}")
            _introduce(said, arguments, f"http://{_address(bound)}")

        if arguments.workers > 1:
            options = _for_workers(arguments)
            workers.run(options, arguments.workers, bound, server.grace_s(), begin, rpc)
        else:
            server.serve(models, files, bound, settings=settings, begin=begin)
    _say("stopped")
    return 0


def _introduce(models: "Sequence[Model]", arguments: argparse.Namespace, address: str) -> None:
    """Say which models answer, where, and to whom."""
    for model in models:
        if model.fault is None:
            _say(f"model `{model.name}` is ready (sha256 {model.sha256[:16]}…)")
        else:
            print(f"model `{model.name}` is not ready: {model.fault}", file=sys.stderr, flush=True)
    if arguments.host not in LOOPBACK and not arguments.api_keys:
        _say("anyone who reaches this address may ask: there are no --api-keys")
    _say(f"serving at {address}, described at {address}/docs; Ctrl-C stops")


def _for_workers(arguments: argparse.Namespace) -> list[str]:
    """Return the options that a worker needs to do as this process was told."""
    options = ["--reload-s", str(arguments.reload_s)]
    for name in PASSED_ON:
        if (value := getattr(arguments, name)) is not None:
            options += [f"--{name.replace('_', '-')}", str(value)]
    return [*options, "--", *arguments.models]


def _say(text: str) -> None:
    print(text, flush=True)


def _address(bound: socket.socket) -> str:
    """Return host:port of a socket."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
