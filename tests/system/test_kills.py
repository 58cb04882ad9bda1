"""SIGKILL in the confirmation of a booking: a visit that the patient was told of, or none.

Each kill meets two patients at the same step. `SOAK=1` makes it a hundred of each step.

Left out: engine and actions once the answer is in the outbox, because only the front takes part
from there on; the actions stay once, after the answer was sent.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from bot.clinic.availability import Availability
from bot.data_files import ROOT, read_yaml
from tests.house import HouseInParts
from tests.system import confirmation
from tests.system.confirmation import YES, Step, Visit, Visitor, Visitors
from tests.system.texts import Texts

FRONT, ACTIONS, ENGINE = "front", "actions", "engine"
KILLS = 50 if os.environ.get("SOAK") == "1" else 1
# What a patient may hear instead of the booking, beside the question itself.
COULD_NOT_ANSWER = ("unavailable", "action_failed")


@pytest.fixture
def arrive(house_in_parts: HouseInParts) -> Iterator[Callable[[], Visitors]]:
    """Brings two new patients to the confirmation of two visits, of which both times are free."""
    came: list[Visitor] = []

    def both() -> Visitors:
        give_every_visit_back(house_in_parts)
        two = [
            Visitor(
                house_in_parts,
                "Book a consultation about my hair tomorrow at 5 pm, Asha Rao, 99999 00021",
                "2026-11-23T17:00+05:30",
            ),
            Visitor(
                house_in_parts,
                "Book a consultation about my hair tomorrow at 6 pm, Ravi Iyer, 99999 00022",
                "2026-11-23T18:00+05:30",
            ),
        ]
        came.extend(two)
        for each in two:
            each.come_to_the_confirmation()
        return two

    yield both
    for each in came:
        each.close()


def give_every_visit_back(house: HouseInParts) -> None:
    """So that the same times and phones serve for each kill."""
    with closing(sqlite3.connect(house.var_dir / "clinic.db", timeout=10.0)) as database, database:
        database.execute("DELETE FROM booked_ticks")
        database.execute("UPDATE bookings SET status = 'cancelled', place = NULL")


def kill_at(step: Step, house: HouseInParts, visitors: Visitors, *parts: str) -> None:
    """Kills at the step, starts again what is dead, and lets the patients hear what came of it."""
    with step(house, visitors):
        for part in parts:
            house.end_part(part)
    house.mend()
    for each in visitors:
        if FRONT in parts:
            each.come_back()
        each.hear_all()


def is_told_of_a_visit(visitor: Visitor, texts: Texts) -> bool:
    """Whether there is a visit; that the patient was told the truth is checked either way."""
    assert set(visitor.inbound_states()) == {"done"}
    visits = visitor.visits()
    assert len(visits) <= 1
    if visits:
        assert has_told(visitor, visits[0])
        return True
    could_not = [texts.message(name).text for name in COULD_NOT_ANSWER]
    is_told = any(message.text in could_not for message in visitor.answer())
    assert is_told or visitor.is_asked_to_confirm(), visitor.answer()
    return False


def has_told(visitor: Visitor, visit: Visit) -> bool:
    """Whether the last answer names the booking."""
    return any(visit.reference in message.text for message in visitor.answer())


def assert_one_more_yes_books_only_what_is_missing(visitor: Visitor, *, was_booked: bool) -> None:
    visitor.say(YES)
    assert len(visitor.visits()) == 1, visitor.answer()
    assert has_told(visitor, visitor.visits()[0]) is not was_booked, visitor.answer()


def assert_ticks_are_those_of_the_visits(house: HouseInParts, visitors: Visitors) -> None:
    availability = Availability.from_mapping(read_yaml(ROOT / "clinic.yml"))
    expected = set()
    for each in visitors:
        options = availability.options_at("consultation", each.start, {}, house.now())
        for visit in each.visits():
            [held] = [
                one for one in options if (one.doctor, one.room) == (visit.doctor, visit.room)
            ]
            expected |= {(*tick, visit.id) for tick in held.ticks}
    assert set(house.rows("SELECT resource, tick, booking_id FROM booked_ticks")) == expected


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        *((confirmation.yes_is_stored, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
        *((confirmation.engine_works, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
        *((confirmation.action_waits, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
        (confirmation.action_writes, (ACTIONS,)),
        *((confirmation.visit_is_booked, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
        (confirmation.visit_is_booked, (FRONT, ENGINE, ACTIONS)),
        (confirmation.answer_waits, (FRONT,)),
        (confirmation.answer_leaves, (FRONT,)),
        *((confirmation.answer_was_sent, (part,)) for part in (FRONT, ACTIONS)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "+".join(value),
)
def test_a_kill_leaves_a_visit_that_the_patient_was_told_of_or_none(
    step: Step,
    parts: tuple[str, ...],
    house_in_parts: HouseInParts,
    arrive: Callable[[], Visitors],
) -> None:
    texts, outcomes = Texts(house_in_parts), []
    for _ in range(KILLS):
        visitors = arrive()
        kill_at(step, house_in_parts, visitors, *parts)
        booked = [is_told_of_a_visit(each, texts) for each in visitors]
        assert_ticks_are_those_of_the_visits(house_in_parts, visitors)
        for each, was_booked in zip(visitors, booked, strict=True):
            assert_one_more_yes_books_only_what_is_missing(each, was_booked=was_booked)
        assert_ticks_are_those_of_the_visits(house_in_parts, visitors)
        outcomes += booked
    print(f"{sum(outcomes)} of {len(outcomes)} booked at the kill")
