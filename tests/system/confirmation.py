"""Patients at the last question of a booking or a change, and the steps of its answer, held open.

A step is held by stopping the process that would take the next one (SIGSTOP), by holding the
database's write lock, or by cutting the patients' lines: so a kill hits that step and no other.
Where nothing can hold it, the rows say when it has come.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from bot.encryption import Cipher
from tests.house import READY_WITHIN, HouseInParts, Message, WebsitePatient, need, wait_until

YES = "yes"
# Seconds between two looks at the rows before a kill.
OFTEN = 0.002
# Seconds from the first line of an action until two bookings are committed, and some more.
_INSTANTS = cycle(each / 1000 for each in (30, 60, 15, 45, 75, 5, 100, 20, 50, 150))
ESTABLISHED = "01"  # Linux, include/net/tcp_states.h


@dataclass(frozen=True)
class Visit:
    """What the rows say of a booking."""

    id: str
    reference: str = field(repr=False)
    doctor: str
    room: str
    status: str
    starts_at: datetime
    sequence: int


class Visitor:
    """A patient of the website who may lose the line; everything that was heard is kept."""

    def __init__(self, house: HouseInParts, opening: str, start: str) -> None:
        """`opening` tells what a booking needs; `start` is the time that it names."""
        self.start = datetime.fromisoformat(start)
        self._opening = opening
        self._house = house
        self._page = WebsitePatient(house)
        self._is_here = True
        self._heard: dict[str, Message] = {}
        self._conversation = ""
        self._written: dict[str, Any] = {}

    def come_to_the_confirmation(self) -> None:
        """Says everything but the last yes."""
        self.write(self._opening)
        first = self._hear()
        [(self._conversation,)] = self._house.rows(
            "SELECT conversation_id FROM outbound_messages WHERE id = ?", first.id
        )
        self.hear_all()
        for title in ("Yes, for me, 18+", "Yes, I agree", "No reminder"):
            self.say(self.answer()[-1].buttons[title])
        assert self.is_asked_to_confirm(), self.answer()

    def say(self, text: str) -> None:
        """Writes, and hears the answer."""
        self.write(text)
        self.hear_all()

    def write(self, text: str) -> None:
        """Writes, and is told that it was received."""
        self._written = self._page.body(text)
        self.deliver()

    def deliver(self) -> None:
        """Sends what was written last, as a page does again that heard of no receipt."""
        acknowledged = self._page.call("user_uttered", self._written)
        assert acknowledged == {"status": "received"}, acknowledged

    def hear_all(self) -> None:
        """Returns when every message is done and the last answer was heard; it may come twice."""
        wait_until(
            lambda: self._house.is_answered(self._page.channel, self._page.person),
            READY_WITHIN,
            lambda: f"every message answered\n{self._house.log_tail()}",
        )
        while not {name for name, _ in self._last_answer()} <= set(self._heard):
            self._hear()

    def answer(self) -> list[Message]:
        """What the last message was answered."""
        return [self._heard[name] for name, _ in self._last_answer()]

    def is_asked_to_confirm(self) -> bool:
        """Whether the answer reads the booking back and asks for a yes."""
        return self._is_asked_to_book()

    def _is_asked_to_book(self) -> bool:
        return "Yes, book it" in self.answer()[-1].buttons

    def leave(self) -> None:
        """Closes the page once everything is heard that came through."""
        if self._is_here:
            self._heard |= {message.id: message for message in self._page.until_quiet()}
        self.close()

    def come_back(self) -> None:
        """Opens the page again, with the session that the browser holds."""
        self.leave()
        self._page = WebsitePatient(self._house, self._page.session)
        self._is_here = True

    def close(self) -> None:
        """Closes the page if it is open."""
        if self._is_here:
            self._page.close()
        self._is_here = False

    def inbound_states(self) -> list[str]:
        """The states of the messages from them, in order."""
        return self._house.messages_of(self._page.channel, self._page.person)

    def outbound_states(self) -> list[str]:
        """The states of the answer to the last of them."""
        return [state for _, state in self._last_answer()]

    def visits(self) -> list[Visit]:
        """What they have booked."""
        decrypt = Cipher(self._house.settings.data_key).decrypt
        rows = self._house.rows(
            "SELECT id, reference, doctor, room, status, starts_at, sequence FROM bookings"
            " WHERE conversation_id = ?",
            self._conversation,
        )
        return [
            Visit(
                name,
                decrypt(reference),
                doctor,
                room,
                status,
                datetime.fromisoformat(starts_at).replace(tzinfo=UTC),
                sequence,
            )
            for name, reference, doctor, room, status, starts_at, sequence in rows
        ]

    def is_done(self) -> bool:
        """Whether the database has what they said yes to."""
        return bool(self.visits())

    def _hear(self) -> Message:
        message = self._page.next_message(READY_WITHIN)
        self._heard[message.id] = message
        return message

    def _last_answer(self) -> list[tuple[str, str]]:
        """Ids and states."""
        rows = self._house.rows(
            "SELECT o.id, o.state FROM outbound_messages o"
            " JOIN inbound_messages m ON m.id = o.reply_to WHERE m.conversation_id = ?"
            " AND m.position = (SELECT MAX(position) FROM inbound_messages"
            " WHERE conversation_id = m.conversation_id) ORDER BY o.position",
            self._conversation,
        )
        return [(str(name), str(state)) for name, state in rows]


class Changer(Visitor):
    """A patient who has a visit, and is asked for the last yes before it is moved or cancelled."""

    def __init__(
        self, house: HouseInParts, opening: str, start: str, request: str, question: str, told: str
    ) -> None:
        """`question`: a button under the last question; `told`: the answer to its yes."""
        super().__init__(house, opening, start)
        self.told = told
        self._request, self._question = request, question

    def come_to_the_confirmation(self) -> None:
        """Books, and says everything of the change but the last yes."""
        super().come_to_the_confirmation()
        self.say(YES)
        [self.before] = self.visits()
        self.say(self._request)
        assert self.is_asked_to_confirm(), self.answer()

    def is_asked_to_confirm(self) -> bool:
        """Whether the answer asks for the yes to the change, or before that to the booking."""
        is_booked = bool(self.visits())
        return (
            self._question in self.answer()[-1].buttons if is_booked else self._is_asked_to_book()
        )

    def visit(self) -> Visit:
        """It never is another one."""
        [visit] = self.visits()
        return visit

    def is_done(self) -> bool:
        """Whether the visit was changed."""
        return self.visit().sequence > 0

    def changes(self) -> int:
        """How often the history says that they changed it."""
        [(count,)] = self._house.rows(
            "SELECT COUNT(*) FROM booking_changes WHERE booking_id = ?"
            " AND status_before IS NOT NULL",
            self.before.id,
        )
        return int(count)


Visitors = Sequence[Visitor]
# Entered, the visitors have said yes and the step has come; left, nothing holds it any more but
# processes that stand still.
Step = Callable[[HouseInParts, Visitors], AbstractContextManager[None]]


@contextmanager
def yes_is_stored(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The front has stored the yes; the engine hears nothing."""
    house.pause("engine")
    _say_yes(visitors)
    yield


@contextmanager
def engine_works(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The engine has understood and waits for the action."""
    house.pause("actions")
    _say_yes(visitors)
    wait_until(
        lambda: _unread_requests(house) == len(visitors),
        READY_WITHIN,
        "the engine asks the actions",
    )
    yield


@contextmanager
def action_waits(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The action has begun and waits for the database, which somebody else writes to."""
    with engine_works(house, visitors), _write_lock(house):
        house.resume("actions")
        wait_until(lambda: _unread_requests(house) == 0, READY_WITHIN, "the actions begin")
        yield


@contextmanager
def action_writes(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The action reads, writes or commits, at each call at another instant."""
    with engine_works(house, visitors):
        house.resume("actions")
        # From outside nothing can hold a commit, so the kills are spread over its time.
        time.sleep(next(_INSTANTS))
        yield


@contextmanager
def change_is_written(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """What they said yes to is committed; the engine does not hear of it yet."""
    with engine_works(house, visitors):
        house.pause("engine")
        house.resume("actions")
        wait_until(lambda: all(each.is_done() for each in visitors), READY_WITHIN, "all written")
        yield


@contextmanager
def answer_waits(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The answer is in the outbox and the patient is away."""
    with engine_works(house, visitors):
        for each in visitors:
            each.leave()
        house.http.get("/")  # what the front heard before this, it has worked off
        house.resume("actions")
        wait_until(
            lambda: all(each.outbound_states() == ["queued"] for each in visitors),
            READY_WITHIN,
            "the answers wait",
        )
        yield


@contextmanager
def answer_leaves(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The first of the answers has just come into the outbox."""
    _say_yes(visitors)
    deadline = time.monotonic() + READY_WITHIN
    while not any(each.outbound_states() for each in visitors):
        assert time.monotonic() < deadline
        time.sleep(OFTEN)
    yield


@contextmanager
def answer_was_sent(house: HouseInParts, visitors: Visitors) -> Iterator[None]:
    """The answers have left."""
    _say_yes(visitors)
    wait_until(
        lambda: all(each.outbound_states() == ["sent"] for each in visitors),
        READY_WITHIN,
        "the answers sent",
    )
    yield


def _say_yes(visitors: Visitors) -> None:
    for each in visitors:
        each.write(YES)


def _unread_requests(house: HouseInParts) -> int:
    """Requests that the kernel has taken for the actions and they have not read.

    The fields are those of proc(5), /proc/net/tcp: local address, state, queues.
    """
    table = Path("/proc/net/tcp")
    need(table.exists(), "without /proc nobody knows what a process has not read")
    port = f":{house.settings.actions_port:04X}"
    lines = [line.split() for line in table.read_text("ascii").splitlines()[1:]]
    return sum(
        fields[1].endswith(port)
        and fields[3] == ESTABLISHED
        and int(fields[4].partition(":")[2], 16) > 0
        for fields in lines
    )


@contextmanager
def _write_lock(house: HouseInParts) -> Iterator[None]:
    file = house.var_dir / "clinic.db"
    with closing(sqlite3.connect(file, isolation_level=None, timeout=10.0)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")
