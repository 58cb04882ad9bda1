from __future__ import annotations

from itertools import pairwise

import pytest

from bot.clinic.visits.statuses import (
    CHANGEABLE,
    GIVEN_BACK,
    OPEN,
    STATUSES,
    may_become,
    may_follow,
)

# https://hl7.org/fhir/R4/valueset-appointmentstatus.html
FHIR_R4 = {
    "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow",
    "entered-in-error", "checked-in", "waitlist",
}  # fmt: skip


def test_every_status_is_a_word_of_fhir_r4() -> None:
    assert set(STATUSES) < FHIR_R4


def test_the_way_of_a_visit_from_wish_to_done_is_allowed() -> None:
    way = ("waitlist", "proposed", "pending", "booked", "arrived", "fulfilled")
    assert all(may_become(one, other) for one, other in pairwise(way))


@pytest.mark.parametrize("status", GIVEN_BACK)
def test_what_was_given_back_never_takes_time_again(status: str) -> None:
    assert not set(may_follow(status)) - set(GIVEN_BACK)


def test_a_patient_changes_only_what_has_not_begun() -> None:
    assert set(CHANGEABLE) < set(OPEN)
    assert all(may_become(status, "cancelled") for status in CHANGEABLE)
    assert not may_become("fulfilled", "cancelled")


@pytest.mark.parametrize(
    ("one", "other"), [("arrived", "booked"), ("noshow", "arrived"), ("fulfilled", "arrived")]
)
def test_a_wrong_press_at_the_desk_is_taken_back(one: str, other: str) -> None:
    assert may_become(one, other)


@pytest.mark.parametrize("other", ["arrived", "noshow"])
def test_who_comes_without_having_been_confirmed_has_come_all_the_same(other: str) -> None:
    assert may_become("pending", other)


def test_nothing_becomes_what_it_is_and_every_status_is_reached() -> None:
    assert not any(may_become(status, status) for status in STATUSES)
    reached = {other for status in STATUSES for other in may_follow(status)}
    assert reached == set(STATUSES)
    assert may_follow("unheard-of") == ()
