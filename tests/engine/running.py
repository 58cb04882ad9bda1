"""The engine as its own process, spoken to over HTTP as the front does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import requests
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.data_files import ROOT
from bot.encryption import make_key
from bot.engine.tracker_store import EncryptedTrackerStore

# What a tested engine must not take over from the machine that runs the tests.
FOREIGN = (
    "CLINIC_ENV", "CLINIC_FILE", "CLINIC_NOW", "DATABASE_URL", "DATA_KEY", "SECRET_KEY",
    "ENGINE_TOKEN", "LOG_LEVEL", "MODEL_DIR", "PYTHONWARNINGS",
)  # fmt: skip

# Seconds.
READY_WITHIN = 120.0
STOPPED_WITHIN = 20.0
ANSWER_WITHIN = 20.0


def new_secrets() -> dict[str, str]:
    """Secrets that no other run knows."""
    return {
        "DATA_KEY": f"test:{make_key()}",
        "SECRET_KEY": make_key(),
        "ENGINE_TOKEN": make_key(),
    }


def wait_until(condition: Callable[[], bool], within: float, what: Callable[[], str]) -> None:
    """Returns as soon as the condition holds; fails with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within:.0f} s: {what()}", pytrace=False)
        time.sleep(0.05)


def free_port() -> int:
    """A port that nothing on this machine uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningEngine:
    """`python -m bot.engine MODEL` on a free port; nothing listens where the actions would."""

    def __init__(self, model: Path, folder: Path, **environment: str) -> None:
        """Starts nothing yet; the process lives as long as the `with` block."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.var_dir = folder / "var"
        self._log = folder / "engine.log"
        self._model = model
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in FOREIGN},
            **new_secrets(),
            "CLINIC_FILE": str(ROOT / "clinic.yml"),
            "VAR_DIR": str(self.var_dir),
            "ENGINE_PORT": str(port),
            "ACTIONS_PORT": str(free_port()),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def __enter__(self) -> RunningEngine:
        """Starts it, without waiting."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.engine", str(self._model)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it as a service manager does."""
        process = self._process
        assert process is not None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def wait_until_ready(self) -> None:
        """Returns when its health is good; fails if it ends or takes too long."""

        def ready() -> bool:
            if self.ended():
                pytest.fail(f"the engine ended at its start\n{self.log()[-3000:]}", pytrace=False)
            try:
                return bool(requests.get(f"{self.url}/front/health", timeout=2.0).ok)
            except requests.ConnectionError:
                return False

        wait_until(ready, READY_WITHIN, lambda: f"ready\n{self.log()[-3000:]}")

    def ended(self) -> bool:
        """Whether the process is over."""
        assert self._process is not None
        return self._process.poll() is not None

    def log(self) -> str:
        """Everything that it has written so far."""
        return self._log.read_text("utf-8", "replace")

    def post(self, path: str, body: Any, token: str | None = None) -> requests.Response:
        """A request with the right token, unless another is given."""
        known = self.environment["ENGINE_TOKEN"] if token is None else token
        return requests.post(
            f"{self.url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {known}"},
            timeout=ANSWER_WITHIN,
        )

    def parse(self, text: str) -> dict[str, Any]:
        """What the evaluation asks."""
        response = self.post("/model/parse", {"text": text})
        assert response.status_code == requests.codes.ok, response.text
        parse: dict[str, Any] = response.json()
        return parse

    async def tracker(self, conversation: str) -> DialogueStateTracker | None:
        """What it has stored of a conversation, read with its own key."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VAR_DIR", str(self.var_dir))
            patch.setenv("DATA_KEY", self.environment["DATA_KEY"])
            store = EncryptedTrackerStore(Domain.load(str(ROOT / "domain.yml")))
        try:
            return await store.retrieve(conversation)
        finally:
            store.engine.dispose()


class Conversation:
    """One patient's conversation with a running engine."""

    def __init__(self, engine: RunningEngine) -> None:
        """A new conversation under a random id, as the door makes them."""
        self.engine = engine
        self.id = uuid.uuid4().hex

    def turn(self, text: str, **changes: Any) -> dict[str, Any]:
        """One message and its answer; `changes` stand over the usual fields of the request."""
        response = self.engine.post("/front/turn", self.body(text, **changes))
        assert response.status_code == requests.codes.ok, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def body(self, text: str, **changes: Any) -> dict[str, Any]:
        """What the front sends."""
        return {
            "conversation": self.id,
            "message": uuid.uuid4().hex,
            "text": text,
            "press": None,
            "again": False,
            "angry": False,
            **changes,
        }

    def record(self, text: str, reply: str, message: str = "") -> None:
        """A message that was answered without the engine."""
        body = {
            "conversation": self.id,
            "message": message or uuid.uuid4().hex,
            "text": text,
            "reply": reply,
        }
        response = self.engine.post("/front/record", body)
        assert response.status_code == requests.codes.ok, response.text
