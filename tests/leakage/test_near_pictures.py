"""Pictures saved anew, shifted or brightened across parts are found; look-alikes are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from ninefold.columns import Column, Frame, to_array
from ninefold.datasets.digits import DigitsSpec
from ninefold.describing import described
from ninefold.leakage.case import Case
from ninefold.leakage.near_pictures import NearPicturesCheck
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec

PROBLEM = ProblemSpec(target="y", task="classification")


def scenes(count, seed=0, side=40):
    """Return smooth random grey pictures: sums of blobs."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    made = []
    for _ in range(count):
        field = sum(
            rng.uniform(-1, 1) * np.exp(-((y - rng.random()) ** 2 + (x - rng.random()) ** 2) * 30)
            for _ in range(8)
        )
        field = 255 * (field - field.min()) / np.ptp(field)
        made.append(field.astype(np.uint8)[..., None])
    return made


def case_of(pictures, part, kind="random"):
    columns = (
        Column("image", "image", frozenset({"input"}), "grey 64"),
        Column("y", "category", frozenset({"target"})),
    )
    label = np.array(["a", "b"] * len(part), dtype=object)[: len(part)]
    data = {"image": objects(pictures), "y": label}
    frame = Frame(columns, data, np.arange(len(part)))
    tensors = {"image": data["image"]}
    parts = np.array(part, dtype=object)
    return Case(described(frame), parts, PROBLEM, kind, tensors=tensors)


def saved_anew(picture):
    content = io.BytesIO()
    Image.fromarray(picture[..., 0]).save(content, "JPEG", quality=70)
    return np.asarray(Image.open(content))[..., None]


def shifted(picture):
    return np.roll(picture, (2, -2), axis=(0, 1))


def brightened(picture):
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(picture[..., 0])).enhance(0.7))[
        ..., None
    ]


def resized(picture):
    return np.asarray(Image.fromarray(picture[..., 0]).resize((61, 61)))[..., None]


@pytest.mark.parametrize("change", [saved_anew, shifted, brightened, resized])
def test_changed_copies_in_test_are_found(change):
    originals = scenes(300)
    copies = [change(picture) for picture in originals[:20]]
    part = ["train"] * 240 + ["test"] * 60 + ["test"] * 20
    found = list(NearPicturesCheck().findings(case_of(originals + copies, part)))
    assert [item.severity for item in found] == ["block"]
    assert set(found[0].rows) <= set(range(300, 320))
    assert len(found[0].rows) >= 18


@pytest.mark.parametrize("step", [0, 1])
def test_frames_of_a_film_on_both_sides_are_found(step):
    wide, frames, rng = scenes(60, side=80), [], np.random.default_rng(1)
    for scene in wide:
        cut = [scene[8 : 8 + 48, k * step : k * step + 48] for k in range(8)]
        frames += [(f + rng.normal(0, 3, f.shape)).clip(0, 255).astype(np.uint8) for f in cut]
    part = rng.choice(["train", "test"], len(frames), p=[0.75, 0.25])
    (found,) = NearPicturesCheck().findings(case_of(frames, part, "given"))
    assert found.severity in ("warn", "block")
    assert len(found.rows) > (part == "test").sum() / 2


def test_pictures_of_which_train_alone_was_augmented_pass():
    rng = np.random.default_rng(4)
    wide = scenes(12, side=200)
    corners = rng.integers(0, 140, (240, 2))
    made = [wide[k % 12][y : y + 40, x : x + 40] for k, (y, x) in enumerate(corners)]
    part = np.where(rng.random(240) < 0.8, "train", "test")
    more = [p for p, of in zip(made, part, strict=True) if of == "train"]
    pictures = [*made, *(p[:, ::-1] for p in more), *(saved_anew(p) for p in more)]
    every = [*part, *["train"] * (2 * len(more))]
    found = list(NearPicturesCheck().findings(case_of(pictures, every, "given")))
    assert not [item for item in found if item.severity != "info"]


def test_honest_pictures_give_no_warning():
    part = ["train"] * 240 + ["test"] * 60
    found = list(NearPicturesCheck().findings(case_of(scenes(300), part)))
    assert not [item for item in found if item.severity != "info"]


def test_handwritten_digits_that_look_alike_are_no_copies(tmp_path):
    table = next(DigitsSpec().open(tmp_path).batches())
    pictures = to_array(table.column("image"), "image")
    rng = np.random.default_rng(0)
    part = rng.choice(["train", "test"], len(pictures), p=[0.8, 0.2])
    found = list(NearPicturesCheck().findings(case_of(pictures, part)))
    assert not [item for item in found if item.severity != "info"]


def test_larger_pictures_of_one_kind_are_told_apart_at_a_shift_of_a_pixel(tmp_path):
    """Digits of 48 pixels with noise, twelve of them moved and brightened: the others are alike."""
    table = next(DigitsSpec().open(tmp_path).batches())
    rng = np.random.default_rng(1)
    made = []
    for digit in to_array(table.column("image"), "image")[:300]:
        large = Image.fromarray(digit[..., 0]).resize((40, 40), Image.Resampling.BICUBIC)
        noisy = np.pad(np.asarray(large, dtype=float), 4) + rng.normal(0, 3, (48, 48))
        made.append(noisy.clip(0, 255).astype(np.uint8)[..., None])
    copies = [np.roll(p, (1, -2), (0, 1)) * 1.05 + 4 for p in made[:12]]
    copies = [copy.clip(0, 255).astype(np.uint8) for copy in copies]
    part = ["train"] * 225 + ["test"] * 87
    (found,) = NearPicturesCheck().findings(case_of(made + copies, part, "given"))
    assert found.severity == "block"
    assert len({*found.rows} & {*range(300, 312)}) >= 9
    assert len(found.rows) <= 14


def test_plain_shapes_that_meet_inside_train_as_often_are_no_copies():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:32, :32]
    made = []
    for _ in range(400):
        away = np.abs(np.stack([y, x]) - rng.uniform(10, 22, (2, 1, 1)))
        shape = [np.hypot(*away), away.max(axis=0), away.sum(axis=0)][rng.integers(3)]
        field = np.where(shape < rng.uniform(5, 10), rng.integers(140, 210), rng.integers(30, 90))
        made.append((field + rng.normal(0, 6, (32, 32))).clip(0, 255).astype(np.uint8)[..., None])
    part = ["train"] * 300 + ["test"] * 100
    found = list(NearPicturesCheck().findings(case_of(made, part, "given")))
    assert not [item for item in found if item.severity != "info"]


def shapes(count, seed=0):
    """Return squares and discs of one colour before another, with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    made = []
    for _ in range(count):
        away = np.abs(np.stack([y, x]) - rng.uniform(14, 50, (2, 1, 1)))
        inside = [np.hypot(*away), away.max(axis=0)][rng.integers(2)] < rng.uniform(8, 14)
        field = np.where(inside[..., None], rng.integers(0, 255, 3), rng.integers(40, 215, 3))
        made.append((field + rng.normal(0, 6, field.shape)).clip(0, 255).astype(np.uint8))
    return made


def smaller(picture):
    content = io.BytesIO()
    Image.fromarray(picture).resize((56, 56)).save(content, "JPEG", quality=70)
    return np.asarray(Image.open(content))


def test_plain_things_that_are_alike_in_grey_are_told_by_their_colours():
    made = shapes(400)
    part = ["train"] * 300 + ["test"] * 100
    honest = NearPicturesCheck().findings(case_of(made, part, "given"))
    assert not [item for item in honest if item.severity != "info"]
    copies = [smaller(picture) for picture in made[:12]]
    (found,) = NearPicturesCheck().findings(case_of(made + copies, part + ["test"] * 12, "given"))
    assert found.severity == "block"
    assert len({*found.rows} & {*range(400, 412)}) >= 8
    assert len(found.rows) <= 13


def digits(folder, count):
    table = next(DigitsSpec().open(folder).batches())
    return list(to_array(table.column("image"), "image")[:count])


def mirrored(picture):
    return picture[:, ::-1].copy()


def turned(picture):
    image = Image.fromarray(picture[..., 0])
    return np.asarray(image.rotate(7, Image.Resampling.BILINEAR))[..., None]


@pytest.mark.parametrize("change", [shifted, mirrored, turned])
def test_copies_made_before_a_split_at_random_are_found(tmp_path, change):
    """Each digit has a copy, on any side: train has copies inside as often as test has."""
    made = [np.kron(p, np.ones((3, 3, 1), np.uint8)) for p in digits(tmp_path, 400)]
    copies = [change(picture) for picture in made]
    part = np.random.default_rng(2).choice(["train", "test"], 800, p=[0.75, 0.25])
    case = case_of(made + copies, part)
    (found,) = NearPicturesCheck().findings(case)
    on_both = (part == "test") & np.roll(part == "train", 400)
    assert found.severity == "block"
    assert np.isin(np.flatnonzero(on_both), found.rows).mean() >= 0.6
    assert on_both[list(found.rows)].mean() >= 0.9


def test_empty_frames_in_some_of_which_a_square_stands_are_no_copies():
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(500):
        frame = np.full((40, 40, 1), 20.0)
        if rng.random() < 0.15:
            y, x = rng.integers(5, 35, 2)
            frame[y - 2 : y + 2, x - 2 : x + 2] = 180
        frames.append((frame + rng.normal(0, 3, frame.shape)).clip(0, 255).astype(np.uint8))
    part = rng.choice(["train", "test"], 500, p=[0.75, 0.25])
    assert not list(NearPicturesCheck().findings(case_of(frames, part)))
