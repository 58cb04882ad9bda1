from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.booking.draft import (
    ADULT,
    GIVEN,
    MINOR,
    OTHER,
    SELF,
    Draft,
    Heard,
    Step,
    Surroundings,
    next_step,
)
from bot.clinic.details import Details
from tests.clinic.booking.talk import NOW

TEXTS = st.text(max_size=30)
LISTS = st.lists(TEXTS, max_size=4).map(tuple)
DRAFTS = st.builds(
    Draft,
    whom=TEXTS,
    concern=TEXTS,
    wish=st.dictionaries(TEXTS, TEXTS | st.integers() | st.lists(TEXTS), max_size=3),
    start=TEXTS,
    offered=LISTS,
    consent=TEXTS,
    name=TEXTS,
    phone=TEXTS,
    reminders=TEXTS,
    unread=LISTS,
    heard=TEXTS,
    note=TEXTS,
    note_values=st.dictionaries(TEXTS, TEXTS, max_size=3),
    choices=LISTS,
    changing=st.booleans(),
    suspended=TEXTS,
    kept_at=TEXTS,
)
FULL = Draft(
    whom=SELF,
    concern="skin",
    start="2026-11-24T11:30:00+00:00",
    consent=GIVEN,
    name="Asha Rao",
    phone="+919999900071",
    reminders="none",
)


@given(DRAFTS)
def test_a_draft_is_read_as_it_was_kept(draft: Draft) -> None:
    assert Draft.from_json(json.loads(json.dumps(draft.to_json()))) == draft


def test_what_another_version_kept_is_dropped() -> None:
    assert Draft.from_json({**FULL.to_json(), "colour": "red"}) == FULL


def test_a_name_and_a_phone_stay_out_of_every_repr() -> None:
    world = Surroundings(
        now=NOW,
        free=list,
        why_not=lambda _: "",
        words_of=lambda _: ["Asha"],
        own_phone="+919999900071",
    )
    heard = Heard("id", "I am Asha Rao", "inform", {"name": "Asha"})
    for shown in map(repr, (FULL, heard, world)):
        assert "Asha" not in shown
        assert "99999" not in shown


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ({"start": ""}, Step.TIME),
        ({"whom": ""}, Step.WHOM),
        ({"whom": OTHER}, Step.WHOM),
        ({"concern": ""}, Step.CONCERN),
        ({"consent": ""}, Step.CONSENT),
        ({"name": ""}, Step.NAME),
        ({"phone": ""}, Step.PHONE),
        ({"reminders": ""}, Step.REMINDERS),
        ({}, Step.CONFIRM),
        ({"start": "", "whom": "", "phone": ""}, Step.TIME),
        ({"consent": "", "name": "", "phone": ""}, Step.CONSENT),
    ],
)
def test_the_first_missing_fact_is_next(missing: dict[str, str], step: Step) -> None:
    assert next_step(replace(FULL, **missing)) is step


@pytest.mark.parametrize("whom", [ADULT, MINOR])
def test_of_somebody_else_no_concern_is_asked(whom: str) -> None:
    assert next_step(replace(FULL, whom=whom, concern="")) is Step.CONFIRM


@pytest.mark.parametrize("whom", [ADULT, MINOR, OTHER])
def test_for_somebody_else_the_writers_name_and_health_are_dropped(whom: str) -> None:
    after = FULL.for_whom(whom)
    assert (after.whom, after.name, after.concern) == (whom, "", "")
    assert after.phone == FULL.phone


@pytest.mark.parametrize("whom", [ADULT, MINOR, OTHER])
def test_somebody_elses_name_is_not_the_writers(whom: str) -> None:
    assert replace(FULL, whom=whom).for_whom(SELF).name == ""
    assert replace(FULL, whom=whom).without("whom").for_whom(SELF).name == ""


@pytest.mark.parametrize("whom", [ADULT, MINOR])
def test_a_name_told_before_it_was_clear_who_comes_is_asked_again(whom: str) -> None:
    assert replace(FULL, whom="").for_whom(whom).name == ""


@pytest.mark.parametrize("whom", ["", SELF])
def test_saying_the_same_again_changes_nothing(whom: str) -> None:
    assert FULL.for_whom(whom) == FULL


@pytest.mark.parametrize(
    ("whom", "kept"), [("", "hair"), (SELF, "hair"), (ADULT, ""), (MINOR, ""), (OTHER, "")]
)
def test_only_the_writers_own_concern_is_kept(whom: str, kept: str) -> None:
    assert Draft(whom=whom).about("hair").concern == kept


def test_before_the_consent_only_the_message_is_remembered() -> None:
    told = Details(name="Asha Rao", phone="+919999900071")
    after = Draft().reached_by(told, "one").reached_by(told, "one").reached_by(told, "two")
    assert (after.name, after.phone, after.unread) == ("", "", ("one", "two"))


def test_a_message_without_name_or_phone_is_not_remembered() -> None:
    assert Draft().reached_by(Details(concern="skin"), "one") == Draft()


@pytest.mark.parametrize(
    ("whom", "is_own", "kept"),
    [
        (SELF, True, "Usha"),
        (SELF, False, "Usha"),
        ("", False, "Usha"),
        (ADULT, False, "Usha"),
        (ADULT, True, "Asha Rao"),
        (MINOR, True, "Usha"),
        (MINOR, False, "Asha Rao"),
    ],
)
def test_after_the_consent_the_name_that_is_wanted_is_kept(
    whom: str, is_own: bool, kept: str
) -> None:
    told = Details(name="Usha", is_own_name=is_own)
    assert replace(FULL, whom=whom).reached_by(told, "one").name == kept


@pytest.mark.parametrize(
    ("what", "step"),
    [
        ("time", Step.TIME),
        ("whom", Step.WHOM),
        ("name", Step.NAME),
        ("phone", Step.PHONE),
        ("reminders", Step.REMINDERS),
        ("colour", Step.CONFIRM),
    ],
)
def test_one_fact_is_opened_again(what: str, step: Step) -> None:
    assert next_step(FULL.without(what)) is step
