"""What `ninefold schedule` says of its runs: each turn once, also of runs it did not start."""

from datetime import UTC, datetime, timedelta

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending, Running, Scheduled

from flows.telling import Settings, Teller

NAME = "told-of"
DVC_YAML = "stages: {r: {cmd: x, outs: [reports/report.html: {cache: false}]}}\n"


@flow(name="training")
def nightly():
    """Do nothing."""


def test_each_turn_of_a_run_is_said_once(server, tmp_path):
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    said = []
    with temporary_settings({PREFECT_API_URL: server}), get_client(sync_client=True) as client:
        made = client.create_deployment(client.create_flow(nightly), NAME)

        def put(state, run=None):
            run = run or client.create_flow_run_from_deployment(made, state=Scheduled()).id
            client.set_flow_run_state(run, state, force=True)
            return run

        put(Crashed(message="long ago"))
        teller = Teller(tmp_path, [NAME], said.append)
        teller.begin(client)
        first = put(Running())
        teller.look(client)
        teller.look(client)
        put(Cancelled(message="the run before goes on"))
        put(Cancelled(message="the run before goes on"))
        put(Pending())
        teller.look(client)
        put(Completed(message="3 executed, held version 3f2a9c"), first)
        put(Failed(name="Gate stopped", message="validate: row 7\n  because"))
        put(Crashed(message="its process was killed"))
        client.create_flow_run(nightly, state=Failed(message="of no deployment"))
        teller.look(client)
        teller.look(client)
    told = [line.split("training   ")[-1].replace("after 0 s", "after 1 s") for line in said]
    assert told == [
        "started",
        "left out: the run before goes on",
        "completed after 1 s: 3 executed, held version 3f2a9c",
        "  Look at reports/report.html",
        "gate stopped after 1 s: validate: row 7",
        "    because",
        "crashed after 1 s: its process was killed",
    ]
    at = datetime.fromisoformat(said[0][:19]).astimezone()
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=5)


def test_params_that_schedule_something_else_are_told_of_once(tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("schedule: {training: {every: 1h}}\n")
    settings = Settings(tmp_path)
    assert settings.change() is None
    params.write_text("schedule: {training: {every: 1h}}\ntrain: {}\n")
    assert settings.change() is None
    params.write_text("schedule: {training: {every: 2h}}\ntrain: {}\n")
    assert "start it anew" in settings.change()
    assert settings.change() is None
    params.write_text("schedule: {training: {every: soon}}\n")
    assert "Runs fail until it is mended" in settings.change()
    params.unlink()
    assert "params.yaml" in settings.change()
