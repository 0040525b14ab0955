"""The training flow puts what it made in production, where params.yaml says so."""

import json

from ninefold.promotion.registry import Registry
from tests.flows.test_run import last_run, ninefold
from tests.promotion.test_tagging import Repository, git


def test_a_run_promotes_with_tags_and_rejects_what_is_worse(server, tmp_path):
    workspace = Repository(tmp_path, tmp_path)
    path = tmp_path / "dvc.yaml"
    trivial = "echo {} > reports/evaluation.json"
    path.write_text(path.read_text().replace("exec python -m tasks evaluate", trivial))
    registry = Registry(tmp_path / "registry")

    def run(**quality):
        workspace.next(**quality)
        done = ninefold(workspace, "run")
        assert done.returncode == 0, done.stderr
        states = last_run(server, workspace)[1]
        return done.stdout, states.get("promote"), registry.production()

    workspace.params("{after_training: true}")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    said, state, first = run(noise=0.0)
    assert (state, first.action) == ("Promoted", "promote")
    assert f"promoted version {first.version}" in said
    assert "tags model@v0.0.1 and model#production#1" in said
    said, state, second = run(noise=1.0)
    assert state == "Rejected"
    assert second == first
    assert "rejected version" in said
    assert said.splitlines()[-1].endswith(" s")
    told = last_run(server, workspace)[0]["state"]["message"].splitlines()
    record = json.loads((tmp_path / "reports" / "promotion.json").read_text())
    assert told[0].endswith(f"rejected version {record['sha256'][:12]}")
    assert any(line.endswith(": worse") for line in told[1:])
    assert record["evidence"]["gain"]["high"] < 0
    said, state, _ = run(noise=1.0)
    assert state == "Rejected"
    assert f"as decided at {record['time']}: nothing has changed since" in said
