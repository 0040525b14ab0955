"""Which folder Python takes our packages from."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def forget_working_folder() -> None:
    """Take the working folder, which `python -m` puts first, from the import path.

    A workspace has a folder `expectations` of its own that would stand in front of ours.
    """
    if sys.path and sys.path[0] in ("", str(Path.cwd())) and Path.cwd() != ROOT:
        del sys.path[0]
