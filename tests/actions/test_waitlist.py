"""The wait list in the chat: a wish is left where nothing fits, and an offered time is taken."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from actions.base import SafeAction
from bot.store import wishes
from bot.store.database import Database
from bot.store.wish_offers import offer
from bot.store.wishes import Wished
from tests.actions.test_booking import Patient

# Thursday 11:00 in Mumbai, and an hour later.
START = datetime(2026, 11, 26, 5, 30, tzinfo=timezone.utc)
LATER = START + timedelta(hours=1)


class Waiter(Patient):
    """Somebody for whom nothing fits."""

    async def waits(self) -> Wished:
        """On the wait list for Thursday at 11:00."""
        await self.opens("I want to book for acne, 26 november 11 am")
        await self.presses(then="wait")
        for answer in ("yes", "yes", "Asha Rao", "99999 00071"):
            said = await self.says(answer)
        assert said == ["utter_ask_booking_wait"]
        assert await self.says("yes") == ["utter_booking_waiting"]
        [wish] = wishes.open_wishes(self.database, self.clock.now().date())
        return wish

    def is_offered(self, wish: Wished, start: datetime = START) -> None:
        """A person of the clinic presses "Offer"."""
        assert offer(
            self.database,
            wish.id,
            start,
            {"text": "A time is free."},
            self.clock.now(),
            way="website",
        )

    async def takes(self, wish: Wished, start: datetime = START) -> list[str]:
        """Presses "Take it"."""
        return await self._offered(wish, start=start.isoformat())

    async def declines(self, wish: Wished, how: str = "stop") -> list[str]:
        """Presses "No, thank you", or takes themself off the list."""
        return await self._offered(wish, then=how)

    async def _offered(self, wish: Wished, **given: str) -> list[str]:
        self.hears("book_consultation", "book_consultation", {"wish": wish.id, **given})
        said = await self.acts("action_book_consultation")
        self.in_form = self.goes_on_with == ["booking_form"]
        return said + (await self.asked() if self.in_form else [])


@pytest.fixture
def waiter(database: Database, templates: list[SafeAction]) -> Waiter:
    return Waiter(database, templates)


def status(waiter: Waiter, wish: Wished) -> str:
    found = wishes.wish_with(waiter.database, wish.id)
    assert found is not None
    return found.status


async def test_a_wish_holds_what_was_wished_and_books_nothing(waiter: Waiter) -> None:
    wish = await waiter.waits()
    assert (wish.name, wish.phone, wish.patient_is) == ("Asha Rao", "+919999900071", "self")
    assert (wish.wish.exact, [day.isoformat() for day in wish.wish.days]) == (660, ["2026-11-26"])
    assert waiter.visits == [] and waiter.draft is None


async def test_the_name_is_kept_only_after_the_consent_as_for_a_booking(waiter: Waiter) -> None:
    await waiter.waits()
    assert [(purpose, given) for purpose, _, given in waiter.consents] == [("contact", True)]


async def test_who_takes_an_offered_time_is_asked_only_what_is_missing(waiter: Waiter) -> None:
    wish = await waiter.waits()
    waiter.is_offered(wish)
    assert await waiter.takes(wish) == ["utter_ask_booking_concern"]
    assert await waiter.says("acne") == ["utter_ask_booking_reminders"]
    assert await waiter.says("no") == ["utter_ask_booking_confirm"]
    assert await waiter.says("yes") == ["utter_booking_booked_self"]
    [visit] = waiter.visits
    assert (visit.starts_at, visit.name) == (START, "Asha Rao")
    assert status(waiter, wish) == "booked"


async def test_who_declines_stays_on_the_list_and_may_leave_it(waiter: Waiter) -> None:
    wish = await waiter.waits()
    waiter.is_offered(wish)
    assert await waiter.declines(wish) == ["utter_wish_declined"]
    assert status(waiter, wish) == "waitlist"
    assert await waiter.declines(wish, "off") == ["utter_wish_off"]
    assert status(waiter, wish) == "cancelled"


async def test_an_offer_that_was_taken_back_or_is_another_now_stands_no_more(
    waiter: Waiter,
) -> None:
    wish = await waiter.waits()
    waiter.is_offered(wish)
    wishes.take_back(waiter.database, wish.id)
    assert await waiter.takes(wish) == ["utter_wish_gone"]
    waiter.is_offered(wish, LATER)
    assert await waiter.takes(wish) == ["utter_wish_gone"]
    assert await waiter.takes(wish, LATER) == ["utter_ask_booking_concern"]


async def test_nobody_takes_what_another_was_offered(
    waiter: Waiter, database: Database, templates: list[SafeAction]
) -> None:
    wish = await waiter.waits()
    waiter.is_offered(wish)
    stranger = Waiter(database, templates, person="stranger")
    assert await stranger.takes(wish) == ["utter_wish_gone"]
    assert await stranger.declines(wish, "off") == ["utter_wish_gone"]
    assert status(waiter, wish) == "proposed"


async def test_who_has_no_visit_to_cancel_may_leave_the_wait_list(waiter: Waiter) -> None:
    wish = await waiter.waits()
    waiter.hears("cancel", "cancel_consultation")
    assert await waiter.acts("action_change_visit") == ["utter_wish_standing"]
    [button] = waiter.said[-1]["buttons"]
    assert wish.id in button["payload"]


async def test_a_time_said_instead_of_waiting_is_booked(waiter: Waiter) -> None:
    await waiter.opens("I want to book for acne, 26 november 11 am")
    await waiter.presses(then="wait")
    await waiter.says("friday 27 november 5 pm")
    assert waiter.draft is not None
    assert waiter.draft["start"] == "2026-11-27T11:30:00+00:00"
    assert waiter.draft["waits"] is False
