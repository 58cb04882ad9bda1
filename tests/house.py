"""Starts the real three processes for tests, and talks to them as patients do: from outside.

Nothing here knows how an answer is made. What a test reads of the database are ids, kinds and
states, which are stored in clear, and with the house's own key what staff can read: visits and
how to reach somebody.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import socketio

from bot.clinic.clock import Clock, offset_for
from bot.data_files import ROOT
from bot.encryption import Cipher
from bot.run import ENGINE_PYTHON, processes
from bot.settings import Settings, clock_offset, keep_clock_offset, read_settings
from bot.training import fitting_model, train
from tests import fake_cloud_api
from tests.fake_cloud_api import FakeCloudApi

# A Monday on which the clinic of clinic.yml is open until 14:00, and a Sunday.
OPEN = "2026-11-23T11:00:00+05:30"
CLOSED = "2026-11-22T11:00:00+05:30"
CLINIC_ZONE = ZoneInfo("Asia/Kolkata")

# Seconds.
READY_WITHIN = 180.0
STOPPED_WITHIN = 20.0
# The door promises an answer within 8 s; the rest is the machine's.
ANSWER_WITHIN = 10.0
# This long without a message means that nothing comes any more.
QUIET = 0.4
# Between two looks at the database.
LOOK = 0.01
# Of a house's processes.
PORTS = range(10000, 32768)
# Phones of people on WhatsApp, of the range of invented Indian numbers.
_numbers = itertools.count(919999910000)

# What a house must not take over from the machine that runs the tests.
FOREIGN = (
    "CLINIC_ENV", "CLINIC_FILE", "DATABASE_URL", "REDIS_URL", "DATA_KEY", "SECRET_KEY",
    "ENGINE_TOKEN", "PUBLIC_URL", "SMTP_URL", "PYTHONWARNINGS", "WHATSAPP_VERIFY_TOKEN",
    "WHATSAPP_APP_SECRET", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_API_BASE", "WHATSAPP_API_VERSION",
)  # fmt: skip


def need(present: bool, sentence: str) -> None:
    """Skips the test with one plain line where something is missing; fails instead with CI=true."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def wait_until(
    condition: Callable[[], bool],
    within: float,
    what: Callable[[], str] | str,
    look_every: float = 0.05,
) -> None:
    """Returns as soon as the condition holds; fails with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            said = what if isinstance(what, str) else what()
            pytest.fail(f"not within {within:.0f} s: {said}", pytrace=False)
        time.sleep(look_every)


def wall_time(stored: str) -> str:
    """A stored instant, UTC without a zone, as the clinic's clock shows it."""
    at = datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return at.astimezone(CLINIC_ZONE).strftime("%Y-%m-%dT%H:%M")


def free_ports(count: int) -> list[int]:
    """Ports that nothing on this machine uses now, all different.

    By chance, because other tests look for ports at the same time; and none of those that the
    system gives to connections going out, since an engine needs seconds until it takes its own.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().choice(PORTS)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found = [*dict.fromkeys([*found, port])]
    return found


def trained_model() -> Path:
    """The model for the present data; training it counts for no start's time."""
    model = fitting_model()
    return model if model.exists() else train()


@dataclass(frozen=True)
class Visit:
    """A row of `bookings`, read with the house's key; `when` is the clinic's wall time."""

    id: str
    status: str
    when: str
    name: str
    phone: str
    concern: str
    patient_is: str
    reminders: str
    # Resource and five-minute step of every row of `booked_ticks`.
    ticks: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Message:
    """One message of the assistant's; `buttons` are titles with their payloads."""

    text: str
    buttons: dict[str, str] = field(default_factory=dict)
    id: str = ""


class House:
    """The front, the actions and the engine on free ports, with a `VAR_DIR` of their own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """Starts nothing yet. `environment` stands over that of the tests."""
        need(ENGINE_PYTHON.exists(), "the engine's environment is missing: run `make run` once")
        self.folder = folder
        self.var_dir = folder / "var"
        self.log = folder / "house.log"
        front, actions, engine = free_ports(3)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in FOREIGN},
            "FRONT_PORT": str(front),
            "ACTIONS_PORT": str(actions),
            "ENGINE_PORT": str(engine),
            "VAR_DIR": str(self.var_dir),
            "CLINIC_NOW": OPEN,
            "LOG_LEVEL": "INFO",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.url = f"http://127.0.0.1:{front}"
        self.actions_url = f"http://127.0.0.1:{actions}"
        self.engine_url = f"http://127.0.0.1:{engine}"
        self.http = httpx.Client(base_url=self.url, timeout=30.0)
        self._main: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """`python -m bot run`; returns when it says that it is ready."""
        trained_model()
        self._main = self.spawn([sys.executable, "-m", "bot", "run"])
        main = self._main
        wait_until(
            lambda: "\nready" in self.log_text() or main.poll() is not None,
            READY_WITHIN,
            lambda: f"ready\n{self.log_tail()}",
        )
        if main.poll() is not None:
            pytest.fail(f"the house ended at its start\n{self.log_tail()}", pytrace=False)

    def stop(self) -> int:
        """Ends it as a service manager does, and gives the exit status.

        Nothing may be left over: that is checked at each end of a house.
        """
        self.http.close()
        assert self._main is not None
        self._main.send_signal(signal.SIGTERM)
        status = self._main.wait(STOPPED_WITHIN)
        assert not self.processes_left(), "processes of the house outlive it"
        return status

    def spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Starts a command in this house's surroundings; what it says goes into the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end_of_start(self) -> int:
        """The exit status of a start that must be refused; one that is not ends as any house."""
        self._main = self.spawn([sys.executable, "-m", "bot", "run"])
        try:
            return self.wait_for_end()
        except subprocess.TimeoutExpired:
            return self.stop()

    def wait_for_end(self) -> int:
        """The exit status of a house that ends by itself."""
        self.http.close()
        assert self._main is not None
        return self._main.wait(STOPPED_WITHIN)

    def processes_left(self) -> dict[int, str]:
        """Ids and commands of living processes that were started with this house's `VAR_DIR`."""
        need(Path("/proc").exists(), "without /proc nobody knows which processes are left")
        mark = f"VAR_DIR={self.var_dir}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if command:  # a zombie has none
                        found[int(folder.name)] = command
            except OSError:
                continue
        return found

    def log_text(self) -> str:
        """Everything the processes have written so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def log_tail(self, lines: int = 40) -> str:
        """The end of it, for a failure's message."""
        return "\n".join(self.log_text().splitlines()[-lines:])

    @property
    def settings(self) -> Settings:
        """The settings that its processes read."""
        return read_settings(self.environment)

    def now(self) -> datetime:
        """The clinic's present instant."""
        return Clock(clock_offset(self.settings)).now()

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Rows of the clinic's database, opened for reading only."""
        file = f"file:{self.var_dir / 'clinic.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=10.0)) as database:
            return database.execute(query, values).fetchall()

    def requests_of(self, channel: str, person: str) -> list[tuple[str, str]]:
        """Kind and urgency of what staff has to read about a person, in order."""
        return [
            (str(kind), str(urgency))
            for kind, urgency in self.rows(
                "SELECT r.kind, r.urgency FROM staff_requests r"
                " JOIN conversations c ON c.id = r.conversation_id"
                " JOIN inbound_messages m ON m.id = r.message_id"
                " WHERE c.channel = ? AND c.person = ? ORDER BY m.position",
                channel,
                self._person(channel, person),
            )
        ]

    def messages_of(self, channel: str, person: str) -> list[str]:
        """The states of a person's stored messages, in order."""
        return [
            str(state)
            for (state,) in self.rows(
                "SELECT m.state FROM inbound_messages m"
                " JOIN conversations c ON c.id = m.conversation_id"
                " WHERE c.channel = ? AND c.person = ? ORDER BY c.opened_at, m.position",
                channel,
                self._person(channel, person),
            )
        ]

    def visits_of(self, channel: str, person: str) -> list[Visit]:
        """The visits of a person, in the order in which they were booked."""
        rows = self.rows(
            "SELECT b.id, b.status, b.starts_at, b.name, b.phone, b.concern, b.patient_is,"
            " b.reminders FROM bookings b JOIN conversations c ON c.id = b.conversation_id"
            " WHERE c.channel = ? AND c.person = ? ORDER BY b.created_at, b.id",
            channel,
            self._person(channel, person),
        )
        return [
            Visit(
                row_id,
                status,
                wall_time(starts_at),
                self._read(name),
                self._read(phone),
                self._read(concern),
                patient_is,
                reminders,
                frozenset(
                    (str(resource), int(tick))
                    for resource, tick in self.rows(
                        "SELECT resource, tick FROM booked_ticks WHERE booking_id = ?", row_id
                    )
                ),
            )
            for row_id, status, starts_at, name, phone, concern, patient_is, reminders in rows
        ]

    def consents_of(self, channel: str, person: str) -> list[tuple[str, bool]]:
        """To what a person said yes or no, in order."""
        return [
            (str(purpose), bool(given))
            for purpose, given in self.rows(
                "SELECT o.purpose, o.given FROM consents o"
                " JOIN conversations c ON c.id = o.conversation_id"
                " JOIN inbound_messages m ON m.id = o.message_id"
                " WHERE c.channel = ? AND c.person = ? ORDER BY m.position, o.purpose",
                channel,
                self._person(channel, person),
            )
        ]

    def drafts_of(self, channel: str, person: str) -> set[str]:
        """What a person has begun and not ended: booking, contact."""
        return {
            str(kind)
            for (kind,) in self.rows(
                "SELECT d.kind FROM drafts d JOIN conversations c ON c.id = d.conversation_id"
                " WHERE c.channel = ? AND c.person = ?",
                channel,
                self._person(channel, person),
            )
        }

    def check_of(self, channel: str, person: str) -> dict[str, str] | None:
        """What applies according to a person's newest check, by question; None without one."""
        found = self.rows(
            "SELECT k.content FROM checks k JOIN conversations c ON c.id = k.conversation_id"
            " WHERE c.channel = ? AND c.person = ? ORDER BY k.updated_at DESC LIMIT 1",
            channel,
            self._person(channel, person),
        )
        if not found:
            return None
        answers: dict[str, str] = json.loads(self._read(found[0][0]))["answers"]
        return {question: key for question, key in answers.items() if key != "no"}

    def reach_of(self, channel: str, person: str) -> list[dict[str, str]]:
        """How staff can reach a person: what stands with each of their requests, in order."""
        return [
            json.loads(self._read(details) or "{}")
            for (details,) in self.rows(
                "SELECT r.details FROM staff_requests r"
                " JOIN conversations c ON c.id = r.conversation_id"
                " JOIN inbound_messages m ON m.id = r.message_id"
                " WHERE c.channel = ? AND c.person = ? ORDER BY m.position",
                channel,
                self._person(channel, person),
            )
        ]

    def empty_calendar(self) -> None:
        """Every time is free again, so that one test's visits are not in another's way."""
        with closing(sqlite3.connect(self.var_dir / "clinic.db", timeout=10.0)) as database:
            database.execute("UPDATE checks SET booking_id = NULL")
            for table in (
                "booked_ticks", "holds", "blocks", "marks", "reminders", "booking_changes",
                "wishes", "bookings",
            ):  # fmt: skip
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            database.commit()

    def end_holds(self) -> None:
        """As if ten minutes had passed: no chosen time is kept for anybody any more."""
        with closing(sqlite3.connect(self.var_dir / "clinic.db", timeout=10.0)) as database:
            database.execute("UPDATE holds SET expires_at = held_at")
            database.commit()

    def is_answered(self, channel: str, person: str) -> bool:
        """Whether every message of a person is done and every answer to it has left."""
        # In this order: an answer is put out in the same moment in which its message is done.
        states = self.messages_of(channel, person)
        left = self.rows(
            "SELECT COUNT(*) FROM outbound_messages o"
            " JOIN conversations c ON c.id = o.conversation_id"
            " WHERE c.channel = ? AND c.person = ? AND o.state IN ('queued', 'sending')",
            channel,
            self._person(channel, person),
        )
        return set(states) == {"done"} and left == [(0,)]

    def answer_with(self, outbound_id: str) -> list[str]:
        """The ids of all messages of the answer to which this one belongs, in order."""
        return [
            str(found)
            for (found,) in self.rows(
                "SELECT id FROM outbound_messages WHERE reply_to ="
                " (SELECT reply_to FROM outbound_messages WHERE id = ?) ORDER BY position",
                outbound_id,
            )
        ]

    def _person(self, channel: str, person: str) -> str:
        return self._cipher.search_hash(f"{channel}:{person}")

    def _read(self, words: str | None) -> str:
        return self._cipher.decrypt(words) if words else ""

    @cached_property
    def _cipher(self) -> Cipher:
        return Cipher(self.settings.data_key)

    def rest(self, sender: str, text: str, message_id: str = "") -> list[Message]:
        """One turn over REST, which gives all messages of the turn at once."""
        body = {"sender": sender, "message": text}
        if message_id:
            body["message_id"] = message_id
        response = self.http.post("/webhooks/rest/webhook", json=body)
        assert response.status_code == httpx.codes.OK, response.text
        return [
            Message(
                each["text"],
                {button["title"]: button["payload"] for button in each.get("buttons", [])},
            )
            for each in response.json()
        ]


class HouseInParts(House):
    """The same three processes without the one that watches them, so that each may fail alone."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """Starts nothing yet."""
        super().__init__(folder, **environment)
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Prepares as `python -m bot run` does, then starts the three."""
        settings = self.settings
        offset = offset_for(self.environment["CLINIC_NOW"], datetime.now(UTC))
        keep_clock_offset(settings, offset)
        subprocess.run(
            [sys.executable, "-m", "bot", "migrate"], cwd=ROOT, env=self.environment, check=True
        )
        started = processes(settings, trained_model())
        self._known = {process.name: process for process in started}
        for name in self._known:
            self.start_part(name, wait=False)
        for name in self._known:
            self.wait_for(name)

    def stop(self) -> int:
        """Ends the three."""
        self.http.close()
        for name, part in self.parts.items():
            if part.poll() is None:
                self.resume(name)  # a process that hangs hears no SIGTERM
            self.end_part(name, signal.SIGTERM)
        assert not self.processes_left(), "processes of the house outlive it"
        return 0

    def start_part(self, name: str, wait: bool = True) -> None:
        """Starts one process again."""
        self.parts[name] = self.spawn(self._known[name].command)
        if wait:
            self.wait_for(name)

    def end_part(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Ends one process; SIGKILL is how a crash or the kernel does it."""
        part = self.parts[name]
        if part.poll() is None:
            os.killpg(part.pid, how)
        part.wait(STOPPED_WITHIN)

    def pause(self, name: str) -> None:
        """One process hangs: it keeps its connections and answers nothing."""
        os.killpg(self.parts[name].pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """It goes on."""
        os.killpg(self.parts[name].pid, signal.SIGCONT)

    def mend(self) -> None:
        """Whatever a test has broken works again."""
        for name, part in self.parts.items():
            if part.poll() is None:
                self.resume(name)
            else:
                self.start_part(name, wait=False)
        for name in self._known:
            self.wait_for(name)

    def wait_for(self, name: str) -> None:
        """Returns when one process answers; the front's health needs the engine's."""

        def answers() -> bool:
            try:
                return httpx.get(self._known[name].health, timeout=2.0).is_success
            except httpx.HTTPError:
                return False

        wait_until(answers, READY_WITHIN, lambda: f"{name} up\n{self.log_tail()}")


class Patient:
    """Somebody who writes; `answer` is what was last replied to them."""

    channel = "rest"

    def __init__(self, house: House, name: str = "") -> None:
        """A new person; `name` is the sender of Rasa's REST contract."""
        self.house = house
        self.name = name or f"patient-{uuid.uuid4().hex}"
        self.answer: list[Message] = []

    def say(self, text: str, message_id: str = "") -> list[Message]:
        """Writes, and waits for all messages of the turn."""
        self.answer = self.house.rest(self.name, text, message_id)
        return self.answer

    def press(self, title: str) -> list[Message]:
        """Presses a button of the last answer: its payload is sent as text."""
        buttons = {name: value for each in self.answer for name, value in each.buttons.items()}
        assert title in buttons, f"no button {title!r} among {sorted(buttons)}"
        return self.say(buttons[title])

    @property
    def text(self) -> str:
        """The whole last answer as one text."""
        return "\n".join(message.text for message in self.answer)

    @property
    def titles(self) -> list[str]:
        """The titles of its buttons."""
        return [title for message in self.answer for title in message.buttons]

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Kind and urgency of what staff has to read about this person."""
        return self.house.requests_of(self.channel, self.person)

    @property
    def visits(self) -> list[Visit]:
        """The visits that they booked."""
        return self.house.visits_of(self.channel, self.person)

    @property
    def consents(self) -> list[tuple[str, bool]]:
        """To what they said yes or no."""
        return self.house.consents_of(self.channel, self.person)

    @property
    def drafts(self) -> set[str]:
        """What they have begun and not ended."""
        return self.house.drafts_of(self.channel, self.person)

    @property
    def check(self) -> dict[str, str] | None:
        """What they told the newest check that applies, by question."""
        return self.house.check_of(self.channel, self.person)

    @property
    def reach(self) -> list[dict[str, str]]:
        """How staff can reach them, as it stands with each of their requests."""
        return self.house.reach_of(self.channel, self.person)

    @property
    def person(self) -> str:
        """What the channel knows them by."""
        return self.name

    def close(self) -> None:
        """Goes away."""


class WebsitePatient(Patient):
    """The same over Socket.IO with the stock client, which runs in a thread of its own."""

    channel = "website"

    def __init__(self, house: House, session: str = "") -> None:
        """Connects and asks for a session, or for the one whose signed id it holds."""
        super().__init__(house)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = socketio.AsyncSimpleClient()
        self._run(self._client.connect(house.url))
        self.session = self.open_session(session or None)

    def open_session(self, held: Any) -> str:
        """`session_request` with whatever the browser holds; the confirmed, signed id."""
        self.emit("session_request", {"session_id": held})
        event, confirmed = self.receive(ANSWER_WITHIN)
        assert event == "session_confirm"
        return str(confirmed)

    @property
    def person(self) -> str:
        """The session behind the signed id."""
        payload = self.session.partition(".")[0]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))

    def say(self, text: str, message_id: str = "") -> list[Message]:
        """Writes, is told that it was received, and waits for the whole answer."""
        acknowledged = self.call("user_uttered", self.body(text, message_id))
        assert acknowledged == {"status": "received"}, acknowledged
        first = self.next_message(ANSWER_WITHIN)
        # A turn has no end mark; its answer was stored as a whole before the first part left.
        expected = self.house.answer_with(first.id)
        self.answer = [first, *(self.next_message(ANSWER_WITHIN) for _ in expected[1:])]
        assert [each.id for each in self.answer] == (expected or [first.id])
        return self.answer

    def body(self, text: str, message_id: str = "") -> dict[str, Any]:
        """What the widget sends."""
        return {
            "message": text,
            "session_id": self.session,
            "metadata": {"id": message_id or uuid.uuid4().hex},
        }

    def next_message(self, within: float) -> Message:
        """The next `bot_uttered`."""
        event, body = self.receive(within)
        assert event == "bot_uttered"
        replies = body.get("quick_replies", [])
        return Message(
            body["text"],
            {reply["title"]: reply["payload"] for reply in replies},
            body["metadata"]["id"],
        )

    def until_quiet(self) -> list[Message]:
        """What still comes, until nothing came for a short while."""
        found = []
        while True:
            try:
                found.append(self.next_message(QUIET))
            except socketio.exceptions.TimeoutError:
                return found

    def until_quiet_of(self, event: str) -> int:
        """How often an event still comes, until nothing came for a short while."""
        count = 0
        while True:
            try:
                count += self.receive(QUIET)[0] == event
            except socketio.exceptions.TimeoutError:
                return count

    def receive(self, within: float) -> list[Any]:
        """The next event with its arguments."""
        return list(self._run(self._client.receive(timeout=within)))

    def emit(self, event: str, data: Any = None) -> None:
        """Sends an event, right or wrong."""
        self._run(self._client.emit(event, data))

    def call(self, event: str, data: Any) -> Any:
        """Sends an event and gives the server's acknowledgement."""
        return self._run(self._client.call(event, data, timeout=int(ANSWER_WITHIN)))

    def close(self) -> None:
        """Closes the page, also one that tries to reach a front that has died."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        await self._client.disconnect()
        # What is left tries to connect again, or has not given its socket back yet.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(READY_WITHIN)


class WhatsAppPatient(Patient):
    """The same on WhatsApp: webhooks go to the front, answers come to Meta's stand-in."""

    channel = "whatsapp"

    def __init__(self, house: House, cloud: FakeCloudApi, name: str = "") -> None:
        """A new person with a number of their own; `name` is another, or a business-scoped id.

        The house must have been started with the `environment` of this cloud.
        """
        super().__init__(house, name or str(next(_numbers)))
        self._cloud = cloud
        self._seen = len(cloud.sent_to(self.name))
        self._rows: set[str] = set()

    def say(self, text: str, message_id: str = "") -> list[Message]:
        """Writes, and waits for all messages of the turn."""
        return self.bring(fake_cloud_api.text(self.name, text, message_id))

    def press(self, title: str) -> list[Message]:
        """Presses a button or a row of the last answer."""
        buttons = {name: value for each in self.answer for name, value in each.buttons.items()}
        assert title in buttons, f"no button {title!r} among {sorted(buttons)}"
        payload = buttons[title]
        is_row = title in self._rows
        return self.bring(fake_cloud_api.pressed(self.name, payload, title, is_list=is_row))

    def bring(self, message: dict[str, Any]) -> list[Message]:
        """Sends any message that `tests.fake_cloud_api` makes, and waits for the answer to it."""
        response = self._cloud.deliver(self.house.http, message)
        assert response.status_code == httpx.codes.OK, response.status_code
        wait_until(
            lambda: self.house.is_answered(self.channel, self.person),
            ANSWER_WITHIN,
            lambda: f"an answer on WhatsApp\n{self.house.log_tail()}",
            LOOK,
        )
        return self._read(self._cloud.sent_to(self.name)[self._seen :])

    def has_news(self) -> bool:
        """Whether something came that answers nothing; then it is the last answer."""
        sent = self._cloud.sent_to(self.name)[self._seen :]
        if sent:
            self._read(sent)
        return bool(sent)

    def _read(self, sent: list[dict[str, Any]]) -> list[Message]:
        self._seen += len(sent)
        self.answer = [
            Message(fake_cloud_api.text_of(each), fake_cloud_api.buttons_of(each)) for each in sent
        ]
        self._rows = {
            title for each in sent for title in fake_cloud_api.buttons_of(each)
            if each["interactive"]["type"] == "list"
        }  # fmt: skip
        return self.answer
