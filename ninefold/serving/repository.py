"""The models of one server, each the newest whole version of its file; and those on trial."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ninefold.serving.bodies import Room
from ninefold.serving.limits import Limits
from ninefold.serving.model import Model
from ninefold.serving.served import Handler, Served
from ninefold.serving.trial import Trial

LOADED_BY = "model `{}` must be loaded by its file or the registry, however: by a request"
"""What is said to a request that wants to load or unload: nothing in it may name a file."""


@dataclass(frozen=True)
class Route:
    """Where a path leads; `served` is what answers alone, None where a second version may."""

    handler: Handler
    model: Model
    endpoint: str
    served: Served | None = None


class Repository:
    """Name -> model; a model is swapped for its successor in one step.

    A request that has begun ends on the model it began with.
    """

    def __init__(
        self, models: Sequence[Model], limits: Limits, trials: Mapping[str, Trial] | None = None
    ) -> None:
        """`trials` holds the second version of some models, by name."""
        self.limits, self.trials, self.room = limits, trials or {}, Room(limits)
        self.models: dict[str, Model] = {}
        self._served: dict[str, Served] = {}
        self.routes: dict[str, Route] = {}
        for model in models:
            self.put(model)

    def put(self, model: Model) -> None:
        """Serve `model` from now on, in the place of its namesake if there is one."""
        self._serve(model)
        self.models = {**self.models, model.name: model}

    def challenge(self, model: Model) -> None:
        """Try `model` from now on, beside its namesake."""
        self.trials[model.name].put(model)
        self._serve(self.models[model.name])

    def versions(self, name: str) -> list[Model]:
        """Return the versions of a model that may be asked for, that on trial last."""
        found = [self.models[name]] if name in self.models else []
        if found and name in self.trials and self.trials[name].model.sha256 != found[0].sha256:
            found.append(self.trials[name].model)
        return found

    def find(self, name: str, version: str | None = None) -> Model | None:
        """Return a model, or the version of it that is served or on trial."""
        return next((m for m in self.versions(name) if version in (None, m.version)), None)

    def metadata(self, model: Model) -> dict[str, Any]:
        """Return the protocol's metadata of a model that `find` found."""
        return {**model.to_json(), "versions": [m.version for m in self.versions(model.name)]}

    def index(self, is_ready: bool = False) -> list[dict[str, str]]:
        """List the models as the protocol's repository extension does; all, or those ready."""
        return [
            {
                "name": model.name,
                "version": model.version,
                "state": "READY" if model.fault is None else "UNAVAILABLE",
                "reason": model.fault or "",
            }
            for name in self.models
            for model in self.versions(name)
            if model.fault is None or not is_ready
        ]

    def served(self, model: Model) -> Served:
        """Return what answers for a model that `find` found."""
        trial = self.trials.get(model.name)
        return trial.served if trial and trial.model is model else self._served[model.name]

    def _serve(self, model: Model) -> None:
        served, trial = Served(model, self.limits), self.trials.get(model.name)
        others = {path: to for path, to in self.routes.items() if to.model.name != model.name}
        self.routes = others | _routes(served, trial)
        self._served = {**self._served, model.name: served}


def _routes(served: Served, trial: Trial | None) -> dict[str, Route]:
    model = served.model
    protocol = f"/v2/models/{model.name}"
    beside: Callable[[str], Handler] = (
        (lambda endpoint: trial.beside(served, endpoint)) if trial else partial(getattr, served)
    )
    alone = None if trial else served
    routes = {f"{protocol}/infer": Route(beside("infer"), model, "infer", alone)}
    for other in [served, trial.served] if trial else [served]:
        path = f"{protocol}/versions/{other.model.version}/infer"
        routes.setdefault(path, Route(other.infer, other.model, "infer", other))
    if served.rows is not None:
        path = f"/v1/models/{model.name}/predict"
        routes[path] = Route(beside("predict"), model, "predict", alone)
    return routes
