"""Several server processes behind one address: started, watched and ended together."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

SOCKET = "--inherited-socket"
"""Hands a worker the number of the socket it answers on."""
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder through which workers count together."""
RESTART_S = 1.0
"""A worker that died is replaced after so long, so that one that cannot live burns no core."""
PAUSE_S = 0.1
FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP")


def run(
    arguments: Sequence[str],
    workers: int,
    bound: socket.socket,
    grace_s: float,
    begin: Callable[[], None],
    other: tuple[str, int] | None = None,
) -> None:
    """Serve with `workers` processes on the socket `bound` until told to stop.

    `arguments` are those of `ninefold serve`; each worker gets them, and the socket. The workers'
    counters meet in a folder of their own, so that `/metrics` tells of all of them. `begin` is
    called once connections are taken, by a worker where `other` is an address of their own.
    """
    told: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        told.append(number)

    for name in FORWARDED:
        signal.signal(getattr(signal, name), note)
    with tempfile.TemporaryDirectory(prefix="ninefold-metrics-") as folder:
        environment = {**os.environ, SHARED: folder}
        command = [sys.executable, "-m", "ninefold.serving", *arguments]
        command[3:3] = [SOCKET, str(bound.fileno())]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                pass_fds=(bound.fileno(),),
                start_new_session=True,
            )

        running = [start() for _ in range(workers)]
        is_begun = False
        try:
            while not _ends(told, running):
                if not is_begun and (other is None or _listens(other)):
                    is_begun = True
                    begin()
                time.sleep(PAUSE_S)
                for place, worker in enumerate(running):
                    if worker.poll() is not None and not told:
                        time.sleep(RESTART_S)
                        running[place] = start()
        finally:
            bound.close()  # The workers end what they accepted; nobody is to wait for more.
            _stop(running, grace_s)


def end_with_parent() -> None:
    """End this worker in its own time when the process that started it is gone."""

    def wait() -> None:
        # Not through sys.stdin: its lock, held here, would hold up the interpreter's end.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _listens(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=PAUSE_S):
            return True
    except OSError:
        return False


def _ends(told: list[int], running: Sequence[subprocess.Popen[bytes]]) -> bool:
    """Hand signals on to the workers; tell whether one of them asks to end."""
    while told:
        number = told.pop(0)
        if number != signal.SIGHUP:
            return True
        for worker in running:
            worker.send_signal(number)
    return False


def _stop(running: Sequence[subprocess.Popen[bytes]], grace_s: float) -> None:
    """Let the workers answer what they accepted, then end those that do not come to an end."""
    for worker in running:
        worker.terminate()
    ends = time.monotonic() + grace_s
    for worker in running:
        try:
            worker.wait(max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
