"""A workspace of shell commands whose stages are all up to date."""

import shutil

import pytest

from tasks import engine
from tests.pipelines import Workspace


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Built once; tests copy it."""
    workspace = Workspace(tmp_path_factory.mktemp("template") / "w")
    engine.run_stages(workspace.folder)
    workspace.take_ran()
    return workspace


@pytest.fixture
def workspace(template, tmp_path):
    """A copy of its own."""
    copy = object.__new__(Workspace)
    copy.folder = tmp_path / "w"
    shutil.copytree(template.folder, copy.folder)
    return copy
