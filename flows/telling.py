"""What becomes of scheduled runs, said where `ninefold schedule` runs, a line for each turn.

The server is asked, not the processes: so runs that an automation began, that were left out or that
somebody killed are told as well.
"""

import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.states import was_left_out
from ninefold.config import load_params, read_yaml
from ninefold.errors import NinefoldError
from tasks import tuning

LOOK_S = 3.0
LATELY = timedelta(minutes=10)
LIMIT = 100
IN_WORDS = {"Deployment concurrency limit reached.": "the run before it goes on"}
RAISED = "Flow run encountered an exception: "


class Settings:
    """Says once that params.yaml schedules something else, or cannot be read any more."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._stamp = self._now()
        self._spec = load_params(workspace, ["schedule"])["schedule"]

    def change(self) -> str | None:
        """Return what a person is to know since the last call."""
        before, self._stamp = self._stamp, self._now()
        if before == self._stamp:
            return None
        try:
            spec = load_params(self._workspace, ["schedule"])["schedule"]
        except NinefoldError as error:
            return f"{error}. Runs fail until it is mended"
        if spec == self._spec:
            return None
        self._spec = spec
        return "params.yaml: schedule changed; end `ninefold schedule` and start it anew to follow"

    def _now(self) -> tuple[int, ...] | None:
        with contextlib.suppress(OSError):
            found = (self._workspace / "params.yaml").stat()
            return found.st_mtime_ns, found.st_size, found.st_ino
        return None


def follow(workspace: Path, deployments: Sequence[str], write: Callable[[str], None]) -> None:
    """Say from now on, in a thread of its own, what becomes of the runs of these deployments."""
    teller = Teller(workspace, deployments, write)
    context = contextvars.copy_context()
    threading.Thread(
        target=context.run, args=[teller.follow, Settings(workspace)], daemon=True
    ).start()


class Teller:
    """Says of each flow run once that it started, and once how it ended."""

    def __init__(
        self, workspace: Path, deployments: Sequence[str], write: Callable[[str], None]
    ) -> None:
        self._workspace, self._write = workspace, write
        self._deployments = DeploymentFilter(name=DeploymentFilterName(any_=list(deployments)))
        self._names: dict[UUID, str] = {}
        self._started: set[UUID] = set()
        self._ended: set[UUID] = set()
        self._left_out: set[str] = set()

    def follow(self, settings: Settings) -> None:
        """Look again and again; a server that does not answer is asked again."""
        with get_client(sync_client=True) as client:
            with contextlib.suppress(Exception):
                self.begin(client)
            while True:
                time.sleep(LOOK_S)
                if (changed := settings.change()) is not None:
                    self._say(None, "", changed)
                with contextlib.suppress(Exception):
                    self.look(client)

    def begin(self, client: SyncPrefectClient) -> None:
        """Leave aside what happened before."""
        self._started = {run.id for run in self._running(client)}
        self._ended = {run.id for run in self._ended_lately(client)}

    def look(self, client: SyncPrefectClient) -> None:
        """Say what happened since the last look."""
        lately, running = self._ended_lately(client), self._running(client)
        ended = [run for run in lately if run.id not in self._ended]
        started = [run for run in running if run.id not in self._started]
        self._ended, self._started = {run.id for run in lately}, {run.id for run in running}
        for run in sorted(ended, key=lambda run: str(run.end_time)):
            self._tell_end(run, self._name(client, run))
        for run in started:
            self._say(run.start_time, self._name(client, run), "started")

    def _running(self, client: SyncPrefectClient) -> list[FlowRun]:
        running = FlowRunFilterStateType(any_=[StateType.RUNNING])
        return self._read(client, FlowRunFilter(state=FlowRunFilterState(type=running)))

    def _ended_lately(self, client: SyncPrefectClient) -> list[FlowRun]:
        lately = FlowRunFilterEndTime(after_=datetime.now(UTC) - LATELY)
        return self._read(client, FlowRunFilter(end_time=lately))

    def _read(self, client: SyncPrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
        return client.read_flow_runs(
            deployment_filter=self._deployments,
            flow_run_filter=wanted,
            sort=FlowRunSort.END_TIME_DESC,
            limit=LIMIT,
        )

    def _name(self, client: SyncPrefectClient, run: FlowRun) -> str:
        if run.flow_id not in self._names:
            self._names[run.flow_id] = client.read_flow(run.flow_id).name
        return self._names[run.flow_id]

    def _tell_end(self, run: FlowRun, flow: str) -> None:
        state = run.state
        if state is None:
            return
        message = (state.message or "no reason is known").removeprefix(RAISED)
        message = IN_WORDS.get(message, message)
        if was_left_out(run):
            if flow not in self._left_out:
                self._say(run.end_time, flow, f"left out: {message}")
            self._left_out.add(flow)
            return
        self._left_out.discard(flow)
        took = run.total_run_time.total_seconds()
        said = f"{str(state.name).lower()} after {took:.0f} s: {message}"
        page = self._page(flow) if state.is_completed() else None
        self._say(run.end_time, flow, said if page is None else f"{said}\nLook at {page}")

    def _page(self, flow: str) -> Path | None:
        """Return the page that a flow wrote, unless its message names it."""
        if flow == "tuning":
            return tuning.PAGE
        with contextlib.suppress(NinefoldError, AttributeError):
            for stage in read_yaml(self._workspace / "dvc.yaml")["stages"].values():
                for out in stage.get("outs", ()):
                    path = Path(str(next(iter(out)) if isinstance(out, dict) else out))
                    if flow == "training" and path.name == "report.html":
                        return path
        return None

    def _say(self, at: datetime | None, flow: str, text: str) -> None:
        moment = (at or datetime.now(UTC)).astimezone()
        first, *more = text.splitlines()
        self._write(f"{moment:%Y-%m-%d %H:%M:%S}  {flow:<10} {first}")
        for line in more:
            self._write(f"  {line}")
