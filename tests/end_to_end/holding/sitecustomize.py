"""Holds a process at one rename. Python loads this where its folder stands on PYTHONPATH.

When the file or folder named in HOLD_AT, written whole, is about to take its place, HELD is
touched and the process sleeps: the moment when most would be lost.
"""

import os
import sys
import time
from pathlib import Path

WANTED, HELD = os.environ.get("HOLD_AT"), os.environ.get("HELD", "")


def _hold(event, arguments):
    if event != "os.rename":
        return
    source, target = (Path(os.fsdecode(path)) for path in arguments[:2])
    if target.name == WANTED and source.parent.name.endswith(".tmp"):
        Path(HELD).touch()
        time.sleep(600)


if WANTED:
    sys.addaudithook(_hold)
