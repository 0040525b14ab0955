"""The command line as a person uses it: a process, its exit code and what it prints."""

import os
from pathlib import Path

from tests import forking

TRACEBACK = "Traceback (most recent call last)"


def ninefold(
    *arguments: object, cwd: Path, code: int | None = 0, timeout_s: float = 400, **more: str
):
    """Run `ninefold …` in `cwd`; check its exit code and that no traceback shows."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **more}
    done = forking.run("ninefold", *arguments, cwd=cwd, env=environment, timeout_s=timeout_s)
    said = f"{done.stdout}\n{done.stderr}"
    assert TRACEBACK not in said, said
    if code is not None:
        assert done.returncode == code, said
    return done
