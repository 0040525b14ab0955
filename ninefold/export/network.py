"""The trained module as an ONNX graph."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array
from ninefold.graph import OPSET, Graph
from ninefold.preprocessing.layout import TensorLayout, tensor_name

if TYPE_CHECKING:
    import onnx

    from ninefold.training import TrainedModel
    from ninefold.training.scoring_module import ScoringModule


def network_to_onnx(model: "TrainedModel") -> "onnx.ModelProto":
    """Return `X` float32 `[N, F]`, `codes` int64 `[N, C]`, tensors -> `scores` float32 `[N, K]`.

    Raises:
        RuntimeError: the exporter froze the number of rows.
    """
    layout = model.preprocessing.layout
    shape = (len(layout.features), len(layout.codes), model.head.width)
    return module_to_onnx(model.module, *shape, layout.tensors)


def module_to_onnx(
    module: "ScoringModule",
    features: int,
    codes: int,
    outputs: int,
    tensors: Sequence[TensorLayout] = (),
) -> "onnx.ModelProto":
    """Export `module` for F features, C codes and K outputs; the same weights, the same bytes.

    Readers of sequences write nodes of their own: torch's exporter may freeze the number of steps.
    What the exporter notes beside the nodes (paths, stack traces) is left out.

    Raises:
        RuntimeError: the exporter froze the number of rows.
    """
    from ninefold.networks.modules.sequences import own_nodes
    from ninefold.training.scoring_module import Above

    readers = own_nodes(module.network)
    above = Above(module.network, module.objective) if readers else module
    read = [np.zeros((2, reader.out_features), dtype=np.float32) for reader in readers]
    taken = read or [np.zeros((2, *tensor.shape), dtype=tensor.dtype) for tensor in tensors]
    exported = _exported(above, features, codes, taken)
    if any(_rows(info) != "N" for info in [*exported.graph.input, *exported.graph.output]):
        raise RuntimeError("torch.onnx froze the batch dimension of the network")
    graph = Graph("net")
    wires = {
        "X": graph.input("X", np.float32, ("N", features)),
        "codes": graph.input("codes", np.int64, ("N", codes)),
    }
    for position, tensor in enumerate(tensors):
        name = tensor_name(position)
        wires[name] = graph.input(name, tensor.dtype, ("N", *tensor.sizes(name)))
    for position, reader in enumerate(readers):
        name = tensor_name(position)
        wires[name] = reader.emit(graph, wires[name])
    scores = graph.inline(exported, wires)["scores"]
    graph.output("scores", scores, np.float32, ("N", outputs))
    return graph.model()


def _exported(
    module: "ScoringModule", features: int, codes: int, tensors: Sequence[Array]
) -> "onnx.ModelProto":
    import logging
    import warnings

    import onnx.inliner
    import torch

    rows = torch.export.Dim("N")
    example = [torch.zeros(2, features), torch.zeros(2, codes, dtype=torch.int64)]
    example += [torch.from_numpy(tensor) for tensor in tensors]
    extra = [tensor_name(position) for position in range(len(tensors))]
    dynamic = [tuple({0: rows} for _ in extra)] if extra else []
    noisy = logging.getLogger("torch.onnx")
    level = noisy.level
    noisy.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module.eval(),
                tuple(example),
                dynamo=True,
                opset_version=OPSET,
                external_data=False,
                input_names=["X", "codes", *extra],
                output_names=["scores"],
                dynamic_shapes=({0: rows}, {0: rows}, *dynamic),
                verbose=False,
            )
    finally:
        noisy.setLevel(level)
    assert program is not None
    proto = program.model_proto
    return onnx.inliner.inline_local_functions(proto) if proto.functions else proto


def _rows(info: "onnx.ValueInfoProto") -> str:
    return str(info.type.tensor_type.shape.dim[0].dim_param)
