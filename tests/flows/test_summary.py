"""What a run says at its end, from the reports it left."""

import json

import pytest

from flows.summary import lines
from tasks.engine import StageInfo


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        ([], "pass (3 of 3 expectations met)"),
        ([["Rome"], ["Rome"], []], "warn (0 of 3 expectations met; not: Rome; whole table)"),
    ],
)
def test_the_columns_whose_rules_failed_are_named(failed, said, tmp_path):
    items = [{"success": False, "columns": names} for names in failed]
    items += [{"success": True, "columns": ["a"]}] * (3 - len(failed))
    path = tmp_path / "quality.json"
    path.write_text(json.dumps({"verdict": said[:4], "expectations": items}))
    stage = StageInfo("validate", "", "", (), (path,), 0, is_frozen=False)
    assert list(lines(tmp_path, {"validate": stage})) == [f"quality    {said}"]


@pytest.mark.parametrize(("task", "said"), [("generation", "sample"), ("regression", "predict")])
def test_what_comes_next_suits_the_task(task, said, tmp_path):
    evaluation, model = tmp_path / "evaluation.json", tmp_path / "model.onnx"
    evaluation.write_text(json.dumps({"task": task}))
    model.touch()
    stage = StageInfo("export", "", "", (), (evaluation, model), 0, is_frozen=False)
    assert f"ninefold {said} …" in list(lines(tmp_path, {"export": stage}))[-1]
