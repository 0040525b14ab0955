import json

import numpy as np
import onnxruntime
import pytest

from ninefold.baselines import BaselinesSpec
from ninefold.baselines.comparing import compare
from ninefold.baselines.publishing import publish as publish_baselines
from ninefold.errors import ConfigError, GateError
from ninefold.export import ExportSpec
from ninefold.export.baseline import refit
from ninefold.export.choosing import choose
from ninefold.export.publish import publish
from ninefold.features import FeaturizeSpec, build, featurize
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.signature import METADATA_KEY, Signature
from tests.export.test_publish import TASKS, raw

KINDS = ("dummy", "linear", "hist_gradient_boosting")
SPEC = BaselinesSpec.model_validate({"models": [{"kind": kind} for kind in KINDS]})


@pytest.fixture(scope="module", params=TASKS)
def measured(request, tmp_path_factory):
    """Baselines as their stage leaves them, and all they were made from."""
    classes = TASKS[request.param]
    problem = ProblemSpec(target="y", task="classification" if classes else "regression")
    frames = [raw(rows, classes, seed) for seed, rows in enumerate((400, 120))]
    model, derived = build(frames[0].columns, problem, FeaturizeSpec())
    train, valid = (featurize(frame, model, derived) for frame in frames)
    settings = (train, valid, problem, NoSamplingSpec(), PreprocessSpec())
    folder = tmp_path_factory.mktemp("baselines") / "models"
    publish_baselines(compare(*settings, SPEC), model, folder)
    return folder, model, settings


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.some(5)
def test_a_baseline_becomes_a_file_like_any_other(measured, kind):
    folder, model, settings = measured
    found = refit(kind, folder / f"{kind}.onnx", model, *settings, SPEC)
    train, valid, problem, *_ = settings
    made = publish(model, found, train, valid, problem, ExportSpec(), name=kind)
    assert made.receipt["pass"], made.receipt["reasons"]
    assert {"extremes", "edges", "levels", "batch_1"} <= made.receipt["cases"].keys()
    session = onnxruntime.InferenceSession(made.content)
    metadata = session.get_modelmeta().custom_metadata_map
    signature = Signature.from_json(metadata[METADATA_KEY])
    assert signature.model == kind
    assert len(json.loads(metadata["ninefold.golden"])["rows"]) == 5
    feeds = valid.feeds([item.name for item in session.get_inputs()])
    as_measured = onnxruntime.InferenceSession((folder / f"{kind}.onnx").read_bytes())
    np.testing.assert_array_equal(session.run(None, feeds)[-1], as_measured.run(None, feeds)[-1])


def test_another_fit_than_the_measured_one_stops_the_run(measured):
    folder, model, settings = measured
    other = SPEC.model_copy(update={"models": (SPEC.models[1].model_copy(update={
        "regularization": 7.0}),)})  # fmt: skip
    with pytest.raises(GateError, match="`linear` fitted again must be the one that was measured"):
        refit("linear", folder / "linear.onnx", model, *settings, other)


NOT_NEEDED = {"answer": "not needed", "baseline": "linear"}


@pytest.mark.parametrize(
    ("wanted", "verdict", "name"),
    [
        ("auto", NOT_NEEDED, "linear"),
        ("auto", {"answer": "needed", "baseline": "linear"}, "network"),
        ("auto", {"answer": "inconclusive", "baseline": "linear"}, "network"),
        ("auto", {"answer": "inconclusive", "baseline": "linear", "gain": 0.01}, "network"),
        ("auto", {"answer": "inconclusive", "baseline": "linear", "gain": -0.01}, "linear"),
        ("auto", {"answer": "inconclusive", "baseline": None}, "network"),
        ("network", NOT_NEEDED, "network"),
        ("baseline", {"answer": "needed", "baseline": "linear"}, "linear"),
    ],
)
def test_the_verdict_chooses_unless_told_otherwise(wanted, verdict, name):
    assert choose(wanted, verdict).name == name


def test_a_baseline_that_is_not_there_cannot_be_exported():
    with pytest.raises(ConfigError, match=r"export\.model must be auto or network here"):
        choose("baseline", {"answer": "inconclusive", "baseline": None})
