"""A small workspace whose stages are all done, built once."""

import subprocess

import pytest

from tests.end_to_end.workspaces import draft
from tests.pipelines import DVC, environment


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder; tests work on copies."""
    folder = draft(tmp_path_factory.mktemp("finished"))
    subprocess.run([*DVC, "repro", "-q"], cwd=folder, env=environment(), check=True)
    return folder
