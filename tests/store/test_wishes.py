"""The wait list on disk: left once, offered once at a time, ended once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.clinic.times import TimeWish
from bot.clinic.visits.ways import WHATSAPP
from bot.clinic.visits.wishes import TEAM, WEBSITE
from bot.store import messages
from bot.store.bookings import book
from bot.store.changes import STAFF, By
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.messages import Answer
from bot.store.requests import close_request, open_requests, open_requests_in_full
from bot.store.tables import OutboundMessage
from bot.store.unasked import claim_unasked
from bot.store.visits import move_visit, set_status
from bot.store.wish_offers import (
    Freed,
    freed_since,
    lapsed_offers,
    offer,
    reach_of,
    times_offered,
)
from bot.store.wishes import (
    REQUEST,
    Wished,
    close_wish,
    leave_wish,
    open_wishes,
    take_back,
    wish_with,
)
from tests.store.conftest import NOW, SILENCE, Receive
from tests.store.test_bookings import later, new_booking, options_at

TODAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
# On Tuesday at 17:00 in Mumbai.
FIVE = datetime(2026, 11, 24, 11, 30, tzinfo=timezone.utc)
BY = By(STAFF, staff_user="desk")
ADDRESS = "919999900001"
TAKE = '/book_consultation{"start":"2026-11-24T11:30:00+00:00","wish":"w"}'
CONTENT = {"text": "A time is free.", "buttons": [{"title": "Take it", "payload": TAKE}]}

Leave = Callable[..., Wished]


@pytest.fixture
def leave(database: Database, receive: Receive) -> Leave:
    """Leaves a wish; what a test does not name is the same patient's next one."""

    def leave_one(
        visit: str = "consultation", at: datetime = NOW, wish: TimeWish | None = None, **sent: Any
    ) -> Wished:
        message = receive("Tell me", at=at, **sent)
        return leave_wish(
            database,
            message.conversation_id,
            message.id,
            visit,
            "self",
            wish or TimeWish(days=(TUESDAY,), earliest=17 * 60),
            "Asha Rao",
            "+919999900001",
            at,
        )

    return leave_one


def offer_five(database: Database, wish: Wished, way: str = WEBSITE, **more: Any) -> bool:
    return offer(database, wish.id, FIVE, CONTENT, NOW, way=way, **more)


def rows(database: Database) -> list[OutboundMessage]:
    with database.work() as session:
        return list(session.scalars(select(OutboundMessage).order_by(OutboundMessage.position)))


def test_a_wish_is_read_as_it_was_left(database: Database, leave: Leave) -> None:
    left = leave()
    assert open_wishes(database, TODAY) == [left]
    assert wish_with(database, left.id) == left
    assert (left.status, left.visit, left.patient_is) == ("waitlist", "consultation", "self")
    assert left.wish == TimeWish(days=(TUESDAY,), earliest=17 * 60)
    assert (left.name, left.phone, left.created_at) == ("Asha Rao", "+919999900001", NOW)


def test_the_same_message_leaves_one_wish(database: Database, receive: Receive) -> None:
    message = receive("Tell me")
    given = ("consultation", "self", TimeWish(), "Asha", "+919999900001", NOW)
    first, again = (
        leave_wish(database, message.conversation_id, message.id, *given) for _ in range(2)
    )
    assert first == again
    assert open_wishes(database, TODAY) == [first]


def test_a_newer_wish_replaces_the_older_one_of_the_same_person_and_kind(
    database: Database, leave: Leave
) -> None:
    old = leave()
    new = leave(at=NOW + SILENCE + timedelta(hours=1))
    assert old.conversation_id != new.conversation_id
    assert open_wishes(database, TODAY) == [new]
    replaced = wish_with(database, old.id)
    assert replaced is not None
    assert replaced.status == "cancelled"


def test_a_newer_wish_replaces_one_that_a_time_was_offered_for(
    database: Database, leave: Leave
) -> None:
    offer_five(database, leave())
    new = leave()
    assert open_wishes(database, TODAY) == [new]


def test_a_replaced_wish_stays_replaced_when_its_message_comes_again(
    database: Database, leave: Leave
) -> None:
    old, new = leave(external_id="first"), leave()
    assert leave(external_id="first").status == "cancelled"
    assert old.id != new.id
    assert open_wishes(database, TODAY) == [new]


def test_wishes_of_others_for_other_visits_and_on_other_channels_stay(
    database: Database, leave: Leave
) -> None:
    left = [
        leave(),
        leave("review"),
        leave(person="ravi"),
        leave(channel="whatsapp", address=ADDRESS),
    ]
    assert {each.id for each in open_wishes(database, TODAY)} == {each.id for each in left}


def test_who_left_a_wish_first_stands_first(database: Database, leave: Leave) -> None:
    later = leave(person="ravi", at=NOW + timedelta(minutes=1))
    first = leave()
    assert open_wishes(database, TODAY) == [first, later]


def test_a_wish_ends_when_its_days_are_over(database: Database, leave: Leave) -> None:
    left = leave()
    later = NOW + timedelta(minutes=1)
    any_day = leave(person="ravi", wish=TimeWish(any_day=True), at=later)
    assert open_wishes(database, TUESDAY) == [left, any_day]
    assert open_wishes(database, TUESDAY + timedelta(days=1)) == [any_day]


def test_what_was_wished_is_no_plain_text_on_disk_nor_in_a_repr(
    database: Database, leave: Leave
) -> None:
    left = leave()
    with database.work() as session:
        stored = str(session.execute(text("SELECT * FROM wishes")).all())
    for kept in (stored, repr(left)):
        assert not any(each in kept for each in ("Asha", "99999", "earliest", "2026, 11, 24"))


def test_a_wish_needs_a_message(database: Database, receive: Receive) -> None:
    conversation = receive().conversation_id
    with pytest.raises(IntegrityError):
        leave_wish(
            database, conversation, "none", "consultation", "self", TimeWish(), "Asha", "+91", NOW
        )


def test_an_offer_waits_for_the_patients_browser_behind_the_answer(
    database: Database, leave: Leave
) -> None:
    left = leave()
    messages.finish(database, left.message_id, Answer([{"text": "We will tell you."}]), NOW)
    assert offer_five(database, left)
    answer, offered = messages.unsent(database, "website", "person")
    assert (answer.content["text"], offered.content) == ("We will tell you.", CONTENT)
    assert [row.unasked for row in rows(database)] == [False, True]
    found = wish_with(database, left.id)
    assert found is not None
    assert (found.status, found.offered_at, found.offered_start) == ("proposed", NOW, FIVE)


def test_an_offer_on_whatsapp_goes_to_the_number_that_wrote(
    database: Database, leave: Leave
) -> None:
    left = leave(channel="whatsapp", address=ADDRESS)
    assert offer_five(database, left, WHATSAPP, address=ADDRESS)
    [whose] = messages.due(database, ["whatsapp"], NOW)
    [offered] = messages.unsent(database, *whose)
    assert (offered.address, offered.content) == (ADDRESS, CONTENT)
    [row] = rows(database)
    assert row.unasked


def test_a_wish_is_offered_times_on_one_way_and_then_on_another(
    database: Database, leave: Leave
) -> None:
    left = leave(channel="whatsapp", address=ADDRESS)
    for way in (WHATSAPP, WEBSITE, WHATSAPP, WEBSITE):
        assert offer_five(database, left, way, address=ADDRESS)
        take_back(database, left.id)
    assert len(rows(database)) == 4


def test_where_nobody_may_write_the_team_is_asked_to_call(database: Database, leave: Leave) -> None:
    left = leave()
    assert offer_five(database, left, TEAM)
    [request] = open_requests_in_full(database, 9)
    assert (request.kind, request.details) == (
        REQUEST,
        {"phone": "+919999900001", "name": "Asha Rao"},
    )
    assert rows(database) == []


def test_the_team_is_asked_again_for_another_time(database: Database, leave: Leave) -> None:
    left = leave()
    offer_five(database, left, TEAM)
    [request] = open_requests(database)
    close_request(database, request.id, NOW)
    take_back(database, left.id)
    offer_five(database, left, TEAM)
    assert [each.id for each in open_requests(database)] == [request.id]


@pytest.mark.parametrize("way", [WEBSITE, WHATSAPP, TEAM])
def test_a_second_offer_sends_nothing(database: Database, leave: Leave, way: str) -> None:
    left = leave()
    assert offer_five(database, left)
    assert not offer_five(database, left, way)
    assert len(rows(database)) == 1
    assert open_requests(database) == []


def test_of_many_who_offer_at_once_one_does(database: Database, leave: Leave) -> None:
    left = leave()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: offer_five(database, left), range(8)))
    assert done.count(True) == 1
    assert len(rows(database)) == 1


def test_an_offer_that_cannot_be_stored_leaves_the_wish_waiting(
    database: Database, leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = leave()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr("bot.store.wish_offers.queue_notice", fail)
    with pytest.raises(RuntimeError):
        offer_five(database, left)
    assert wish_with(database, left.id) == left


def test_the_buttons_of_an_offer_count_until_the_visit(database: Database, leave: Leave) -> None:
    left = leave()
    offer_five(database, left)
    for at, counts in ((NOW, True), (FIVE - timedelta(seconds=1), True), (FIVE, False)):
        assert messages.was_offered(database, left.conversation_id, TAKE, at) is counts


def test_after_an_offer_is_taken_back_another_is_made(database: Database, leave: Leave) -> None:
    left = leave()
    offer_five(database, left)
    assert take_back(database, left.id)
    assert open_wishes(database, TODAY) == [left]
    assert not take_back(database, left.id)
    assert offer_five(database, left)
    assert len(rows(database)) == 2


def take_it_back(database: Database, wish: Wished, _: Leave) -> None:
    take_back(database, wish.id)


def end_it(database: Database, wish: Wished, _: Leave) -> None:
    close_wish(database, wish.id, "cancelled")


def replace_it(_: Database, __: Wished, leave: Leave) -> None:
    leave()


@pytest.mark.parametrize("withdraw", [take_it_back, end_it, replace_it])
def test_an_offer_that_stands_no_longer_is_not_sent_but_the_answer_before_it_is(
    database: Database, leave: Leave, withdraw: Callable[[Database, Wished, Leave], None]
) -> None:
    left = leave()
    messages.finish(database, left.message_id, Answer([{"text": "We will tell you."}]), NOW)
    offer_five(database, left)
    withdraw(database, left, leave)
    [waiting] = messages.unsent(database, "website", "person")
    assert waiting.content["text"] == "We will tell you."


@pytest.mark.parametrize("offered", [False, True])
@pytest.mark.parametrize("status", ["booked", "cancelled"])
def test_a_wish_ends_once(database: Database, leave: Leave, status: str, offered: bool) -> None:
    left = leave()
    if offered:
        offer_five(database, left)
    assert close_wish(database, left.id, status)
    assert open_wishes(database, TODAY) == []
    assert not close_wish(database, left.id, "cancelled")
    assert not take_back(database, left.id)
    assert not offer_five(database, left)
    found = wish_with(database, left.id)
    assert found is not None
    assert found.status == status


def test_a_wish_ends_with_the_unit_of_work_that_books(database: Database, leave: Leave) -> None:
    left = leave()
    with pytest.raises(RuntimeError), database.work() as session:
        assert close_wish(session, left.id, "booked")
        raise RuntimeError("nothing was booked")
    assert open_wishes(database, TODAY) == [left]


def test_a_wish_does_not_end_as_a_visit_does(database: Database, leave: Leave) -> None:
    with pytest.raises(ValueError, match="fulfilled"):
        close_wish(database, leave().id, "fulfilled")


def test_there_is_no_wish_without_its_id(database: Database) -> None:
    assert wish_with(database, "none") is None
    assert not close_wish(database, "none", "cancelled")


def test_who_wrote_lately_and_said_nothing_against_it_may_be_written_to(
    database: Database, leave: Leave, receive: Receive
) -> None:
    left = leave(channel="whatsapp", address=ADDRESS)
    later = NOW + SILENCE + timedelta(hours=1)
    receive(channel="whatsapp", address=ADDRESS, at=later)
    found = reach_of(database, left.conversation_id, later)
    assert (found.channel, found.address, found.last_heard_at) == ("whatsapp", ADDRESS, later)
    assert found.may_write
    assert ADDRESS not in repr(found)


def test_after_a_stop_nobody_writes(database: Database, leave: Leave) -> None:
    left = leave()
    stop_unasked(database, left.conversation_id, NOW)
    assert not reach_of(database, left.conversation_id, NOW).may_write


@pytest.mark.parametrize("urgency", ["emergency", "crisis"])
def test_for_a_day_after_danger_nobody_writes(
    database: Database, leave: Leave, urgency: str
) -> None:
    left = leave()
    messages.finish(database, left.message_id, Answer([{"text": "112"}], urgency), NOW)
    day = timedelta(days=1)
    assert not reach_of(database, left.conversation_id, NOW + day - timedelta(seconds=1)).may_write
    assert reach_of(database, left.conversation_id, NOW + day).may_write


# --- right before an offer leaves


@pytest.fixture
def offered(database: Database, leave: Leave) -> tuple[Wished, str]:
    """A wish, and the message that offers a time for it."""
    left = leave()
    content = {**CONTENT, "wish": left.id}
    assert offer(database, left.id, FIVE, content, NOW, way=WEBSITE)
    return left, rows(database)[-1].id


def now_is(database: Database, wish: Wished) -> tuple[str, datetime | None]:
    found = wish_with(database, wish.id)
    assert found is not None
    return found.status, found.offered_start


def test_an_offer_leaves_until_its_time(database: Database, offered: tuple[Wished, str]) -> None:
    left, outbound = offered
    assert claim_unasked(database, outbound, FIVE - timedelta(minutes=1))
    assert now_is(database, left) == ("proposed", FIVE)


def test_an_offer_does_not_leave_after_its_time_and_the_wish_waits_on(
    database: Database, offered: tuple[Wished, str]
) -> None:
    left, outbound = offered
    assert not claim_unasked(database, outbound, FIVE)
    assert now_is(database, left) == ("waitlist", None)
    assert open_requests(database) == []


def test_after_a_stop_an_offer_does_not_leave_and_the_wish_waits_on(
    database: Database, offered: tuple[Wished, str]
) -> None:
    left, outbound = offered
    stop_unasked(database, left.conversation_id, NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert now_is(database, left) == ("waitlist", None)
    assert open_requests(database) == []
    assert offer_five(database, left, TEAM)


def test_after_danger_the_team_is_asked_to_tell_what_was_offered(
    database: Database, offered: tuple[Wished, str], receive: Receive
) -> None:
    left, outbound = offered
    danger = receive("help")
    messages.finish(database, danger.id, Answer([], urgency="crisis"), NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert now_is(database, left) == ("proposed", FIVE)
    assert [each.kind for each in open_requests(database)] == [REQUEST]


# --- offers that end by themselves


def test_an_offer_that_ends_is_found_when_its_time_has_come(
    database: Database, leave: Leave
) -> None:
    wish, standing = leave(), leave(visit="skin")
    ends = NOW + timedelta(minutes=30)
    assert offer_five(database, wish, ends=ends)
    assert offer_five(database, standing)
    assert lapsed_offers(database, ends - timedelta(seconds=1)) == []
    assert lapsed_offers(database, ends) == [wish.id]
    assert not take_back(database, wish.id, over_at=ends - timedelta(seconds=1))
    assert take_back(database, wish.id, over_at=ends)
    assert not take_back(database, wish.id, over_at=ends)
    assert lapsed_offers(database, ends) == []


def test_what_was_offered_is_remembered_until_the_wish_ends(
    database: Database, leave: Leave
) -> None:
    wish = leave()
    offer_five(database, wish)
    take_back(database, wish.id)
    offer_five(database, wish)
    assert times_offered(database) == {(wish.id, FIVE)}
    close_wish(database, wish.id, "cancelled")
    assert times_offered(database) == set()


def test_a_span_is_given_back_by_cancelling_and_by_moving_away(
    database: Database, receive: Receive
) -> None:
    visits = [
        book(
            database,
            new_booking(receive("yes")),
            options_at(later(hours=hours)),
            2,
            "booked",
            (),
            NOW,
        )
        for hours in (0, 2)
    ]
    cancelled, moved = visits
    soon = NOW + timedelta(minutes=1)
    assert freed_since(database, NOW, soon) == []
    set_status(database, cancelled.id, 0, "cancelled", BY, soon)
    move_visit(database, moved.id, 0, options_at(later(days=1)), "booked", BY, soon, remind_at=())
    assert freed_since(database, NOW, soon) == [
        Freed(soon, each.starts_at, each.ends_at, ("website", "person")) for each in visits
    ]
    assert freed_since(database, soon + timedelta(seconds=1), soon) == []
    assert freed_since(database, NOW, cancelled.starts_at) == [
        Freed(soon, moved.starts_at, moved.ends_at, ("website", "person"))
    ]


ENDS = NOW + timedelta(minutes=30)


@pytest.fixture
def ending(database: Database, leave: Leave) -> tuple[Wished, str]:
    """The same, with an offer that ends by itself."""
    left = leave()
    content = {**CONTENT, "wish": left.id}
    assert offer(database, left.id, FIVE, content, NOW, way=WEBSITE, ends=ENDS)
    return left, rows(database)[-1].id


def test_an_offer_that_ends_leaves_until_then(
    database: Database, ending: tuple[Wished, str]
) -> None:
    _, outbound = ending
    assert claim_unasked(database, outbound, ENDS - timedelta(seconds=1))


def test_an_offer_that_ended_before_it_could_leave_does_not_leave(
    database: Database, ending: tuple[Wished, str]
) -> None:
    left, outbound = ending
    assert not claim_unasked(database, outbound, ENDS)
    assert now_is(database, left) == ("waitlist", None)


def test_after_danger_an_offer_that_ends_goes_on_to_the_next_and_nobody_calls(
    database: Database, ending: tuple[Wished, str], receive: Receive
) -> None:
    left, outbound = ending
    danger = receive("help")
    messages.finish(database, danger.id, Answer([], urgency="crisis"), NOW)
    assert not claim_unasked(database, outbound, NOW)
    assert now_is(database, left) == ("waitlist", None)
    assert REQUEST not in [each.kind for each in open_requests(database)]


def test_one_wish_that_cannot_be_read_hides_no_other(
    database: Database, leave: Leave, caplog: pytest.LogCaptureFixture
) -> None:
    broken, wish = leave(), leave(visit="skin")
    with database.work() as session:
        session.execute(text("UPDATE wishes SET name = 'x' WHERE id = :id"), {"id": broken.id})
    assert open_wishes(database, TODAY) == [wish]
    assert broken.id in caplog.text
    assert "Asha" not in caplog.text
