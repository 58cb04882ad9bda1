"""By which way a patient may be told something of their visit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clinic.visits.ways import Way, Ways

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ALL = Ways(mails=True, writes=True)


@dataclass(frozen=True)
class Visit:
    status: str = "booked"
    reminders: str = "whatsapp"
    email: str = ""


@dataclass(frozen=True)
class Patient:
    visit: Visit = field(default_factory=Visit)
    channel: str = "whatsapp"
    last_heard_at: datetime = NOW - timedelta(hours=1)
    wants_nothing_unasked: bool = False
    in_danger: bool = False
    number_is_wrong: bool = False


def patient(reminders: str = "whatsapp", **how: Any) -> Patient:
    visit = Visit(reminders=reminders, email="asha@example.org")
    return replace(Patient(visit), **how)


LONG_AGO = NOW - timedelta(hours=24)
ON_THE_WEBSITE = {"channel": "website"}


def to_remind(whom: Patient, ways: Ways = ALL, *, has_template: bool = True) -> Way:
    return ways.to_remind(whom, NOW, has_template=has_template)


def to_tell(whom: Patient, ways: Ways = ALL, *, has_template: bool = True) -> Way:
    return ways.to_tell_change(whom, NOW, has_template=has_template)


@pytest.mark.parametrize("decide", [to_remind, to_tell])
def test_on_whatsapp_it_is_said_freely_within_a_day_and_in_a_template_later(decide: Any) -> None:
    assert decide(patient()) is Way.WHATSAPP
    almost = NOW - timedelta(hours=23, minutes=49)
    assert decide(patient(last_heard_at=almost)) is Way.WHATSAPP
    # A little is left for the sending.
    over = NOW - timedelta(hours=23, minutes=50)
    assert decide(patient(last_heard_at=over)) is Way.TEMPLATE
    assert decide(patient(last_heard_at=over), has_template=False) is Way.TEAM


@pytest.mark.parametrize("decide", [to_remind, to_tell])
def test_by_email_where_the_patient_chose_it_and_the_clinic_has_it(decide: Any) -> None:
    assert decide(patient("email")) is Way.EMAIL
    assert decide(patient("email", **ON_THE_WEBSITE)) is Way.EMAIL
    silent = Ways(mails=False, writes=True)
    assert decide(patient("email"), silent) is not Way.EMAIL
    assert decide(replace(patient(), visit=Visit(reminders="email"))) is not Way.EMAIL


@pytest.mark.parametrize("decide", [to_remind, to_tell])
def test_after_danger_a_person_calls(decide: Any) -> None:
    for reminders in ("whatsapp", "email", "call"):
        assert decide(patient(reminders, in_danger=True)) is Way.TEAM


@pytest.mark.parametrize("decide", [to_remind, to_tell])
def test_where_whatsapp_was_given_up_a_person_calls(decide: Any) -> None:
    assert decide(patient(), Ways(mails=True, writes=False)) is Way.TEAM


def test_who_wants_no_reminder_gets_none() -> None:
    assert to_remind(patient("none")) is Way.NOBODY
    for reminders in ("whatsapp", "email", "call"):
        assert to_remind(patient(reminders, wants_nothing_unasked=True)) is Way.NOBODY


def test_who_cannot_be_reached_on_the_number_is_not_called_there() -> None:
    assert to_remind(patient(number_is_wrong=True, **ON_THE_WEBSITE)) is Way.NOBODY


def test_who_wants_a_call_or_cannot_be_written_to_is_called() -> None:
    assert to_remind(patient("call")) is Way.TEAM
    assert to_remind(patient("whatsapp", **ON_THE_WEBSITE)) is Way.TEAM


def test_a_visit_that_is_not_confirmed_is_left_to_the_team() -> None:
    pending = replace(patient(), visit=Visit("pending"))
    assert to_remind(pending) is Way.TEAM


def test_a_change_is_told_also_to_who_wanted_no_reminder() -> None:
    for reminders in ("none", "call", "whatsapp"):
        assert to_tell(patient(reminders)) is Way.WHATSAPP
        assert to_tell(patient(reminders, **ON_THE_WEBSITE)) is Way.CHAT


def test_after_a_stop_a_change_is_told_by_a_person() -> None:
    for reminders in ("none", "whatsapp", "email"):
        assert to_tell(patient(reminders, wants_nothing_unasked=True)) is Way.TEAM
