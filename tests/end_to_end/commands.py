"""The command line as a person uses it: a process, its exit code and what it prints."""

import os
import subprocess
import sys
from pathlib import Path

TRACEBACK = "Traceback (most recent call last)"


def ninefold(
    *arguments: object, cwd: Path, code: int | None = 0, timeout_s: float = 400, **more: str
):
    """Run `ninefold …` in `cwd`; check its exit code and that no traceback shows."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **more}
    done = subprocess.run(
        [sys.executable, "-m", "ninefold", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    said = f"{done.stdout}\n{done.stderr}"
    assert TRACEBACK not in said, said
    if code is not None:
        assert done.returncode == code, said
    return done
