"""Image files and arrays become typed tables; what is damaged is named."""

import io

import numpy as np
import pytest
from PIL import Image

from ninefold import pixels
from ninefold.columns import read_frame, to_frame, write_frame
from ninefold.config import validate
from ninefold.datasets import profile, read
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from tests.pictures import write_folder

PROBLEM = ProblemSpec(target="label", task="classification")


def load(folder, **content):
    table, columns = read(validate("ingest", content), PROBLEM, folder)
    return to_frame(table, columns), table


def test_a_folder_per_class_gives_pictures_labels_and_files(tmp_path):
    write_folder(tmp_path / "images", 12)
    frame, table = load(tmp_path, kind="image_folder", path="images")
    roles = {column.name: column.roles for column in frame.columns}
    assert roles == {"image": {"input"}, "label": {"target"}, "file": {"id"}}
    assert frame["label"].tolist() == ["across"] * 6 + ["down"] * 6
    first = np.asarray(Image.open(tmp_path / "images" / frame["file"][0]))
    np.testing.assert_array_equal(frame["image"][0][..., 0], first)
    assert {picture.shape for picture in frame["image"]} == {(12, 12, 1), (10, 15, 1)}
    described = profile(table, frame.columns)["columns"][0]
    assert described["told"]["width"]["max"] == 15
    assert described["distinct"] == 12


def test_pictures_survive_parquet_bit_by_bit(tmp_path):
    write_folder(tmp_path / "images", 6)
    frame, _ = load(tmp_path, kind="image_folder", path="images")
    write_frame(tmp_path / "t.parquet", frame)
    back = read_frame(tmp_path / "t.parquet")
    assert back.columns == frame.columns
    for a, b in zip(frame["image"], back["image"], strict=True):
        np.testing.assert_array_equal(a, b)


def test_damaged_files_are_named_or_left_out_and_counted(tmp_path, caplog):
    folder = write_folder(tmp_path / "images", 8)
    whole = (folder / "across" / "002.png").read_bytes()
    (folder / "across" / "002.png").write_bytes(whole[: len(whole) // 2])
    (folder / "down" / "zero.jpg").write_bytes(b"")
    (folder / "down" / "text.png").write_text("no image")
    with pytest.raises(InputError, match="3 of 10 do not") as error:
        load(tmp_path, kind="image_folder", path="images")
    for name in ("across/002.png", "down/zero.jpg (it is empty)", "down/text.png (it is no image)"):
        assert name in str(error.value)
    assert "\n" not in str(error.value)
    frame, table = load(tmp_path, kind="image_folder", path="images", unreadable="drop")
    assert len(frame) == 7
    found = profile(table, frame.columns)["unreadable"]
    assert found == {"count": 3, "files": ["across/002.png", "down/text.png", "down/zero.jpg"]}
    assert "3 of 10 files" in caplog.text


def test_a_table_of_paths_keeps_its_other_columns(tmp_path):
    folder = write_folder(tmp_path / "images", 4)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in folder.rglob("*.*"))
    lines = [f"{name},{number}.5,{name.split('/')[1]}" for number, name in enumerate(names)]
    (tmp_path / "t.csv").write_text("picture,weight,label\n" + "\n".join(lines) + "\n")
    frame, _ = load(tmp_path, kind="image_table", path="t.csv", image_path="picture")
    assert [column.name for column in frame.columns] == ["image", "picture", "weight", "label"]
    assert frame["weight"].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert frame.column("picture").roles == {"id"}
    with pytest.raises(InputError, match=r"no column `pictures` .did you mean `picture`"):
        load(tmp_path, kind="image_table", path="t.csv", image_path="pictures")
    (tmp_path / names[0]).unlink()
    with pytest.raises(InputError, match="1 of 4 do not: images/across/000"):
        load(tmp_path, kind="image_table", path="t.csv", image_path="picture")


@pytest.mark.parametrize("factor", [1.0, 1 / 255])
def test_real_pixels_are_taken_by_their_range(factor, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
    pixels[0, 0, 0] = 255
    stored = (pixels * factor).astype(np.float32)
    np.savez(tmp_path / "a.npz", image=stored, label=np.array(list("aabbab")))
    frame, _ = load(tmp_path, kind="arrays", path="a.npz")
    np.testing.assert_array_equal(np.stack(list(frame["image"])), pixels)


def test_arrays_must_be_pixels(tmp_path):
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
    label = np.array(["a", "b"] * 3)
    np.savez(tmp_path / "a.npz", image=colour, label=label, weight=np.arange(6.0))
    frame, _ = load(tmp_path, kind="arrays", path="a.npz")
    np.testing.assert_array_equal(np.stack(frame["image"]), colour)
    assert frame.column("image").format == "rgb 7"
    np.savez(tmp_path / "a.npz", image=np.moveaxis(colour, 3, 1), label=label)
    frame, _ = load(tmp_path, kind="arrays", path="a.npz")
    np.testing.assert_array_equal(np.stack(frame["image"]), colour)
    two = np.zeros((6, 5, 7, 2), dtype=np.uint8)
    for image in (colour / 127.0 - 1.0, colour.astype(int) - 3, colour[0, 0], two):
        np.savez(tmp_path / "b.npz", image=image, label=label)
        with pytest.raises(InputError, match=r"array `image` must h"):
            load(tmp_path, kind="arrays", path="b.npz")


@pytest.mark.parametrize(
    ("image", "levels", "expected"),
    [
        (np.array([0, 4095, 2048, 9999], np.uint16), {"white": 4095}, [0, 255, 128, 255]),
        (np.array([-1.0, 1.0, 0.0, 3.0]), {"black": -1, "white": 1}, [0, 255, 128, 255]),
        (np.array([0, 255, 7, 1], np.uint8), {"white": 4095}, [0, 255, 7, 1]),
        (np.array([False, True, True, False]), {}, [0, 255, 255, 0]),
    ],
)
def test_other_numbers_are_pixels_between_black_and_white(image, levels, expected, tmp_path):
    label = np.array(["a", "b"])
    np.savez(tmp_path / "a.npz", image=np.stack([image.reshape(2, 2)] * 2), label=label)
    frame, _ = load(tmp_path, kind="arrays", path="a.npz", **levels)
    assert frame["image"][1].ravel().tolist() == expected


@pytest.mark.parametrize(
    ("suffixes", "parts"),
    [(("{}_train", "{}_test"), ["train", "test"]), (("train_{}", "val_{}"), None)],
)
def test_arrays_in_parts_are_joined_if_there_is_a_test_part(suffixes, parts, tmp_path):
    sizes, images = (3, 2), np.random.default_rng(0).integers(0, 256, (5, 4, 4), np.uint8)
    one_hot, rows = np.eye(3)[[0, 1, 2, 2, 0]], (slice(0, 3), slice(3, 5))
    content = {s.format("x"): images[r] for s, r in zip(suffixes, rows, strict=True)}
    content |= {s.format("y"): one_hot[r] for s, r in zip(suffixes, rows, strict=True)}
    np.savez(tmp_path / "a.npz", **content)
    if parts is None:
        with pytest.raises(InputError, match="no array `x`"):
            load(tmp_path, kind="arrays", path="a.npz", image="x")
        return
    table, _ = read(
        validate("ingest", {"kind": "arrays", "path": "a.npz", "image": "x"}),
        validate("problem", {"target": "y", "task": "classification", "ids": ["part"]}),
        tmp_path,
    )
    assert table["part"].to_pylist() == np.repeat(parts, sizes).tolist()
    assert [str(label) for label in table["y"].to_pylist()] == ["0", "1", "2", "2", "0"]


def test_a_damaged_file_of_arrays_is_said(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", image=np.arange(4096).reshape(64, 8, 8), label=[0] * 64)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for bad in (content[:-300], content[:80] + bytes(9) + content[89:]):
        (tmp_path / "a.npz").write_bytes(bad)
        with pytest.raises(InputError, match=r"a.npz must be an .npz file of arrays, however: "):
            load(tmp_path, kind="arrays", path="a.npz")


def test_transparent_pixels_of_arrays_are_laid_on_white(tmp_path):
    image = np.zeros((2, 2, 6, 4), dtype=np.uint8)
    image[..., 3] = [0, 255, 128, 0, 0, 0]
    for name, stored in (("a.npz", image), ("b.npz", np.moveaxis(image, 3, 1))):
        np.savez(tmp_path / name, image=stored, label=np.array(["a", "b"]))
        frame, _ = load(tmp_path, kind="arrays", path=name)
        assert frame["image"][0][1, :3].tolist() == [[255] * 3, [0] * 3, [127] * 3]


@pytest.mark.parametrize("levels", [{"black": 3}, {"black": 3, "white": 2}])
def test_black_and_white_must_go_together(levels):
    with pytest.raises(ConfigError, match=r"params.yaml: ingest.* must have white"):
        validate("ingest", {"kind": "arrays", "path": "a.npz", **levels})


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 7, [7]),
        ("RGB", (9, 9, 9), [9]),
        ("RGB", (1, 2, 3), [1, 2, 3]),
        ("RGBA", (200, 0, 0, 0), [255]),
        ("LA", (40, 255), [40]),
        ("1", 1, [255]),
        ("I;16", 0x1234, [0x12]),
        ("CMYK", (0, 255, 255, 0), [255, 0, 0]),
    ],
)
def test_every_kind_of_file_becomes_grey_or_rgb(mode, colour, expected):
    content = io.BytesIO()
    Image.new(mode, (3, 2), colour).save(content, "TIFF")
    picture = pixels.decode(content.getvalue())
    assert picture.shape == (2, 3, len(expected))
    assert picture[0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("mode", "values", "format", "expected"),
    [
        ("F", [0, 0.5, 1], None, [0, 128, 255]),
        ("F", [0, 7, 254], None, [0, 7, 254]),
        ("F", [-1, 0, 1], None, "numbers from -1 to 1: say which are black and white"),
        ("F", [-1, 0, 1], "grey 64 -1 1", [0, 128, 255]),
        ("F", [0, np.nan, 1], None, "no numbers"),
        ("I", [0, 7, 254], None, [0, 7, 254]),
        ("I", [0, 256, 0xFFFF], None, [0, 1, 255]),
        ("I", [0, 1, 1 << 20], None, "say which are black and white"),
        ("I;16", [0, 2048, 4095], "grey 64 0 4095", [0, 128, 255]),
    ],
)
def test_pixels_of_more_than_8_bits(mode, values, format, expected):
    kind = {"F": np.float32, "I": np.int32, "I;16": np.uint16}[mode]
    content = io.BytesIO()
    Image.fromarray(np.array([values], kind)).save(content, "TIFF")
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected):
            pixels.decode(content.getvalue(), format)
    else:
        assert pixels.decode(content.getvalue(), format).ravel().tolist() == expected


def test_large_files_are_shrunk_as_the_format_says():
    content = io.BytesIO()
    Image.new("RGB", (300, 100), (10, 20, 30)).save(content, "PNG")
    assert pixels.decode(content.getvalue(), "rgb 64").shape == (21, 64, 3)
    assert pixels.decode(content.getvalue(), "grey 64").shape == (21, 64, 1)
