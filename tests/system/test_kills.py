"""SIGKILL in the confirmation of a booking or a change: what the patient was told of, or nothing.

Each kill meets two patients at the same step, or two who move and two who cancel. `SOAK=1` makes
it a hundred of each step.

Left out: engine and actions once the answer is in the outbox, because only the front takes part
from there on; the actions stay once, after the answer was sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.clinic.availability import Availability
from bot.clinic.visits.statuses import OPEN
from bot.data_files import ROOT, read_yaml
from tests.house import HouseInParts
from tests.system import confirmation
from tests.system.confirmation import YES, Changer, Step, Visit, Visitor, Visitors
from tests.system.texts import Texts

FRONT, ACTIONS, ENGINE = "front", "actions", "engine"
KILLS = 50 if os.environ.get("SOAK") == "1" else 1
# What a patient may hear instead of the booking, beside the question itself.
COULD_NOT_ANSWER = ("unavailable", "action_failed")


@pytest.fixture
def bring(house_in_parts: HouseInParts) -> Iterator[Callable[..., Visitors]]:
    """Brings new patients to their last question; every time is free when they come."""
    came: list[Visitor] = []

    def all_of(arriving: Callable[[HouseInParts], Visitors]) -> Visitors:
        house_in_parts.empty_calendar()
        visitors = arriving(house_in_parts)
        came.extend(visitors)
        for each in visitors:
            each.come_to_the_confirmation()
        return visitors

    yield all_of
    for each in came:
        each.close()


def two_who_book(house: HouseInParts) -> Visitors:
    return [
        Visitor(
            house,
            "Book a consultation about my hair tomorrow at 5 pm, Asha Rao, 99999 00021",
            "2026-11-23T17:00+05:30",
        ),
        Visitor(
            house,
            "Book a consultation about my hair tomorrow at 6 pm, Ravi Iyer, 99999 00022",
            "2026-11-23T18:00+05:30",
        ),
    ]


def two_who_move_and_two_who_cancel(house: HouseInParts) -> list[Changer]:
    move, cancel = ("Yes, move it", "visit_moved"), ("Yes, cancel it", "visit_cancelled")
    return [
        Changer(
            house,
            f"Book a consultation about my hair tomorrow at {clock}, {who}",
            f"2026-11-23T{hour}+05:30",
            request,
            *how,
        )
        for clock, hour, who, request, how in (
            ("5 pm", "17:00", "Asha Rao, 99999 00021", "can I move it to tuesday 5 pm", move),
            ("5:30 pm", "17:30", "Ravi Iyer, 99999 00022", "can I move it to tuesday 6 pm", move),
            ("6 pm", "18:00", "Meera Nair, 99999 00023", "cancel my appointment", cancel),
            ("6:30 pm", "18:30", "Kabir Shah, 99999 00024", "cancel my appointment", cancel),
        )
    ]


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
    for visit in (visit for each in visitors for visit in each.visits()):
        if visit.status in OPEN:
            options = availability.options_at("consultation", visit.starts_at, {}, house.now())
            [held] = [
                one for one in options if (one.doctor, one.room) == (visit.doctor, visit.room)
            ]
            expected |= {(*tick, visit.id) for tick in held.ticks}
    booked = house.rows(
        "SELECT resource, tick, booking_id FROM booked_ticks WHERE booking_id IS NOT NULL"
    )
    assert set(booked) == expected


STEPS: list[tuple[Step, tuple[str, ...]]] = [
    *((confirmation.yes_is_stored, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
    *((confirmation.engine_works, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
    *((confirmation.action_waits, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
    (confirmation.action_writes, (ACTIONS,)),
    *((confirmation.change_is_written, (part,)) for part in (FRONT, ENGINE, ACTIONS)),
    (confirmation.change_is_written, (FRONT, ENGINE, ACTIONS)),
    (confirmation.answer_waits, (FRONT,)),
    (confirmation.answer_leaves, (FRONT,)),
    *((confirmation.answer_was_sent, (part,)) for part in (FRONT, ACTIONS)),
]
# A change goes the way of a booking: in the suite each step of it is met once, by one process or
# by all of them; `SOAK=1` meets it with each.
STEPS_OF_CHANGES = (
    STEPS if os.environ.get("SOAK") == "1" else [*STEPS[2:9:3], STEPS[9], *STEPS[13:]]
)


def named(value: Any) -> str:
    return str(value.__name__) if callable(value) else "+".join(value)


@pytest.mark.parametrize(("step", "parts"), STEPS, ids=named)
def test_a_kill_leaves_a_visit_that_the_patient_was_told_of_or_none(
    step: Step,
    parts: tuple[str, ...],
    house_in_parts: HouseInParts,
    bring: Callable[..., Visitors],
) -> None:
    texts, outcomes = Texts(house_in_parts), []
    for _ in range(KILLS):
        visitors = bring(two_who_book)
        kill_at(step, house_in_parts, visitors, *parts)
        booked = [is_told_of_a_visit(each, texts) for each in visitors]
        assert_ticks_are_those_of_the_visits(house_in_parts, visitors)
        for each, was_booked in zip(visitors, booked, strict=True):
            assert_one_more_yes_books_only_what_is_missing(each, was_booked=was_booked)
        assert_ticks_are_those_of_the_visits(house_in_parts, visitors)
        outcomes += booked
    print(f"{sum(outcomes)} of {len(outcomes)} booked at the kill")


@pytest.mark.parametrize(("step", "parts"), STEPS_OF_CHANGES, ids=named)
def test_a_kill_leaves_a_change_that_the_patient_was_told_of_or_none(
    step: Step,
    parts: tuple[str, ...],
    house_in_parts: HouseInParts,
    bring: Callable[..., list[Changer]],
) -> None:
    texts, outcomes = Texts(house_in_parts), []
    for _ in range(KILLS):
        changers = bring(two_who_move_and_two_who_cancel)
        kill_at(step, house_in_parts, changers, *parts)
        changed = [is_told_of_the_change(each, texts) for each in changers]
        assert_ticks_are_those_of_the_visits(house_in_parts, changers)
        for each, was_changed in zip(changers, changed, strict=True):
            assert_the_same_yes_again_changes_nothing(each)
            assert_one_more_yes_changes_only_what_is_missing(each, texts, was_changed=was_changed)
        assert_ticks_are_those_of_the_visits(house_in_parts, changers)
        outcomes += changed
    print(f"{sum(outcomes)} of {len(outcomes)} changed at the kill")


def is_told_of_the_change(changer: Changer, texts: Texts) -> bool:
    """Whether the visit was changed, once; what the patient was told is true either way."""
    assert set(changer.inbound_states()) == {"done"}
    before, now = changer.before, changer.visit()
    assert (now.id, now.reference) == (before.id, before.reference)
    assert now.sequence == changer.changes() <= 1
    if changer.is_done():
        assert stands_as_wanted(changer)
        assert has_told_the_change(changer, texts), changer.answer()
        return True
    assert now == before
    could_not = [texts.message(name).text for name in COULD_NOT_ANSWER]
    is_told = any(message.text in could_not for message in changer.answer())
    assert is_told or changer.is_asked_to_confirm(), changer.answer()
    assert not has_told_the_change(changer, texts), changer.answer()
    return False


def stands_as_wanted(changer: Changer) -> bool:
    """The movers want the Tuesday, the others no visit."""
    if changer.told == "visit_cancelled":
        return changer.visit().status == "cancelled"
    later = changer.visit().starts_at - changer.before.starts_at
    return changer.visit().status == "booked" and timedelta(hours=24) <= later < timedelta(hours=25)


def has_told_the_change(changer: Changer, texts: Texts) -> bool:
    """Whether the last answer says what was done, and of which visit."""
    return any(
        texts.name_of(message.text) == changer.told and changer.before.reference in message.text
        for message in changer.answer()
    )


def assert_the_same_yes_again_changes_nothing(changer: Changer) -> None:
    before, answer, count = changer.visit(), changer.answer(), len(changer.inbound_states())
    changer.deliver()
    changer.hear_all()
    assert (changer.visit(), changer.answer()) == (before, answer)
    assert len(changer.inbound_states()) == count


def assert_one_more_yes_changes_only_what_is_missing(
    changer: Changer, texts: Texts, *, was_changed: bool
) -> None:
    changer.say(YES)
    assert stands_as_wanted(changer), changer.answer()
    assert changer.changes() == changer.visit().sequence == 1
    assert has_told_the_change(changer, texts) is not was_changed, changer.answer()
