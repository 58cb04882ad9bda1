"""What nobody asked for leaves the door only while it may, and never at night."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.clinic.visits.statuses import CANCELLED
from bot.door.door import Delivery
from bot.store import bookings, messages
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.coming import coming_of, say_unasked
from bot.store.conversations import stop_unasked
from bot.store.messages import Answer, Outbound
from bot.store.requests import open_requests
from bot.store.tables import Booking, OutboundMessage
from bot.store.visits import set_status
from tests.door.conftest import NOW, Reception, eventually
from tests.store.test_bookings import AVAILABILITY, new_booking

PHONE = "919999900001"


class Sending:
    """A door that sends on WhatsApp, and a reminder that waits there."""

    def __init__(self, reception: Reception) -> None:
        self.reception, self.database = reception, reception.database
        self.clock = reception.clock
        self.sent: list[str] = []
        self.delivery: Delivery | Exception = Delivery.SENT
        reception.door.add_channel("whatsapp", self._send, pushes=True)

    async def _send(self, outbound: Outbound) -> Delivery:
        self.sent.append(outbound.content["text"])
        if isinstance(self.delivery, Exception):
            raise self.delivery
        return self.delivery

    def hears(self, text: str) -> messages.Inbound:
        return messages.receive(
            self.database, "whatsapp", "asha", text, text, self.clock.now(),
            timedelta(hours=12), PHONE,
        )  # fmt: skip

    def queue(self) -> Booked:
        """A visit in a week, and a reminder of it in the outbox."""
        message = self.hears("yes")
        start = NOW.replace(hour=4, minute=30) + timedelta(days=7)
        options = AVAILABILITY.options_at("consultation", start, {}, NOW)
        new = new_booking(message, reminders="whatsapp")
        visit = bookings.book(self.database, new, options, 2, "booked", (), NOW)
        messages.finish(self.database, message.id, Answer([]), NOW)
        with self.database.work() as session:
            coming = coming_of(session, session.get_one(Booking, visit.id), NOW)
            content = {"text": "Reminder"}
            say_unasked(session, coming, "whatsapp", PHONE, content, "remind", NOW)
        return visit

    @property
    def state(self) -> str:
        """Of the reminder."""
        with self.database.work() as session:
            return session.scalars(
                select(OutboundMessage.state).where(OutboundMessage.unasked.is_(True))
            ).one()

    async def pushes_until(self, state: str) -> None:
        """The door sends what is due until the reminder has this state."""
        pushing = asyncio.create_task(self.reception.door.push())
        try:
            await eventually(lambda: self.state == state)
        finally:
            pushing.cancel()


@pytest.fixture
def sending(reception: Reception) -> Sending:
    return Sending(reception)


async def test_a_reminder_is_sent(sending: Sending) -> None:
    sending.queue()
    await sending.pushes_until("sent")
    assert sending.sent == ["Reminder"]


async def test_after_a_stop_it_is_withdrawn(sending: Sending) -> None:
    visit = sending.queue()
    stop_unasked(sending.database, visit.conversation_id, NOW)
    await sending.pushes_until("failed")
    assert sending.sent == []
    assert open_requests(sending.database) == []


async def test_after_danger_it_is_withdrawn_and_the_team_calls(sending: Sending) -> None:
    sending.queue()
    danger = sending.hears("help")
    messages.finish(sending.database, danger.id, Answer([], urgency="crisis"), NOW)
    await sending.pushes_until("failed")
    assert sending.sent == []
    assert [each.kind for each in open_requests(sending.database)] == ["remind"]


@pytest.mark.parametrize("fault", [Delivery.FAILED, RuntimeError()])
async def test_where_nobody_knows_whether_it_left_a_person_looks_and_it_is_not_sent_again(
    sending: Sending, fault: Delivery | Exception
) -> None:
    sending.queue()
    sending.delivery = fault
    await sending.pushes_until("failed")
    sending.clock.pass_by(hours=1)
    await sending.reception.door.leftovers()
    assert messages.due(sending.database, ["whatsapp"], sending.clock.now()) == []
    assert sending.sent == ["Reminder"]
    assert [each.kind for each in open_requests(sending.database)] == ["not_delivered"]


async def test_of_a_visit_that_is_cancelled_meanwhile_nothing_leaves(sending: Sending) -> None:
    visit = sending.queue()
    staff = By("staff", staff_user="desk")
    set_status(sending.database, visit.id, 0, CANCELLED, staff, NOW)
    await sending.pushes_until("failed")
    assert sending.sent == []


async def test_what_could_not_leave_before_the_night_waits_for_the_morning(
    sending: Sending,
) -> None:
    visit = sending.queue()
    # 23:00 in Mumbai.
    sending.clock.pass_by(hours=11)
    with sending.database.work() as session:
        asked_for = {"text": "Asked for"}
        messages.queue_elsewhere(session, visit.message_id, "whatsapp", PHONE, asked_for, NOW)
    pushing = asyncio.create_task(sending.reception.door.push())
    await eventually(lambda: sending.sent == ["Asked for"])
    pushing.cancel()
    assert sending.state == "queued"
    # All night long nobody is looked at again and again.
    assert sending.reception.door._due() == []
    sending.clock.pass_by(hours=11)
    await sending.pushes_until("sent")
    assert sending.sent == ["Asked for", "Reminder"]
