"""Grows an ONNX graph node by node: the one way row-wise features, fitted preprocessing, network
and head come together in one file.

Values are names (`str`); numpy arrays and Python numbers given to an operator become constants.

    >>> graph = Graph("double")
    >>> x = graph.input("x", np.float64, ("N", 1))
    >>> graph.output("y", graph.Mul(x, 2.0), np.float64, ("N", 1))
    >>> graph.model().graph.node[0].op_type
    'Mul'

Names that the builder makes up contain `#`, so that they keep clear of column names.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ninefold.errors import InputError

OPSET, ML_OPSET, IR_VERSION = 21, 4, 10
ML = "ai.onnx.ml"
RUNTIME = "com.microsoft"
"""Operators that ONNX Runtime adds."""
ML_OPERATORS = {"LabelEncoder", "TreeEnsembleRegressor", "TreeEnsembleClassifier"}
LANES = 8
"""Copies of each element that `Graph.elementwise` computes: the widest vector of doubles."""
Dims = Sequence[int | str]
Value = str | np.ndarray[Any, Any] | float | int | bool


def element_type(dtype: Any) -> int:
    """Return the ONNX element type of a numpy dtype; `str` and `object` are STRING."""
    if dtype in (str, object) or np.dtype(dtype).kind in "OU":
        return int(TensorProto.STRING)
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def tensor(values: Any, name: str = "values") -> onnx.TensorProto:
    """Return an array, or a list of texts, as a tensor: for constants and attributes."""
    array = np.asarray(values)
    if array.dtype.kind in "OU":
        strings: Any = [str(item).encode() for item in array.ravel()]
        return helper.make_tensor(name, TensorProto.STRING, array.shape, strings)
    return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


class Graph:
    """An ONNX graph under construction; every operator is a method: `graph.Add(a, b)`."""

    def __init__(self, name: str = "ninefold") -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[Any, ...], str] = {}
        self._initializers: list[onnx.TensorProto] = []
        self._inputs: dict[str, onnx.ValueInfoProto] = {}
        self._outputs: dict[str, onnx.ValueInfoProto] = {}
        self._opsets: dict[str, int] = {"": OPSET, ML: ML_OPSET, RUNTIME: 1}
        self._results: dict[tuple[Any, ...], tuple[str, ...]] = {}
        self._count = 0

    def input(self, name: str, dtype: Any, shape: Dims) -> str:
        """Declare a graph input and return it; asking again for the same name returns the same."""
        if name not in self._inputs:
            self._inputs[name] = helper.make_tensor_value_info(
                name, element_type(dtype), list(shape)
            )
        return name

    def output(self, name: str, value: str, dtype: Any, shape: Dims) -> None:
        """Publish `value` as the graph output `name`. Raises `InputError` if an input has it."""
        if name in self._inputs:
            raise InputError(
                f"`{name}` must not be the name of a column: it is an output of the {self.name} "
                "graph. Rename the column in the source"
            )
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"out/{name}"))
        self._outputs[name] = helper.make_tensor_value_info(name, element_type(dtype), list(shape))

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Return an initializer holding `value`; equal constants are stored once."""
        array = np.asarray(value, dtype=dtype)
        if array.dtype.kind in "OU":
            array = array.astype(object)
            key: tuple[Any, ...] = ("str", array.shape, tuple(array.ravel().tolist()))
        else:
            key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = self._constants[key] = self.fresh("const")
            self._initializers.append(tensor(array, name))
        return self._constants[key]

    def fresh(self, stem: str) -> str:
        """Return a value name that neither this graph nor any input declared so far bears."""
        self._count += 1
        while f"{stem}#{self._count}" in self._inputs:
            self._count += 1
        return f"{stem}#{self._count}"

    def node(
        self,
        operator: str,
        *inputs: Value | None,
        outputs: int = 1,
        domain: str = "",
        **attributes: Any,
    ) -> tuple[str, ...]:
        """Append one node and return its outputs. `None` leaves an optional input out.

        The same operator on the same values gives the node that is already there.
        """
        names = [
            "" if item is None else item if isinstance(item, str) else self.constant(item)
            for item in inputs
        ]
        key = _key(operator, names, outputs, {**attributes, "domain": domain})
        if key in self._results:
            return self._results[key]
        results = [self.fresh(operator) for _ in range(outputs)]
        self._nodes.append(
            helper.make_node(
                operator,
                names,
                results,
                name=results[0],
                domain=ML if operator in ML_OPERATORS else domain,
                **attributes,
            )
        )
        if key is not None:
            self._results[key] = tuple(results)
        return tuple(results)

    def __getattr__(self, operator: str) -> Callable[..., str]:
        if not operator[:1].isupper():
            raise AttributeError(operator)

        def call(*inputs: Value | None, **attributes: Any) -> str:
            return self.node(operator, *inputs, **attributes)[0]

        return call

    def cast(self, value: str, dtype: Any) -> str:
        """Convert the elements of `value`; strings to numbers must be guarded by the caller."""
        return self.node("Cast", value, to=element_type(dtype))[0]

    def elementwise(self, operator: str, value: Value) -> str:
        """Apply Log, Exp, Sin, Cos … so that a row's result never depends on its neighbours.

        ONNX Runtime computes these for a whole vector register and for the rest of a tensor with
        different code, one ulp apart: a row alone and the same row in a batch would disagree.
        Copying each element over a whole register leaves no rest.
        """
        copies = self.Expand(self.Unsqueeze(value, np.array([-1])), np.array([LANES]))
        return self.Gather(self.node(operator, copies)[0], np.array(0), axis=-1)

    def inline(
        self, model: onnx.ModelProto, inputs: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Splice `model` in and return output name -> value.

        Its inputs are wired to `inputs`; those not named there become inputs of this graph.
        """
        graph, prefix = model.graph, self.fresh(model.graph.name or "inner")
        for opset in model.opset_import:
            current = self._opsets.get(opset.domain, 0)
            self._opsets[opset.domain] = max(current, opset.version)
        names = dict(inputs or {})
        for info in graph.input:
            if info.name not in names:
                self._inputs.setdefault(info.name, info)
                names[info.name] = info.name
        for tensor in graph.initializer:
            copy = onnx.TensorProto()
            copy.CopyFrom(tensor)
            copy.name = names[tensor.name] = f"{prefix}/{tensor.name}"
            self._initializers.append(copy)
        for node in graph.node:
            self._nodes.append(_renamed(node, names, prefix))
        return {info.name: names[info.name] for info in graph.output}

    def model(self, metadata: Mapping[str, str] | None = None) -> onnx.ModelProto:
        """Return the checked model, without the nodes, inputs and constants no output needs.

        Raises:
            onnx.checker.ValidationError, onnx.shape_inference.InferenceError: the graph is invalid.
        """
        needed, nodes = set(self._outputs), []
        for node in reversed(self._nodes):
            if needed.intersection(node.output):
                nodes.append(node)
                needed.update(_reads(node))
        graph = helper.make_graph(
            nodes[::-1],
            self.name,
            [info for name, info in self._inputs.items() if name in needed],
            list(self._outputs.values()),
            [tensor for tensor in self._initializers if tensor.name in needed],
        )
        used = {node.domain for node in nodes} | {""}
        model = helper.make_model(
            graph,
            opset_imports=[
                helper.make_opsetid(d, v) for d, v in sorted(self._opsets.items()) if d in used
            ],
            ir_version=IR_VERSION,
            producer_name="ninefold",
        )
        helper.set_model_props(model, dict(metadata or {}))
        onnx.checker.check_model(model, full_check=True)
        return model


def _key(
    operator: str, names: list[str], outputs: int, attributes: dict[str, Any]
) -> tuple[Any, ...] | None:
    """Return what makes a node the same as another; None when it must stay one of its own."""
    if operator.startswith("Random") or operator in {"Multinomial", "Bernoulli", "Dropout"}:
        return None
    if any(not isinstance(value, (int, float, str)) for value in attributes.values()):
        return None
    typed = sorted((name, type(value).__name__, value) for name, value in attributes.items())
    return (operator, tuple(names), outputs, *typed)


def _renamed(node: onnx.NodeProto, names: dict[str, str], prefix: str) -> onnx.NodeProto:
    """Copy a node, subgraphs included, under new names and without the exporter's notes."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.ClearField("metadata_props")
    copy.ClearField("doc_string")
    for output in node.output:
        if output:
            names[output] = f"{prefix}/{output}"
    copy.name = f"{prefix}/{node.name or node.output[0]}"
    copy.input[:] = [names.get(item, item) for item in node.input]
    copy.output[:] = [names.get(item, item) for item in node.output]
    for attribute in copy.attribute:
        for inner in _subgraphs(attribute):
            _rename_subgraph(inner, dict(names), prefix)
    return copy


def _rename_subgraph(graph: onnx.GraphProto, names: dict[str, str], prefix: str) -> None:
    for item in [*graph.input, *graph.initializer]:
        names[item.name] = f"{prefix}/{item.name}"
        item.name = names[item.name]
    renamed = [_renamed(node, names, prefix) for node in graph.node]
    del graph.node[:]
    graph.node.extend(renamed)
    del graph.value_info[:]
    for item in graph.output:
        item.name = names[item.name]


def _subgraphs(attribute: onnx.AttributeProto) -> list[onnx.GraphProto]:
    """Return an attribute's graphs; asking for `g` alone would add an empty one to any other."""
    return [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _reads(node: onnx.NodeProto) -> set[str]:
    """Return the values a node reads, those its subgraphs take from outside included."""
    reads = {item for item in node.input if item}
    for attribute in node.attribute:
        for graph in _subgraphs(attribute):
            for inner in graph.node:
                reads |= _reads(inner)
            reads |= {info.name for info in graph.output}
    return reads
