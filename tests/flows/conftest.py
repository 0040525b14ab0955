"""One Prefect server for all flow tests, on a database that is migrated once per version."""

import shutil
from importlib.metadata import version

import pytest


@pytest.fixture(scope="session")
def server(request, tmp_path_factory):
    """The address of a running server; every process started meanwhile uses it."""
    from flows.server import Server

    home = tmp_path_factory.mktemp("prefect")
    kept = request.config.cache.mkdir(f"prefect-{version('prefect')}") / "prefect.db"
    if kept.is_file():
        shutil.copy(kept, home / "prefect.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(home))
        patch.delenv("PREFECT_API_URL", raising=False)
        running = Server()
        running.wait()
        if not kept.is_file():
            shutil.copy(home / "prefect.db", kept)
        patch.setenv("PREFECT_API_URL", running.url)
        yield running.url
        running.stop()
