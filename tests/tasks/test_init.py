"""`ninefold init`: what it infers, what it writes, what it refuses."""

import gzip
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ninefold import cli
from ninefold.columns import to_frame
from ninefold.config import load_params, read_yaml
from ninefold.datasets import read
from ninefold.splitting import split
from tasks.commands import doctor
from tests.end_to_end.tables import messy, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def sections(workspace):
    return load_params(workspace, ("problem", "ingest", "split", "evaluate"))


def init(*arguments, code=0, capsys=None, dvc=False):
    """Call init; unless `dvc`, the folder is a DVC repository already, which saves seconds."""
    if "--into" in arguments and code == 0 and not dvc:
        folder = Path(arguments[arguments.index("--into") + 1], ".dvc")
        folder.mkdir(parents=True, exist_ok=True)
    assert cli.main(["init", *map(str, arguments), "--yes"]) == code
    return capsys.readouterr() if capsys else None


def refused(capsys, *arguments):
    said = init(*arguments, code=2, capsys=capsys).err
    assert "Traceback" not in said
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize(
    ("task", "inferred"),
    [("binary", "classification"), ("many", "classification"), ("regression", "regression")],
)
def test_a_messy_table_becomes_a_workspace(task, inferred, tmp_path, capsys):
    write(messy(200, task), tmp_path / "my data.csv")
    said = init("my data.csv", "--target", "y", "--into", "ws", capsys=capsys).out
    specs = sections(tmp_path / "ws")
    problem = specs["problem"]
    assert problem.task == inferred
    rarer = messy(200, task)["y"].value_counts().index[-1] if task == "binary" else None
    assert problem.positive == rarer
    assert problem.ids == ("customer id",)
    assert problem.time is None
    assert specs["ingest"].path == "../my data.csv"
    assert "cd ws && ninefold run" in said
    assert "signed 'up'" in said
    assert "always" in said
    assert read_yaml(tmp_path / "ws" / "expectations" / "suite.yaml")


def test_what_is_declared_stands_in_params(tmp_path):
    table = messy(300, "binary")
    write(table, tmp_path / "d.csv")
    pd.DataFrame({"row": range(300), "part": ["train", "train", "test"] * 100}).to_csv(
        "parts.csv", index=False
    )
    init(
        "d.csv", "--target", "y", "--task", "classification", "--time", "signed 'up'",
        "--group", "city", "--id", "customer id", "visits", "--horizon", "7d",
        "--available-after", "remarks", "--available-after", "is.member", "--split", "parts.csv",
        "--into", "deep/ws",
    )  # fmt: skip
    specs = sections(tmp_path / "deep/ws")
    problem = specs["problem"]
    assert problem.time == "signed 'up'"
    assert problem.group == ("city",)
    assert problem.ids == ("customer id", "visits")
    assert problem.horizon == "7d"
    assert problem.available_at == {"remarks": "after", "is.member": "after"}
    assert (specs["split"].kind, specs["split"].path) == ("given", "../../parts.csv")
    stage = read_yaml(tmp_path / "deep/ws/dvc.yaml")["stages"]["split"]
    assert "${split.path}" in stage["deps"]


def test_default_folder_is_the_current_one_and_nothing_is_overwritten(tmp_path, capsys):
    write(messy(200, "binary"), tmp_path / "d.csv")
    init("d.csv", "--target", "y")
    assert (tmp_path / ".dvc" / "config").read_text().count("false") == 3
    before = (tmp_path / "params.yaml").read_bytes()
    assert "params.yaml exists" in refused(capsys, "d.csv", "--target", "y")
    assert (tmp_path / "params.yaml").read_bytes() == before


def test_nothing_is_left_when_init_fails(tmp_path, capsys):
    write(messy(200, "binary"), tmp_path / "d.csv")
    refused(capsys, "d.csv", "--target", "nope", "--into", "ws")
    assert not (tmp_path / "ws").exists()


def test_a_time_column_is_proposed_by_name_or_order_but_not_beside_a_split_file(tmp_path):
    table = messy(200, "binary").rename(columns={"signed 'up'": "Order Date"})
    write(table, tmp_path / "d.csv")
    init("d.csv", "--target", "y", "--into", "a")
    assert sections(tmp_path / "a")["problem"].time == "Order Date"
    pd.DataFrame({"row": range(200), "part": ["train", "test"] * 100}).to_csv("p.csv", index=False)
    init("d.csv", "--target", "y", "--split", "p.csv", "--into", "b")
    assert sections(tmp_path / "b")["problem"].time is None
    birthday = table.rename(columns={"Order Date": "date of birth"})
    write(birthday, tmp_path / "e.csv")
    init("e.csv", "--target", "y", "--into", "c")
    assert sections(tmp_path / "c")["problem"].time is None


@pytest.mark.parametrize(
    ("cells", "options", "found"),
    [
        (["train", "train", "TEST", "val"], [], True),
        (["train", "train", "test", "other"], [], False),
        (["train", "train", "test", "other"], ["--split", "subset"], True),
    ],
)
def test_a_column_of_parts_is_the_split_and_no_feature(cells, options, found, tmp_path, capsys):
    table = messy(200, "binary").assign(subset=cells * 50)
    write(table, tmp_path / "d.csv")
    said = init("d.csv", "--target", "y", *options, "--into", "ws", capsys=capsys).out
    specs = sections(tmp_path / "ws")
    assert ("as `subset` says" in said) is found
    assert ("subset" in specs["problem"].ids) is found
    assert (specs["split"].part_column == "subset") is found


def test_subfolders_that_are_parts_are_no_classes(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("Train", 40), ("test", 20), ("val", 20)):
        for number in range(count):
            folder = tmp_path / "photos" / part / "ab"[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    init("photos", "--into", "ws")
    specs = sections(tmp_path / "ws")
    table, columns = read(specs["ingest"], specs["problem"], tmp_path / "ws")
    assert set(table["label"].to_pylist()) == {"a", "b"}
    parts = split(to_frame(table, columns), specs["problem"], specs["split"])
    assert [len(parts.index(part)) for part in ("train", "valid", "test")] == [40, 20, 20]


NAMES = [
    "größe (m²)", "a:b", "# no comment", "yes", "null", "1e5", "it's \"q\"", "tab\tin it", "- x",
    "${ingest.path}", "{a}", "[b]", "東京", "percent%", "back\\slash", "*star", "&anchor", "a.b.c",
]  # fmt: skip


@pytest.mark.parametrize("target", [*NAMES[:3], "yes", "${ingest.path}"])
@pytest.mark.some(3)
def test_odd_names_survive_params_and_pipeline(target, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.choice(["a", "b"], 120) for name in NAMES})
    write(table, tmp_path / "d ü.csv")
    after = [name for name in NAMES if name not in (target, "- x")]
    init("d ü.csv", "--target", target, "--available-after", *after, "--into", "ws ü")
    problem = sections(tmp_path / "ws ü")["problem"]
    assert problem.target == target
    assert set(problem.available_at) == set(after)


@pytest.mark.parametrize("suffix", [".csv.gz", ".parquet", ".tsv"])
def test_other_file_formats(suffix, tmp_path):
    table = messy(200, "regression")
    path = tmp_path / f"d{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    elif suffix == ".tsv":
        table.to_csv(path, sep="\t", index=False)
    else:
        path.write_bytes(gzip.compress(table.to_csv(index=False).encode()))
    init(path, "--target", "y", "--into", "ws")
    assert sections(tmp_path / "ws")["problem"].task == "regression"


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1] * 60, "classification"),
        ([0.5, 1.5] * 60, "classification"),
        (list(range(1, 6)) * 24, "classification"),
        (list(range(120)), "regression"),
        ([0.1 * i for i in range(10)] * 12, "regression"),
        (["True", "False"] * 60, "classification"),
        (["red", "green", "blue"] * 40, "classification"),
    ],
)
def test_the_task_is_told_by_the_target(values, task, tmp_path):
    write(pd.DataFrame({"x": np.arange(120) % 7, "t": values}), tmp_path / "d.csv")
    init("d.csv", "--target", "t", "--into", "ws")
    assert sections(tmp_path / "ws")["problem"].task == task


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (None, [], "missing"),
        ("", [], "empty"),
        ("a,y\n", [], "row"),
        ("a,a,y\n1,2,3\n", [], "a"),
        ("a,y\n1,2\n3,2\n", [], "one class|at least two"),
        ("a,y\n1,\n3,\n", [], "y"),
        ("a,y\n1,x\n3,z\n", ["--task", "regression"], "numbers"),
        ("a,y\n1,x\n3,z\n", ["--time", "b"], "--time must name a column"),
        ("a,y\n1,x\n3,z\n", ["--id", "y"], "must not name the target"),
        ("a,y\n1,x\n3,z\n", ["--horizon", "7d"], "--horizon needs --time"),
        ("a,y\n1,x\n3,z\n", ["--time", "a", "--horizon", "a week"], "duration"),
        ("a,y\n1,x\n3,z\n", ["--split", "nope.csv"], "nope.csv is missing"),
        ("part,y\n1,x\n3,z\n", ["--split", "prat"], "prat is missing .did you mean `part`"),
    ],
)
def test_bad_input_is_one_clear_line(text, options, said, tmp_path, capsys):
    if text is not None:
        (tmp_path / "d.csv").write_text(text)
    assert re.search(said, refused(capsys, "d.csv", "--target", "y", *options, "--into", "ws"))
    assert not (tmp_path / "ws").exists()


def test_without_a_target_the_columns_are_listed_and_a_folder_has_one(tmp_path, capsys):
    (tmp_path / "d.csv").write_text("size,y\n1,a\n2,b\n")
    assert "(one of size, y)" in refused(capsys, "d.csv")
    rng = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(30):
            pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{i}.png")
    init("pictures", "--into", "ws")
    assert load_params(Path("ws"), ("problem",))["problem"].target == "label"
    (tmp_path / "none").mkdir()
    assert "none must hold image files" in refused(capsys, "none", "--into", "w2")


def test_names_of_image_files_that_are_not_there_are_read_as_text(tmp_path, capsys):
    names = [f"scans/{'ab'[i % 2]}/{i}.png" for i in range(60)]
    lines = [f"{name},{i * i % 17},{i % 2}" for i, name in enumerate(names)]
    (tmp_path / "d.csv").write_text("\n".join(["scan,size,y", *lines]) + "\n")
    said = init("d.csv", "--target", "y", "--into", "w1", capsys=capsys).out
    assert "`scan` names image files of which none is in" in said
    assert sections(Path("w1"))["ingest"].kind == "file"
    wanted = ("--target", "y", "--image-path", "scan", "--into", "w2")
    assert "every file must hold a whole image" in refused(capsys, "d.csv", *wanted)
    rng = np.random.default_rng(0)
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).save(tmp_path / name)
    init("d.csv", "--target", "y", "--into", "w3")
    assert sections(Path("w3"))["ingest"].kind == "image_table"


def test_arrays_of_no_known_kind_are_described(tmp_path, capsys):
    np.savez("d.npz", image=np.zeros((9, 4, 4, 3, 2)), y=np.zeros(9))
    said = refused(capsys, "d.npz", "--target", "y")
    assert "`image` float64 (9, 4, 4, 3, 2), `y` float64 (9,)" in said


def test_arrays_that_were_split_need_no_target_and_no_split(tmp_path, capsys):
    rng = np.random.default_rng(0)
    content = {"x_train": rng.integers(0, 256, (60, 6, 6), np.uint8), "y_train": [0, 1] * 30}
    content |= {"x_test": rng.integers(0, 256, (30, 6, 6), np.uint8), "y_test": [0, 1] * 15}
    np.savez("d.npz", **content)
    assert "target    y: 2 classes" in init("d.npz", "--into", "ws", capsys=capsys).out
    found = sections(Path("ws"))
    assert (found["problem"].target, found["split"].column) == ("y", "part")
    np.savez("e.npz", image=content["x_train"], **dict.fromkeys(("age", "sex"), content["y_train"]))
    assert "(one of age, sex)" in refused(capsys, "e.npz")
    assert init("d.npz", "--target", "y_train", "--into", "named", capsys=capsys).out


@pytest.mark.parametrize(("scale", "said"), [(4000, 4095), (60000, None)])
def test_image_files_of_twelve_bits_say_what_white_is(scale, said, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(80):
        folder = tmp_path / "pictures" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        deep = rng.integers(0, scale, (6, 6), np.uint16)
        Image.fromarray(deep).save(folder / f"{number}.png")
    init("pictures", "--into", "ws")
    assert read_yaml(Path("ws", "params.yaml"))["ingest"].get("white") == said


def test_no_impossible_advice_for_targets_of_two_kinds(tmp_path, capsys):
    lines = [f"{i}.5,{'ab'[i % 2]},{i}" for i in range(60)]
    (tmp_path / "d.csv").write_text("\n".join(["p,g,x", *lines]) + "\n")
    said = refused(capsys, "d.csv", "--target", "p", "--target", "g")
    assert "Predict together those alike" in said
    assert "--task" not in said


def test_a_target_of_names_is_refused(tmp_path, capsys):
    write(messy(300, "binary"), tmp_path / "d.csv")
    said = refused(capsys, "d.csv", "--target", "customer id")
    assert "classes that repeat" in said
    assert "regression" not in said


def test_inside_git_the_workspace_is_a_dvc_repository_of_its_own(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    write(messy(200, "binary"), tmp_path / "d.csv")
    init("d.csv", "--target", "y", "--into", "sub/ws", dvc=True)
    assert (tmp_path / "sub/ws/.dvc/config").exists()
    assert "no_scm" not in (tmp_path / "sub/ws/.dvc/config").read_text()


def test_a_git_that_comes_later_leaves_the_cache_and_outputs_alone(tmp_path):
    write(messy(200, "binary"), tmp_path / "d.csv")
    init("d.csv", "--target", "y", "--into", "ws", dvc=True)
    (tmp_path / "ws/.dvc/cache/files").mkdir(parents=True)
    (tmp_path / "ws/.dvc/cache/files/some").touch()
    for name in ("data/raw.parquet", "models/network/weights", "reports/metrics.json"):
        (tmp_path / "ws" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ws" / name).touch()
    git = ["git", "-C", str(tmp_path / "ws")]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    staged = subprocess.run([*git, "ls-files", ".dvc"], check=True, capture_output=True, text=True)
    assert staged.stdout.split() == [".dvc/.gitignore", ".dvc/config"]
    outs = [*git, "ls-files", "data", "models", "reports"]
    staged = subprocess.run(outs, check=True, capture_output=True, text=True)
    assert staged.stdout.split() == ["reports/metrics.json"]
    assert next(doctor.CHECKS[-1](tmp_path / "ws")).text.endswith("then commit .dvc/config")


def data_deps(stage):
    """Return the deps of a stage that are data or rules, without those that are code."""
    return [d for d in stage.get("deps", []) if not is_code(d)]


def is_code(path):
    return path.split("/")[0] in ("ninefold", "tasks") or (
        path.split("/")[0] == "expectations" and not path.endswith(".yaml")
    )


def test_template_and_root_pipeline_agree():
    template = read_yaml(ROOT / "tasks" / "templates" / "dvc.yaml")
    root = read_yaml(ROOT / "dvc.yaml")
    assert template.get("plots") == root.get("plots")
    assert list(template["stages"]) == list(root["stages"])
    for name, stage in root["stages"].items():
        other = template["stages"][name]
        for key in ("cmd", "desc", "params", "outs", "metrics", "plots", "meta"):
            assert other.get(key) == stage.get(key), (name, key)
        added = ["${ingest.path}"] if name == "ingest" else []
        suite = {"expectations/flights.yaml": "expectations/suite.yaml"}
        assert other.get("deps", []) == added + [suite.get(d, d) for d in data_deps(stage)], name
