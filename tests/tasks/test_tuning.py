"""The stage `tune` in a workspace: optional, resumable, its winner written into params.yaml."""

import json

import pytest

from ninefold import cli
from ninefold.config import load_params, read_yaml
from ninefold.errors import ConfigError, InputError
from tasks import engine, pipelines, status, tuning
from tasks.__main__ import run_stage
from tests.end_to_end.tables import messy, write

TRAIN = "train:\n  epochs: 2\n"
NETWORK = "network: {kind: mlp, hidden_size: 8, num_layers: 1, ensemble_size: 2}"
SPACE = """tune:
  trials: 3
  folds: 2
  space:
    train.lr: {low: 0.0001, high: 0.1, log: true}
    train.optimizer.betas: {choices: [[0.9, 0.95], [0.8, 0.99]]}
    preprocess.category.encode: {choices: [one_hot, ordinal]}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace taken as far as the audit, and tuned."""
    folder = tmp_path_factory.mktemp("tuning")
    write(messy(300, "regression"), folder / "rows.csv")
    given = ["--target", "y", "--into", str(folder), "--yes"]
    assert cli.main(["init", str(folder / "rows.csv"), *given]) == 0
    params = folder / "params.yaml"
    text = params.read_text().replace("train:\n", TRAIN).replace("network: {kind: mlp}", NETWORK)
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("tune:")]
    params.write_text("".join(lines) + SPACE)
    assert tuning.prepare(folder) == ""
    for stage in ("ingest", "validate", "featurize", "split", "audit", "tune"):
        run_stage(folder, stage)
    return folder


def report(workspace):
    return json.loads((workspace / tuning.REPORT).read_text())


def test_every_trial_is_a_row_and_a_page_shows_them(workspace):
    found = report(workspace)
    assert [trial["state"] for trial in found["trials"]] == ["complete"] * 3
    assert found["metric"] == {"name": "rmse", "higher_is_better": False}
    assert found["folds"]["count"] == 2
    page = (workspace / tuning.PAGE).read_text()
    assert "All 3 trials" in page
    assert "train.optimizer.betas" in page
    assert "Left out" not in page
    lines = (workspace / "reports" / "tuning.csv").read_text().splitlines()
    assert lines[0] == "trial,value,best"
    bests = [float(line.split(",")[2]) for line in lines[1:]]
    assert bests == sorted(bests, reverse=True)


def test_the_same_trials_again_give_the_same_bytes(workspace):
    before = (workspace / tuning.REPORT).read_bytes()
    for journal in (workspace / ".ninefold" / "tuning").iterdir():
        journal.unlink()
    run_stage(workspace, "tune")
    assert (workspace / tuning.REPORT).read_bytes() == before


def test_only_asked_for_it_runs(workspace):
    stages = engine.graph(workspace)
    assert stages["tune"].is_optional
    assert {"split", "audit", "featurize"} <= set(stages["tune"].upstream)
    assert "tune" not in engine.plan(stages, ())
    assert engine.plan(stages, ["tune"])[-1] == "tune"
    assert "evaluate" not in engine.plan(stages, ["tune"])
    assert "tune" not in status.outdated(workspace)
    assert not [dep for dep in declared(workspace)["deps"] if "test" in dep or "tasks/" in dep]


def declared(workspace):
    return read_yaml(pipelines.declaring(workspace, "tune"))["stages"]["tune"]


def test_the_winner_is_written_and_the_rest_stays(workspace):
    path = workspace / "params.yaml"
    before, text = load_params(workspace), path.read_text()
    diff = tuning.apply(workspace)
    after, found = load_params(workspace), report(workspace)
    assert found["changes"], "the seed of this test must find something better than the default"
    changed = {change["path"]: change["to"] for change in found["changes"]}
    assert after["train"].lr == changed.get("train.lr", before["train"].lr)
    betas = list(before["train"].optimizer.betas)
    assert list(after["train"].optimizer.betas) == changed.get("train.optimizer.betas", betas)
    assert after["train"].network == before["train"].network
    lost = set(text.splitlines()) - set(path.read_text().splitlines())
    assert all("train" in line or "preprocess" in line for line in lost), lost
    assert diff.startswith("--- params.yaml")
    assert "+++ params.yaml (tuned)" in diff
    path.write_text(text)


@pytest.fixture
def bare(workspace, tmp_path):
    """The same settings with neither data nor an optional stage."""
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text((workspace / name).read_text())
    return tmp_path


def test_a_wrong_space_is_found_before_any_data_is_read(bare):
    params = bare / "params.yaml"
    params.write_text(params.read_text().replace("train.lr:", "train.lrr:"))
    with pytest.raises(ConfigError, match="did you mean `lr`"):
        tuning.prepare(bare)
    assert not (bare / "tuning").exists()
    pipelines.ensure(bare, "tune")
    with pytest.raises(ConfigError, match="did you mean `lr`"):
        run_stage(bare, "tune")


def test_trials_are_written_and_an_old_workspace_gets_its_section(bare):
    assert "+  trials: 7" in tuning.prepare(bare, 7)
    assert load_params(bare)["tune"].trials == 7
    with pytest.raises(ConfigError, match=r"trials must be >= 1"):
        tuning.prepare(bare, 0)
    text = (bare / "params.yaml").read_text()
    (bare / "params.yaml").write_text(text[: text.index("tune:")])
    assert "+tune: {}" in tuning.prepare(bare)
    assert tuning.prepare(bare) == ""


def test_before_a_search_there_is_nothing_to_apply(bare):
    with pytest.raises(InputError, match="missing"):
        tuning.apply(bare)


def test_a_comment_below_a_section_stays(bare):
    params = bare / "params.yaml"
    params.write_text(params.read_text().replace("train:\n", "train:\n  # mine\n"))
    assert not [line for line in tuning.prepare(bare, 9).splitlines() if line.startswith("-  #")]
    assert "  # mine\n" in params.read_text()


def test_a_kind_that_is_default_is_written_beside_what_is_changed(bare):
    params = bare / "params.yaml"
    lines = [line for line in params.read_text().splitlines() if "network:" not in line]
    params.write_text("\n".join(lines) + "\n")
    (bare / "reports").mkdir()
    change = {"path": "train.network.num_layers", "from": 3, "to": 2}
    (bare / tuning.REPORT).write_text(json.dumps({"winner": 1, "changes": [change]}))
    tuning.apply(bare)
    network = read_yaml(params)["train"]["network"]
    assert network == {"kind": "mlp", "num_layers": 2}
