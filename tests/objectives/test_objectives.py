import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ninefold.errors import ConfigError
from ninefold.objectives import ObjectiveSpec, objective
from ninefold.objectives.bce import BCESpec
from ninefold.objectives.contrastive import ContrastiveSpec
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.objectives.focal import FocalSpec
from ninefold.objectives.huber import HuberSpec
from ninefold.objectives.mae import MAESpec
from ninefold.objectives.mse import MSESpec
from ninefold.objectives.quantile import QuantileSpec
from ninefold.registry import components

SPECS = [kind() for kind in components("ninefold.objectives", ObjectiveSpec)]


def batch(spec: ObjectiveSpec, rows: int = 6, members: int = 4, targets: int = 1):
    generator = torch.Generator().manual_seed(0)
    if spec.task == "regression":
        outputs = torch.randn(rows, members, targets, generator=generator)
        y = torch.randn(rows, targets, generator=generator)
        return outputs, y if targets > 1 else y[:, 0]
    if spec.for_labels:
        outputs = torch.randn(rows, members, 3, generator=generator)
        return outputs, torch.randint(0, 2, (rows, 3), generator=generator)
    outputs = torch.randn(rows, members, 3, generator=generator)
    return outputs, torch.arange(rows) % 3


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
class TestEveryObjective:
    def test_loss_falls_along_its_gradient(self, spec):
        outputs, y = batch(spec)
        outputs.requires_grad_()
        loss = spec.loss(outputs, y, torch.ones(len(y)))
        loss.backward()
        better = spec.loss(outputs.detach() - 0.1 * outputs.grad, y, torch.ones(len(y)))
        assert loss.ndim == 0
        assert better < loss

    def test_rows_of_weight_0_do_not_count(self, spec):
        outputs, y = batch(spec)
        weight = torch.tensor([2.0, 2.0, 2.0, 0.0, 0.0, 0.0])
        changed = outputs.clone()
        changed[3:] += 5.0
        assert spec.loss(outputs, y, weight) == spec.loss(changed, y, weight)

    def test_loss_is_the_mean_of_the_members_losses(self, spec):
        outputs, y = batch(spec)
        alone = [spec.loss(outputs[:, m : m + 1], y, torch.ones(len(y))) for m in range(4)]
        together = spec.loss(outputs, y, torch.ones(len(y)))
        torch.testing.assert_close(together, torch.stack(alone).mean())

    def test_extreme_outputs_stay_finite(self, spec):
        outputs, y = batch(spec)
        outputs = (outputs * 1e4).requires_grad_()
        loss = spec.loss(outputs, y, torch.ones(len(y)))
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(outputs.grad).all()
        assert torch.isfinite(spec.scores(outputs)).all()

    def test_scores_are_the_members_mean(self, spec):
        outputs, _ = batch(spec)
        expected = outputs.mean(1)
        if spec.kind == "bce":
            answers = torch.sigmoid(outputs).mean(1)
            expected = (answers / answers.sum(1, keepdim=True)).log()
        elif spec.for_labels:
            expected = torch.logit(torch.sigmoid(outputs).mean(1))
        elif spec.task == "classification":
            expected = torch.softmax(outputs, dim=2).mean(1).log()
        torch.testing.assert_close(spec.scores(outputs), expected)


@pytest.mark.parametrize(
    ("task", "kind"), [("classification", "cross_entropy"), ("regression", "mse")]
)
def test_default_objective_follows_the_task(task, kind):
    assert objective(None, task).kind == kind


def test_labels_have_an_objective_of_their_own():
    assert objective(None, "classification", for_labels=True).kind == "labels"
    with pytest.raises(ConfigError, match=r"of several targets \(labels\), however: 'bce'"):
        objective(BCESpec(), "classification", for_labels=True)


@pytest.mark.parametrize("spec", [s for s in SPECS if s.task == "regression"], ids=lambda s: s.kind)
def test_several_values_cost_what_they_cost_one_by_one(spec):
    outputs, y = batch(spec, targets=3)
    ones = torch.ones(len(y))
    alone = [spec.loss(outputs[:, :, [t]], y[:, t], ones) for t in range(3)]
    torch.testing.assert_close(spec.loss(outputs, y, ones), torch.stack(alone).mean())
    torch.testing.assert_close(spec.scores(outputs), outputs.mean(1))


def test_objective_of_the_other_task_is_refused():
    with pytest.raises(ConfigError, match=r"train\.objective\.kind must be for classification"):
        objective(MSESpec(), "classification")


def test_label_smoothing_is_for_accuracy_only_unless_given():
    spec = CrossEntropySpec()
    assert spec.for_metric("accuracy").label_smoothing == 0.1
    assert spec.for_metric("roc_auc").label_smoothing == 0.0
    assert spec.for_metric("log_loss", 29).label_smoothing == 0.02
    assert spec.for_metric("log_loss", 30).label_smoothing == 0.0
    assert CrossEntropySpec(label_smoothing=0.2).for_metric("roc_auc").label_smoothing == 0.2


@pytest.mark.parametrize("kind", [CrossEntropySpec, FocalSpec, BCESpec])
def test_balanced_class_weights_give_every_class_the_same_sum(kind):
    y = np.array([0] * 90 + [1] * 9 + [2])
    weight = kind(class_weight="balanced").sample_weight(y)
    sums = np.bincount(y, weights=weight)
    np.testing.assert_allclose(sums, sums[0], rtol=1e-6)
    assert weight.mean() == pytest.approx(1.0)


def test_focal_with_gamma_0_is_cross_entropy():
    outputs, y = batch(FocalSpec())
    ones = torch.ones(len(y))
    focal = FocalSpec(gamma=0).loss(outputs, y, ones)
    torch.testing.assert_close(focal, CrossEntropySpec().loss(outputs, y, ones))


def test_huber_is_linear_far_out():
    far = torch.tensor([[[10.0]], [[11.0]]])
    losses = [
        HuberSpec(delta=0.5).loss(far[row : row + 1], torch.zeros(1), torch.ones(1))
        for row in range(2)
    ]
    assert float(losses[1] - losses[0]) == pytest.approx(0.5)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
def test_the_constant_that_minimises_pinball_is_the_quantile(quantile):
    y = torch.arange(101.0)
    spec = QuantileSpec(quantile=quantile)
    losses = [
        float(spec.loss(value.expand(101, 2, 1), y, torch.ones(101))) for value in torch.arange(101)
    ]
    assert int(np.argmin(losses)) == round(100 * quantile)


def test_pinball_at_a_half_is_half_the_mean_absolute_error():
    outputs, y = batch(QuantileSpec())
    ones = torch.ones(len(y))
    torch.testing.assert_close(
        2 * QuantileSpec().loss(outputs, y, ones), MAESpec().loss(outputs, y, ones)
    )


def test_bce_smooths_answers_towards_a_half():
    sure = torch.tensor([[[30.0, -30.0, -30.0]]])
    y, one = torch.tensor([0]), torch.ones(1)
    plain, smooth = (BCESpec(label_smoothing=s).loss(sure, y, one) for s in (0.0, 0.2))
    assert float(plain) < 1e-6
    assert float(smooth) == pytest.approx(3 * 0.1 * 30, rel=1e-4)


def test_bounds_are_checked():
    with pytest.raises(ValidationError):
        CrossEntropySpec(label_smoothing=1.0)


def test_contrast_is_that_of_the_paper():
    torch.manual_seed(0)
    features, y = torch.randn(7, 2, 5), torch.tensor([0, 0, 1, 1, 1, 2, 0])
    spec = ContrastiveSpec(contrast=2.0, temperature=0.3)
    losses = []
    for member in range(2):
        z = torch.nn.functional.normalize(features[:, member], dim=1)
        for i in range(7):
            others = [a for a in range(7) if a != i]
            alike = [p for p in others if y[p] == y[i]]
            below = torch.logsumexp(z[others] @ z[i] / 0.3, dim=0)
            if alike:
                losses.append((below - z[alike] @ z[i] / 0.3).mean())
    expected = 2.0 * torch.stack(losses).mean()
    torch.testing.assert_close(spec.feature_loss(features, y, torch.ones(7)), expected)
    one_class_each = spec.feature_loss(features[:3], torch.arange(3), torch.ones(3))
    assert float(one_class_each) == 0.0


def test_a_batch_without_a_pair_trains_on():
    features = torch.zeros(1, 1, 4, requires_grad=True)
    ContrastiveSpec().feature_loss(features, torch.tensor([1]), torch.ones(1)).backward()
    assert torch.isfinite(features.grad).all()
