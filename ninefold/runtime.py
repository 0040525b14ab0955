"""Runs an ONNX graph over the rows of a frame, in chunks, so that memory stays flat."""

from collections.abc import Iterator
from typing import Any

from ninefold.columns import Array, Frame

CHUNK_ROWS = 65_536


def session(model: Any) -> Any:
    """Return an ONNX Runtime session for a `ModelProto` or its bytes.

    One thread without spinning and without an arena: the same numbers for a row in any batch, no
    memory kept after a large request.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    content = model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run_chunks(
    session: Any, frame: Frame, chunk_rows: int = CHUNK_ROWS
) -> Iterator[tuple[slice, list[Array]]]:
    """Yield the rows of each chunk with the graph's outputs for them, in output order."""
    names = [item.name for item in session.get_inputs()]
    for start in range(0, len(frame), chunk_rows):
        stop = min(start + chunk_rows, len(frame))
        if names:
            yield slice(start, stop), session.run(None, frame.feeds(names, start, stop))
