"""A small workspace whose stages are all done, built once."""

import pytest

from tasks.engine import run_stages
from tests.end_to_end.workspaces import draft


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder; tests work on copies."""
    folder = draft(tmp_path_factory.mktemp("finished"))
    run_stages(folder)
    return folder
