"""Ninefold: from a raw table to a model you can defend, in one ONNX file."""

__version__ = "0.1.0"
