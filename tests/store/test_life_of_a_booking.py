"""Whatever patients, staff and the clock do in whatever order, the database says the same as we.

A model in plain Python stands beside each database: who has which tick, what each visit is, and
what its history says. `SOAK=1` plays many more lives.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update

from bot.clinic.availability import Availability, Option
from bot.clinic.hours import WEEKDAYS
from bot.clinic.visits.blocks import CLINIC
from bot.clinic.visits.statuses import GIVEN_BACK, NOSHOW, OPEN, STATUSES, may_become, may_follow
from bot.store.blocks import add_block, remove_block
from bot.store.bookings import Booked, NewBooking, TimeTaken, TooManyBookings, TurnIsOver, book
from bot.store.changes import PATIENT, STAFF, By
from bot.store.database import Database
from bot.store.holds import MOST_AN_HOUR, HoldTaken, NotHeld, hold, let_go
from bot.store.messages import DONE, Inbound, receive
from bot.store.tables import Base, BookedTick, Booking, BookingChange, Hold, InboundMessage
from bot.store.ticks import busy, ticks_between
from bot.store.visits import NotAllowed, VisitChanged, confirm_visit, move_visit, set_status
from tests.store.conftest import NOW

LIVES = 300 if os.environ.get("SOAK") == "1" else 12
STEPS = 30
VISIT = "consultation"
# Two doctors and two rooms; a visit reaches into the next start, and a day has room for three.
AVAILABILITY = Availability.from_mapping(
    {
        "clinic": {"zone": "Asia/Kolkata"},
        "hours": {day: ["10:00-16:00"] for day in WEEKDAYS},
        "doctors": [{"id": name, "visits": [VISIT]} for name in ("mehra", "pinto")],
        "visits": {
            VISIT: {"minutes": 40, "buffer_after": 10, "needs": {"rooms": ["room_1", "room_2"]}}
        },
        "booking": {
            "lead_minutes": 0, "horizon_days": 60, "step_minutes": 30, "visits_a_day": 3,
        },
    }
)  # fmt: skip
EVERYTHING = ["doctor:mehra", "doctor:pinto", "room:room_1", "room:room_2"]
# 10:00 in Mumbai, tomorrow, and the half hours after it; the same on the day after.
TEN = datetime(2026, 11, 24, 4, 30, tzinfo=timezone.utc)
START = st.sampled_from([TEN + timedelta(minutes=30 * n) for n in (0, 1, 2, 3, 48, 49)])
# Two of them book for one phone.
PHONES = {"asha": "a", "ravi": "a", "meera": "b", "kabir": "c"}
WHO = st.sampled_from(sorted(PHONES))
PER_PATIENT = 2
TEN_MINUTES = timedelta(minutes=10)
HOUR = timedelta(hours=1)
# No conversation ends in these lives.
SILENCE = timedelta(days=400)
RECEPTION = By(STAFF, staff_user="reception")

Tick = tuple[str, int]
Line = tuple[str | None, str, datetime | None, datetime]


@dataclass(frozen=True)
class Visit:
    """What the model knows of a visit; `lines` is its history."""

    who: str
    status: str
    option: Option
    ticks: frozenset[Tick]
    lines: tuple[Line, ...]
    sequence: int = 0
    confirmed_at: datetime | None = None
    # Came back from "noshow": staff may have more of them than a patient.
    is_staffs: bool = False

    def changed(self, status: str, option: Option | None = None) -> Visit:
        """The visit after a change, with its line."""
        other = option or self.option
        line = (self.status, status, self.option.starts_at, other.starts_at)
        has_moved = other.starts_at != self.option.starts_at
        return replace(
            self,
            status=status,
            option=other,
            lines=(*self.lines, line),
            sequence=self.sequence + 1,
            confirmed_at=None if has_moved else self.confirmed_at,
            is_staffs=self.is_staffs or self.status == NOSHOW,
        )


@dataclass(frozen=True)
class Kept:
    """A hold."""

    starts_at: datetime
    expires_at: datetime


@dataclass
class Model:
    """Who has what, in plain Python; owners are ids of visits, conversations and blocks."""

    now: datetime = NOW
    ticks: dict[Tick, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    holds: dict[str, Kept] = field(default_factory=dict)
    held_at: dict[str, list[datetime]] = field(default_factory=dict)
    # Resource and ticks.
    blocks: dict[str, tuple[str, range]] = field(default_factory=dict)

    def options(self, start: datetime) -> list[Option]:
        """As if nothing were booked: who takes first is the database's to say."""
        return AVAILABILITY.options_at(VISIT, start, {}, self.now)

    def free_way(
        self, options: Sequence[Option], mine: str = "", without: frozenset[Tick] = frozenset()
    ) -> tuple[Option, frozenset[Tick]] | None:
        """The first option that can be had, with its ticks and places.

        What `mine` has is given back first; `without` it need not be taken.
        """
        taken = {tick for tick, owner in self.ticks.items() if owner != mine}
        for option in options:
            needed = set(option.ticks) - without
            for day, places in option.places:
                if any(day == name for name, _ in without):
                    continue
                free = next((place for place in places if (day, place) not in taken), None)
                needed.add((day, free or 0))
            if not needed & taken and not any(tick == 0 for _, tick in needed):
                return option, frozenset(needed)
        return None

    def busy(self, *, with_holds: bool = True) -> dict[str, set[int]]:
        """As `bot.store.ticks.busy` should give it."""
        found: dict[str, set[int]] = {}
        for (resource, tick), owner in self.ticks.items():
            if with_holds or owner not in self.holds:
                found.setdefault(resource, set()).add(tick)
        return found

    def give(self, owner: str, ticks: frozenset[Tick]) -> None:
        """Ticks that are free get an owner."""
        assert not ticks & set(self.ticks)
        self.ticks |= dict.fromkeys(ticks, owner)

    def take_back(self, owner: str) -> None:
        """Frees what somebody has; what a block covers becomes the block's."""
        freed = [tick for tick, has in self.ticks.items() if has == owner]
        for resource, tick in freed:
            del self.ticks[resource, tick]
            for block, (whose, covered) in sorted(self.blocks.items()):
                if whose in (CLINIC, resource) and tick in covered and block != owner:
                    self.ticks.setdefault((resource, tick), block)

    def let_go(self, conversation: str) -> None:
        """Ends a hold."""
        self.take_back(conversation)
        self.holds.pop(conversation, None)

    def pass_time(self, span: timedelta) -> None:
        """Holds end by themselves."""
        self.now += span
        for conversation, kept in list(self.holds.items()):
            if kept.expires_at <= self.now:
                self.let_go(conversation)

    def is_to_come(self, visit: Visit) -> bool:
        """Whether it counts among the open bookings of its phone."""
        return visit.status in OPEN and visit.option.ends_at > self.now

    def open_of(self, who: str) -> list[Visit]:
        """The open bookings of a person's phone."""
        return [
            each
            for each in self.visits.values()
            if PHONES[each.who] == PHONES[who] and self.is_to_come(each)
        ]


class Lives(RuleBasedStateMachine):
    """Everything that may happen to a booking."""

    visits: Bundle[str] = Bundle("visits")
    blocks: Bundle[str] = Bundle("blocks")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model()
        self.count = 0
        self.conversations: dict[str, str] = {}
        # What each message did: to which visit.
        self.done: list[tuple[Inbound, str]] = []
        with database.work() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))

    def hear(self, who: str, *, is_answered: bool = False) -> Inbound:
        """A message; `is_answered`: somebody else has answered it already."""
        self.count += 1
        message = receive(
            self.database, "website", who, f"{self.count}", "yes", self.model.now, SILENCE
        )
        if is_answered:
            with self.database.work() as session:
                session.execute(
                    update(InboundMessage).where(InboundMessage.id == message.id).values(state=DONE)
                )
        return message

    @initialize(target=visits)
    def everybody_says_hello_and_three_book(self) -> object:
        self.conversations = {who: self.hear(who).conversation_id for who in PHONES}
        three = zip(("asha", "ravi", "meera"), (0, 60, 24 * 60), strict=True)
        return multiple(
            *(self.book(who, TEN + timedelta(minutes=n), is_pending=False) for who, n in three)
        )

    @rule(minutes=st.sampled_from([3, 10, 60, 600]))
    def time_passes(self, minutes: int) -> None:
        self.model.pass_time(timedelta(minutes=minutes))

    # Holds

    @rule(who=WHO, start=START)
    def hold_a_time(self, who: str, start: datetime) -> None:
        self.hold(who, start, "")

    @rule(visit=visits, start=START)
    def hold_a_time_to_move_to(self, visit: str, start: datetime) -> None:
        self.hold(self.model.visits[visit].who, start, visit)

    def hold(self, who: str, start: datetime, visit: str) -> None:
        model, conversation = self.model, self.conversations[who]
        options = model.options(start)
        expected = self.expected_hold(conversation, start, options, visit)
        known = model.holds.get(conversation)
        try:
            held = hold(
                self.database, conversation, VISIT, options, AVAILABILITY.window(model.now),
                partial(AVAILABILITY.is_fair_hold, VISIT, start, now=model.now), model.now,
                TEN_MINUTES, visit,
            )  # fmt: skip
        except (HoldTaken, NotHeld) as refused:
            assert expected is type(refused)
            return
        assert not isinstance(expected, type)
        if expected is None:
            assert known is not None and held.expires_at == known.expires_at
            return
        assert (held.starts_at, held.expires_at) == (start, model.now + TEN_MINUTES)
        model.let_go(conversation)
        model.give(conversation, expected)
        model.holds[conversation] = Kept(start, held.expires_at)
        model.held_at.setdefault(who, []).append(model.now)

    def expected_hold(
        self, conversation: str, start: datetime, options: Sequence[Option], visit: str
    ) -> type[Exception] | frozenset[Tick] | None:
        """The ticks that should be held, None where the hold stands already, or the refusal."""
        model = self.model
        known = model.holds.get(conversation)
        if known is not None and options and known.starts_at == start:
            return None
        own = frozenset(tick for tick, owner in model.ticks.items() if owner == visit)
        way = model.free_way(options, conversation, own)
        if way is None:
            return HoldTaken
        who = next(who for who, each in self.conversations.items() if each == conversation)
        lately = [at for at in model.held_at.get(who, []) if at > model.now - HOUR]
        booked, with_hold = model.busy(with_holds=False), model.busy()
        for tick, owner in model.ticks.items():
            if owner == conversation:
                with_hold[tick[0]].discard(tick[1])
        for resource, tick in way[1]:
            with_hold.setdefault(resource, set()).add(tick)
        is_fair = AVAILABILITY.is_fair_hold(VISIT, start, booked, with_hold, model.now)
        return way[1] if is_fair and len(lately) < MOST_AN_HOUR["person"] else NotHeld

    @rule(target=visits, who=WHO, other=WHO, start=START)
    def a_hold_ends_and_another_books_its_time(
        self, who: str, other: str, start: datetime
    ) -> object:
        self.hold(who, start, "")
        self.model.pass_time(TEN_MINUTES)
        return self.book(other, start, is_pending=False)

    @rule(who=WHO)
    def let_a_time_go(self, who: str) -> None:
        let_go(self.database, self.conversations[who])
        self.model.let_go(self.conversations[who])

    # Bookings

    @rule(target=visits, who=WHO, start=START, is_pending=st.booleans())
    def book_a_time(self, who: str, start: datetime, is_pending: bool) -> object:
        return self.book(who, start, is_pending=is_pending)

    @rule(target=visits, who=WHO, is_pending=st.booleans())
    def book_what_is_held(self, who: str, is_pending: bool) -> object:
        kept = self.model.holds.get(self.conversations[who])
        return self.book(who, kept.starts_at, is_pending=is_pending) if kept else multiple()

    def book(self, who: str, start: datetime, *, is_pending: bool) -> object:
        model, message = self.model, self.hear(who)
        status = "pending" if is_pending else "booked"
        options = model.options(start)
        way = model.free_way(options, message.conversation_id)
        is_too_many = len(model.open_of(who)) >= PER_PATIENT
        try:
            booked = self.book_with(message, who, start, status)
        except TooManyBookings:
            assert options and is_too_many
            return multiple()
        except TimeTaken:
            assert not options or (way is None and not is_too_many)
            return multiple()
        assert way is not None and not is_too_many
        option, ticks = way
        assert (booked.doctor, booked.room) == (option.doctor, option.room)
        model.let_go(message.conversation_id)
        model.give(booked.id, ticks)
        line = (None, status, None, option.starts_at)
        model.visits[booked.id] = Visit(who, status, option, ticks, (line,))
        self.done.append((message, booked.id))
        return booked.id

    def book_with(self, message: Inbound, who: str, start: datetime, status: str) -> Booked:
        new = NewBooking(
            message.conversation_id, message.id, VISIT, "self", "Asha Rao", PHONES[who]
        )
        options = self.model.options(start)
        return book(self.database, new, options, PER_PATIENT, status, (), self.model.now)

    # Visits

    @rule(visit=visits, start=START, is_pending=st.booleans(), by_staff=st.booleans())
    def move(self, visit: str, start: datetime, is_pending: bool, by_staff: bool) -> None:
        model, before = self.model, self.model.visits[visit]
        message = None if by_staff else self.hear(before.who)
        by = RECEPTION if message is None else By(PATIENT, message.id)
        status = "pending" if is_pending else "booked"
        options = model.options(start)
        is_allowed = before.status == status or may_become(before.status, status)
        after = replace(model, ticks=dict(model.ticks), holds=dict(model.holds))
        if message is not None:
            after.let_go(message.conversation_id)
        after.take_back(visit)
        way = after.free_way(options)
        try:
            moved = move_visit(
                self.database, visit, before.sequence, options, status, by, model.now
            )
        except NotAllowed:
            assert not is_allowed
            return
        except TimeTaken:
            assert is_allowed and way is None
            return
        assert is_allowed and way is not None
        option, ticks = way
        assert (moved.doctor, moved.room) == (option.doctor, option.room)
        after.give(visit, ticks)
        after.visits[visit] = replace(before.changed(status, option), ticks=ticks)
        self.model = after
        if message is not None:
            self.done.append((message, visit))

    @rule(visit=visits, status=st.sampled_from(STATUSES))
    def staff_give_a_status(self, visit: str, status: str) -> None:
        self.give_status(visit, status, None)

    @rule(visit=visits, which=st.integers(0, 4))
    def staff_give_a_status_that_may_follow(self, visit: str, which: int) -> None:
        following = may_follow(self.model.visits[visit].status)
        if following:
            self.give_status(visit, following[which % len(following)], None)

    @rule(target=visits, visit=visits, start=START)
    def who_was_taken_for_missed_comes_after_all(self, visit: str, start: datetime) -> object:
        self.give_status(visit, NOSHOW, None)
        booked = self.book(self.model.visits[visit].who, start, is_pending=False)
        self.give_status(visit, "arrived", None)
        return booked

    @rule(visit=visits)
    def cancel(self, visit: str) -> None:
        message = self.hear(self.model.visits[visit].who)
        self.give_status(visit, "cancelled", message)

    def give_status(self, visit: str, status: str, message: Inbound | None) -> None:
        model, before = self.model, self.model.visits[visit]
        by = RECEPTION if message is None else By(PATIENT, message.id)
        is_allowed = may_become(before.status, status)
        try:
            set_status(self.database, visit, before.sequence, status, by, model.now)
        except NotAllowed:
            assert not is_allowed
            return
        assert is_allowed
        model.visits[visit] = before.changed(status)
        if status in GIVEN_BACK:
            model.take_back(visit)
            model.visits[visit] = replace(model.visits[visit], ticks=frozenset())
        if message is not None:
            model.let_go(message.conversation_id)
            self.done.append((message, visit))

    @rule(visit=visits)
    def confirm(self, visit: str) -> None:
        model, before = self.model, self.model.visits[visit]
        message = self.hear(before.who)
        confirm_visit(self.database, visit, before.sequence, message.id, model.now)
        start = before.option.starts_at
        line = (before.status, before.status, start, start)
        model.visits[visit] = replace(before, lines=(*before.lines, line), confirmed_at=model.now)
        self.done.append((message, visit))

    @rule(visit=visits, start=START)
    def act_on_a_state_that_is_over(self, visit: str, start: datetime) -> None:
        model, seen = self.model, self.model.visits[visit].sequence - 1
        message = self.hear(model.visits[visit].who)
        with pytest.raises(VisitChanged):
            move_visit(
                self.database, visit, seen, model.options(start), "booked",
                By(PATIENT, message.id), model.now,
            )  # fmt: skip
        with pytest.raises(VisitChanged):
            set_status(self.database, visit, seen, "cancelled", RECEPTION, model.now)
        with pytest.raises(VisitChanged):
            confirm_visit(self.database, visit, seen, message.id, model.now)

    @rule(visit=visits, start=START)
    def act_with_a_message_that_was_answered(self, visit: str, start: datetime) -> None:
        model, before = self.model, self.model.visits[visit]
        by = By(PATIENT, self.hear(before.who, is_answered=True).id)
        with pytest.raises(TurnIsOver):
            options = model.options(start)
            move_visit(self.database, visit, before.sequence, options, "booked", by, model.now)
        with pytest.raises(TurnIsOver):
            set_status(self.database, visit, before.sequence, "cancelled", by, model.now)
        message = self.hear(before.who, is_answered=True)
        with pytest.raises(TurnIsOver):
            self.book_with(message, before.who, start, "booked")

    @rule(which=st.integers(0, 5), start=START)
    def a_message_comes_twice(self, which: int, start: datetime) -> None:
        """Whatever is made of it the second time: the visit is given as it stands."""
        if not self.done:
            return
        model = self.model
        message, visit = self.done[-1 - which % len(self.done)]
        stands = model.visits[visit]
        if message.id == self.made_by(visit):
            again = self.book_with(message, stands.who, start, "booked")
        else:
            by, options = By(PATIENT, message.id), model.options(start)
            again = move_visit(self.database, visit, 0, options, "booked", by, model.now)
            assert again == set_status(self.database, visit, 0, "cancelled", by, model.now)
            assert again == confirm_visit(self.database, visit, 0, message.id, model.now)
        assert (again.id, again.status) == (visit, stands.status)
        assert (again.starts_at, again.sequence) == (stands.option.starts_at, stands.sequence)

    def made_by(self, visit: str) -> str:
        with self.database.work(concurrent=True) as session:
            return session.get_one(Booking, visit).message_id

    # Blocks

    @rule(
        target=blocks,
        resource=st.sampled_from([CLINIC, *EVERYTHING]),
        start=START,
        minutes=st.sampled_from([20, 60, 200]),
    )
    def block(self, resource: str, start: datetime, minutes: int) -> str:
        model, end = self.model, start + timedelta(minutes=minutes)
        name, inside = add_block(
            self.database, resource, start, end, "away", "reception", model.now,
            everything=EVERYTHING,
        )  # fmt: skip
        covered = ticks_between(start, end)
        resources = EVERYTHING if resource == CLINIC else [resource]
        wanted = {(each, tick) for each in resources for tick in covered}
        for conversation in {model.ticks[each] for each in wanted & set(model.ticks)}:
            if conversation in model.holds:
                model.let_go(conversation)
        model.give(name, frozenset(wanted - set(model.ticks)))
        model.blocks[name] = (resource, covered)
        assert {each.id for each in inside} == {
            visit
            for visit, each in model.visits.items()
            if model.is_to_come(each)
            and each.option.starts_at < end
            and each.option.ends_at > start
            and (resource == CLINIC or resource in {name for name, _ in each.option.ticks})
        }
        return name

    @rule(block=blocks)
    def unblock(self, block: str) -> None:
        is_there = block in self.model.blocks
        assert remove_block(self.database, block) is is_there
        if is_there:
            self.model.take_back(block)
            del self.model.blocks[block]

    # What must hold whatever happened

    @invariant()
    def every_tick_has_the_owner_that_the_model_says(self) -> None:
        with self.database.work(concurrent=True) as session:
            over = set(
                session.scalars(
                    select(Hold.conversation_id).where(Hold.expires_at <= self.model.now)
                )
            )
            found = {
                (each.resource, each.tick): each.booking_id or each.held_by or each.block_id
                for each in session.scalars(select(BookedTick))
                if each.held_by not in over or each.held_by is None
            }
        assert found == self.model.ticks
        now = self.model.now
        assert busy(self.database, *AVAILABILITY.window(NOW), now) == self.model.busy()

    @invariant()
    def a_visit_has_all_of_its_time_until_it_is_given_back(self) -> None:
        owned: dict[str, set[Tick]] = {}
        for tick, owner in self.model.ticks.items():
            owned.setdefault(owner, set()).add(tick)
        for name, visit in self.model.visits.items():
            ticks = {tick for tick in owned.get(name, set()) if not tick[0].startswith("day:")}
            expected = () if visit.status in GIVEN_BACK else visit.option.ticks
            assert ticks == set(expected)

    @invariant()
    def each_visit_and_its_history_are_as_the_model_says(self) -> None:
        with self.database.work(concurrent=True) as session:
            rows = list(session.scalars(select(Booking)))
            lines: dict[str, list[Line]] = {}
            for each in session.scalars(select(BookingChange).order_by(BookingChange.id)):
                line = (
                    each.status_before, each.status_after, each.starts_before, each.starts_after,
                )  # fmt: skip
                lines.setdefault(each.booking_id, []).append(line)
        assert {row.id for row in rows} == set(self.model.visits)
        for row in rows:
            visit = self.model.visits[row.id]
            assert (row.status, row.starts_at) == (visit.status, visit.option.starts_at)
            assert (row.doctor, row.room) == (visit.option.doctor, visit.option.room)
            assert (row.sequence, row.confirmed_at) == (visit.sequence, visit.confirmed_at)
            assert lines[row.id] == list(visit.lines)
            assert lines[row.id][-1][1::2] == (row.status, row.starts_at)

    @invariant()
    def no_phone_has_more_open_bookings_than_allowed(self) -> None:
        for who in PHONES:
            # Whom staff wrote off and who came after all is one more.
            own = [each for each in self.model.open_of(who) if not each.is_staffs]
            assert len(own) <= PER_PATIENT

    @invariant()
    def no_live_hold_is_without_its_time(self) -> None:
        with self.database.look() as connection:
            rows = connection.execute(
                select(Hold.conversation_id, Hold.starts_at).where(Hold.expires_at > self.model.now)
            )
            live = {each.conversation_id: each.starts_at for each in rows}
        assert live == {name: kept.starts_at for name, kept in self.model.holds.items()}


def test_every_life_of_a_booking_goes_as_the_model_says(database: Database) -> None:
    run_state_machine_as_test(
        partial(Lives, database),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
