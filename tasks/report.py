"""report: one offline HTML file from everything the other stages found."""

from importlib.metadata import version

from ninefold.files import jsonable, replacing
from ninefold.report.evidence import DOCUMENTS, Evidence, read_documents, read_history
from ninefold.report.page import render
from tasks.stage_io import StageIO

INSIDE = ("network", "layout")
"""Documents that lie in the folder of the network."""
PACKAGES = ("ninefold", "numpy", "onnx", "onnxruntime", "scikit-learn", "torch")
"""Packages whose version may change a number."""


def run(io: StageIO) -> None:
    """Write reports/report.html."""
    network = io.dep("models/network")
    files = {
        name: network / file if name in INSIDE else io.dep(file)
        for name, file in DOCUMENTS.items()
        if name in INSIDE or io.has_dep(file)
    }
    evidence = Evidence(
        spec=io.params("report"),
        documents=read_documents(files),
        history=read_history(network / "history.csv"),
        params={name: jsonable(spec) for name, spec in io.specs.items()},
        versions={name: version(name) for name in PACKAGES},
        expected=tuple(files),
    )
    with replacing(io.out("report.html")) as temporary:
        temporary.write_text(render(evidence), encoding="utf-8")
