"""What goes out about a visit by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.whatsapp import calls_for
from bot.clinic.text_checks import NeverSay, longest_sentence_words
from bot.clinic.told import ToldBooking
from bot.clinic.visits.notices import VisitNotices, what_happened
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.statuses import STATUSES
from bot.data_files import DATA, ROOT, read_yaml
from tests.fake_cloud_api import faults

CLINIC = read_yaml(ROOT / "clinic.yml")
WORDS, FACTS = read_yaml(DATA / "reminders.yml"), read_yaml(DATA / "facts.yml")
POLICY = read_yaml(DATA / "visits.yml")["policy"]
LETTER = read_yaml(DATA / "email.yml")["reminder"]
LABELS = read_yaml(DATA / "booking.yml")["labels"]
TEMPLATES = {
    "reminder": "visit_reminder",
    "change": "visit_change",
    "first_message": "first_message",
    "language": "en",
}
# Wednesday, 11:00 in Mumbai.
STARTS = datetime(2026, 11, 25, 5, 30, tzinfo=UTC)
DAY_BEFORE = STARTS - timedelta(hours=24)
CHANGES = [*WORDS["changes"]]


@dataclass(frozen=True)
class Visit:
    id: str = "b" * 32
    visit: str = "consultation"
    doctor: str = "mehra"
    starts_at: datetime = STARTS
    reference: str = field(default="ABCD2345", repr=False)
    calendar_key: str = "key"


VISIT = Visit()


def notices(**clinic: Any) -> VisitNotices:
    told = ToldBooking(CLINIC, LABELS, FACTS["times"], "https://clinic.example")
    templates = {"whatsapp": {"templates": TEMPLATES}}
    whole = {**CLINIC, **templates, **clinic}
    policy = ChangePolicy(whole, POLICY, FACTS["times"])
    return VisitNotices(whole, WORDS, FACTS, told, policy)


def buttons(content: dict[str, Any]) -> dict[str, str]:
    return {each["title"]: each["payload"] for each in content["buttons"]}


def test_a_reminder_says_when_where_and_until_when_it_can_be_changed() -> None:
    text = notices().reminder(VISIT, DAY_BEFORE - timedelta(hours=1))["text"]
    assert "Wednesday 25 Nov 2026 at 11:00, Consultation." in text
    assert CLINIC["clinic"]["address"] in text
    assert text.endswith("To move or cancel: Free until Tuesday 24 Nov 2026 at 11:00.")


def test_once_a_change_is_late_it_says_so_and_what_the_clinic_says_of_its_cost() -> None:
    late = DAY_BEFORE + timedelta(hours=1)
    said = "The time for a free change ended on Tuesday 24 Nov 2026 at 11:00."
    assert notices().reminder(VISIT, late)["text"].endswith(f"To move or cancel: {said}")
    booking = {**CLINIC["booking"], "cancel": {"free_hours": 24, "fee": "half the price."}}
    costly = notices(booking=booking)
    assert costly.reminder(VISIT, late)["text"].endswith(f"{said} After that: half the price.")
    values = costly.reminder(VISIT, late, template=True)["template"]["values"]
    assert values[-1] == f"{said} After that: half the price."


def test_a_reminder_can_be_answered_with_one_press() -> None:
    assert buttons(notices().reminder(VISIT, DAY_BEFORE)) == {
        "Confirm": f'/check_consultation{{"visit":"{VISIT.id}","act":"confirm"}}',
        "Move": f'/reschedule_consultation{{"visit":"{VISIT.id}"}}',
        "Cancel": f'/cancel_consultation{{"visit":"{VISIT.id}"}}',
    }


def test_in_an_email_it_is_answered_in_the_chat_or_by_phone() -> None:
    letter = notices().letter(VISIT, DAY_BEFORE, LETTER)["letter"]
    assert letter["subject"] == "Your appointment"
    assert "Wednesday 25 Nov 2026 at 11:00" in letter["body"]
    assert f"in the chat or call {CLINIC['phones']['front_desk']}" in letter["body"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("moved", "was moved. It is now on Wednesday 25 Nov 2026 at 11:00"),
        ("booked", "is confirmed: Wednesday 25 Nov 2026 at 11:00"),
        ("pending", "still has to confirm"),
        ("cancelled", "on Wednesday 25 Nov 2026 at 11:00 is cancelled"),
    ],
)
def test_a_change_is_told_with_what_can_be_done(what: str, said: str) -> None:
    content = notices().change(what, VISIT, DAY_BEFORE)
    assert said in content["text"]
    acts = ["Book a visit"] if what == "cancelled" else ["Move", "Cancel"]
    assert [*buttons(content)] == acts


def test_news_tells_whom_to_ask_and_nothing_of_the_visit() -> None:
    content = notices().news(DAY_BEFORE)
    assert (
        f"Ask here when your appointment is, or call {CLINIC['phones']['front_desk']}"
        in (content["text"])
    )
    assert buttons(content) == {"My appointment": "/check_consultation"}


def test_the_first_message_to_a_number_tells_nothing_of_the_visit() -> None:
    content = notices().number(VISIT, DAY_BEFORE)
    secrets = ("Nov", "11:00", "visit", "Consultation", "appointment", "ABCD2345", "Mehra", "Skin")
    for secret in secrets:
        assert secret not in content["text"]
    assert content["template"]["values"] == []
    assert buttons(content) == {
        "Yes, that is me": f'/check_consultation{{"visit":"{VISIT.id}","number":"mine"}}',
        "Not me": f'/check_consultation{{"visit":"{VISIT.id}","number":"not_mine"}}',
    }


def every_content() -> list[dict[str, Any]]:
    said = notices()
    return [
        said.reminder(VISIT, DAY_BEFORE),
        said.reminder(VISIT, DAY_BEFORE, template=True),
        *(said.change(what, VISIT, DAY_BEFORE) for what in CHANGES),
        *(said.change(what, VISIT, DAY_BEFORE, template=True) for what in CHANGES),
        said.news(DAY_BEFORE),
        said.number(VISIT, DAY_BEFORE),
    ]


@pytest.mark.parametrize("content", every_content())
def test_each_message_fits_and_says_nothing_forbidden(content: dict[str, Any]) -> None:
    text = content["text"]
    assert len(text) <= 1024
    assert "{" not in text
    assert longest_sentence_words(text) <= 20
    assert NeverSay.from_mapping(read_yaml(DATA / "never_say.yml")).breaches(text, "before") == []
    calls = calls_for(content, "Choose", "Choose")
    for call in calls:
        whom = {"messaging_product": "whatsapp", "to": "919999900001"}
        assert list(faults({**whom, **call})) == []


def test_templates_hold_the_names_of_the_clinics_own() -> None:
    said = notices()
    assert said.reminder(VISIT, DAY_BEFORE, template=True)["template"]["name"] == "visit_reminder"
    assert said.has_template("change")
    none = {"templates": {**TEMPLATES, "change": ""}}
    assert not notices(whatsapp=none).has_template("change")


@pytest.mark.parametrize(
    ("before", "after", "moved", "what"),
    [
        ("booked", "booked", True, "moved"),
        ("pending", "booked", True, "moved"),
        ("booked", "pending", True, "pending"),
        ("pending", "booked", False, "booked"),
        ("booked", "cancelled", False, "cancelled"),
        ("booked", "entered-in-error", False, "cancelled"),
        ("cancelled", "entered-in-error", False, ""),
        ("noshow", "entered-in-error", False, ""),
        ("booked", "arrived", False, ""),
        ("arrived", "fulfilled", False, ""),
        ("arrived", "booked", False, ""),
        ("booked", "noshow", False, ""),
    ],
)
def test_what_a_patient_is_told_of_a_change(
    before: str, after: str, moved: bool, what: str
) -> None:
    assert what_happened(before, after, moved=moved) == what


def test_every_change_that_is_told_has_words() -> None:
    told = {
        what_happened(before, after, moved=moved)
        for before in STATUSES
        for after in STATUSES
        for moved in (True, False)
    }
    assert told - {""} == set(CHANGES)
