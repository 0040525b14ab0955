"""params.yaml, checked whole before any data is read.

Every section is a frozen `Spec` that stands beside its owner; this module only finds, checks and
words what is wrong: rule, place, value and the nearest right key.
"""

import ast
import functools
import importlib
import inspect
import itertools
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from ninefold.errors import ConfigError
from ninefold.errors import nearest as nearest
from ninefold.texts import composed

ColumnName = typing.Annotated[str, AfterValidator(composed)]
"""A column's name as sources give it, however it was typed: each letter one character."""

SECTIONS: Mapping[str, str] = {
    "problem": "ninefold.problem:ProblemSpec",
    "ingest": "ninefold.datasets:IngestSpec",
    "validate": "ninefold.quality:ValidateSpec",
    "featurize": "ninefold.features:FeaturizeSpec",
    "split": "ninefold.splitting:SplitSpec",
    "sampling": "ninefold.sampling:SamplingSpec",
    "audit": "ninefold.leakage:AuditSpec",
    "preprocess": "ninefold.preprocessing:PreprocessSpec",
    "baselines": "ninefold.baselines:BaselinesSpec",
    "train": "ninefold.training:TrainSpec",
    "tune": "ninefold.tuning:TuneSpec",
    "crossvalidate": "ninefold.crossvalidation:CrossvalidateSpec",
    "cluster": "ninefold.clustering:ClusterSpec",
    "autoencoder": "ninefold.autoencoding:AutoEncoderSpec",
    "anomaly": "ninefold.autoencoding:AnomalySpec",
    "generate": "ninefold.generating:GenerateSpec",
    "tag": "ninefold.tagging:TagSpec",
    "evaluate": "ninefold.evaluation:EvaluateSpec",
    "export": "ninefold.export:ExportSpec",
    "report": "ninefold.report:ReportSpec",
    "promote": "ninefold.promotion:PromoteSpec",
    "monitor": "ninefold.monitoring:MonitorSpec",
    "schedule": "ninefold.scheduling:ScheduleSpec",
}
"""Section of params.yaml -> where its Spec stands."""


class Spec(BaseModel):
    """A validated, immutable description of one component; its fields hold the only defaults."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Describe the fields by their docstrings, which are read for a schema only: it is slow."""
        schema: dict[str, Any] = handler(core_schema)
        fields = handler.resolve_ref_schema(schema).get("properties", {})
        for name in fields.keys() & cls.model_fields.keys():
            if (text := _docstring(cls, name)) is not None:
                fields[name].setdefault("description", text)
        return schema


def _docstring(cls: type[BaseModel], field: str) -> str | None:
    """Return the string below a field in the class that declares it."""
    owner = next(base for base in cls.__mro__ if field in inspect.get_annotations(base))
    return _docstrings(owner).get(field)


@functools.cache
def _docstrings(cls: type) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in itertools.pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def spec_of(section: str) -> Any:
    """Return the Spec class (or annotated union of Specs) that owns a section."""
    module, _, name = SECTIONS[section].partition(":")
    return getattr(importlib.import_module(module), name)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping as DVC does (YAML 1.2). Raises `ConfigError`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = path.read_text(encoding="utf-8")
        content = YAML(typ="safe").load(text)
    except FileNotFoundError:
        raise ConfigError(
            f"{path.name} must stand in the workspace, however: {path} is missing. "
            "Make one with `ninefold init DATA --target COLUMN`, or name the folder with -C"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} must be UTF-8, however: {error}") from None
    except YAMLError as error:
        raise invalid_yaml(path.name, error, text) from None
    if not isinstance(content, dict):
        found = "it is empty" if content is None else f"a {type(content).__name__}"
        raise ConfigError(f"{path.name} must be a mapping of sections, however: {found}")
    return content


def invalid_yaml(name: str, error: BaseException, text: str) -> ConfigError:
    """Return what to raise where ruamel.yaml could not read the `text` of a file."""
    return ConfigError(f"{name} must be valid YAML, however: {yaml_mistake(error, text)}")


def yaml_mistake(error: BaseException, text: str) -> str:
    """Return what is wrong with YAML, and where, of what ruamel.yaml raised."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or not problem:
        return " ".join(str(error).split())
    said = " ".join(str(problem).split()).partition(" with value ")[0]
    line = [*text.splitlines(), ""][mark.line : mark.line + 1]
    if line and line[0][mark.column : mark.column + 1] == "\t":
        said = "a tab; indent with spaces"
    return f"line {mark.line + 1}, column {mark.column + 1}: {said}"


def load_params(workspace: Path, sections: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the validated Spec of each of `sections` (all of them by default).

    Raises:
        ConfigError: one line per mistake, all mistakes at once.
    """
    path = workspace / "params.yaml"
    content = read_yaml(path)
    mistakes = [
        f"{path.name}: unknown section `{key}`{nearest(key, SECTIONS)}"
        for key in content
        if key not in SECTIONS
    ]
    specs: dict[str, Any] = {}
    for section in SECTIONS if sections is None else sections:
        try:
            specs[section] = validate(section, content.get(section))
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return specs


def validate(section: str, content: Any, source: str = "params.yaml") -> Any:
    """Check one section's content against its Spec."""
    return validate_as(spec_of(section), section, content, source)


def validate_as(spec: Any, section: str, content: Any, source: str) -> Any:
    """Check content against a Spec; mistakes are told as those of `section` in `source`."""
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(spec).validate_python({} if content is None else content)
    except ValidationError as error:
        lines = [f"{source}: {_sentence(section, spec, e)}" for e in _merged(error.errors())]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


RULES = {
    "greater_than": "> {gt}",
    "greater_than_equal": ">= {ge}",
    "less_than": "< {lt}",
    "less_than_equal": "<= {le}",
    "literal_error": "{expected}",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "finite",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text (put it in quotes)",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_too_short": "text of {min_length} or more characters",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of {max_length} or less",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


ALTERNATIVE = re.compile(r"(constrained-)?(float|int|str|bool)|literal\[.*\]")
"""How pydantic names the members of a union of plain values in an error's location."""


def _merged(errors: Iterable[Any]) -> list[Any]:
    """Make one error of those that the members of a union of plain values raise in one place.

    A number is told what numbers must be; anything else, all that it might be.
    """
    by_place: dict[Any, list[Any]] = {}
    for error in errors:
        if error["type"] == "default_factory_not_called":  # follows from a mistake elsewhere
            continue
        *rest, last = error["loc"] or ("",)
        is_member = isinstance(last, str) and ALTERNATIVE.fullmatch(last) and len(rest) > 0
        place = tuple(rest) if is_member else error["loc"]
        by_place.setdefault(place, []).append({**error, "loc": place})
    found = []
    for members in by_place.values():
        is_number = type(members[0]["input"]) in (int, float)
        fitting = [e for e in members if not (is_number and e["type"] == "literal_error")]
        first, *others = fitting or members
        found.append({**first, "others": [_rule(other) for other in others]})
    return found


def _rule(error: Any) -> str:
    """Return what a value must be."""
    rule = RULES.get(error["type"])
    limits = error.get("ctx", {}).items()
    shown = {name: f"{v:g}" if isinstance(v, float) else v for name, v in limits}
    return rule.format(**shown) if rule else str(error["msg"]).lower()


def _sentence(section: str, spec: Any, error: Any) -> str:
    """Word one pydantic error as place, rule and value."""
    names, fields = _place(spec, error["loc"])
    place = ".".join([section, *names])
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "extra_forbidden":
        return f"unknown key `{place}`{nearest(names[-1], fields)}"
    if kind == "missing":
        return f"`{place}` must be given"
    if kind == "union_tag_invalid":
        return (
            f"{place}.kind must be one of {context['expected_tags']}, however: {context['tag']!r}"
        )
    if kind == "union_tag_not_found":
        return f"`{place}.kind` must be given"
    if kind == "value_error":
        return f"{place} {context['error']}"
    rule = " or ".join(dict.fromkeys([_rule(error), *error.get("others", ())]))
    return f"{place} must be {rule}, however: {value!r}"


def _place(spec: Any, location: tuple[int | str, ...]) -> tuple[list[str], list[str]]:
    """Walk `location` through nested Specs; return the names passed and the last level's keys."""
    names: list[str] = []
    models = _models(spec)
    for position, step in enumerate(location):
        if isinstance(step, str) and _is_tag(models, step):
            models = [model for model in models if _kind(model) == step] or models
            continue
        names.append(str(step))
        if position == len(location) - 1:
            break
        fields = [m.model_fields[step] for m in models if step in m.model_fields]
        inner = [found for f in fields for found in _models(f.annotation, f.metadata)]
        models = inner or ([] if fields else models)
    keys = [name for model in models for name in model.model_fields]
    return names, list(dict.fromkeys(keys))


def _models(annotation: Any, metadata: Iterable[Any] = ()) -> list[type[BaseModel]]:
    """Return every Spec an annotation may hold."""
    from ninefold.registry import OneOf, components

    for item in metadata:
        if isinstance(item, OneOf):
            return list(components(item.package, annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *rest = typing.get_args(annotation)
        return _models(inner, rest)
    if origin in (typing.Union, types.UnionType, list, tuple, dict):
        return [model for part in typing.get_args(annotation) for model in _models(part)]
    return []


def _kind(model: type[BaseModel]) -> object:
    field = model.model_fields.get("kind")
    return field.default if field else None


def _is_tag(models: list[type[BaseModel]], step: str) -> bool:
    if len(models) == 1 and step in models[0].model_fields:
        return False
    return any(_kind(model) == step for model in models)
