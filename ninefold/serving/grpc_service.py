"""Open Inference Protocol v2 over gRPC: the same models, limits, keys and errors as over HTTP.

Needs `pip install ninefold[grpc]`; switched on by `ninefold serve --grpc-port`.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote

from ninefold.errors import InputError, nearest
from ninefold.serving import grpc_messages, grpc_reading, protocol, tensors
from ninefold.serving.access_log import AccessLog
from ninefold.serving.bodies import Held
from ninefold.serving.grpc_messages import SERVICE, messages
from ninefold.serving.keys import Keys
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import Array, Form, Model
from ninefold.serving.readers import readers
from ninefold.serving.recording import Recorder
from ninefold.serving.repository import LOADED_BY, Repository
from ninefold.serving.served import Served
from ninefold.serving.threads import call
from ninefold.serving.trial import Trial

CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    413: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
OPEN = ("ServerLive", "ServerReady")
"""Calls that need no key."""
log = logging.getLogger("ninefold.serving")


class Sent(NamedTuple):
    """A message, bytes of one that is to be read beside the server, or what refuses it; its size
    as it came."""

    request: Any
    size: int


class Service:
    """Answers the six calls of the protocol, and those of its model repository extension."""

    def __init__(
        self,
        repository: Repository,
        metrics: Metrics,
        keys: Keys | None,
        release: str,
        recorder: Recorder | None = None,
        access_log: AccessLog | None = None,
    ) -> None:
        self.repository, self.metrics = repository, metrics
        self.keys, self.release, self.recorder = keys, release, recorder
        self.access_log = access_log
        self.limits: Limits = repository.limits

    async def start(self, address: str) -> Any:
        """Listen at `address` (host:port) and return the running server. Raises `InputError`."""
        import grpc

        size = self.limits.max_body_bytes
        options = [
            ("grpc.max_receive_message_length", size),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 1),
        ]
        server = grpc.aio.server(
            options=options, maximum_concurrent_rpcs=self.limits.max_connections
        )
        server.add_generic_rpc_handlers((self._handlers(grpc),))
        try:
            port = server.add_insecure_port(address)
        except RuntimeError:
            port = 0
        if not port:
            raise InputError(f"--grpc-port must name a free port, however: {address} is taken")
        await server.start()
        return server

    def _handlers(self, grpc: Any) -> Any:
        calls = {
            "ServerLive": self.live,
            "ServerReady": self.ready,
            "ModelReady": self.model_ready,
            "ServerMetadata": self.server,
            "ModelMetadata": self.metadata,
            "ModelInfer": self.infer,
            "RepositoryIndex": self.index,
            "RepositoryModelLoad": self.fixed,
            "RepositoryModelUnload": self.fixed,
        }
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    self._guarded(grpc, name, answer),
                    request_deserializer=partial(self._deserialized, f"{name}Request"),
                    response_serializer=lambda message: message.SerializeToString(),
                )
                for name, answer in calls.items()
            },
        )

    def _deserialized(self, name: str, content: bytes) -> Sent:
        size = len(content)
        is_large = size > self.limits.beside_bytes and name == "ModelInferRequest"
        if is_large and grpc_messages.beside_raw(content) > self.limits.beside_bytes:
            return Sent(content, size)
        return Sent(grpc_reading.message(name, content), size)

    def _guarded(
        self, grpc: Any, name: str, answer: Callable[[Any], Awaitable[Any]]
    ) -> Callable[[Any, Any], Awaitable[Any]]:
        """Return the call with keys and room checked, and refusals in gRPC's words."""

        async def guarded(sent: Sent, context: Any) -> Any:
            start, status, reason, response = time.perf_counter(), 200, "", None
            try:
                if self.keys is not None and name not in OPEN:
                    self._check_key(context.invocation_metadata())
                if isinstance(sent.request, RequestError):
                    raise sent.request
                with Held(self.repository.room) as held:
                    held.grow(sent.size)
                    response = await answer(sent.request)
            except RequestError as error:
                status, reason = error.status, error.reason
            except Exception:
                log.exception("internal error at gRPC %s", name)
                status, reason = 500, "internal error; see the server's log"
            if self.access_log is not None:
                scope = {"method": "gRPC", "path": f"/{SERVICE}/{name}", "client": _client(context)}
                self.access_log.write(scope, status, time.perf_counter() - start)
            if response is None:
                code = getattr(grpc.StatusCode, CODES.get(status, "INTERNAL"))
                await context.abort(code, reason[:1000])
            return response

        return guarded

    def _check_key(self, metadata: Any) -> None:
        headers = [
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in metadata or ()
        ]
        assert self.keys is not None
        if not self.keys.admit({"path": "", "headers": headers}):
            raise RequestError("a key is needed: send it as `authorization: Bearer KEY`", 401)

    async def live(self, _: Any) -> Any:
        return messages().ServerLiveResponse(live=True)

    async def ready(self, _: Any) -> Any:
        is_ready = all(model.fault is None for model in self.repository.models.values())
        return messages().ServerReadyResponse(ready=is_ready)

    async def model_ready(self, request: Any) -> Any:
        model = self._model(request.name, request.version)
        return messages().ModelReadyResponse(ready=model.fault is None)

    async def server(self, _: Any) -> Any:
        return messages().ServerMetadataResponse(name="ninefold", version=self.release)

    async def metadata(self, request: Any) -> Any:
        content = self.repository.metadata(self._model(request.name, request.version))
        return messages().ModelMetadataResponse(**content)

    async def index(self, request: Any) -> Any:
        listed = self.repository.index(request.ready)
        return messages().RepositoryIndexResponse(models=listed)

    async def fixed(self, request: Any) -> Any:
        """Refuse to load or unload."""
        raise RequestError(LOADED_BY.format(self._model(request.model_name, "").name))

    async def infer(self, request: Any) -> Any:
        """Answer an inference; outputs come raw. Much is read beside the server."""
        feeds: Mapping[str, Array] | None = None
        if isinstance(request, bytes):
            slim, feeds = await readers().read(
                grpc_reading.read_apart, request, self._forms(), self.limits
            )
            request = grpc_reading.message("ModelInferRequest", slim)
        model, start = self._model(request.model_name, request.model_version), time.perf_counter()
        status, rows, said = 500, 0, model
        try:
            served = self.repository.served(model)
            if feeds is None:
                is_small = request.ByteSize() <= self.limits.inline_bytes
                feeds = await call(is_small, grpc_reading.feeds, request, model, self.limits)
            rows = protocol.check_feeds(feeds, model)
            trial = None if request.model_version else self.repository.trials.get(model.name)
            said, response = await self._run(served, feeds, rows, request, trial)
            status = 200
            return response
        except RequestError as error:
            status, rows = error.status, 0
            raise
        finally:
            self.metrics.count(said, "grpc", status, rows, time.perf_counter() - start)

    async def _run(
        self,
        served: Served,
        feeds: Mapping[str, Array],
        rows: int,
        request: Any,
        trial: Trial | None,
    ) -> tuple[Model, Any]:
        """Return the model that answered, and its answer."""
        model = served.model
        for output in request.outputs:
            protocol.check_offered((item.key for item in output.parameters), "outputs")
        wanted = [output.name for output in request.outputs] or [t.name for t in model.outputs]
        known = {tensor.name: tensor for tensor in model.outputs}
        for name in wanted:
            if name not in known:
                raise RequestError(f"unknown output {name!r:.100}{nearest(name[:100], known)}")
        if trial is None:
            values = await served.run(feeds, rows)
        else:
            model, values = await trial.run_beside(served, feeds, rows, wanted)
            known = {tensor.name: tensor for tensor in model.outputs}
        if self.recorder is not None:
            self.recorder.offer_tensors(model, feeds, rows, values)
        response = messages().ModelInferResponse(
            model_name=model.name, model_version=model.version, id=request.id
        )
        for name in dict.fromkeys(wanted):
            response.outputs.add(name=name, datatype=known[name].datatype, shape=values[name].shape)
            response.raw_output_contents.append(tensors.to_bytes(values[name]))
        return model, response

    def _forms(self) -> dict[tuple[str, str], Form]:
        """Return what every model takes, by name and version."""
        named = {name: self.repository.versions(name) for name in self.repository.models}
        forms: dict[tuple[str, str], Form] = {
            (name, model.version): model for name, models in named.items() for model in models
        }
        return forms | {(name, ""): models[0] for name, models in named.items()}

    def _model(self, name: str, version: str) -> Model:
        model = self.repository.find(name, version or None)
        if model is None:
            known = self.repository.models
            if name in known:
                there = known[name].version
                said = f"model `{name}` has version {there}, however: {version[:20]!r}"
                raise RequestError(said, 404)
            raise RequestError(f"unknown model `{name[:100]}`{nearest(name, known)}", 404)
        return model


def _client(context: Any) -> tuple[str] | None:
    """Return who asks, of a peer such as `ipv4:127.0.0.1:50000` or `ipv6:%5B::1%5D:50000`."""
    host = unquote(context.peer()).partition(":")[2].rpartition(":")[0]
    return (host.strip("[]"),) if host else None
