"""A booking is told or never made, and an angry message is passed on as one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

import bot.door.door
from bot.clinic.availability import Availability
from bot.door.engine import EngineError, Turn
from bot.store.bookings import Booked, NewBooking, TurnIsOver, book, booking_made_by
from bot.store.changes import By
from bot.store.tables import InboundMessage
from bot.store.visits import confirm_visit, move_visit, set_status
from tests.door.conftest import NOW, Reception, framing, says, told, wordings

YES = "yes"


def books(reception: Reception, message_id: str) -> Booked:
    """What the action does with the patient's yes."""
    availability = Availability.from_mapping(wordings().clinic)
    start = availability.free_times("consultation", {}, NOW)[0]
    new = NewBooking(
        conversation_id=conversation_of(reception, message_id),
        message_id=message_id,
        visit="consultation",
        patient_is="self",
        name="Asha Rao",
        phone="+919999900001",
    )
    options = availability.options_at("consultation", start, {}, NOW)
    return book(reception.database, new, options, 2, "booked", [], NOW)


def conversation_of(reception: Reception, message_id: str) -> str:
    with reception.database.work() as session:
        return session.get_one(InboundMessage, message_id).conversation_id


class BookingEngine:
    """An engine whose action books, and which then does what a test says."""

    def __init__(self, reception: Reception, then: Callable[[Booked], Turn]) -> None:
        self.reception, self.then = reception, then
        self.booked: Booked | None = None

    async def turn(self, conversation_id: str, message_id: str, *_: object, **__: object) -> Turn:
        """One turn, as `Engine.turn`."""
        self.booked = books(self.reception, message_id)
        return self.then(self.booked)

    async def record(self, *_: object) -> None:
        """Nothing is recorded here."""


async def said_after(reception: Reception, then: Callable[[Booked], Turn]) -> tuple[str, Booked]:
    await reception.begin()
    engine = BookingEngine(reception, then)
    reception.door._engine = engine  # type: ignore[assignment]
    [said] = await reception.say(YES)
    assert engine.booked is not None
    return said, engine.booked


def breaks_down(_: Booked) -> Turn:
    raise EngineError("no answer from the engine: ReadError")


async def test_a_booking_is_told_though_the_engine_broke_down_after_it(
    reception: Reception,
) -> None:
    said, booked = await said_after(reception, breaks_down)
    assert booked.reference in said
    assert told().values(booked)["booking_when"] in said
    assert framing("unavailable") not in said


async def test_nobody_of_the_team_has_to_answer_what_was_told(reception: Reception) -> None:
    await said_after(reception, breaks_down)
    assert reception.requests == []


async def test_a_booking_is_told_though_the_action_said_that_it_failed(
    reception: Reception,
) -> None:
    said, booked = await said_after(reception, lambda _: says("something went wrong"))
    assert booked.reference in said
    assert "something went wrong" not in said


async def test_an_answer_that_tells_of_the_booking_is_left_as_it_is(reception: Reception) -> None:
    said, booked = await said_after(
        reception, lambda made: says(f"Your reference: {made.reference}")
    )
    assert said == f"Your reference: {booked.reference}"


async def test_nothing_is_booked_once_the_patient_was_told_to_call(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.05)
    await reception.begin()
    reception.engine.hang(YES)
    assert await reception.say(YES) == [framing("unavailable")]
    with reception.database.work() as session:
        message_id = session.scalars(
            select(InboundMessage.id).order_by(InboundMessage.position.desc())
        ).first()
    assert message_id is not None
    with pytest.raises(TurnIsOver):
        books(reception, message_id)
    assert booking_made_by(reception.database, message_id) is None


class ChangingEngine:
    """An engine whose action first books, then changes the visit, and then breaks down."""

    def __init__(self, reception: Reception, change: Callable[[Booked, By], Booked]) -> None:
        self.reception, self.change = reception, change
        self.visit: Booked | None = None

    async def turn(self, conversation_id: str, message_id: str, *_: object, **__: object) -> Turn:
        """One turn, as `Engine.turn`."""
        if self.visit is None:
            self.visit = books(self.reception, message_id)
            return says(f"Your reference: {self.visit.reference}")
        self.visit = self.change(self.visit, By("patient", message_id))
        raise EngineError("no answer from the engine: ReadError")

    async def record(self, *_: object) -> None:
        """Nothing is recorded here."""


async def changed(reception: Reception, change: Callable[[Booked, By], Booked]) -> str:
    await reception.begin()
    engine = ChangingEngine(reception, change)
    reception.door._engine = engine  # type: ignore[assignment]
    await reception.say(YES)
    [said] = await reception.say("yes, change it")
    assert engine.visit is not None and engine.visit.reference in said
    assert told().values(engine.visit)["booking_when"] in said
    assert framing("unavailable") not in said
    return said


async def test_a_move_is_told_though_the_engine_broke_down_after_it(reception: Reception) -> None:
    def move(visit: Booked, by: By) -> Booked:
        availability = Availability.from_mapping(wordings().clinic)
        start = availability.free_times("consultation", {}, NOW)[-1]
        options = availability.options_at("consultation", start, {}, NOW)
        return move_visit(reception.database, visit.id, 0, options, "booked", by, NOW)

    assert (await changed(reception, move)).startswith("Moved.")


async def test_a_cancellation_is_told_though_the_engine_broke_down_after_it(
    reception: Reception,
) -> None:
    def cancel(visit: Booked, by: By) -> Booked:
        return set_status(reception.database, visit.id, 0, "cancelled", by, NOW)

    assert (await changed(reception, cancel)).startswith("Cancelled:")


async def test_that_somebody_comes_is_told_though_the_engine_broke_down_after_it(
    reception: Reception,
) -> None:
    def confirm(visit: Booked, by: By) -> Booked:
        return confirm_visit(reception.database, visit.id, 0, by.message_id, NOW)

    assert (await changed(reception, confirm)).startswith("Thank you. We expect you")


async def test_an_angry_message_is_passed_on_as_one(reception: Reception) -> None:
    await reception.say("why is nobody answering")
    await reception.say("WHY IS NOBODY ANSWERING")
    assert [each.angry for each in reception.engine.asked] == [False, True]


async def test_a_message_repeated_calmly_is_not(reception: Reception) -> None:
    for _ in range(3):
        await reception.say("ok")
    assert not any(each.angry for each in reception.engine.asked)


async def test_what_was_said_in_an_earlier_conversation_is_no_repetition(
    reception: Reception,
) -> None:
    await reception.say("WHERE IS YOUR CLINIC PLEASE TELL")
    reception.clock.moment += timedelta(days=2)
    await reception.say("WHERE IS YOUR CLINIC PLEASE TELL")
    assert not any(each.angry for each in reception.engine.asked)
