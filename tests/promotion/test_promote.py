"""What a challenger must show, and what a decision leaves behind."""

import onnx
import pytest

from ninefold.errors import GateError, InputError
from ninefold.files import read_json
from ninefold.promotion.registry import Registry
from ninefold.sealing import read_ledger
from ninefold.target import Target
from tasks.promoting import promote, rollback
from tests.promotion.models import Workspace, model


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def registry(workspace):
    return Registry(workspace.folder / "registry")


def test_the_first_model_with_a_receipt_is_promoted(workspace, registry):
    sha256 = workspace.export()
    outcome = promote(workspace.folder)
    assert outcome.action == "promote"
    assert registry.production().sha256 == sha256
    assert registry.content(sha256) == (workspace.folder / "models/model.onnx").read_bytes()
    assert any("no tag" in text for text in outcome.tags)
    assert promote(workspace.folder).action == "unchanged"
    assert len(registry.history()) == 1
    assert not (workspace.folder / "test_ledger.jsonl").exists()


def test_a_better_challenger_is_promoted_and_a_rollback_brings_the_old_one_back(
    workspace, registry
):
    old = workspace.export(noise=2.0)
    promote(workspace.folder)
    new = workspace.export()
    outcome = promote(workspace.folder)
    assert outcome.action == "promote", outcome.reasons
    record = read_json(workspace.folder / "reports" / "promotion.json")
    gain = record["evidence"]["gain"]
    assert 0 < gain["low"] < gain["value"] < gain["high"]
    assert record["previous"] == old
    assert {entry["level"] for entry in record["evidence"]["slices"]} == {"a", "b"}

    assert rollback(workspace.folder, because="it lied").action == "rollback"
    assert registry.production().sha256 == old
    assert registry.history()[-1].because == "it lied"
    # What was taken back does not come again by itself.
    held = promote(workspace.folder)
    assert held.action == "hold"
    assert "rolled back from" in held.reasons[-1]
    assert registry.production().sha256 == old
    assert promote(workspace.folder, because="mended").action == "promote"
    assert registry.production().sha256 == new


def test_a_rollback_that_was_cut_short_is_completed_not_repeated(workspace, registry, monkeypatch):
    first = workspace.export(noise=3.0)
    promote(workspace.folder)
    second = workspace.export(noise=2.0)
    promote(workspace.folder, because="ordered")
    workspace.export()
    promote(workspace.folder, because="ordered")

    def killed(*_):
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr("tasks.promoting.tag", killed)
        with pytest.raises(SystemExit):
            rollback(workspace.folder)
    assert registry.production().sha256 == second
    outcome = rollback(workspace.folder)
    assert (outcome.action, registry.production().sha256) == ("rollback", second)
    assert "killed" in outcome.reasons[0]
    assert rollback(workspace.folder).action == "rollback"
    assert registry.production().sha256 == first


@pytest.mark.parametrize(
    ("quality", "action", "said"),
    [
        ({"noise": 2.0}, "reject", "worse"),
        ({"noise": 0.02}, "hold", "whole interval must lie above 0"),
        ({"upside_down": "b"}, "reject", "slice `city` = b"),
        ({"scale": 40.0}, "hold", "calibration"),
        ({"receipt": False, "noise": 0.1}, "reject", "batch_7: flips"),
    ],
)
def test_a_challenger_that_is_no_better_is_not_promoted(workspace, registry, quality, action, said):
    champion = workspace.export()
    promote(workspace.folder)
    workspace.params("{margin: 0.2}" if "scale" in quality or "upside_down" in quality else "{}")
    workspace.export(**quality)
    outcome = promote(workspace.folder)
    assert outcome.action == action, outcome.reasons
    assert any(said in reason for reason in outcome.reasons), outcome.reasons
    assert registry.production().sha256 == champion
    assert registry.history()[-1].action == action
    # A nightly run that decides the same again adds no line.
    promote(workspace.folder)
    assert len(registry.history()) == 2
    forced = promote(workspace.folder, because="I know better")
    assert forced.action == ("promote" if action == "hold" else "reject")


def test_a_margin_lets_an_equal_model_through(workspace):
    workspace.export()
    promote(workspace.folder)
    workspace.params("{margin: 0.05}")
    workspace.export(noise=0.02)
    assert promote(workspace.folder).action == "promote"


def test_the_time_for_a_row_has_a_budget(workspace):
    workspace.params("{latency_ms: 0.0001}")
    workspace.export()
    outcome = promote(workspace.folder)
    assert outcome.action == "reject"
    assert "promote.latency_ms" in outcome.reasons[0]


def test_a_file_without_its_receipt_is_rejected(workspace, tmp_path):
    workspace.export()
    own = tmp_path / "own.onnx"
    own.write_bytes((workspace.folder / "models" / "model.onnx").read_bytes())
    assert promote(workspace.folder, own).action == "promote"
    workspace.export(noise=0.5)
    other = tmp_path / "other.onnx"
    other.write_bytes((workspace.folder / "models" / "model.onnx").read_bytes())
    workspace.export(noise=0.1)
    outcome = promote(workspace.folder, other)
    assert outcome.action == "reject"
    assert "no export receipt" in outcome.reasons[0]


def test_a_champion_from_another_test_part_is_scored_on_the_present_one_and_counted(workspace):
    workspace.export(noise=2.0)
    promote(workspace.folder)
    workspace.split(seed=1)
    workspace.export()
    outcome = promote(workspace.folder)
    assert outcome.action == "promote", outcome.reasons
    assert "counted in the ledger" in outcome.reasons[0]
    (opening,) = read_ledger(workspace.folder / "test_ledger.jsonl")
    assert (opening.test, opening.model) == (workspace.sealed["rows_sha256"], "2.0")
    assert 0.5 < opening.value < 1
    assert opening.standard_error > 0


def test_models_that_cannot_be_compared_are_held(workspace):
    workspace.export()
    promote(workspace.folder)
    other = {"head": None}
    workspace.export(**other)
    outcome = promote(workspace.folder)
    assert outcome.action == "hold"
    assert "no metric" in outcome.reasons[0]


def test_a_retrain_whose_positive_class_is_the_other_is_compared_all_the_same(workspace):
    """It is the rarer class of the train rows, and new rows may turn that."""
    workspace.export(noise=2.0)
    promote(workspace.folder)
    workspace.export(target=Target("y", "classification", ("yes", "no")))
    outcome = promote(workspace.folder)
    assert outcome.action == "promote", outcome.reasons
    assert any("is 'no'; the champion's is 'yes'" in text for text in outcome.reasons)
    workspace.export(target=Target("y", "classification", ("maybe", "yes")))
    assert "must be the champion's ('yes', 'no')" in promote(workspace.folder).reasons[0]


def test_a_test_part_that_was_touched_stops(workspace):
    workspace.export()
    path = workspace.folder / "data" / "splits" / "test.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(GateError, match="as the split sealed it"):
        promote(workspace.folder)


def test_what_is_no_model_is_one_line(workspace, tmp_path):
    bare = onnx.load_from_string(model())
    del bare.metadata_props[:]
    (tmp_path / "bare.onnx").write_bytes(bare.SerializeToString())
    with pytest.raises(InputError, match="it has no signature"):
        promote(workspace.folder, tmp_path / "bare.onnx")
    workspace.export()
    (tmp_path / "bad.onnx").write_bytes(b"no")
    with pytest.raises(InputError, match="must be a model"):
        promote(workspace.folder, tmp_path / "bad.onnx")
    with pytest.raises(InputError, match="cannot be read"):
        promote(workspace.folder, tmp_path / "none.onnx")
    with pytest.raises(InputError, match="in production before"):
        rollback(workspace.folder)
    (tmp_path / "data" / "splits" / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="how the test part was sealed"):
        promote(workspace.folder)


def test_what_was_held_is_compared_again_only_on_other_grounds(workspace, registry):
    workspace.export()
    promote(workspace.folder)
    workspace.export(noise=0.02)
    held = promote(workspace.folder, anew=False)
    assert (held.action, held.since) == ("hold", None)
    record = workspace.folder / "reports" / "promotion.json"
    record.unlink()
    again = promote(workspace.folder, anew=False)
    assert (again.action, again.since) == ("hold", registry.history()[-1].time)
    assert "nothing has changed since" in again.lines()[0]
    assert not record.exists()
    # A person who asks gets an answer, and so does who changes what it rests on.
    assert promote(workspace.folder).reasons == held.reasons
    assert len(registry.history()) == 2
    workspace.params("{margin: 0.05}")
    assert promote(workspace.folder, anew=False).action == "promote"
    other = workspace.export(noise=0.03)
    workspace.params("{latency_ms: 0.0001}")
    for _ in range(2):
        slow = promote(workspace.folder, anew=False)
        assert (slow.action, slow.since) == ("reject", None)
    assert registry.decided(other).action == "reject"


def test_the_test_part_is_checked_also_where_nothing_is_compared(workspace):
    workspace.export()
    promote(workspace.folder)
    workspace.export(noise=0.02)
    assert promote(workspace.folder, anew=False).action == "hold"
    path = workspace.folder / "data" / "splits" / "test.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(GateError):
        promote(workspace.folder, anew=False)
