"""The places among a day's visits, where a clinic limits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from bot.clinic.availability import Availability, Option
from bot.clinic.hours import WEEKDAYS
from bot.store import bookings
from bot.store.bookings import Booked, NewBooking, TimeTaken
from bot.store.changes import By
from bot.store.database import Database
from bot.store.holds import HoldTaken, hold, let_go
from bot.store.messages import Inbound
from bot.store.tables import BookedTick
from bot.store.ticks import busy, count_visits
from bot.store.visits import move_visit, set_status
from tests.store.conftest import NOW, Receive

# When the clinic opens, 10:00 in Mumbai.
TOMORROW = datetime(2026, 11, 24, 4, 30, tzinfo=timezone.utc)
DAY = "day:2026-11-24"
RACERS = 8
STAFF = By("staff", staff_user="desk")


def clinic(per_day: int | None, per_doctor: int | None = None) -> Availability:
    """Two doctors, who start a visit of 30 minutes each half hour."""
    return Availability.from_mapping(
        {
            "clinic": {"zone": "Asia/Kolkata"},
            "hours": {day: ["10:00-18:00"] for day in WEEKDAYS},
            "doctors": [
                {"id": name, "visits": ["consultation"], "visits_a_day": per_doctor}
                for name in ("mehra", "pinto")
            ],
            "visits": {
                "consultation": {"minutes": 30, "needs": {"rooms": ["room_1", "room_2"]}}
            },
            "booking": {
                "lead_minutes": 0, "horizon_days": 60, "step_minutes": 30, "visits_a_day": per_day,
            },
        }
    )  # fmt: skip


def half_hours(number: int) -> datetime:
    return TOMORROW + timedelta(minutes=30 * number)


def options_at(
    availability: Availability, start: datetime, taken: dict[str, set[int]] | None = None
) -> list[Option]:
    return availability.options_at("consultation", start, taken or {}, NOW)


def taken_now(database: Database, availability: Availability, **free: str) -> dict[str, set[int]]:
    return busy(database, *availability.window(NOW), NOW, **free)  # type: ignore[arg-type]


Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """Books for a patient of its own, by default as one who saw the present state."""
    count = 0

    def book_one(
        availability: Availability,
        start: datetime = TOMORROW,
        options: list[Option] | None = None,
        message: Inbound | None = None,
        phone: str = "",
    ) -> Booked:
        nonlocal count
        count += 1
        yes = message or receive("yes", person=f"person {count}")
        if options is None:
            options = options_at(availability, start, taken_now(database, availability))
        phone = phone or f"+12025550{100 + count}"
        new = NewBooking(yes.conversation_id, yes.id, "consultation", "self", "Asha Rao", phone)
        return bookings.book(database, new, options, 99, "booked", (), NOW)

    return book_one


def places(database: Database) -> dict[str, set[int]]:
    with database.work() as session:
        found: dict[str, set[int]] = {}
        rows = select(BookedTick.resource, BookedTick.tick).where(
            BookedTick.resource.startswith("day:")
        )
        for resource, place in session.execute(rows):
            found.setdefault(resource, set()).add(place)
        return found


def test_where_nothing_is_counted_no_place_is_stored(database: Database, book: Book) -> None:
    book(clinic(None))
    assert places(database) == {}


def test_each_visit_takes_a_place_until_the_day_is_full(database: Database, book: Book) -> None:
    two_a_day = clinic(2)
    book(two_a_day)
    book(two_a_day, half_hours(3))
    taken = taken_now(database, two_a_day)
    assert taken[DAY] == {1, 2}
    assert two_a_day.why_not("consultation", half_hours(5), taken, NOW) == "full"
    assert two_a_day.why_not("consultation", half_hours(48), taken, NOW) == ""


def test_a_doctors_places_are_a_doctors_own(database: Database, book: Book) -> None:
    one_each = clinic(None, 1)
    assert {book(one_each).doctor, book(one_each, half_hours(3)).doctor} == {"mehra", "pinto"}
    assert places(database) == {f"{DAY}:mehra": {1}, f"{DAY}:pinto": {1}}
    with pytest.raises(TimeTaken):
        book(one_each, half_hours(5), options_at(one_each, half_hours(5)))


def test_a_place_that_somebody_else_took_meanwhile_is_no_taken_time(
    database: Database, book: Book
) -> None:
    three = clinic(3, 3)
    as_seen_before = options_at(three, half_hours(3))
    book(three)
    assert book(three, options=as_seen_before).starts_at == half_hours(3)
    assert places(database) == {DAY: {1, 2}, f"{DAY}:mehra": {1, 2}}


def test_who_gets_no_place_leaves_no_tick_behind(database: Database, book: Book) -> None:
    one = clinic(1)
    as_seen_before = options_at(one, half_hours(3))
    book(one)
    before = taken_now(database, one)
    with pytest.raises(TimeTaken):
        book(one, options=as_seen_before)
    assert taken_now(database, one) == before


@pytest.mark.parametrize(
    ("per_day", "per_doctor", "booked"), [(5, None, 5), (None, 2, 4), (5, 3, 5)]
)
def test_many_at_once_for_different_times_of_a_day_get_all_of_its_places(
    database: Database,
    book: Book,
    receive: Receive,
    per_day: int | None,
    per_doctor: int | None,
    booked: int,
) -> None:
    counted = clinic(per_day, per_doctor)
    messages = [receive("yes", person=f"racer {number}") for number in range(RACERS)]

    def race(number: int) -> Booked | None:
        try:
            options = options_at(counted, half_hours(number))
            phone = f"+12025550{100 + number}"
            return book(counted, options=options, message=messages[number], phone=phone)
        except TimeTaken:
            return None

    with ThreadPoolExecutor(RACERS) as pool:
        won = [each for each in pool.map(race, range(RACERS)) if each]

    assert len(won) == booked
    doctors = Counter(each.doctor for each in won)
    assert max(doctors.values()) <= (per_doctor or RACERS)
    if per_day:
        assert places(database)[DAY] == set(range(1, per_day + 1))


def test_a_cancelled_visit_gives_its_place_back(database: Database, book: Book) -> None:
    one = clinic(1)
    booked = book(one)
    set_status(database, booked.id, booked.sequence, "cancelled", STAFF, NOW)
    assert places(database) == {}
    assert book(one, half_hours(3)).status == "booked"


def test_a_visit_can_be_moved_within_a_full_day_and_to_another(
    database: Database, book: Book
) -> None:
    one = clinic(1)
    booked = book(one)

    def move(visit: Booked, start: datetime) -> Booked:
        free = taken_now(database, one, but_booking=visit.id)
        options = options_at(one, start, free)
        return move_visit(database, visit.id, visit.sequence, options, "booked", STAFF, NOW)

    moved = move(booked, half_hours(2))
    assert places(database) == {DAY: {1}}
    move(moved, half_hours(48))
    assert places(database) == {"day:2026-11-25": {1}}


def try_hold(
    database: Database, conversation: str, availability: Availability, options: list[Option],
    but_booking: str = "",
) -> None:  # fmt: skip
    window = availability.window(NOW)
    lasts = timedelta(minutes=10)
    hold(
        database, conversation, "consultation", options, window, lambda *_: True, NOW, lasts,
        but_booking,
    )  # fmt: skip


def test_a_hold_has_a_place_too(database: Database, receive: Receive) -> None:
    one = clinic(1)
    first, second = (receive(person=name).conversation_id for name in ("first", "second"))
    try_hold(database, first, one, options_at(one, TOMORROW))
    assert places(database) == {DAY: {1}}
    with pytest.raises(HoldTaken):
        try_hold(database, second, one, options_at(one, half_hours(3)))
    let_go(database, first)
    assert places(database) == {}


def test_who_moves_a_visit_within_a_full_day_may_hold_the_new_time(
    database: Database, book: Book, receive: Receive
) -> None:
    one = clinic(1, 1)
    booked = book(one)
    free = taken_now(database, one, but_booking=booked.id)
    conversation = receive(person="first").conversation_id
    try_hold(database, conversation, one, options_at(one, half_hours(3), free), booked.id)
    assert places(database) == {DAY: {1}, f"{DAY}:mehra": {1}}


def test_visits_of_before_there_was_a_limit_are_counted_once_it_is_set(
    database: Database, book: Book
) -> None:
    unlimited, limited = clinic(None), clinic(2, 3)
    visits = [book(unlimited, half_hours(number)) for number in (0, 3, 5)]
    set_status(database, visits[1].id, visits[1].sequence, "cancelled", STAFF, NOW)
    for _ in range(2):
        count_visits(database, limited.counted_days, NOW)
        assert places(database) == {DAY: {1, 2}, f"{DAY}:mehra": {1, 2}}
    count_visits(database, unlimited.counted_days, NOW)
    taken = taken_now(database, limited)
    assert limited.why_not("consultation", half_hours(7), taken, NOW) == "full"


def test_a_visit_more_than_a_new_limit_allows_stays_and_counts(
    database: Database, book: Book
) -> None:
    unlimited, limited = clinic(None), clinic(1)
    for number in (0, 3):
        book(unlimited, half_hours(number))
    count_visits(database, limited.counted_days, NOW)
    assert places(database) == {DAY: {1, 2}}


def test_a_visit_that_is_over_is_not_counted(database: Database, book: Book) -> None:
    book(clinic(None))
    count_visits(database, clinic(1).counted_days, TOMORROW + timedelta(days=1))
    assert places(database) == {}
