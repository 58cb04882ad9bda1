"""Time that staff keep from being booked, on both databases, also when patients are at it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from threading import Barrier

import pytest
from sqlalchemy import select, text

from bot.clinic.availability import Availability, Option
from bot.clinic.hours import WEEKDAYS
from bot.store import bookings
from bot.store.blocks import add_block, blocks_between, remove_block
from bot.store.bookings import Booked, NewBooking, TimeTaken, booking_with
from bot.store.changes import By
from bot.store.database import Database
from bot.store.holds import hold
from bot.store.tables import BookedTick, Hold
from bot.store.ticks import busy, give_back, ticks_between
from bot.store.visits import move_visit, set_status
from tests.house import wait_until
from tests.store.conftest import NOW, Receive

# When the clinic opens, 10:00 in Mumbai.
TOMORROW = datetime(2026, 11, 24, 4, 30, tzinfo=timezone.utc)
STAFF = By("staff", staff_user="desk")
ROUNDS = 10
# How many wait for a lock of PostgreSQL's.
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
# Two doctors, of whom each could come at every half hour; a visit needs a room and a device.
CLINIC = {
    "clinic": {"zone": "Asia/Kolkata"},
    "hours": {day: ["10:00-18:00"] for day in WEEKDAYS},
    "doctors": [{"id": name, "visits": ["consultation"]} for name in ("mehra", "pinto")],
    "devices": [{"id": "pen"}, {"id": "laser"}],
    "visits": {
        "consultation": {
            "minutes": 30, "buffer_after": 10,
            "needs": {"rooms": ["room_1", "room_2"], "devices": ["pen", "laser"]},
        }
    },
    "booking": {"lead_minutes": 0, "horizon_days": 60, "step_minutes": 15, "visits_a_day": 20},
}  # fmt: skip
AVAILABILITY = Availability.from_mapping(CLINIC)
EVERYTHING = [
    "doctor:mehra", "doctor:pinto", "room:room_1", "room:room_2", "device:pen", "device:laser",
]  # fmt: skip


def later(minutes: int) -> datetime:
    return TOMORROW + timedelta(minutes=minutes)


def options_at(start: datetime, taken: dict[str, set[int]] | None = None) -> list[Option]:
    return AVAILABILITY.options_at("consultation", start, taken or {}, NOW)


def taken_now(database: Database, but_booking: str = "") -> dict[str, set[int]]:
    return busy(database, *AVAILABILITY.window(NOW), NOW, but_booking=but_booking)


def why_not(database: Database, start: datetime, but_booking: str = "") -> str:
    return AVAILABILITY.why_not("consultation", start, taken_now(database, but_booking), NOW)


def block(
    database: Database,
    resource: str = "doctor:mehra",
    first: datetime = TOMORROW,
    last: datetime = TOMORROW + timedelta(hours=2),
) -> tuple[str, list[Booked]]:
    return add_block(database, resource, first, last, "Leave", "desk", NOW, everything=EVERYTHING)


def owners(database: Database, resource: str, ticks: range) -> list[str]:
    """To whom each tick belongs: booking, block, hold or nobody."""
    with database.work() as session:
        rows = session.scalars(select(BookedTick).where(BookedTick.resource == resource))
        found = {
            row.tick: "booking" if row.booking_id else "block" if row.block_id else "hold"
            for row in rows
        }
    return [found.get(tick, "nobody") for tick in ticks]


INSIDE = ticks_between(TOMORROW, later(120))
Book = Callable[..., Booked]


@pytest.fixture
def book(database: Database, receive: Receive) -> Book:
    """Books for a patient of its own, first with Dr Mehra in room 1."""
    count = 0

    def book_one(start: datetime = TOMORROW) -> Booked:
        nonlocal count
        count += 1
        yes = receive("yes", person=f"person {count}")
        phone = f"+12025550{100 + count}"
        new = NewBooking(yes.conversation_id, yes.id, "consultation", "self", "Asha Rao", phone)
        options = options_at(start, taken_now(database))
        return bookings.book(database, new, options, 2, "booked", (), NOW)

    return book_one


def test_a_blocked_doctor_is_not_booked_and_another_is(database: Database, book: Book) -> None:
    block(database)
    assert book().doctor == "pinto"
    assert why_not(database, later(60)) == ""
    block(database, "doctor:pinto")
    assert why_not(database, later(60)) == "taken"
    assert why_not(database, later(120)) == ""


@pytest.mark.parametrize("kind", ["room", "device"])
def test_rooms_and_devices_are_blocked_alike(database: Database, kind: str) -> None:
    for resource in EVERYTHING:
        if resource.startswith(kind):
            block(database, resource)
    assert why_not(database, TOMORROW) == "taken"


def test_nothing_of_the_clinic_is_booked_while_all_of_it_is_blocked(database: Database) -> None:
    block(database, "clinic")
    taken = taken_now(database)
    assert {name: set(INSIDE) for name in EVERYTHING} == taken
    assert why_not(database, later(105)) == "taken"
    assert why_not(database, later(120)) == ""


def test_a_tick_that_a_block_only_touches_is_blocked(database: Database) -> None:
    block(database, "doctor:mehra", later(1), later(6))
    assert taken_now(database)["doctor:mehra"] == set(ticks_between(TOMORROW, later(10)))


def test_a_block_ends_after_it_starts(database: Database) -> None:
    with pytest.raises(ValueError, match="end after it starts"):
        block(database, last=TOMORROW)
    assert blocks_between(database, TOMORROW, later(600)) == []


def test_who_booked_before_stays_and_is_named(database: Database, book: Book) -> None:
    early, second, late = book(), book(later(60)), book(later(300))
    _, visits = block(database)
    assert visits == [each for each in (early, second) if each.doctor == "mehra"]
    for visit in (early, second, late):
        assert booking_with(database, visit.id) == visit
    assert "booking" in owners(database, "doctor:mehra", INSIDE)
    assert "nobody" not in owners(database, "doctor:mehra", INSIDE)


def test_only_open_visits_of_what_is_blocked_are_named(database: Database, book: Book) -> None:
    mehras, pintos, off = book(), book(), book(later(60))
    set_status(database, off.id, off.sequence, "cancelled", STAFF, NOW)
    assert block(database, "doctor:pinto")[1] == [pintos]
    assert block(database, f"room:{mehras.room}")[1] == [mehras]
    assert block(database, f"device:{mehras.device}")[1] == [mehras]
    assert {each.id for each in block(database, "clinic")[1]} == {mehras.id, pintos.id}


def test_the_time_before_a_visit_is_not_inside_it(database: Database, book: Book) -> None:
    book(later(120))
    assert block(database)[1] == []


@pytest.mark.parametrize("resource", ["doctor:mehra", "clinic"])
def test_the_time_of_a_cancelled_visit_inside_a_block_is_not_free(
    database: Database, book: Book, resource: str
) -> None:
    visit = book()
    block(database, resource)
    set_status(database, visit.id, visit.sequence, "cancelled", STAFF, NOW)
    assert set(owners(database, "doctor:mehra", INSIDE)) == {"block"}
    after = ticks_between(later(120), later(180))
    assert set(owners(database, "doctor:mehra", after)) == {"nobody"}


def test_what_of_a_cancelled_visit_lies_outside_the_block_is_free(
    database: Database, book: Book
) -> None:
    visit = book(later(105))
    block(database)
    set_status(database, visit.id, visit.sequence, "cancelled", STAFF, NOW)
    assert set(owners(database, "doctor:mehra", INSIDE)) == {"block"}
    assert set(owners(database, "doctor:mehra", ticks_between(later(120), later(150)))) == {
        "nobody"
    }
    room = ticks_between(later(105), later(150))
    assert set(owners(database, f"room:{visit.room}", room)) == {"nobody"}


def test_a_moved_visit_leaves_its_time_to_the_block(database: Database, book: Book) -> None:
    visit = book()
    block(database)
    options = options_at(later(240), taken_now(database, visit.id))
    moved = move_visit(database, visit.id, visit.sequence, options, "booked", STAFF, NOW)
    assert moved.starts_at == later(240)
    assert set(owners(database, "doctor:mehra", INSIDE)) == {"block"}


def test_a_visit_is_not_moved_about_within_a_block(database: Database, book: Book) -> None:
    visit = book()
    block(database, "clinic")
    # Neither offered, though the time is the visit's own, nor taken by who saw it before.
    assert why_not(database, TOMORROW, visit.id) == "taken"
    assert why_not(database, later(15), visit.id) == "taken"
    with pytest.raises(TimeTaken):
        move_visit(database, visit.id, visit.sequence, options_at(later(15)), "booked", STAFF, NOW)
    assert booking_with(database, visit.id) == visit


def test_a_hold_inside_ends_and_another_does_not(database: Database, receive: Receive) -> None:
    for name, minutes in (("inside", 60), ("outside", 300)):
        conversation = receive(person=name).conversation_id
        hold(
            database, conversation, "consultation", options_at(later(minutes)),
            AVAILABILITY.window(NOW), lambda *_: True, NOW, timedelta(minutes=10),
        )  # fmt: skip
    block(database)
    with database.work() as session:
        assert list(session.scalars(select(Hold.starts_at))) == [later(300)]
    assert set(owners(database, "doctor:mehra", INSIDE)) == {"block"}


def test_a_removed_block_frees_its_time_and_no_visits(database: Database, book: Book) -> None:
    visit = book()
    known, _ = block(database)
    assert remove_block(database, known)
    assert not remove_block(database, known)
    assert blocks_between(database, TOMORROW, later(600)) == []
    assert set(owners(database, "doctor:mehra", INSIDE)) == {"booking", "nobody"}
    assert booking_with(database, visit.id) == visit


def test_what_two_blocks_cover_stays_blocked_until_both_are_gone(database: Database) -> None:
    one, _ = block(database)
    other, _ = block(database, "clinic", later(60), later(240))
    remove_block(database, one)
    assert owners(database, "doctor:mehra", INSIDE) == ["nobody"] * 12 + ["block"] * 12
    remove_block(database, other)
    assert taken_now(database) == {}


def test_blocks_are_listed_in_order_with_why_and_by_whom(database: Database) -> None:
    second, _ = block(database, "clinic", later(60), later(90))
    first, _ = block(database)
    block(database, "doctor:pinto", later(300), later(360))
    found = blocks_between(database, TOMORROW, later(300))
    assert [each.id for each in found] == [first, second]
    assert (found[0].resource, found[0].starts_at, found[0].ends_at) == (
        "doctor:mehra", TOMORROW, later(120),
    )  # fmt: skip
    assert (found[0].reason, found[0].created_by, found[0].created_at) == ("Leave", "desk", NOW)
    assert "Leave" not in repr(found[0])


def test_a_month_of_the_whole_clinic_can_be_blocked_and_freed(database: Database) -> None:
    known, _ = block(database, "clinic", TOMORROW, TOMORROW + timedelta(days=31))
    assert why_not(database, TOMORROW + timedelta(days=30)) == "taken"
    assert remove_block(database, known)
    assert taken_now(database) == {}


@pytest.mark.parametrize("act", ["cancel", "move"])
def test_a_visit_given_back_while_its_time_is_blocked_leaves_no_gap(
    database: Database, book: Book, act: str
) -> None:
    for number in range(ROUNDS):
        start = TOMORROW + timedelta(days=number)
        visit = book(start)
        together = Barrier(2)

        def give_back(visit: Booked = visit, together: Barrier = together) -> None:
            together.wait()
            if act == "cancel":
                set_status(database, visit.id, visit.sequence, "cancelled", STAFF, NOW)
                return
            options = options_at(visit.starts_at + timedelta(hours=5))
            move_visit(database, visit.id, visit.sequence, options, "booked", STAFF, NOW)

        def take_leave(start: datetime = start, together: Barrier = together) -> None:
            together.wait()
            block(database, "doctor:mehra", start, start + timedelta(hours=2))

        with ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(give_back), pool.submit(take_leave)]:
                each.result()
        ticks = ticks_between(start, start + timedelta(hours=2))
        assert set(owners(database, "doctor:mehra", ticks)) == {"block"}


def test_a_visit_booked_while_its_time_is_blocked_is_named_or_refused(
    database: Database, receive: Receive
) -> None:
    for number in range(ROUNDS):
        start = TOMORROW + timedelta(days=number)
        yes = receive("yes", person=f"racer {number}")
        new = NewBooking(
            yes.conversation_id, yes.id, "consultation", "self", "Asha Rao", "+12025550100"
        )
        options = [each for each in options_at(start) if each.doctor == "mehra"]
        together = Barrier(2)

        def come(
            new: NewBooking = new, options: list[Option] = options, together: Barrier = together
        ) -> Booked | None:
            together.wait()
            try:
                return bookings.book(database, new, options, 99, "booked", (), NOW)
            except TimeTaken:
                return None

        def take_leave(start: datetime = start, together: Barrier = together) -> list[Booked]:
            together.wait()
            return block(database, "doctor:mehra", start, start + timedelta(hours=2))[1]

        with ThreadPoolExecutor(2) as pool:
            coming, leaving = pool.submit(come), pool.submit(take_leave)
            booked, named = coming.result(), leaving.result()
        assert named == ([booked] if booked else [])
        ticks = ticks_between(start, start + timedelta(hours=2))
        assert "nobody" not in owners(database, "doctor:mehra", ticks)


def test_a_block_waits_for_who_is_giving_a_visit_back(
    database: Database, book: Book, url: str
) -> None:
    visit = book()
    with ThreadPoolExecutor(1) as pool:
        with database.work(concurrent=True) as session:
            give_back(session, booking_id=visit.id)
            leave = pool.submit(block, database)
            if url.startswith("postgresql"):
                wait_until(lambda: bool(session.scalar(WAITING)), 10, "the block waits")
        leave.result(10)
    assert set(owners(database, "doctor:mehra", INSIDE)) == {"block"}
