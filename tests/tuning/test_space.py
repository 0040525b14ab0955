"""What may be searched is checked against the Specs, before any data is read."""

import pytest

from ninefold.config import validate
from ninefold.errors import ConfigError
from ninefold.networks import NetworkSpec
from ninefold.registry import components
from ninefold.tuning.space import Space, proposed
from tests.tuning.studies import settings

WRONG = {
    "a field that is none": ({"train.lrr": {"low": 0.1, "high": 0.2}}, "`train.lrr` .*`lr`"),
    "deeper": (
        {"train.network.hiden_size": {"low": 1, "high": 2}},
        "`train.network.hiden_size` .*`hidden_size`",
    ),
    "a section that is none": ({"trian.lr": {"low": 0.1, "high": 0.2}}, "did you mean `train`"),
    "a section that is not fitted in folds": ({"split.seed": {"choices": [1]}}, "below train"),
    "a value too high": ({"train.lr": {"low": 0.1, "high": 3e4}}, "train.lr must be <= 10000"),
    "a choice that cannot be": ({"train.epochs": {"choices": [3, 0]}}, "train.epochs must be >= 1"),
    "below a number": ({"train.lr.x": {"choices": [1]}}, "`train.lr` holds no"),
    "a part that fits whole numbers only": (
        {"train.epochs": {"low": 1.5, "high": 3}},
        "train.epochs must be a whole number",
    ),
    "steps that leave whole numbers": (
        {"train.epochs": {"low": 1, "high": 3, "step": 0.5}},
        "train.epochs must be a whole number.* 1.5",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_path_or_value_that_cannot_be_is_named(name):
    space, message = WRONG[name]
    spec = validate("tune", {"space": space})
    with pytest.raises(ConfigError, match=message) as raised:
        Space.of(spec.space, settings(), {})
    assert str(raised.value).startswith("params.yaml: tune.space")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("dimension", "message"),
    [
        ({"low": 2, "high": 1}, "low < high"),
        ({"low": 0, "high": 1, "log": True}, "low > 0"),
        ({"low": 1, "high": 2, "choices": [1]}, "both"),
        ({"choices": [1, 1]}, "once"),
        ({"low": 1}, "low and high"),
        ({"lo": 1}, "did you mean `low`"),
    ],
)
def test_a_dimension_is_a_range_or_choices(dimension, message):
    with pytest.raises(ConfigError, match=rf"tune\.space\.train\.lr.*{message}"):
        validate("tune", {"space": {"train.lr": dimension}})


def test_whole_numbers_are_told_from_fractions_by_the_param():
    given = {
        "train.epochs": {"low": 1, "high": 9},
        "train.optimizer.betas": {"choices": [[0.8, 0.9]]},
    }
    given["train.weight_decay"] = {"low": 0, "high": 1}
    space = Space.of(validate("tune", {"space": given}).space, settings(), {})
    assert [axis.is_whole for axis in space.axes] == [True, False, False]


@pytest.mark.parametrize("network", components("ninefold.networks", NetworkSpec))
def test_what_a_network_proposes_can_be_searched(network):
    kind = network.model_fields["kind"].default
    content = settings(train={"network": {"kind": kind}})
    space = Space.of({}, content, proposed(content))
    assert {axis.path for axis in space.axes} >= {"train.lr", "train.weight_decay"}
    assert space.with_values(space.current())["train"].network.kind == kind
