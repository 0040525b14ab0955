"""The search space: dotted paths into params.yaml, each with a range or choices."""

import copy
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from ninefold.config import Spec, nearest, validate
from ninefold.errors import ConfigError

if TYPE_CHECKING:
    from optuna import Trial

SECTIONS = ("train", "preprocess", "sampling")
"""Sections that are fitted anew in each fold; only what stands there can be searched."""
SOURCE = "params.yaml: tune.space"
Settings = Mapping[str, Mapping[str, Any]]
"""The content of `SECTIONS`, with every default written out."""


class Dimension(Spec):
    """The values one param may take: `low` to `high`, or one of `choices`."""

    low: float | None = None
    """Smallest value."""
    high: float | None = None
    """Largest value."""
    log: bool = False
    """Search orders of magnitude alike; `low` must be above 0."""
    step: float | None = Field(None, gt=0)
    """Only `low`, `low + step`, …"""
    choices: tuple[Any, ...] = ()
    """Values to choose from, in place of a range; each as it could stand in params.yaml."""

    @model_validator(mode="after")
    def _is_range_or_choices(self) -> Self:
        if self.choices:
            if (self.low, self.high, self.step, self.log) != (None, None, None, False):
                raise ValueError("must hold a range or choices, however: both")
            tokens = [_token(choice) for choice in self.choices]
            if len(set(tokens)) < len(tokens):
                raise ValueError(f"must hold each choice once, however: {list(self.choices)}")
            return self
        if self.low is None or self.high is None:
            raise ValueError("must hold low and high, or choices")
        if not self.low < self.high:
            raise ValueError(f"must have low < high, however: {self.low:g} and {self.high:g}")
        if self.log and (self.low <= 0 or self.step):
            raise ValueError("with log must have low > 0 and no step")
        return self


@dataclass(frozen=True)
class Axis:
    """A dimension at its path.

    is_whole: the param takes whole numbers only.
    spelt_out: each choice with its defaults written out, to be told from the value that stands.
    """

    path: str
    dimension: Dimension
    is_whole: bool = False
    spelt_out: tuple[str, ...] = ()

    def suggest(self, trial: "Trial") -> Any:
        """Return the value the search proposes."""
        given = self.dimension
        if given.choices:
            tokens = [_token(choice) for choice in given.choices]
            return self.decoded(trial.suggest_categorical(self.path, tokens))
        low, high = self.ends
        if self.is_whole:
            step = int(given.step or 1)
            return trial.suggest_int(self.path, int(low), int(high), log=given.log, step=step)
        return self.decoded(
            trial.suggest_float(self.path, low, high, log=given.log, step=given.step)
        )

    def decoded(self, value: Any) -> Any:
        """Return what Optuna stores as it would stand in params.yaml; fractions in four digits."""
        if value is None or self.is_whole:
            return value
        if self.dimension.choices:
            return json.loads(value)
        low, high = self.ends
        return min(max(float(f"{value:.4g}"), low), high)

    @property
    def ends(self) -> tuple[float, float]:
        """The range's ends, `high` being one that steps reach."""
        low, high = self.dimension.low, self.dimension.high
        assert low is not None
        assert high is not None
        step = self.dimension.step or (1.0 if self.is_whole and not self.dimension.log else None)
        return low, low + math.floor((high - low) / step + 1e-9) * step if step else high

    def nearest(self, value: Any) -> Any:
        """Return what stands for `value` in the search: itself, or the nearest value in range."""
        given = self.dimension
        if given.choices:
            return _token(self.shown(value) if self.is_choice(value) else given.choices[0])
        low, high = self.ends
        if isinstance(value, bool) or not isinstance(value, int | float):
            value = math.sqrt(low * high) if given.log else (low + high) / 2
        value = min(max(float(value), low), high)
        if given.step:
            value = min(low + round((value - low) / given.step) * given.step, high)
        return round(value) if self.is_whole else value

    def is_choice(self, value: Any) -> bool:
        """Tell whether a value, its defaults written out, is one of the choices."""
        return _token(value) in self.spelt_out

    def shown(self, value: Any) -> Any:
        """Return a value as the choices spell it."""
        if not self.is_choice(value):
            return value
        return self.dimension.choices[self.spelt_out.index(_token(value))]

    def samples(self) -> tuple[Any, ...]:
        """Return the values that must be valid for all of them to be."""
        if self.dimension.choices:
            return self.dimension.choices
        (low, high), step = self.ends, self.dimension.step
        second = () if step is None or low + step > high else (low + step,)
        return tuple(int(end) if self.is_whole else end for end in (low, high, *second))


@dataclass(frozen=True)
class Space:
    """The axes of a search, and the settings that it starts from."""

    axes: tuple[Axis, ...]
    settings: Settings

    @staticmethod
    def of(
        given: Mapping[str, Dimension], settings: Settings, proposed: Mapping[str, Any]
    ) -> "Space":
        """Return the space of `given`, or of what is `proposed` where that is empty.

        Raises:
            ConfigError: a path leads nowhere, or a value could not stand there.
        """
        chosen = given or {path: Dimension.model_validate(item) for path, item in proposed.items()}
        mistakes, axes = [], []
        for path, dimension in chosen.items():
            try:
                axes.append(_axis(path, dimension, settings))
            except ConfigError as error:
                mistakes.append(str(error))
        if mistakes:
            raise ConfigError("\n".join(dict.fromkeys(mistakes)))
        return Space(tuple(axes), settings)

    def current(self) -> dict[str, Any]:
        """Return the value of each path as params.yaml has it."""
        return {axis.path: axis.shown(value_at(self.settings, axis.path)) for axis in self.axes}

    def with_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the Specs of `SECTIONS` with `values` put in. Raises `ConfigError`."""
        content = patched(self.settings, values)
        return {name: validate(name, content[name], SOURCE) for name in SECTIONS}


def settings_of(specs: Mapping[str, Spec]) -> Settings:
    """Return the settings of validated Specs, by section."""
    return {name: specs[name].model_dump(mode="json") for name in SECTIONS}


def proposed(settings: Settings) -> dict[str, Any]:
    """Return the search space that TrainSpec and the chosen network propose beside their fields."""
    from ninefold.training import TrainSpec

    spec = TrainSpec.model_validate(settings["train"])
    own, network = spec.search_space(), spec.network.search_space
    return {
        **{f"train.{name}": item for name, item in own.items()},
        **{f"train.network.{name}": item for name, item in network.items()},
    }


def patched(settings: Settings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the settings with `values` put at their paths. Raises `ConfigError`."""
    content = copy.deepcopy({name: dict(section) for name, section in settings.items()})
    for path, value in values.items():
        *parents, last = path.split(".")
        node: Any = content
        for number, key in enumerate(parents, 1):
            if node.get(key) is None:
                node[key] = {}
            node = node[key]
            if not isinstance(node, dict):
                place = ".".join(parents[:number])
                raise ConfigError(f"{SOURCE}: `{place}` holds no `{path}`, it is {node!r}")
        node[last] = value
    return content


def value_at(settings: Settings, path: str) -> Any:
    """Return the value at a dotted path, None where there is none."""
    node: Any = settings
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _axis(path: str, dimension: Dimension, settings: Settings) -> Axis:
    section, _, rest = path.partition(".")
    if section not in SECTIONS or not rest:
        raise ConfigError(
            f"{SOURCE}: `{path}` must be a path below {', '.join(SECTIONS)}"
            f"{nearest(section, SECTIONS)}"
        )
    axis = Axis(path, dimension)
    if not dimension.choices and _is_integral(axis):
        axis = Axis(path, dimension, is_whole=not _takes(section, settings, path, axis.ends))
    specs = [
        validate(section, patched(settings, {path: value})[section], SOURCE)
        for value in axis.samples()
    ]
    if not dimension.choices:
        return axis
    contents = [{section: spec.model_dump(mode="json")} for spec in specs]
    return Axis(path, dimension, spelt_out=tuple(_token(value_at(c, path)) for c in contents))


def _is_integral(axis: Axis) -> bool:
    numbers = (axis.dimension.low, axis.dimension.high, axis.dimension.step)
    return all(number is None or float(number).is_integer() for number in numbers)


def _takes(section: str, settings: Settings, path: str, ends: tuple[float, float]) -> bool:
    """Tell whether the param takes a fraction between the ends, which a whole number does not."""
    try:
        validate(section, patched(settings, {path: ends[0] + 0.5})[section])
    except ConfigError:
        return False
    return True


def _token(choice: Any) -> str:
    return json.dumps(choice, sort_keys=True)
