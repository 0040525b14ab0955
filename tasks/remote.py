"""Outputs and run-cache to and from the default DVC remote, which machines share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ninefold.errors import ConfigError
from tasks.executors import StageError
from tasks.repository import one_line, repository


def push(workspace: Path) -> int:
    """Push every output and the run-cache to the default DVC remote; return how many files went.

    Raises:
        ConfigError: no default remote is configured.
    """
    with repository(workspace) as repo, _remote("push"):
        return int(repo.push(run_cache=True))


def pull(workspace: Path) -> int:
    """Fetch the outputs that dvc.lock names and the run-cache from the default DVC remote, and put
    those outputs in place; return how many files came. What nobody pushed is left to be made.

    Raises:
        ConfigError: no default remote is configured.
    """
    with repository(workspace) as repo, _remote("pull"):
        repo.cloud.get_remote(command="pull")
        return int(repo.pull(run_cache=True, allow_missing=True)["stats"]["fetched"])


@contextlib.contextmanager
def _remote(action: str) -> Iterator[None]:
    """Word what a remote refuses."""
    from dvc.config import NoRemoteError
    from dvc.exceptions import DvcException

    try:
        yield
    except NoRemoteError:
        raise ConfigError(
            f"a default DVC remote must be set to {action}, however: none is. "
            "Set one with `dvc remote add --default NAME URL`"
        ) from None
    except DvcException as error:
        raise StageError(f"{action} failed: {one_line(error)}") from None
