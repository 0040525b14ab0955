"""A Prefect server for the time of one command, where none is configured.

Prefect starts one by itself, but imports the whole server into the client first (3 s), and leaves
it running when the client is killed. This one starts while the client still imports, takes its port
from a socket that is already bound, and dies with its parent.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ninefold.errors import NinefoldError
from ninefold.interruption import die_with_parent

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.1
QUIET = {"PREFECT__SERVER_FINAL": "1", "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL"}
SETTINGS = {**QUIET, "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_UI_ENABLED": "0"}
"""For one command: without the services that schedule runs, and without pages."""
SCHEDULING = QUIET
"""With them."""


class ServerError(NinefoldError):
    """Prefect's server did not start, or does not answer."""

    exit_code = 1


class Server:
    """A running server process and its address; `None` in its place means one is configured."""

    def __init__(self, settings: Mapping[str, str] = SETTINGS) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/api"
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        number = self._socket.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.server", str(number), str(os.getpid())],
            pass_fds=[number],
            env={**os.environ, **settings, "PREFECT_SERVER_UI_API_URL": self.url},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )
        self._is_told = False

    def wait(self) -> None:
        """Return once the server answers. Raises `ServerError` when it does not."""
        limit = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                raise ServerError(f"Prefect's server could not start: {self._last_line()}")
            if self._is_healthy():
                self._socket.close()
                return
            time.sleep(POLL_S)
        raise ServerError(f"Prefect's server did not answer within {START_TIMEOUT_S:g} s")

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=POLL_S * 10) as answer:  # noqa: S310
                return json.load(answer) is True
        except (OSError, ValueError):
            return False

    def _last_line(self) -> str:
        self._output.seek(0)
        lines = self._output.read().decode("utf-8", "replace").strip().splitlines()
        return f"{lines[-1] if lines else 'no message'}; `dvc repro` runs the stages without it"

    def when_gone(self, then: Callable[[], object]) -> None:
        """Call `then`, in a thread of its own, once the server has ended without being told to."""

        def watch() -> None:
            self._process.wait()
            if not self._is_told:
                then()

        threading.Thread(target=watch, daemon=True).start()

    def expect_end(self) -> None:
        """Take it from now on that the server ends because it is told to."""
        self._is_told = True

    def stop(self) -> None:
        """End the server and wait for it, so that it has written what it was told."""
        self.expect_end()
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._output.close()

    def kill(self) -> None:
        """End the server at once."""
        self.expect_end()
        self._process.kill()
        self._process.wait()


def configured_url() -> str | None:
    """Return the address of the server the user configured, without importing Prefect."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    with contextlib.suppress(OSError, tomllib.TOMLDecodeError, AttributeError):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        name = os.environ.get("PREFECT_PROFILE", content.get("active"))
        url = content.get("profiles", {}).get(name, {}).get("PREFECT_API_URL")
        return str(url) if url else None
    return None


@contextlib.contextmanager
def answering(own: Server | None) -> Iterator[None]:
    """Word what a server has to say that does not answer, or is none of Prefect's.

    Raises:
        ServerError: in the body, `own` or the configured server did not answer as one does.
    """
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        if own is not None:
            raise ServerError(f"Prefect's server ended while it was needed: {why}") from None
        raise ServerError(
            f"PREFECT_API_URL must name the API of a Prefect server that answers "
            f"(http://HOST:4200/api), however: {configured_url()}: {why}. Start it with `prefect "
            "server start`, or unset PREFECT_API_URL for a server of this command's own"
        ) from None


@contextlib.contextmanager
def started(settings: Mapping[str, str] = SETTINGS) -> Iterator[Server | None]:
    """Start a server unless one is configured; call `wait` on it before the first flow run."""
    if configured_url():
        yield None
        return
    server = Server(settings)
    os.environ["PREFECT_API_URL"] = server.url
    try:
        yield server
    except BaseException:
        server.kill()
        raise
    else:
        server.stop()
    finally:
        del os.environ["PREFECT_API_URL"]


def main(number: int, parent: int) -> None:
    """Serve Prefect's API on an inherited socket until the parent process ends."""
    die_with_parent()
    if os.getppid() != parent:
        return
    import uvicorn

    config = uvicorn.Config(
        "prefect.server.api.server:create_app",
        factory=True,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=int(STOP_TIMEOUT_S / 2),
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
