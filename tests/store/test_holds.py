from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from bot.clinic.availability import Option
from bot.store import holds, visits
from bot.store.bookings import Booked, TimeTaken, booking_with
from bot.store.changes import STAFF, By
from bot.store.database import Database
from bot.store.holds import MOST_AN_HOUR, Held, HoldTaken, NotHeld, held_time, let_go
from bot.store.tables import BookedTick, Conversation, Hold, Mark
from bot.store.ticks import busy, forget_expired_holds, take
from tests.house import wait_until
from tests.store.conftest import NOW, Receive
from tests.store.test_bookings import (
    AVAILABILITY,
    TOMORROW,
    WAITING,
    Book,
    book,  # noqa: F401 - a fixture
    later,
    options_at,
    ticks_of,
)

TEN_MINUTES = timedelta(minutes=10)
# Two doctors and two rooms: two may be held at one time.
ONE_WAY = 1


@pytest.fixture
def hold(database: Database, receive: Receive) -> Callable[..., Held]:
    """Holds; what a test does not name is a new person's hold of tomorrow, 10:00."""
    count = 0

    def hold_one(
        conversation: str = "",
        start: datetime = TOMORROW,
        options: list[Option] | None = None,
        at: datetime = NOW,
        fair: bool = True,
        visit: str = "consultation",
        **more: Any,
    ) -> Held:
        nonlocal count
        count += 1
        whose = conversation or receive(person=f"person {count}").conversation_id
        return holds.hold(
            database,
            whose,
            visit,
            options_at(start) if options is None else options,
            AVAILABILITY.window(NOW),
            lambda booked, with_holds: fair,
            at,
            TEN_MINUTES,
            **more,
        )

    return hold_one


def rows(database: Database, table: Any) -> int:
    with database.work() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def taken(database: Database, at: datetime = NOW, **more: Any) -> dict[str, set[int]]:
    return busy(database, *AVAILABILITY.window(NOW), at, **more)


def test_a_held_time_is_busy_for_everybody_but_who_holds_it(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    held = hold(mine)
    assert held == Held(TOMORROW, NOW + TEN_MINUTES, "consultation")
    assert set(taken(database)) == {"doctor:mehra", "room:room_1"}
    assert taken(database, but_held_by=mine) == {}
    assert taken(database, with_holds=False) == {}
    assert held_time(database, mine, NOW) == held


def test_a_hold_is_over_when_its_time_is_over_whether_or_not_the_row_is_gone(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    end = hold(mine).expires_at
    just_before = end - timedelta(seconds=1)
    assert taken(database, just_before) and held_time(database, mine, just_before)
    assert taken(database, end) == {} and held_time(database, mine, end) is None
    assert rows(database, Hold) == 1


def test_who_comes_first_holds_and_a_third_of_two_gets_nothing(hold: Callable[..., Held]) -> None:
    hold(), hold()
    with pytest.raises(HoldTaken):
        hold()


def test_an_expired_hold_gives_its_time_to_the_next_one(
    database: Database, hold: Callable[..., Held]
) -> None:
    one = options_at()[:ONE_WAY]
    end = hold(options=one).expires_at
    with pytest.raises(HoldTaken):
        hold(options=one, at=end - timedelta(seconds=1))
    assert hold(options=one, at=end).expires_at == end + TEN_MINUTES
    assert rows(database, Hold) == 1


def test_a_conversation_holds_one_time_the_last_one(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    hold(mine)
    hold(mine, start=later(hours=1))
    held = held_time(database, mine, NOW)
    assert held is not None and held.starts_at == later(hours=1)
    assert rows(database, Hold) == 1
    assert rows(database, BookedTick) == len(options_at()[0].ticks)


def test_asking_again_for_the_same_time_makes_it_no_longer(
    receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    first = hold(mine)
    assert hold(mine, at=NOW + timedelta(minutes=5)) == first


def test_the_same_time_for_another_kind_of_visit_is_another_hold(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    hold(mine)
    five_minutes_on = NOW + timedelta(minutes=5)
    held = hold(mine, visit="peel", options=options_at()[:ONE_WAY], at=five_minutes_on)
    assert held == Held(TOMORROW, five_minutes_on + TEN_MINUTES, "peel")
    assert held_time(database, mine, five_minutes_on) == held
    assert rows(database, Hold) == 1


def test_the_same_time_for_a_visit_that_is_moved_is_another_hold(
    database: Database,
    receive: Receive,
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    yes = receive("yes")
    own = options_at()[:ONE_WAY]
    booked: Booked = book(yes, options=own)
    hold(yes.conversation_id)
    held = hold(yes.conversation_id, options=own, but_booking=booked.id)
    assert held.but_booking == booked.id
    assert held_time(database, yes.conversation_id, NOW) == held
    # The visit has this doctor and this room already, and the others are free again.
    assert rows(database, BookedTick) == len(own[0].ticks)


def test_a_hold_that_is_over_is_held_anew_even_if_somebody_else_was_ending_it(
    database: Database, url: str, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    end = hold(mine).expires_at
    with ThreadPoolExecutor(1) as pool:
        with database.work(concurrent=True) as session:
            session.get_one(Hold, mine, with_for_update=True)
            again = pool.submit(hold, mine, at=end)
            if url.startswith("postgresql"):
                wait_until(lambda: bool(session.scalar(WAITING)), 10, "the hold waits")
        assert again.result(10).expires_at == end + TEN_MINUTES


def test_who_lets_go_of_a_hold_waits_for_who_ends_it(
    database: Database, url: str, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    end = hold(mine).expires_at
    with ThreadPoolExecutor(1) as pool:
        with database.work(concurrent=True) as session:
            session.get_one(Hold, mine, with_for_update=True)
            leaving = pool.submit(let_go, database, mine)
            if url.startswith("postgresql"):
                wait_until(lambda: bool(session.scalar(WAITING)), 10, "who lets go waits")
            forget_expired_holds(session, end)
        leaving.result(10)
    assert rows(database, Hold) == rows(database, BookedTick) == 0


def test_who_books_waits_for_who_ends_their_hold_before_ending_others(
    database: Database,
    url: str,
    receive: Receive,
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    yes = receive("yes")
    one = options_at()[:ONE_WAY]
    hold(yes.conversation_id, options=one)
    other = options_at(later(hours=1))[:ONE_WAY]
    end = hold(options=other).expires_at
    third = receive(person="third").conversation_id
    hold(third, start=later(hours=2), at=end - timedelta(minutes=1))
    with ThreadPoolExecutor(1) as pool:
        with database.work(concurrent=True) as session:
            session.get_one(Hold, yes.conversation_id, with_for_update=True)
            booking = pool.submit(book, yes, options=one, at=end)
            if url.startswith("postgresql"):
                session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
                wait_until(lambda: bool(session.scalar(WAITING)), 10, "the booking waits")
            forget_expired_holds(session, end)
            assert take(session, other, held_by=third)
        assert booking.result(10).starts_at == TOMORROW


def test_who_loses_a_time_keeps_what_they_held(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    hold(mine)
    hold(start=later(hours=1)), hold(start=later(hours=1))
    with pytest.raises(HoldTaken):
        hold(mine, start=later(hours=1))
    held = held_time(database, mine, NOW)
    assert held is not None and held.starts_at == TOMORROW


def test_what_is_let_go_is_free_at_once(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    hold(mine)
    let_go(database, mine)
    assert taken(database) == {}
    let_go(database, mine)


def test_a_held_time_cannot_be_booked_by_another(
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    one = options_at()[:ONE_WAY]
    hold(options=one)
    with pytest.raises(TimeTaken):
        book(options=one)


def test_who_holds_it_books_it_and_the_hold_is_over(
    database: Database,
    receive: Receive,
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    yes = receive("yes")
    one = options_at()[:ONE_WAY]
    hold(yes.conversation_id, options=one)
    booked: Booked = book(yes, options=one)
    assert booked.starts_at == TOMORROW
    assert rows(database, Hold) == 0
    assert taken(database) == taken(database, with_holds=False) != {}


def test_an_expired_hold_stands_in_nobodys_way_to_book(
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    one = options_at()[:ONE_WAY]
    end = hold(options=one).expires_at
    assert book(options=one, at=end).starts_at == TOMORROW


def test_a_booking_of_another_time_lets_go_of_the_held_one(
    database: Database,
    receive: Receive,
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    yes = receive("yes")
    hold(yes.conversation_id)
    book(yes, start=later(hours=1))
    assert rows(database, Hold) == 0


def test_where_too_much_of_the_day_would_be_held_nothing_is(
    database: Database, hold: Callable[..., Held]
) -> None:
    with pytest.raises(NotHeld):
        hold(fair=False)
    assert (rows(database, Hold), rows(database, BookedTick), rows(database, Mark)) == (0, 0, 0)


def test_how_much_is_held_is_judged_with_the_hold_and_without_any(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    hold()
    seen: list[tuple[int, int]] = []

    def is_fair(booked: Any, with_holds: Any) -> bool:
        seen.append((sum(map(len, booked.values())), sum(map(len, with_holds.values()))))
        return True

    holds.hold(
        database, receive(person="another").conversation_id, "consultation",
        options_at(), AVAILABILITY.window(NOW), is_fair, NOW, TEN_MINUTES,
    )  # fmt: skip
    each = len(options_at()[0].ticks)
    assert seen == [(0, 2 * each)]


def test_a_person_holds_only_so_often_in_an_hour(
    receive: Receive, hold: Callable[..., Held]
) -> None:
    mine = receive().conversation_id
    for number in range(MOST_AN_HOUR["person"]):
        hold(mine, start=later(hours=number))
    with pytest.raises(NotHeld):
        hold(mine, start=later(hours=5))
    assert hold(mine, start=later(hours=5), at=NOW + timedelta(hours=1))


def test_everybody_at_one_network_address_holds_only_so_often_together(
    database: Database, receive: Receive, hold: Callable[..., Held]
) -> None:
    theirs = [receive(person=f"tab {number}").conversation_id for number in range(21)]
    with database.work() as session:
        for each in theirs:
            session.get_one(Conversation, each).origin = "one address"
    for number, each in enumerate(theirs[:-1]):
        hold(each, start=later(minutes=30 * (number // 2)))
    with pytest.raises(NotHeld):
        hold(theirs[-1], start=later(hours=6))
    assert hold(start=later(hours=6))


def test_a_visit_may_be_moved_onto_a_part_of_its_own_time(
    receive: Receive,
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    yes = receive("yes")
    one = options_at()[:ONE_WAY]
    booked: Booked = book(yes, options=one)
    with pytest.raises(HoldTaken):
        hold(yes.conversation_id, options=one)
    assert hold(yes.conversation_id, options=one, but_booking=booked.id).starts_at == TOMORROW


# At the same moment


class Once(list[Option]):
    """Options which, when they are looked at first, are given only after something happened."""

    def __init__(self, options: Iterable[Option], first: Callable[[], None]) -> None:
        super().__init__(options)
        self.first = [first]

    def __iter__(self) -> Iterator[Option]:
        if self.first:
            self.first.pop()()
        return super().__iter__()


def wait_for_a_waiting(database: Database, url: str) -> None:
    """SQLite has one writer, who cannot be seen waiting."""

    def waits() -> bool:
        with database.look() as connection:
            return bool(connection.scalar(WAITING))

    if url.startswith("postgresql"):
        wait_until(waits, 10, "somebody waits")


def test_who_holds_what_another_moves_from_while_that_one_moves_to_what_was_held_does_not_fail(
    database: Database,
    url: str,
    receive: Receive,
    hold: Callable[..., Held],
    book: Book,  # noqa: F811
) -> None:
    mine = receive(person="another").conversation_id
    here, there = options_at()[:ONE_WAY], options_at(later(hours=1))[:ONE_WAY]
    hold(mine, options=here)
    yours: Booked = book(options=there)

    def hold_there() -> str:
        try:
            hold(mine, options=there)
        except HoldTaken:
            return "taken"
        return "held"

    with ThreadPoolExecutor(1) as pool:
        holding = []

        def begin_to_hold() -> None:
            holding.append(pool.submit(hold_there))
            wait_for_a_waiting(database, url)

        by = By(STAFF, staff_user="reception")
        try:
            visits.move_visit(database, yours.id, 0, Once(here, begin_to_hold), "booked", by, NOW)
        except TimeTaken:
            assert holding[0].result(20) == "taken"
        else:
            assert holding[0].result(20) == "held"
    held, now = held_time(database, mine, NOW), booking_with(database, yours.id)
    assert held is not None and now is not None
    assert held.starts_at != now.starts_at
    assert ticks_of(database, now) == set(options_at(now.starts_at)[0].ticks)


@pytest.mark.parametrize("again", [False, True], ids=["lets go", "holds again"])
def test_who_is_done_with_a_hold_that_another_forgets_waits_for_them(
    database: Database, url: str, receive: Receive, hold: Callable[..., Held], again: bool
) -> None:
    mine = receive().conversation_id
    end = hold(mine).expires_at
    with ThreadPoolExecutor(1) as pool:
        with database.work(concurrent=True) as session:
            session.scalars(select(Hold).with_for_update()).one()
            done = pool.submit(hold, mine, at=end) if again else pool.submit(let_go, database, mine)
            wait_for_a_waiting(database, url)
            forget_expired_holds(session, end)
        done.result(20)
    held = held_time(database, mine, end)
    assert held == (Held(TOMORROW, end + TEN_MINUTES, "consultation") if again else None)
    assert rows(database, BookedTick) == (len(options_at()[0].ticks) if again else 0)
