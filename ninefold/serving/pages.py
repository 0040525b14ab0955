"""Everything but inference: health, metadata, the OpenAPI description and the page for people."""

import html
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from ninefold.errors import nearest
from ninefold.serving.bodies import Disconnected, Held, read_body
from ninefold.serving.described import section
from ninefold.serving.limits import RequestError
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import Model
from ninefold.serving.openapi import REFUSALS, inference_paths, with_refusals
from ninefold.serving.protocol import parse
from ninefold.serving.repository import LOADED_BY, Repository
from ninefold.serving.served import encodable
from ninefold.serving.sources import report_on

METHOD_NOT_ALLOWED = 405
UNREAD = ("400", "408", "413", "415")
"""How a body that cannot be read is refused."""
EXTENSIONS = ["binary_tensor_data", "model_repository"]
TEMPLATE = Path(__file__).with_name("docs.html")
FRONT = Path(__file__).with_name("front.html")
CARD = ("model", "metrics", "verdict", "data", "code", "test_set", "leakage_ignored")
"""Keys of the file's metadata that tell how good the model is and what it was made from."""
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

REPORT_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
}


class Pages:
    """What can be asked about the models of one server."""

    def __init__(
        self,
        repository: Repository,
        metrics: Metrics,
        release: str,
        reports: Mapping[str, Path] | None = None,
    ) -> None:
        self.repository, self.metrics, self.release = repository, metrics, release
        self.reports = reports or {}

    @property
    def models(self) -> dict[str, Model]:
        """The models as they are now."""
        return self.repository.models

    def app(self) -> FastAPI:
        """Return the FastAPI app: health, metadata, `/docs` and `/openapi.json`."""
        app = FastAPI(title="Ninefold", version=self.release, docs_url=None, redoc_url=None)
        app.add_api_route("/", self.front, include_in_schema=False)
        app.add_api_route("/docs", self.docs, include_in_schema=False)
        app.add_api_route("/v2", self.server, summary="About the server")
        app.add_api_route("/v2/health/live", self.live, summary="The server runs")
        app.add_api_route("/v2/health/ready", self.ready, summary="All models may answer")
        app.add_api_route("/v1/models", self.listing, summary="The models and their state")
        app.add_api_route("/v1/models/{name}", self.signature, summary="What a model takes")
        app.add_api_route("/v1/models/{name}/trial", self.trial, summary="A second version")
        app.add_api_route("/v1/models/{name}/card", self.card, summary="How good a model is")
        app.add_api_route(
            "/v1/models/{name}/report",
            self.report,
            summary="The report on a model",
            response_class=HTMLResponse,
        )
        for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
            app.add_api_route(path, self.metadata, summary="Inputs and outputs of a model")
            app.add_api_route(f"{path}/ready", self.model_ready, summary="A model may answer")
        app.add_api_route(
            "/v2/repository/index",
            self.index,
            methods=["POST"],
            summary="Models and versions",
            responses={status: {"description": REFUSALS[status]} for status in UNREAD},
        )
        for verb in ("load", "unload"):
            app.add_api_route(
                f"/v2/repository/models/{{name}}/{verb}",
                self.fixed,
                methods=["POST"],
                status_code=400,
                summary="Refused: files and the registry say what is served",
            )
        app.add_api_route(
            "/metrics", self.measured, summary="For Prometheus", response_class=PlainTextResponse
        )
        app.add_exception_handler(HTTPException, _refusal)
        app.add_exception_handler(RequestValidationError, _refusal)
        app.add_exception_handler(404, self._unknown)

        def openapi() -> dict[str, Any]:
            schema = get_openapi(title=app.title, version=self.release, routes=app.routes)
            with_refusals(schema["paths"])
            schema["paths"] |= inference_paths(list(self.models.values()))
            return schema

        app.openapi = openapi  # type: ignore[method-assign]
        return app

    async def server(self) -> Response:
        """Name, version and extensions of the server."""
        return _json({"name": "ninefold", "version": self.release, "extensions": EXTENSIONS})

    async def live(self) -> Response:
        """Answer 200 as long as the server runs."""
        return _json({"live": True})

    async def ready(self) -> Response:
        """Answer 200 when every model replayed its golden rows, otherwise 503."""
        is_ready = all(model.fault is None for model in self.models.values())
        return _json({"ready": is_ready}, 200 if is_ready else 503)

    async def listing(self) -> Response:
        """List the models with their content hash and state."""
        return _json({"models": [_state(model) for model in self.models.values()]})

    async def index(self, request: Request) -> Response:
        """List the models as the protocol's repository extension does."""
        headers = dict(request.scope["headers"])
        try:
            with Held(self.repository.room) as held:
                body = await read_body(headers, request.receive, self.repository.limits, held)
            content = parse(body) if body.strip() else {}
        except RequestError as error:
            return _json({"error": encodable(error.reason)}, error.status)
        except Disconnected:
            return _json({"error": "the client went away"}, 400)
        is_ready = content.get("ready", False) if isinstance(content, dict) else None
        if not isinstance(is_ready, bool):
            return _json({"error": 'the body must be absent, {} or {"ready": true}'}, 400)
        return _json(self.repository.index(is_ready))

    async def fixed(self, name: str) -> Response:
        """Refuse: a model is loaded when its file changes, or the registry names another."""
        return _json({"error": LOADED_BY.format(self._model(name).name)}, 400)

    async def measured(self) -> Response:
        """Return the counters in Prometheus' text format."""
        return Response(self.metrics.page(self.repository), media_type=CONTENT_TYPE_LATEST)

    async def signature(self, name: str) -> Response:
        """Return a model's state and the columns it takes."""
        model = self._model(name)
        signature = model.published
        taken = asdict(signature) if signature else None
        explanations = self.repository.served(model).explanations
        explainer = explanations.explainer if explanations is not None else None
        parts = explainer.what if explainer is not None else {}
        told = {"explains": explainer is not None, "explained_parts": parts}
        return _json({**_state(model), **told, "signature": taken})

    async def card(self, name: str) -> Response:
        """Return a model's metrics, verdict and hashes, as export wrote them into the file."""
        model = self._model(name)
        content = {key: _read(model.metadata.get(f"ninefold.{key}")) for key in CARD}
        release = model.metadata.get("ninefold.version")
        report = f"/v1/models/{quote(name)}/report" if self._report(model) else None
        return _json({**_state(model), "release": release, "report": report, **content})

    async def report(self, name: str) -> Response:
        """Return the report of the run that made a model, where the server stands beside it."""
        report = self._report(self._model(name))
        if report is None:
            raise HTTPException(404, f"there is no report on model `{name}` beside it")
        return HTMLResponse(report.read_bytes(), headers=REPORT_HEADERS)

    def _report(self, model: Model) -> Path | None:
        folder = self.reports.get(model.name)
        return report_on(folder, model.sha256) if folder is not None else None

    async def trial(self, name: str) -> Response:
        """Return how a second version fares beside the model; see `ninefold serve --shadow`."""
        model, trial = self._model(name), self.repository.trials.get(name)
        if trial is None:
            raise HTTPException(404, f"model `{name}` has no second version on trial")
        return _json(
            {
                "name": name,
                "mode": trial.mode,
                "share": trial.share,
                "champion": model.version,
                "challenger": trial.model.version,
                "versions": self.metrics.trial(name),
            }
        )

    async def metadata(self, name: str, version: str | None = None) -> Response:
        """Return a model's inputs and outputs."""
        return _json(self.repository.metadata(self._model(name, version)))

    async def model_ready(self, name: str, version: str | None = None) -> Response:
        """Answer 200 when the model may answer, otherwise 503."""
        model = self._model(name, version)
        return _json(_state(model), 200 if model.fault is None else 503)

    async def front(self) -> Response:
        """Return the page on which people try a model; all of it is in one file."""
        return HTMLResponse(FRONT.read_text(encoding="utf-8"), headers=PAGE_HEADERS)

    async def docs(self, request: Request) -> Response:
        """Return the page for people."""
        address = str(request.base_url).rstrip("/")
        parts = "".join(section(model, address) for model in self.models.values())
        page = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
            models=parts, release=html.escape(self.release)
        )
        return HTMLResponse(page)

    def _model(self, name: str, version: str | None = None) -> Model:
        if name not in self.models:
            raise HTTPException(404, f"unknown model `{name[:100]}`{nearest(name, self.models)}")
        found = self.repository.find(name, version)
        if found is None:
            there = self.models[name].version
            raise HTTPException(
                404, f"model `{name}` has version {there}, however: {str(version)[:20]!r}"
            )
        return found

    async def _unknown(self, request: Request, error: Exception) -> Response:
        """Say which model or path was meant."""
        reason = str(getattr(error, "detail", error))
        parts = request.url.path.split("/")
        if reason == "Not Found" and parts[1:3] in (["v1", "models"], ["v2", "models"]):
            name = parts[3] if len(parts) > 3 else ""
            if name in self.models and parts[-1] == "predict":
                reason = f"model `{name}` has no signature; use /v2/models/{name}/infer"
            elif name in self.models and parts[-1] == "infer" and "versions" in parts:
                version = self.models[name].version
                reason = f"model `{name}` has version {version}, however: {parts[-2][:20]!r}"
            elif name and name not in self.models:
                reason = f"unknown model `{name[:100]}`{nearest(name, self.models)}"
        if reason == "Not Found":
            reason = f"no such path: {request.url.path[:200]}; see /docs"
        return _json({"error": reason}, 404)


async def _refusal(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 400)
    headers = dict(getattr(error, "headers", None) or {})
    reason = str(getattr(error, "detail", error))[:500]
    if status == METHOD_NOT_ALLOWED and "Allow" in headers:
        reason = f"method must be {headers['Allow']}, however: {request.method[:20]}"
    return _json({"error": reason}, status, headers)


def _read(text: str | None) -> Any:
    """Return what a piece of metadata says; text where it is no JSON."""
    try:
        return json.loads(text) if text is not None else None
    except ValueError:
        return text


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


def _state(model: Model) -> dict[str, Any]:
    state = {"name": model.name, "version": model.version, "sha256": model.sha256}
    return {**state, "ready": model.fault is None, "fault": model.fault}
