"""One deployment from a batch that drifts to a model in production, killed at every step of it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

import httpx
import pytest

from ninefold import journal
from ninefold.promotion.registry import Registry
from tests.end_to_end.commands import ninefold
from tests.end_to_end.servers import serving
from tests.end_to_end.tables import messy, write
from tests.end_to_end.test_interruption import HOLDING
from tests.flows.test_run import ask
from tests.flows.test_schedule import home, interrupt, until
from tests.pipelines import environment

MORE = """\
promote: {after_training: true}
monitor: {retrain: {on: block, cooldown: 1h}}
schedule:
  score: {every: 8s, inputs: [incoming], output: scored, model: registry}
"""
RETRAIN_S = 500
SIZE = "Größe (m²)"


def drifted(rows):
    """Return rows unlike those of training."""
    table = messy(rows, "binary", seed=7)
    return table.assign(**{SIZE: table[SIZE] + 40}).drop(columns="y")


def turned(rows):
    """Return rows in which the outcome is the opposite of what it was."""
    table = messy(rows, "binary", seed=1)
    return table.assign(y=table["y"].map({"yes": "no", "no": "yes"}))


@pytest.fixture
def workspace(finished, tmp_path):
    made = tmp_path / "w"
    shutil.copytree(finished, made)
    with (made / "params.yaml").open("a") as file:
        file.write(MORE)
    (made / "incoming").mkdir()
    return made


def killing(folder, names):
    """Return an environment in which processes are killed when `names` are about to be there."""
    folder.mkdir(exist_ok=True)
    path = os.pathsep.join([str(HOLDING), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path, "KILL_AT": names, "HELD": str(folder)}


@contextlib.contextmanager
def scheduling(workspace, settings):
    """Run `ninefold schedule`; yield its process and the address of its server."""
    command = [sys.executable, "-m", "ninefold", "schedule"]
    process = subprocess.Popen(
        command, cwd=workspace, env=settings, stdout=subprocess.PIPE, text=True
    )
    try:
        said = [process.stdout.readline().split() for _ in range(3)]
        assert [line[0] for line in said] == ["training", "score", "server"]
        yield process, said[2][1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stdout.close()


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_a_drifted_batch_ends_in_a_new_model_whatever_is_killed(request, workspace, tmp_path):
    registry, killed = Registry(workspace / "registry"), tmp_path / "killed"
    ninefold("promote", cwd=workspace)
    old = registry.production()
    settings = {k: v for k, v in environment().items() if k != "PREFECT_API_URL"}
    settings |= home(request, tmp_path) | killing(killed, "monday.parquet:production.json")
    write(drifted(300), workspace / "incoming" / "monday.csv")
    write(turned(300), workspace / "rows.csv")

    with (
        serving(workspace, "--production") as url,
        scheduling(workspace, settings) as (process, server),
    ):

        def answers():
            return httpx.get(f"{url}/v2/models/model").json()["versions"][0]

        def runs(flow, state):
            wanted = {"state": {"name": {"any_": [state]}}}
            return ask(
                server, "flow_runs/filter", flows={"name": {"any_": [flow]}}, flow_runs=wanted
            )

        # The first run that scores and the retrain are killed, each when nearly done.
        until(lambda: runs("score", "Scored"))
        assert runs("score", "Crashed")
        assert (workspace / "scored" / "monday.parquet").is_file()
        (retrain,) = until(lambda: runs("training", "Crashed"), RETRAIN_S)
        assert retrain["created_by"]["type"] == "AUTOMATION"
        assert {path.name for path in killed.iterdir()} == {"monday.parquet", "production.json"}
        assert registry.production() == old
        assert answers() == old.version

        # What the retrain made is there: the next run promotes it. No other one was started.
        done = ninefold("run", cwd=workspace, PREFECT_API_URL=server)
        new = registry.production()
        assert f"11 cached, 1 executed, promoted version {new.version}" in done.stdout
        assert new.facts["challenger"] > new.facts["champion"]
        until(lambda: answers() == new.version)
        told = workspace / ".ninefold" / "retrains.jsonl"
        assert [line["what"] for line in journal.read(told)] == ["start", "run"]
        # The new model scores the drifted rows anew.
        held = "no retrain: the last retrain began"
        until(lambda: [run for run in runs("score", "Scored") if held in run["state"]["message"]])
        assert [line["what"] for line in journal.read(told)] == ["start", "run"]
        events = ask(server, "events/filter", filter={"event": {"name": ["ninefold.drift"]}})
        assert events["events"][0]["resource"]["ninefold.verdict"] == "block"

        ninefold("rollback", cwd=workspace, code=-9, **killing(tmp_path / "too", "production.json"))
        assert registry.production() == new
        assert f"rolled back to version {old.version}" in ninefold("rollback", cwd=workspace).stdout
        until(lambda: answers() == old.version)
        done = ninefold("run", cwd=workspace, PREFECT_API_URL=server)
        assert f"held version {new.version}" in done.stdout
        assert answers() == old.version
        interrupt(process, server)
