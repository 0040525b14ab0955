"""A watermark or a background that goes with the class is named; what pictures show is not."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.describing import described
from ninefold.leakage.case import Case
from ninefold.leakage.margins import MarginsCheck
from ninefold.leakage.noisy import NoisyCheck
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec

PROBLEM = ProblemSpec(target="y", task="classification")
N, SIDE = 300, 32


def pictures(seed=0):
    """Return noisy pictures with a patch in the middle that tells something of the class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, N)
    made = rng.integers(0, 230, (N, 4, 4, 3)).repeat(8, 1).repeat(8, 2) + 0
    made = (made + rng.normal(0, 8, made.shape)).clip(0, 255)
    made[:, 14:20, 14:20] += (6 * y)[:, None, None, None]
    return made.clip(0, 255), y, rng


def watermark(made, y, rng):
    made[y == 1, -7:-3, -9:-3] = 250
    return made


def background(made, y, rng):
    colour = np.where(y[:, None] == 1, [60, 110, 60], [70, 90, 150]) + rng.integers(-12, 12, (N, 3))
    plain = np.ones((N, SIDE, SIDE, 1)) * colour[:, None, None]
    plain[:, 6:26, 6:26] = made[:, 6:26, 6:26]
    return plain


def on_all(made, y, rng):
    made[:, -7:-3, -9:-3] = 250
    return made


def shown(made, y, rng):
    made[:, 10:22, 10:22] = (60 + 90 * y + rng.normal(0, 5, N))[:, None, None, None]
    return made


def reaching(made, y, rng):
    """What is shown reaches the edge; in the middle of a few pictures stands something else."""
    made[:, 10:22] = (60 + 90 * y + rng.normal(0, 5, N))[:, None, None, None]
    made[:4, 8:24, 8:24] = 255 - made[:4, 8:24, 8:24]
    return made


def plain(made, y, rng):
    return made


def small(made, y, rng):
    """A mark of 3 by 3 pixels in a corner, on 80 % of one class."""
    made[(y == 1) & (rng.random(N) < 0.8), 1:4, 1:4] = 250
    return made


def bars(made, y, rng):
    """The first bar of a diagram is higher; all reach the lower edge."""
    for picture, high in zip(made, y, strict=True):
        picture[-int(rng.integers(3, 7) + 10 * high) :, 2:6] = 240
    return made


def spectra(made, y, rng):
    """A low note or a lower one: a line from side to side, its strength scaled to 255."""
    made = made / 3
    for picture, note in zip(made, y, strict=True):
        picture[2 + 4 * note + rng.integers(0, 2)] = rng.uniform(200, 255, (SIDE, 1))
    return made * (255 / made.max(axis=(1, 2, 3), keepdims=True))


def found(change, check=MarginsCheck):
    made, y, rng = pictures()
    made = objects(change(made, y, rng).clip(0, 255).astype(np.uint8))
    columns = (
        Column("image", "image", frozenset({"input"}), "rgb 64"),
        Column("y", "category", frozenset({"target"})),
    )
    label = np.where(y, "ill", "well").astype(object)
    frame = Frame(columns, {"image": made, "y": label}, np.arange(N))
    part = np.where(np.arange(N) % 4 == 0, "test", "train").astype(object)
    case = Case(described(frame), part, PROBLEM, "random", tensors={"image": made})
    return list(check().findings(case))


@pytest.mark.parametrize("change", [watermark, background, small])
def test_edges_that_tell_the_class_are_named(change):
    (item,) = found(change)
    assert (item.severity, item.columns) == ("warn", ("image",))


@pytest.mark.parametrize("change", [plain, on_all, shown, reaching, bars, spectra])
def test_a_mark_on_all_pictures_and_what_they_show_pass(change):
    assert not found(change)


def brighter(made, y, rng):
    """One thing is brighter than the other, and less even."""
    level, spread = 14 * (2.6 * y + rng.normal(size=N)), 0.4 * (1 + 0.2 * (y + rng.normal(size=N)))
    even = made - made.mean((1, 2, 3), keepdims=True)
    return 110 + level[:, None, None, None] + spread[:, None, None, None] * even


def test_how_bright_the_pictures_of_a_class_are_is_a_question():
    (item,) = [one for one in found(brighter, NoisyCheck) if one.columns == ("image brightness",)]
    assert item.severity == "info"
    assert "what it shows looks the same" in item.message
