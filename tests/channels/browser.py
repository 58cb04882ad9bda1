"""A real Chromium for tests, driven by its own DevTools protocol: no driver, nothing to install.

A test does what a patient does (opens, types, presses, reads) and then asks whether the browser
had anything to complain of: errors, refused loads, breaches of the content security policy.
"""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from websockets.sync.client import ClientConnection, connect

from tests.house import free_ports, need, wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
# Nothing leaves this machine: no updates, no synchronisation, no safety lists.
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--no-pings", "--remote-debugging-port=0",
)  # fmt: skip
# Seconds.
STARTED_WITHIN = 30.0
SHOWN_WITHIN = 15.0

VISIBLE = "(node => !!node && node.checkVisibility())"


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An application on a port of this machine; gives its address."""
    [port] = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    thread = Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, 10.0, "the pages are served")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10.0)


class Browser:
    """One Chromium with an empty profile and one open tab."""

    def __init__(self, profile: Path, width: int = 360, height: int = 740) -> None:
        """Starts it; sizes are in CSS pixels. Skips the test where Chromium is missing."""
        need(bool(CHROMIUM), "chromium is missing: install it to test the page")
        self.complaints: list[str] = []
        self._last_id = 0
        self._process = subprocess.Popen(
            [CHROMIUM, *SWITCHES, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._attach(profile)
            self.resize(width, height)
        except BaseException:
            self._process.kill()
            self._process.wait(STARTED_WITHIN)
            raise

    def _attach(self, profile: Path) -> None:
        # It writes its port and the path of its protocol there.
        port_file = profile / "DevToolsActivePort"
        wait_until(
            lambda: port_file.exists() and port_file.read_text("utf-8").count("\n") == 1,
            STARTED_WITHIN,
            "chromium started",
        )
        port, path = port_file.read_text("utf-8").split("\n")
        self._connection: ClientConnection = connect(
            f"ws://127.0.0.1:{port}{path}", max_size=None, compression=None, proxy=None
        )
        self._tab = ""
        # A tab of its own: the one it starts with may not be there yet.
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._tab = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """Ends it."""
        self._connection.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(STARTED_WITHIN)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol; what the page complains of meanwhile is kept."""
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": parameters}
        if self._tab:
            command["sessionId"] = self._tab
        self._connection.send(json.dumps(command))
        while True:
            message = json.loads(self._connection.recv(timeout=STARTED_WITHIN))
            if message.get("id") == self._last_id:
                assert "error" not in message, f"{method}: {message.get('error')}"
                return dict(message["result"])
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Log.entryAdded":  # refused loads, content security policy, deprecations
                entry = parameters["entry"]
                self.complaints.append(f"{entry['source']}: {entry['text']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(parameters["args"]))

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, expression: str, within: float = SHOWN_WITHIN) -> None:
        """Returns as soon as a JavaScript expression is true."""
        wait_until(
            lambda: bool(self.evaluate(f"!!({expression})")),
            within,
            lambda: f"{expression}\n{self.evaluate('document.body.innerText')}",
        )

    def open(self, url: str) -> None:
        """Opens an address and waits until the chat has its session."""
        self.call("Page.navigate", url=url)
        self._wait_for_session(url)

    def reload(self) -> None:
        """Loads the page anew, as F5 does."""
        self.evaluate("window.isOld = true")
        self.call("Page.reload")
        self.wait_for("!window.isOld")
        self._wait_for_session("")

    def _wait_for_session(self, url: str) -> None:
        self.wait_for(
            f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete'"
            " && localStorage.getItem('chat-session')"
        )

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """A screen of that size in CSS pixels; below 600 a phone with touch."""
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def type(self, text: str) -> None:
        """Writes into the text box and presses Enter."""
        self.evaluate("document.querySelector('textarea').focus()")
        self.call("Input.insertText", text=text)
        self.press_key("Enter", 13)

    def press_key(self, key: str, code: int, modifiers: int = 0) -> None:
        """A key of the keyboard; `modifiers` 8 is Shift."""
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        typed = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def press(self, title: str) -> None:
        """Presses the newest button with this title where it is on the screen."""
        place = self.evaluate(
            f"""(() => {{
                const button = [...document.querySelectorAll("button")]
                    .filter((each) => each.textContent === {json.dumps(title)}).pop();
                button.scrollIntoView({{ block: "nearest" }});
                const box = button.getBoundingClientRect();
                return {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }};
            }})()"""
        )
        for type_ in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=type_, button="left", clickCount=1, **place)

    def offline(self, is_offline: bool) -> None:
        """Takes the network away, or gives it back."""
        self.call(
            "Network.emulateNetworkConditions",
            offline=is_offline, latency=0, downloadThroughput=-1, uploadThroughput=-1,
        )  # fmt: skip

    def texts(self, selector: str) -> list[str]:
        """The visible text of every element that the selector finds, in order."""
        return list(
            self.evaluate(
                f"[...document.querySelectorAll({json.dumps(selector)})]"
                f".filter({VISIBLE}).map((node) => node.innerText.trim())"
            )
        )

    def screenshot(self, file: Path) -> None:
        """What is on the screen, as a PNG."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
