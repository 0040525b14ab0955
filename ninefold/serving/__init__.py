"""Serves exported models over HTTP: the Open Inference Protocol v2 and plain rows of columns.

Imports numpy, onnxruntime, the web stack and
`ninefold.{signature,errors,dates,numerals,pixels,sequences,runtime}`, nothing else (Pillow if there
is one and a client sends an image file, pyarrow if there is one and a client sends Parquet): a
server starts in a second and its image holds neither torch nor pandas.
"""
