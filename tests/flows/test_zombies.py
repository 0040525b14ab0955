"""What is left of runs that nobody works on."""

from datetime import UTC, datetime, timedelta

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import zombies
from tests.flows.test_run import ask

NAME = "machine-that-was-off"


def at_server(url):
    return temporary_settings({PREFECT_API_URL: url})


@flow(name="nightly")
def nightly():
    """Do nothing."""


def test_of_runs_that_were_missed_only_the_last_is_caught_up(server):
    now = datetime.now(UTC)
    hourly = IntervalSchedule(interval=timedelta(hours=1), anchor_date=now - timedelta(minutes=5))
    with at_server(server), get_client(sync_client=True) as client:
        made = client.create_deployment(
            client.create_flow(nightly), NAME, schedules=[DeploymentScheduleCreate(schedule=hourly)]
        )
        by_hand = client.create_flow_run_from_deployment(made)
    since = (now - timedelta(hours=6)).isoformat()
    until = (now + timedelta(hours=3)).isoformat()
    path = f"deployments/{made}/schedule"
    ask(server, path, start_time=since, end_time=until, min_runs=9)

    def times():
        wanted = {"state": {"type": {"any_": ["SCHEDULED"]}}}
        of = {"name": {"any_": [NAME]}}
        runs = ask(server, "flow_runs/filter", flow_runs=wanted, deployments=of)
        return sorted(
            datetime.fromisoformat(run["expected_start_time"])
            for run in runs
            if run["id"] != str(by_hand.id)
        )

    before = times()
    due = [time for time in before if time <= now]
    assert len(due) >= 3
    with at_server(server):
        assert zombies.pass_over([NAME, "another"]) == len(due) - 1
    assert times() == [due[-1], *before[len(due) :]]
