"""A reminder reaches the patient on WhatsApp, and its buttons do what they say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

from tests.house import House, Patient, WhatsAppPatient, wait_until

# The job looks every ten seconds.
TOLD_WITHIN = 40.0

New = Callable[[str, House], Patient]


def stored(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.000000")


def come_near(house: House) -> None:
    """Time passes until the day before the visit: the visit and its reminder move instead."""
    near = house.now() + timedelta(hours=23)
    before = stored(house.now() - timedelta(days=5))
    with closing(sqlite3.connect(house.var_dir / "clinic.db", timeout=10.0)) as database:
        database.execute(
            "UPDATE bookings SET starts_at = ?, ends_at = ?, before_told_at = ?, created_at = ?",
            (stored(near), stored(near + timedelta(minutes=20)), before, before),
        )
        first = "SELECT MIN(due_at) FROM reminders"
        database.execute(
            f"UPDATE reminders SET due_at = ? WHERE due_at = ({first})",  # noqa: S608 - our own
            (stored(house.now() - timedelta(minutes=1)),),
        )
        database.commit()


def is_reminded(house: House, new_patient: New) -> WhatsAppPatient:
    """A patient with a visit tomorrow, at whom the reminder has just arrived."""
    house.empty_calendar()
    patient = new_patient("whatsapp", house)
    assert isinstance(patient, WhatsAppPatient)
    patient.say("I want to book for acne, 4 December 5 pm")
    patient.press("Yes, for me, 18+")
    patient.press("Yes, I agree")
    patient.say("Nalini Shah")
    patient.press("Yes, this number")
    patient.press("On WhatsApp")
    patient.press("Yes, book it")
    come_near(house)
    wait_until(patient.has_news, TOLD_WITHIN, "the reminder")
    assert "Reminder of your visit" in patient.text
    assert patient.titles == ["Confirm", "Move", "Cancel"]
    return patient


def test_a_patient_confirms_under_the_reminder(house: House, new_patient: New) -> None:
    patient = is_reminded(house, new_patient)
    patient.press("Confirm")
    assert "We expect you" in patient.text
    [(confirmed_at,)] = house.rows("SELECT confirmed_at FROM bookings")
    assert confirmed_at is not None


def test_a_patient_who_cannot_come_asks_the_team_under_the_reminder(
    house: House, new_patient: New
) -> None:
    patient = is_reminded(house, new_patient)
    patient.press("Cancel")
    assert "our team has to cancel it" in patient.text
    patient.press("Yes, ask the team")
    assert ("late_cancel", "routine") in patient.requests


def test_a_patient_moves_under_the_reminder_and_is_reminded_no_second_time(
    house: House, new_patient: New
) -> None:
    patient = is_reminded(house, new_patient)
    patient.press("Move")
    assert "When would you like to come instead?" in patient.text
    patient.press(patient.titles[0])
    assert "our team has to move it" in patient.text
    patient.press("Keep it")
    assert house.rows("SELECT COUNT(*) FROM reminders WHERE outcome = 'sent'") == [(1,)]
