"""What torch.onnx reads anew at every export, read once a process.

That is the source of some 500 operators: half a second, which in use only one export pays.
"""

import functools
import importlib


def read_once():
    """Have this process, and those forked from it, keep what onnxscript read."""
    from torch.onnx._internal._lazy_import import onnxscript_apis

    module = importlib.import_module(onnxscript_apis._name)
    if not hasattr(module.get_torchlib_ops, "cache_info"):
        module.get_torchlib_ops = functools.cache(module.get_torchlib_ops)
    return module.get_torchlib_ops
