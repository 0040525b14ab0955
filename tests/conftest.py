"""Settings every test shares."""

import inspect
import os
import shutil
from importlib.metadata import version

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests import operators

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

QUICK = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=30,
)
settings.register_profile("quick", QUICK)
settings.register_profile("thorough", QUICK, max_examples=100)
settings.load_profile("quick")
# What a client waits for an answer unless it is told otherwise: busy machines take more than 5 s.
PATIENCE = inspect.signature(httpx.get).parameters["timeout"].default
PATIENCE.connect = PATIENCE.read = PATIENCE.write = PATIENCE.pool = 60.0
TOGETHER = ("finished", "server")
"""Fixtures that are costly to build: files whose tests use them run in one process each."""
TOGETHER_FOLDERS = {"report", "serving"}
"""Folders whose files share what is built once."""
FIRST = (
    *TOGETHER, "test_readme", "test_sealed_test_part", "test_drafting", "test_examples", "serving",
    "test_audit_fix", "test_schedule", "test_export", "test_pictures", "test_bad_input",
    "test_sequences", "test_init_series", "test_workspace", "test_running", "test_checkpoint",
    "test_noise_and_interaction", "test_tagging", "test_engine_healing", "report",
)  # fmt: skip
"""Groups that take a minute or so: begun first, so that no process works alone at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Say which tests run in one process where several run side by side (`--dist loadgroup`)."""
    used = {}
    for item in items:
        used.setdefault(item.path, set()).update(getattr(item, "fixturenames", ()))
    groups = {path: _group(path, names) for path, names in used.items()}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups[item.path]))
    _leave_some(items)
    items.sort(key=lambda item: [*FIRST, groups[item.path]].index(groups[item.path]))


def _leave_some(items):
    """Mark all but `some(count)` cases of a test, evenly spread, for a thorough round."""
    cases = {}
    for item in items:
        if asked := item.get_closest_marker("some"):
            cases.setdefault((item.path, item.originalname, *asked.args), []).append(item)
    for (*_, count), found in cases.items():
        kept = {position * len(found) // count for position in range(count)}
        for position, item in enumerate(found):
            if position not in kept:
                item.add_marker(pytest.mark.thorough)


def _group(path, fixtures):
    if shared := [name for name in TOGETHER if name in fixtures]:
        return shared[0]
    folder = path.parent.name
    return folder if folder in TOGETHER_FOLDERS else path.stem


@pytest.fixture(autouse=True)
def here(request):
    """Begin at the root, also after a test whose command entered a workspace."""
    os.chdir(request.config.rootpath)


@pytest.fixture(scope="session", autouse=True)
def _operators():
    operators.read_once()


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
