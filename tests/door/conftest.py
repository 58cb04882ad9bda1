"""The real door on a real database, with an engine that says what a test tells it to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.clinic.anger import Anger
from bot.clinic.facts import facts, fill
from bot.clinic.payloads import Press
from bot.clinic.red_flags import RedFlags
from bot.clinic.schema import read_clinic
from bot.clinic.told import ToldBooking
from bot.data_files import DATA, ROOT, booked_responses, read_signs, read_yaml
from bot.door.door import Delivery, Door, Wordings
from bot.door.engine import EngineError, Turn
from bot.store.database import Database
from bot.store.messages import Outbound
from bot.store.requests import open_requests
from tests.store.databases import opened_database

# A Monday, 12:00 in Mumbai: the clinic is open.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
CHANNEL = "website"
# Seconds after which a test gives up waiting; nothing here takes nearly as long.
PATIENCE = 10.0


class HandClock:
    """The clinic's clock, turned by hand."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass(frozen=True)
class Asked:
    """One call for a turn."""

    text: str
    press: Press | None
    again: bool
    conversation: str
    angry: bool


@dataclass
class ScriptedEngine:
    """Stands for the engine: answers a text as told, fails as told, or hangs until let go."""

    asked: list[Asked] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    recorded: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Turn | Exception] = field(default_factory=dict)
    record_fails: bool = False
    hanging: dict[str, asyncio.Event] = field(default_factory=dict)

    def hang(self, text: str) -> None:
        """A turn with this text gets no answer until `let_go`."""
        self.hanging[text] = asyncio.Event()

    def let_go(self) -> None:
        """Every hanging turn goes on."""
        for each in self.hanging.values():
            each.set()
        self.hanging.clear()

    @property
    def texts(self) -> list[str]:
        """What turns were asked for, in order."""
        return [each.text for each in self.asked]

    async def turn(
        self,
        conversation_id: str,
        message_id: str,
        text: str,
        press: Press | None,
        *,
        again: bool,
        angry: bool,
    ) -> Turn:
        """One turn, as `Engine.turn`."""
        self.asked.append(Asked(text, press, again, conversation_id, angry))
        try:
            if text in self.hanging:
                await self.hanging[text].wait()
        except asyncio.CancelledError:
            self.cancelled.append(text)
            raise
        self.finished.append(text)
        answer = self.answers.get(text) or says(f"answer to {text}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def record(self, conversation_id: str, message_id: str, text: str, reply: str) -> None:
        """Notes what was answered without it, as `Engine.record`."""
        if self.record_fails:
            raise EngineError("the engine answered 500")
        self.recorded.append((text, reply))


def says(
    *texts: str,
    urgency: str = "none",
    buttons: dict[str, str] | None = None,
    intent: str = "faq",
) -> Turn:
    """A turn with these texts; the buttons stand below the last."""
    said: list[dict[str, Any]] = [{"text": text} for text in texts]
    if buttons:
        said[-1]["buttons"] = [
            {"title": title, "payload": payload} for title, payload in buttons.items()
        ]
    return Turn(said, intent, urgency)


@cache
def red_flags() -> RedFlags:
    """The real rules; compiling them takes most of a second."""
    return RedFlags(read_signs())


@cache
def wordings() -> Wordings:
    """The real texts and the clinic of clinic.yml."""
    return Wordings(
        read_clinic((ROOT / "clinic.yml").read_text("utf-8")),
        read_yaml(DATA / "facts.yml"),
        read_yaml(DATA / "wording.yml"),
        read_yaml(DATA / "safety" / "texts.yml"),
        booked_responses(read_yaml(ROOT / "domain.yml")),
    )


@cache
def told() -> ToldBooking:
    """What is told of a booking, with links to a server that nobody asks."""
    labels = read_yaml(DATA / "booking.yml")["labels"]
    return ToldBooking(wordings().clinic, labels, wordings().facts["times"], "http://front.test")


@cache
def anger() -> Anger:
    """The real rules."""
    return Anger(read_yaml(DATA / "anger.yml"))


def filled(text: str, at: datetime = NOW) -> str:
    """A text of the data as the clinic's patients get it at this moment."""
    return fill(text, facts(wordings().clinic, wordings().facts, at))


def framing(name: str, at: datetime = NOW) -> str:
    """A text of `data/wording.yml`, filled."""
    return filled(str(wordings().frame[name]), at)


def notice() -> str:
    """What stands before the first reply."""
    return f"{framing('first_notice')}\n{framing('privacy_notice')}"


class Reception:
    """The door as a test uses it: somebody writes, and everything that was sent is kept."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock()
        self.engine = ScriptedEngine()
        self.sent: list[Outbound] = []
        self.is_connected = True
        self.door = self.new_door()
        self._count = 0

    def new_door(self) -> Door:
        """A door as after a restart: the same database, nothing in memory."""
        door = Door(
            self.database,
            self.engine,  # type: ignore[arg-type]
            red_flags(),
            wordings(),
            self.clock,  # type: ignore[arg-type]
            told(),
            anger(),
        )
        door.add_channel(CHANNEL, self.send)
        return door

    async def send(self, outbound: Outbound) -> Delivery:
        """The channel: reaches a patient who is connected."""
        if not self.is_connected:
            return Delivery.KEPT
        self.sent.append(outbound)
        return Delivery.SENT

    @property
    def sent_texts(self) -> list[str]:
        """The texts that reached patients, in order."""
        return [each.content["text"] for each in self.sent]

    @property
    def requests(self) -> list[tuple[str, str, str]]:
        """Kind, urgency and words of what staff have to read."""
        return [(each.kind, each.urgency, each.text) for each in open_requests(self.database)]

    async def bring(
        self, text: str, person: str = "anna", external_id: str = "", channel: str = CHANNEL
    ) -> asyncio.Task[list[Outbound]]:
        """Brings a message to the door; its answer may take as long as it likes."""
        self._count += 1
        return await self.door.receive(channel, person, external_id or f"id-{self._count}", text)

    async def say(self, text: str, person: str = "anna", external_id: str = "") -> list[str]:
        """Brings a message and waits for the texts of its answer."""
        task = await self.bring(text, person, external_id)
        return [each.content["text"] for each in await asyncio.wait_for(task, PATIENCE)]

    async def begin(self, person: str = "anna") -> None:
        """Has the notice said, so that what follows is the bare answer."""
        await self.say("hello", person)
        self.sent.clear()
        self.engine.asked.clear()
        self.engine.finished.clear()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
async def reception(database: Database) -> AsyncIterator[Reception]:
    opened = Reception(database)
    yield opened
    opened.engine.let_go()
    # What still works in the background ends before the database is closed.
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), PATIENCE)


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - any condition, not only an event's
            await asyncio.sleep(0.01)


async def work_off(door: Door) -> None:
    """What the front does at its start, with an engine that is up already."""

    async def engine_is_up() -> None:
        return None

    await door.work_off(await door.leftovers(), engine_is_up())
