"""The pages in a real browser, where there is one; elsewhere test_page.py has checked it."""

import json
import re
import subprocess

import pytest

from tasks.fresh import check
from tests.browser import BROWSER

QUIET = (  # noqa: SIM905
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-extensions "
    "--disable-component-update --disable-default-apps --disable-sync --no-first-run "
    "--disable-dev-shm-usage --disable-features=NetworkTimeServiceQuerying --enable-logging=stderr"
).split()

LOCAL = r"file:|data:|chrome|about:|devtools:"
OWN = r"^https?://[\w.-]+\.(google|googleapis|gvt1)\.com/"
"""What a browser asks its maker, whatever page it shows."""


PAGES = {
    "reports/report.html": "What to type next",
    "reports/data_docs/index.html": "Validations so far",
    "reports/data_docs/suite.html": "results",
    "reports/fresh/index.html": "Against the training data",
}
"""Page in a workspace -> words that it must show."""


@pytest.fixture(scope="module")
def checked(workspace):
    """The workspace once fresh rows were checked in it: its own, moved by a unit."""
    rows = (workspace / "data.csv").read_text(encoding="utf-8")
    fresh = workspace / "fresh.csv"
    fresh.write_text(rows.replace("b & c", "<b>bold</b>"), encoding="utf-8")
    assert check(workspace, fresh)["verdict"] == "warn"
    return workspace


@pytest.mark.skipif(BROWSER is None, reason="no chromium; test_page.py reads it with a parser")
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.some(5)
def test_a_browser_shows_it_without_complaint_or_network(name, checked, tmp_path):
    page, log = checked / name, tmp_path / "net.json"
    done = subprocess.run(
        [
            str(BROWSER),
            *QUIET,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--log-net-log={log}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert PAGES[name] in done.stdout
    assert "<b>bold</b>" not in done.stdout
    assert "CONSOLE" not in done.stderr
    text = log.read_text(encoding="utf-8").rstrip().rstrip(",")
    entries = json.loads(text if text.endswith("}") else text + "]}")["events"]
    asked = {e["params"]["url"] for e in entries if "url" in e.get("params", {})}
    assert not {url for url in asked if not re.match(LOCAL, url) and not re.search(OWN, url)}
