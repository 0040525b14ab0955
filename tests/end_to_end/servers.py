"""A real model server on a free port of this machine."""

import contextlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def serving(workspace: Path, *arguments: str) -> Iterator[str]:
    """Run `ninefold serve --port 0` in `workspace` and yield its address once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ninefold", "serve", "--port", "0", *arguments],
        cwd=workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said: list[str] = []
    address = None
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://[\w.]+:[1-9]\d*", line):
            address = found[0]
            break
    rest = threading.Thread(target=lambda: said.extend(process.stdout or []), daemon=True)
    rest.start()
    try:
        assert address, "".join(said)
        yield address
    finally:
        process.terminate()
        process.wait(20)
        rest.join(5)
        process.stdout.close()
