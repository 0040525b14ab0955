"""Joins row-wise features, fitted preprocessing, network and head into one file for raw rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import onnx
from onnx import helper

from ninefold.errors import InputError
from ninefold.graph import Graph
from ninefold.preprocessing.layout import tensor_name


class Head(Protocol):
    """Turns a network's scores into what people read: `ninefold.head.Head` and its like."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""

    @property
    def title(self) -> str:
        """What the model is called in messages."""

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        """Add the outputs to a `Graph`, under `names`."""


def compose(
    featurize: onnx.ModelProto,
    preprocess: onnx.ModelProto,
    net: onnx.ModelProto,
    head: Head,
    metadata: Mapping[str, str] | None = None,
    columns: Sequence[str] = (),
) -> onnx.ModelProto:
    """Return the model that takes raw columns `[N, 1]` and gives label and probabilities, or value.

    Derived columns come from `featurize`; of the raw ones, only those that some output needs stay,
    in the order of `columns` (then of `featurize` and `preprocess`). An output whose name a raw
    column bears gets a trailing underscore.

    Args:
        featurize: raw columns -> derived columns.
        preprocess: raw and derived columns -> `X` float32 `[N, F]`, `codes` int64 `[N, C]`, then
            any tensors, in this order; their names do not matter, a column may be called `X`.
        net: `X`, `codes`, `tensor_0` … (or some of them) -> `scores` float32 `[N, K]`.
        head: turns scores into the task's outputs.
        metadata: texts stored in the file's `metadata_props`.
        columns: raw columns in the order of the source.

    Raises:
        InputError: no raw column is left to predict from.
    """
    graph = Graph("model")
    derived = {info.name for info in featurize.graph.output}
    _declare_inputs(graph, featurize, preprocess, derived, columns)
    values = graph.inline(featurize)
    prepared = graph.inline(preprocess, {name: values[name] for name in derived}).values()
    names = ("X", "codes", *(tensor_name(i) for i in range(len(preprocess.graph.output) - 2)))
    ready = dict(zip(names, prepared, strict=True))
    taken = {info.name for info in net.graph.input}
    scores = graph.inline(net, {name: ready[name] for name in taken})["scores"]
    head.emit(graph, scores, output_names(head, featurize, preprocess))
    model = graph.model(metadata)
    if not model.graph.input:
        raise InputError(
            f"{head.title} must read at least one column, however: no column "
            "tells rows apart. Check problem.available_at and preprocess in params.yaml"
        )
    return model


def output_names(
    head: Head, featurize: onnx.ModelProto, preprocess: onnx.ModelProto
) -> tuple[str, ...]:
    """Return the names of the composed model's outputs, none of them a raw column's."""
    raw = {info.name for info in [*featurize.graph.input, *preprocess.graph.input]}
    names = []
    for name in head.outputs:
        while name in raw:
            name += "_"
        names.append(name)
    return tuple(names)


def _declare_inputs(
    graph: Graph,
    featurize: onnx.ModelProto,
    preprocess: onnx.ModelProto,
    derived: set[str],
    columns: Sequence[str],
) -> None:
    """Declare every raw input first, in a fixed order and all with the same batch dimension."""
    types = {
        info.name: info.type.tensor_type
        for info in [*featurize.graph.input, *preprocess.graph.input]
    }
    raw = [info.name for info in featurize.graph.input]
    raw += [info.name for info in preprocess.graph.input if info.name not in derived]
    known = [name for name in columns if name in types and name in set(raw)]
    for name in dict.fromkeys([*known, *raw]):
        sizes = [dim.dim_param or dim.dim_value for dim in types[name].shape.dim[1:]]
        graph.input(name, helper.tensor_dtype_to_np_dtype(types[name].elem_type), ("N", *sizes))
