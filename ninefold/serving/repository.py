"""The models of one server, each the newest whole version of its file."""

from collections.abc import Sequence
from dataclasses import dataclass

from ninefold.serving.limits import Limits
from ninefold.serving.model import Model
from ninefold.serving.served import Handler, Served


@dataclass(frozen=True)
class Route:
    """Where a path leads."""

    handler: Handler
    model: Model
    endpoint: str


class Repository:
    """Name -> model; a model is swapped for its successor in one step.

    A request that has begun ends on the model it began with.
    """

    def __init__(self, models: Sequence[Model], limits: Limits) -> None:
        self.limits = limits
        self.models: dict[str, Model] = {}
        self.routes: dict[str, Route] = {}
        for model in models:
            self.put(model)

    def put(self, model: Model) -> None:
        """Serve `model` from now on, in the place of its namesake if there is one."""
        before = self.models.get(model.name)
        others = {path: to for path, to in self.routes.items() if to.model is not before}
        self.routes = others | _routes(model, self.limits)
        self.models = {**self.models, model.name: model}


def _routes(model: Model, limits: Limits) -> dict[str, Route]:
    served = Served(model, limits)
    infer = Route(served.infer, model, "infer")
    protocol = f"/v2/models/{model.name}"
    routes = {f"{protocol}/infer": infer, f"{protocol}/versions/{model.version}/infer": infer}
    if served.rows is not None:
        routes[f"/v1/models/{model.name}/predict"] = Route(served.predict, model, "predict")
    return routes
