"""What the training of AutoEncoders and generators says of its settings, and of healthy ones."""

import numpy as np
import pytest

from ninefold.aims import aim_of
from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.generating import GenerateSpec
from ninefold.generating.diagnosing import Course, findings
from ninefold.generating.kinds import left_out
from ninefold.problem import ProblemSpec
from ninefold.report.sections.diagnosis import picture
from ninefold.unlabelled.preparing import prepare

NUMBERS = 8


def table(rows: int, seed: int) -> Frame:
    """Return eight numbers that come from three, bent, and a category that goes with one."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 3))
    mixed = np.tanh(hidden) @ np.random.default_rng(9).normal(size=(3, NUMBERS))
    mixed += 0.1 * rng.normal(size=mixed.shape)
    data = {f"n{i}": column for i, column in enumerate(mixed.T)}
    data["side"] = np.where(hidden[:, 0] > 0, "left", "right").astype(object)
    kinds = {"side": "category"}
    columns = [Column(n, kinds.get(n, "number"), frozenset({"input"})) for n in data]
    return Frame(tuple(columns), data, np.arange(rows))


def diagnosed(task: str, section: str, **settings):
    problem = ProblemSpec.model_validate({"task": task})
    aim = aim_of(task)
    preprocess = validate("preprocess", {"number": {"scale": "quantile"}})
    ready = prepare(aim.rows(table(320, 1)), aim.rows(table(150, 2)), problem, preprocess)
    specs = {name: validate(name, {}) for name in aim.sections}
    specs[section] = validate(section, settings)
    return aim.diagnosis(aim.fit(ready, specs), ready)


def check(report, kind, path):
    found = {finding["kind"]: finding for finding in report["findings"]}
    assert kind in found, report["findings"]
    assert found[kind]["fix"][0]["path"] == path
    assert "<svg" in picture(found[kind]["picture"])
    assert set(found) <= set(report["looked_for"])


PLAIN = {"depth": 1, "latent": 3, "epochs": 45}
ENCODERS = {
    "learning_rate.too_high": ({**PLAIN, "lr": 0.5}, "lr"),
    "learning_rate.too_low": ({**PLAIN, "lr": 1e-5}, "lr"),
    "epochs.too_few": ({**PLAIN, "epochs": 3}, "epochs"),
    "fit.worse_than_linear": ({**PLAIN, "dropout": 0.9}, "dropout"),
    "codes.too_few": ({"depth": 1, "latent": 1, "epochs": 25}, "latent"),
    "codes.collapsed": ({**PLAIN, "variational": True, "beta": 20}, "beta"),
}
GENERATORS = {
    "learning_rate.too_high": ({"steps": 100, "lr": 0.3}, "lr"),
    "learning_rate.too_low": ({"steps": 100, "lr": 1e-6}, "lr"),
    "critic.too_steep": ({"steps": 100, "penalty": 0.01}, "penalty"),
    "fit.underfitting": ({"steps": 100}, "steps"),
}


@pytest.mark.parametrize("kind", ENCODERS)
def test_an_autoencoder_that_is_spoilt_names_its_knob(kind):
    settings, key = ENCODERS[kind]
    report = diagnosed("embedding", "autoencoder", **settings)
    check(report, kind, ["autoencoder", key])
    assert report["metric"] == "reconstruction_error"


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.some(2)
def test_a_generator_that_is_spoilt_names_its_knob(kind):
    settings, key = GENERATORS[kind]
    report = diagnosed("generation", "generate", **settings)
    check(report, kind, ["generate", key])
    assert report["metric"] == "discriminator_auc"


HISTORY = [{"epoch": step, "wasserstein": 0.5, "slope": 1.0} for step in range(20)]
DRAWN = {"precision": 1.0, "distinct": 1.0, "discriminator_auc": 0.96, "nearer_to_train": 0.5,
         "copies": 0.0, "copies_among_real": 0.0, "left_out": 0.0}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "recall", "kind", "key"),
    [
        ({}, 0.2, "modes.collapsed", "critic_steps"),
        ({"lr": 0.05}, 0.2, "modes.collapsed", "lr"),
        ({"latent": 1}, 0.2, "modes.collapsed", "latent"),
        ({"width": 2}, 0.2, "modes.collapsed", "width"),
        ({"lr": 0.05}, 0.9, "learning_rate.too_high", "lr"),
        ({"batch_size": 4}, 0.9, "batch.too_small", "batch_size"),
        ({"width": 2}, 0.9, "fit.underfitting", "width"),
    ],
)
def test_a_setting_far_from_the_usual_is_named_before_all_else(settings, recall, kind, key):
    course = Course(HISTORY, GenerateSpec(**settings), 0, DRAWN | {"recall": recall})
    (found,) = findings(course)
    assert found.kind == kind
    assert [path for path, _ in found.fix] == [("generate", key)]
    assert f"generate.{key}" in found.remedy


def test_kinds_of_rows_that_are_hardly_drawn_are_told_before_all_are_lost():
    rng = np.random.default_rng(0)
    near = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])
    train, drawn = (near[rng.integers(0, n, 500)] + rng.normal(size=(500, 2)) for n in (4, 3))
    assert left_out(train, drawn) == pytest.approx(0.25, abs=0.06)
    assert left_out(train, train[::-1] + 0.1) == 0.0
    told = DRAWN | {"recall": 0.7, "left_out": left_out(train, drawn)}
    (found,) = findings(Course(HISTORY, GenerateSpec(), 0, told))
    assert found.kind == "modes.collapsed"


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_healthy_autoencoder_has_no_finding(noise):
    report = diagnosed("embedding", "autoencoder", depth=1, noise=noise, epochs=60)
    assert report["findings"] == []
    assert "target.heavy_tail" not in report["looked_for"]
