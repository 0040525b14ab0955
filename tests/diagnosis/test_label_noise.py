"""Targets that contradict what is otherwise clear, and honest ones that look like it."""

import numpy as np
import pytest

from ninefold.columns import Frame
from ninefold.diagnosis import case_of, diagnose
from ninefold.diagnosis.case import Case, Scored
from ninefold.diagnosis.label_noise import LabelNoise
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from tests.diagnosis.test_symptoms import SMALL
from tests.training.samples import parts, problem


def test_flipped_labels_of_few_rows_are_found_by_trees_grown_without_them():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(260, 6)).astype(np.float32)
    clear = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
    scores = np.log(np.where(np.eye(2)[clear] > 0, 0.9, 0.1))
    for share, is_found in ((0.2, True), (0.0, False)):
        y = np.where(rng.random(260) < share, 1 - clear, clear)
        train, valid = (Scored(X[p], y[p], scores[p]) for p in (slice(200), slice(200, 260)))
        found = LabelNoise().look(Case([], TrainSpec(), {}, [], train, valid))
        assert (found is not None) == is_found


def test_changed_labels_of_many_classes_are_told_from_classes_that_lie_side_by_side():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(280, 4)).astype(np.float32)
    clear = 2 * (X[:, 0] > 0) + (X[:, 1] > 0)
    changed = np.where(rng.random(280) < 0.25, (clear + rng.integers(1, 4, 280)) % 4, clear)
    blurred = np.digitize(X[:, 0] + 0.55 * rng.normal(size=280), [-0.7, 0.0, 0.7])
    scores = np.log(np.where(np.eye(4)[clear] > 0, 0.7, 0.1))
    for network, y, is_found in (
        ("mlp", changed, True), ("mlp", blurred, False), ("cnn", changed, True),
    ):  # fmt: skip
        train, valid = (Scored(X[p], y[p], scores[p]) for p in (slice(220), slice(220, 280)))
        spec = TrainSpec.model_validate({"network": {"kind": network}})
        found = LabelNoise().look(Case([], spec, {}, [], train, valid))
        assert (found is not None) == is_found


def test_errors_with_long_tails_are_no_label_noise():
    rng = np.random.default_rng(5)

    def scored(errors):
        y = rng.normal(scale=20.0, size=len(errors))
        return Scored(np.zeros((len(y), 0)), y, (y - errors)[:, None])

    long = rng.standard_t(2, size=2000)
    wrong = np.where(rng.random(2000) < 0.05, rng.normal(scale=30.0, size=2000), long.clip(-2, 2))
    for errors, is_found in ((long, False), (wrong, True)):
        part = scored(errors)
        case = Case([], TrainSpec(), {}, [], part, part)
        assert (LabelNoise().look(case) is not None) == is_found


def test_targets_of_other_rows_are_label_noise_and_hard_rows_are_not():
    rng = np.random.default_rng(7)
    said = rng.normal(scale=1.5, size=500)
    clear = said + 0.6 * rng.normal(size=500)
    other = np.where(rng.random(500) < 0.2, rng.permutation(clear), clear)
    hard = said + np.exp(rng.normal(size=500)) * 0.4 * rng.normal(size=500)
    skewed = np.exp(said + 0.7 * rng.normal(size=500))
    paid = np.where(rng.random(500) < 0.3, 0.0, np.abs(clear))
    for y, told, is_found in (
        (other, said, True), (clear, said, False), (hard, said, False),
        (skewed, np.exp(said), False), (paid, np.abs(said), False),
    ):  # fmt: skip
        part = Scored(np.zeros((len(y), 0)), y, told[:, None])
        found = LabelNoise().look(Case([], TrainSpec(), {}, [], part, part))
        assert (found is not None) == is_found
        if found:
            assert found.evidence["share"] == pytest.approx(0.2, abs=0.06)


def test_targets_of_other_rows_are_found_where_they_hide_most_of_what_is_known():
    rng = np.random.default_rng(3)
    said = rng.normal(size=1200)
    clear = said + 0.9 * rng.normal(size=1200)
    for share, is_found in ((0.35, True), (0.0, False)):
        y = np.where(rng.random(1200) < share, rng.permutation(clear), clear)
        part = Scored(np.zeros((1200, 0)), y, said[:, None])
        found = LabelNoise().look(Case([], TrainSpec(), {}, [], part, part))
        assert (found is not None) == is_found


def test_targets_of_other_rows_in_a_small_table_are_found_by_trees():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(400, 5)).astype(np.float32)
    clear = 2 * X[:, 0] + X[:, 1] * X[:, 2] + 0.2 * rng.normal(size=400)
    for share, is_found in ((0.25, True), (0.0, False)):
        y = np.where(rng.random(400) < share, rng.permutation(clear), clear)
        train, valid = (Scored(X[p], y[p], 0 * y[p, None]) for p in (slice(320), slice(320, 400)))
        found = LabelNoise().look(Case([], TrainSpec(), {}, [], train, valid))
        assert (found is not None) == is_found


def test_values_far_from_what_is_otherwise_clear_are_label_noise():
    train, valid = parts("regression", 1500, 500)
    frames = []
    for frame in (train, valid):
        wrong = np.random.default_rng(2).random(len(frame)) < 0.04
        clear = 100.0 * frame["b"] + np.random.default_rng(3).normal(size=len(frame))
        frames.append(Frame(frame.columns, {**frame.data, "y": clear + 900.0 * wrong}, frame.row))
    spec = TrainSpec.model_validate({"epochs": 12, "network": SMALL})
    model = fit(*frames, problem("regression"), NoSamplingSpec(), PreprocessSpec(), spec)
    found = {item["kind"]: item for item in diagnose(case_of(model, *frames))["findings"]}
    assert found["data.label_noise"]["evidence"]["share"] == pytest.approx(0.04, abs=0.02)
    assert found["data.label_noise"]["fix"][0]["value"] == {"kind": "huber"}
