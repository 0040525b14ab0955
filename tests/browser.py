"""Drives a headless Chromium by its DevTools protocol: type, press, read."""

import base64
import contextlib
import json
import shutil
import subprocess
import time
import urllib.request

from websockets.sync.client import connect

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip


class Page:
    """One open page."""

    def __init__(self, socket):
        self._socket, self._number, self.complaints = socket, 0, []

    def send(self, method, **parameters):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if self._is_complaint(message):
                self.complaints.append(message["params"])
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    @staticmethod
    def _is_complaint(message):
        level = message.get("params", {}).get("entry", {}).get("level")
        return message.get("method") == "Runtime.exceptionThrown" or level in ("warning", "error")

    def run(self, script):
        """Return what a script gives."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, script, timeout_s=30):
        """Wait until a script gives something true; return it."""
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            if value := self.run(script):
                return value
            time.sleep(0.05)
        raise AssertionError(f"{script} stayed false: {self.run('document.body.innerText')}")

    def drop_file(self, path, kind, selector="main"):
        """Let go of a file over a part of the page."""
        content = base64.b64encode(path.read_bytes()).decode()
        self.run(
            "(() => { const data = new DataTransfer();"
            f"const bytes = Uint8Array.from(atob('{content}'), char => char.charCodeAt(0));"
            f"data.items.add(new File([bytes], '{path.name}', {{ type: '{kind}' }}));"
            f"document.querySelector('{selector}').dispatchEvent(new DragEvent('drop',"
            "{ dataTransfer: data, bubbles: true, cancelable: true })); })()"
        )

    def press(self, selector):
        """Press Enter on a control, as with the keyboard."""
        self.run(f"document.querySelector('{selector}').focus()")
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r")

    def tab(self):
        """Go to the next control."""
        for kind in ("rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                      windowsVirtualKeyCode=9)  # fmt: skip

    def choose_file(self, selector, path):
        """Choose a file in a file input."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])


@contextlib.contextmanager
def opened(url, profile):
    """Open `url` in a browser of its own."""
    process = subprocess.Popen(
        [BROWSER, *QUIET, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = _port(profile / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            target = next(t for t in json.load(answer) if t["type"] == "page")
        with connect(target["webSocketDebuggerUrl"], max_size=2**26) as socket:
            page = Page(socket)
            for domain in ("Runtime", "Log", "Page", "DOM"):
                page.send(f"{domain}.enable")
            page.send("Page.navigate", url=url)
            yield page
    finally:
        process.terminate()
        process.wait(20)


def _port(path, timeout_s=30):
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        if path.is_file() and (lines := path.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.05)
    raise AssertionError("the browser did not start")
