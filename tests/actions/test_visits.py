"""A visit that stands, on a real database: who learns of it, and what a yes leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update

from actions.base import SafeAction
from actions.visiting import IN_TOUCH, MOST_GUESSES
from bot.clinic.clock import Clock
from bot.store import bookings, drafts, holds
from bot.store.bookings import Booked, booking_with
from bot.store.changes import history_of
from bot.store.database import Database
from bot.store.requests import open_requests_in_full
from bot.store.tables import Booking, Conversation, Reminder
from tests.actions.test_booking import Patient

MOVE, CANCEL, LOOK = "reschedule_consultation", "cancel_consultation", "check_consultation"
PHONE = "99999 00071"
# Friday 17:00 in Mumbai; the clinic's free changes end a day before.
FRIDAY = datetime(2026, 11, 27, 11, 30, tzinfo=timezone.utc)


class Visitor(Patient):
    """Somebody who books for Friday and then writes about it."""

    in_visit_form = False

    async def books(self) -> Booked:
        """A visit on Friday at 17:00."""
        await self.reaches_the_read_back("I want to book for acne, 27 november 5 pm")
        await self.says("yes")
        [visit] = self.visits
        assert visit.starts_at == FRIDAY
        return visit

    async def wants(self, intent: str, text: str = "", **given: str) -> list[str]:
        """Begins with a visit: the responses, the form's question included."""
        self.hears(text or intent, intent, given or None)
        said = await self.acts("action_change_visit")
        if self.goes_on_with == ["visit_form"]:
            said += await self.acts("action_ask_visit_change")
        return said

    async def answers(self, text: str, intent: str = "inform", **given: str) -> list[str]:
        """Answers the form."""
        self.hears(text, intent, given or None)
        await self.acts("validate_visit_form")
        if self.slots.get("visit_change"):
            return await self.acts("action_visit_ended")
        return await self.acts("action_ask_visit_change")

    def waits(self, span: timedelta) -> None:
        """Time passes without a word."""
        self.clock = Clock(self.clock.now() - datetime.now(timezone.utc) + span)
        for action in self.actions.values():
            action.clock = self.clock

    @property
    def kept(self) -> dict[str, object] | None:
        """What is kept of a change that is not made yet."""
        return drafts.read_draft(self.database, self.conversation, drafts.VISIT)


def details_now(visitor: Visitor) -> Mapping[str, str]:
    """What the only open request knows."""
    [request] = open_requests_in_full(visitor.database, most=10)
    return request.details


@pytest.fixture
def visitor(database: Database, templates: list[SafeAction]) -> Visitor:
    return Visitor(database, templates)


@pytest.fixture
def stranger(database: Database, templates: list[SafeAction]) -> Visitor:
    return Visitor(database, templates, person="stranger")


async def test_who_booked_in_this_sitting_is_told_at_once(visitor: Visitor) -> None:
    visit = await visitor.books()
    assert await visitor.wants(LOOK) == ["utter_visit_shown_booked"]
    assert visitor.said[-1]["booking_reference"] == visit.reference
    payloads = [each["payload"] for each in visitor.said[-1]["buttons"]]
    assert f'/reschedule_consultation{{"visit":"{visit.id}"}}' in payloads
    assert visitor.kept is None


async def test_after_an_hour_of_silence_a_browser_names_the_reference_again(
    visitor: Visitor,
) -> None:
    visit = await visitor.books()
    visitor.waits(IN_TOUCH + timedelta(minutes=1))
    # Chatting about something else makes the browser nobody's.
    visitor.hears("hello", "greet")
    assert await visitor.wants(LOOK) == ["utter_ask_visit_reference_and_phone"]
    assert await visitor.answers(visit.reference.lower()) == ["utter_visit_shown_booked"]
    assert await visitor.wants(CANCEL) == ["utter_ask_visit_cancel"]
    visitor.waits(IN_TOUCH + timedelta(minutes=1))
    assert await visitor.wants(LOOK) == ["utter_ask_visit_reference_and_phone"]


async def test_whoever_writes_within_the_hour_stays_known(visitor: Visitor) -> None:
    await visitor.books()
    for _ in range(3):
        visitor.waits(timedelta(minutes=50))
        assert await visitor.wants(LOOK) == ["utter_visit_shown_booked"]


async def test_a_number_that_the_channel_knows_stays_known_for_days(
    database: Database, templates: list[SafeAction]
) -> None:
    visitor = Visitor(database, templates, channel="whatsapp", address="919999900071")
    visitor.waits(timedelta())
    await visitor.opens("I want to book for acne, 27 november 5 pm")
    for answer in ("yes", "yes", "Asha Rao", "yes", "no", "yes"):
        await visitor.says(answer)
    assert len(visitor.visits) == 1
    visitor.waits(timedelta(days=2))
    assert await visitor.wants(LOOK) == ["utter_visit_shown_booked"]


async def test_a_stranger_learns_nothing_not_even_that_there_is_a_visit(
    visitor: Visitor, stranger: Visitor
) -> None:
    visit = await visitor.books()
    without = await stranger.wants(CANCEL)
    assert without == ["utter_ask_visit_reference_and_phone"]
    wrong_phone = await stranger.answers(f"{visit.reference} 99999 00072")
    told = stranger.said[-1]
    wrong_reference = await stranger.answers(f"CDFHJKM3 {PHONE}")
    assert wrong_phone == wrong_reference == ["utter_ask_visit_reference_and_phone"]
    assert stranger.said[-1]["note"] == told["note"]
    unknown = await stranger.wants(CANCEL, given_nothing="")
    assert unknown == without
    pressed = await stranger.wants(CANCEL, visit=visit.id)
    assert pressed == without
    assert booking_with(visitor.database, visit.id) == visit


async def test_who_asks_something_else_is_not_pressed_for_a_reference(stranger: Visitor) -> None:
    await stranger.wants(CANCEL)
    assert await stranger.answers("what does it cost", "faq") == []
    assert await stranger.answers("hmm") == ["utter_ask_visit_reference_and_phone"]


async def test_who_is_asked_for_a_reference_may_go_on_with_the_booking(stranger: Visitor) -> None:
    await stranger.opens("I want to book for acne, 27 november 5 pm")
    assert await stranger.wants(LOOK) == ["utter_ask_visit_reference_and_phone"]
    assert await stranger.answers("continue", "continue_booking") == []
    assert stranger.goes_on_with == ["action_go_on"]
    assert stranger.kept is None


async def test_without_a_booking_the_reference_is_asked_on(stranger: Visitor) -> None:
    await stranger.wants(CANCEL)
    said = await stranger.answers("continue", "continue_booking")
    assert said == ["utter_ask_visit_reference_and_phone"]


async def test_reference_and_phone_together_show_the_visit_to_whoever_has_both(
    visitor: Visitor, stranger: Visitor
) -> None:
    visit = await visitor.books()
    said = await stranger.wants(LOOK, f"when is my visit {visit.reference}, {PHONE}")
    assert said == ["utter_visit_shown_booked"]
    assert await stranger.wants(CANCEL) == ["utter_ask_visit_cancel"]
    stranger.waits(IN_TOUCH + timedelta(minutes=1))
    assert await stranger.wants(CANCEL) == ["utter_ask_visit_reference_and_phone"]


async def test_after_too_many_guesses_nothing_is_looked_up_for_an_hour(
    visitor: Visitor, stranger: Visitor
) -> None:
    visit = await visitor.books()
    await stranger.wants(LOOK)
    for number in range(MOST_GUESSES["person"]):
        said = await stranger.answers(f"{visit.reference} 99999 000{80 + number}")
        assert said == ["utter_ask_visit_reference_and_phone"]
    right = f"{visit.reference} {PHONE}"
    assert await stranger.answers(right) == ["utter_visit_too_many_guesses"]
    assert await stranger.wants(LOOK, right) == ["utter_visit_too_many_guesses"]
    stranger.waits(timedelta(hours=1))
    assert await stranger.wants(LOOK, right) == ["utter_visit_shown_booked"]


async def test_who_finds_their_own_visit_uses_up_nobodys_guesses(
    visitor: Visitor, stranger: Visitor
) -> None:
    visit = await visitor.books()
    right = f"when is my visit {visit.reference}, {PHONE}"
    for _ in range(MOST_GUESSES["person"] + 1):
        assert await stranger.wants(LOOK, right) == ["utter_visit_shown_booked"]


async def test_everybody_at_one_address_guesses_only_so_often_together(
    database: Database, templates: list[SafeAction], visitor: Visitor
) -> None:
    visit = await visitor.books()
    right = f"{visit.reference} {PHONE}"
    for number in range(MOST_GUESSES["origin"] // 4 + 1):
        one = Visitor(database, templates, person=f"tab {number}")
        with database.work() as session:
            session.execute(
                update(Conversation)
                .where(Conversation.id == one.conversation)
                .values(origin="one address")
            )
        await one.wants(LOOK)
        said = [await one.answers(f"CDFHJKM3 99999 0008{guess}") for guess in range(4)]
    assert ["utter_visit_too_many_guesses"] in said
    assert await one.wants(LOOK, right) == ["utter_visit_too_many_guesses"]


async def test_a_yes_moves_the_visit_and_plans_its_reminders_anew(visitor: Visitor) -> None:
    visit = await visitor.books()
    with visitor.database.work() as session:
        session.get_one(Booking, visit.id).reminders = "call"
    assert await visitor.wants(MOVE, "move it to 26 november 6 pm") == ["utter_ask_visit_move"]
    assert holds.held_time(visitor.database, visitor.conversation, visitor.clock.now())
    assert await visitor.answers("yes") == ["utter_visit_moved"]
    moved = booking_with(visitor.database, visit.id)
    assert moved is not None
    assert moved.starts_at == datetime(2026, 11, 26, 12, 30, tzinfo=timezone.utc)
    assert (moved.reference, moved.sequence) == (visit.reference, 1)
    assert visitor.kept is None
    assert holds.held_time(visitor.database, visitor.conversation, visitor.clock.now()) is None
    with visitor.database.work() as session:
        due = session.scalars(select(Reminder.due_at).order_by(Reminder.due_at)).all()
    assert due and all(FRIDAY > each > visitor.clock.now() for each in due)


async def test_the_rules_that_were_read_out_stand_in_the_history(visitor: Visitor) -> None:
    visit = await visitor.books()
    await visitor.wants(CANCEL)
    version = visitor.actions["action_change_visit"].rules.dialogue.policy.version  # type: ignore[attr-defined]
    assert await visitor.answers("yes") == ["utter_visit_cancelled"]
    booked, cancelled = history_of(visitor.database, visit.id)
    assert (booked.policy, cancelled.policy) == (version, version)
    assert (cancelled.by, cancelled.status_after) == ("patient", "cancelled")


async def test_the_same_yes_twice_cancels_once_and_says_the_same(visitor: Visitor) -> None:
    visit = await visitor.books()
    await visitor.wants(CANCEL)
    assert await visitor.answers("yes") == ["utter_visit_cancelled"]
    # The engine asks again after a crash in between.
    visitor.slots.clear()
    await visitor.acts("validate_visit_form")
    assert await visitor.acts("action_visit_ended") == ["utter_visit_cancelled"]
    assert len(history_of(visitor.database, visit.id)) == 2


async def test_a_late_change_is_a_request_and_the_visit_stands(visitor: Visitor) -> None:
    visit = await visitor.books()
    visitor.waits(FRIDAY - visitor.clock.now() - timedelta(hours=5))
    await visitor.wants(LOOK, f"{visit.reference}")
    assert await visitor.wants(CANCEL) == ["utter_ask_visit_cancel_late"]
    assert await visitor.answers("yes") == ["utter_visit_asked_cancel"]
    assert booking_with(visitor.database, visit.id) == visit
    assert [kind for kind, _ in visitor.requests] == ["late_cancel"]
    reach = {"phone": visit.phone, "name": visit.name}
    assert details_now(visitor) == {**reach, "visit": visit.id}


async def test_a_late_move_tells_the_team_of_which_visit_and_to_when(visitor: Visitor) -> None:
    visit = await visitor.books()
    visitor.waits(FRIDAY - visitor.clock.now() - timedelta(hours=5))
    await visitor.wants(LOOK, f"{visit.reference}")
    await visitor.wants(MOVE, "move it to 1 december 6 pm")
    assert await visitor.answers("yes") == ["utter_visit_asked_move"]
    told = details_now(visitor)
    assert told["visit"] == visit.id
    wanted = datetime(2026, 12, 1, 12, 30, tzinfo=timezone.utc)
    assert datetime.fromisoformat(told["wanted"]) == wanted
    assert booking_with(visitor.database, visit.id) == visit


async def test_a_late_change_of_a_visit_that_was_erased_meanwhile_asks_nobody(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await visitor.books()
    visitor.waits(FRIDAY - visitor.clock.now() - timedelta(hours=5))
    await visitor.wants(LOOK, f"{visit.reference}")
    await visitor.wants(CANCEL)
    # After the dialogue has seen it, and before the act.
    monkeypatch.setattr(bookings, "booking_with", lambda *_: None)
    assert await visitor.answers("yes") == ["utter_visit_gone"]
    assert visitor.requests == []
    assert visitor.kept is None


async def test_who_cannot_prove_it_goes_to_the_team_with_what_they_wanted(
    stranger: Visitor,
) -> None:
    await stranger.wants(MOVE)
    assert await stranger.answers("i don't have it") == ["utter_passed_visit"]
    assert [kind for kind, _ in stranger.requests] == [MOVE]
    assert stranger.goes_on_with == ["contact_form"]


async def test_the_button_of_a_reminder_says_that_the_patient_comes(visitor: Visitor) -> None:
    visit = await visitor.books()
    said = await visitor.wants(LOOK, visit=visit.id, act="confirm")
    assert said == ["utter_visit_confirmed"]
    now = booking_with(visitor.database, visit.id)
    assert now is not None and now.confirmed_at is not None


async def test_a_reminder_of_a_visit_that_is_gone_confirms_nothing(
    visitor: Visitor, stranger: Visitor
) -> None:
    visit = await visitor.books()
    assert await stranger.wants(LOOK, visit=visit.id, act="confirm") == ["utter_visit_gone"]
    now = booking_with(visitor.database, visit.id)
    assert now is not None and now.confirmed_at is None


async def test_who_is_late_for_a_visit_of_today_hears_which_one(
    visitor: Visitor, stranger: Visitor
) -> None:
    visit = await visitor.books()
    visitor.waits(FRIDAY - visitor.clock.now() - timedelta(minutes=20))
    await visitor.wants(LOOK, visit.reference)
    for who, said in ((visitor, "utter_passed_running_late"), (stranger, "utter_passed_visit")):
        who.hears("I am running late", "running_late")
        assert await who.acts("action_running_late") == [said]
        assert who.requests[-1][0] == "running_late"


async def test_a_stop_in_the_middle_stops_messages_and_is_no_answer(visitor: Visitor) -> None:
    await visitor.books()
    await visitor.wants(CANCEL)
    visitor.hears("STOP", "stop_messages")
    await visitor.acts("validate_visit_form")
    assert visitor.slots.get("visit_change") is None and visitor.returned == []


async def test_a_time_that_was_kept_is_let_go_when_the_visit_is_rather_cancelled(
    visitor: Visitor,
) -> None:
    await visitor.books()
    await visitor.wants(MOVE, "move it to 26 november 6 pm")
    assert await visitor.answers("no, just cancel it", CANCEL) == ["utter_ask_visit_cancel"]
    now = visitor.clock.now()
    assert holds.held_time(visitor.database, visitor.conversation, now) is None


async def test_an_hour_in_the_middle_asks_for_the_reference_and_takes_nothing_back(
    visitor: Visitor,
) -> None:
    visit = await visitor.books()
    await visitor.wants(CANCEL)
    visitor.waits(IN_TOUCH + timedelta(minutes=1))
    assert await visitor.answers("yes") == ["utter_ask_visit_reference_and_phone"]
    assert visitor.said[-1]["note"] == ""
    assert await visitor.answers(visit.reference) == ["utter_ask_visit_cancel"]
    assert await visitor.answers("yes") == ["utter_visit_cancelled"]


async def test_who_confirms_a_visit_that_the_desk_has_not_is_not_told_that_it_stands(
    visitor: Visitor,
) -> None:
    visit = await visitor.books()
    with visitor.database.work() as session:
        session.get_one(Booking, visit.id).status = "pending"
    said = await visitor.wants(LOOK, visit=visit.id, act="confirm")
    assert said == ["utter_visit_shown_pending"]


async def test_nothing_personal_is_shown_by_what_is_kept(visitor: Visitor) -> None:
    await visitor.books()
    await visitor.wants(MOVE)
    world = visitor.actions["action_change_visit"].world(visitor.tracker())  # type: ignore[attr-defined]
    assert "Asha" not in repr(world) and "00071" not in repr(world)
