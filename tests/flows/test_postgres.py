"""Schedules on PostgreSQL, where the machine has it: a real server, migrated from nothing."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.flows.test_schedule import interrupt, runs, serve, until
from tests.flows.test_schedule import workspace as workspace
from tests.pipelines import environment

CONTROL = shutil.which("pg_ctl")
URL = "PREFECT_SERVER_DATABASE_CONNECTION_URL"


@contextlib.contextmanager
def cluster():
    """Run a database server of its own; it must not be root who does."""
    user = pwd.getpwnam("postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    folder = Path(tempfile.mkdtemp(prefix="ninefold-postgres-"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    programs = Path(CONTROL).resolve().parent
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def run(program, *arguments):
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            user=user.pw_uid, group=user.pw_gid, cwd=folder, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    run("initdb", "-U", "ninefold", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
    run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", options)
    try:
        yield f"postgresql+asyncpg://ninefold@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder)


@pytest.mark.thorough
@pytest.mark.skipif(CONTROL is None, reason="PostgreSQL is not installed")
def test_a_scheduled_run_fires_on_postgresql(workspace, tmp_path):
    settings = {k: v for k, v in environment().items() if k != "PREFECT_API_URL"}
    settings |= {"PREFECT_HOME": str(tmp_path), "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    workspace.write("quick", "")
    with cluster() as url:
        serving, server = serve(workspace, settings | {URL: url})
        (run,) = until(lambda: runs(server, "COMPLETED"))
        assert run["auto_scheduled"]
        assert workspace.read("out.txt") == "data\n"
        assert not (tmp_path / "prefect.db").exists()
        interrupt(serving, server)
