from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clinic.facts import PLACEHOLDERS, facts, fill, unfilled

WORDING = yaml.safe_load(Path("data/facts.yml").read_text(encoding="utf-8"))
EXAMPLE = yaml.safe_load(Path("clinic.yml").read_text(encoding="utf-8"))
# A Monday, 12:00 in Mumbai.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)


def facts_of(**blocks: Any) -> dict[str, str]:
    return facts({"clinic": {"zone": "Asia/Kolkata"}, **blocks}, WORDING, NOW)


def test_every_placeholder_has_a_default_and_nothing_else_has() -> None:
    assert set(WORDING["defaults"]) == PLACEHOLDERS


@pytest.mark.parametrize("clinic", [EXAMPLE, {}, {"clinic": None, "hours": None, "phones": None}])
def test_every_placeholder_gets_words(clinic: dict[str, Any]) -> None:
    found = facts(clinic, WORDING, NOW)

    assert set(found) == PLACEHOLDERS
    assert all(value and value == value.strip() for value in found.values())
    assert not any(unfilled(value) for value in found.values())


def test_an_empty_clinic_gets_the_defaults_and_no_invented_value() -> None:
    assert facts({}, WORDING, NOW) == WORDING["defaults"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("clinic_name", "Example Skin and Hair Clinic"),
        ("clinic_address", "1 Example Road, Bandra West, Mumbai 400050"),
        ("clinic_map", "https://example.org/map"),
        ("front_desk", "+91 99999 00001"),
        ("same_day", "+91 99999 00002"),
        ("after_hours", "+91 99999 00003"),
        ("emergency", "112"),
        ("ambulance", "108"),
        ("mental_health", "14416"),
        ("women_helpline", "181"),
        ("child_helpline", "1098"),
        ("side_effect_line", "1800-180-3024"),
        (
            "clinic_hours",
            "Mon to Fri: 10:00 to 14:00, 16:00 to 19:00\nSat: 10:00 to 14:00\nSun: closed",
        ),
        (
            "doctors",
            "Dr Example Mehra, MBBS, MD (Dermatology), registration EXAMPLE-0001\n"
            "Dr Example Pinto, MBBS, DDVL, registration EXAMPLE-0002",
        ),
        (
            "prices",
            "Consultation: Rs 1,511\nSkin session with exosomes: from Rs 15,111\n"
            "Scalp session with exosomes: from Rs 12,111",
        ),
        ("payment", "You can pay by cash, card or UPI."),
        ("product", "We use Examplosome Gel, plant based, made by Example Labs."),
        (
            "registration",
            "The product's registration: cosmetic import registration EXAMPLE-RC-0001.",
        ),
        ("devices", "Here we offer microneedling and MNRF."),
        (
            "cancel_policy",
            "You can move or cancel a visit. Please tell us at least 24 hours before.",
        ),
        ("privacy", "Our privacy note: https://example.org/privacy"),
        ("privacy_link", "https://example.org/privacy"),
        (
            "grievance",
            "For a complaint you can also reach"
            " Example Grievance Officer, +91 99999 00005, grievance@example.org.",
        ),
        ("min_age", "18"),
        ("opening", "today 16:00"),
        ("read_by", "today before 19:00"),
    ],
)
def test_what_the_example_clinic_says(name: str, said: str) -> None:
    assert facts(EXAMPLE, WORDING, NOW)[name] == said


def test_a_doctors_own_value_replaces_the_range() -> None:
    found = facts_of(protocol={"hair_colour": "6 weeks", "numbing": "", "maintenance": "Yearly."})

    assert found["hair_colour"] == "6 weeks"
    assert found["numbing"] == "about 30 minutes"
    assert found["maintenance"] == "Yearly."


@pytest.mark.parametrize(
    ("doctor", "said"),
    [
        ({"name": "Dr A", "degrees": "MD", "registration": 12}, "Dr A, MD, registration 12"),
        ({"name": "Dr A", "registration": "12"}, "Dr A, registration 12"),
        ({"name": "Dr A", "degrees": "MD", "registration": None}, "Dr A, MD"),
        ({"name": "Dr A"}, "Dr A"),
    ],
)
def test_a_doctor_is_told_with_what_is_known(doctor: dict[str, Any], said: str) -> None:
    assert facts_of(doctors=[doctor])["doctors"] == said


@pytest.mark.parametrize(
    ("product", "said"),
    [
        ({"name": "Gel"}, "We use Gel."),
        ({"name": "Gel", "maker": "Labs"}, "We use Gel, made by Labs."),
        ({"name": "", "maker": "Labs"}, "Please ask our team which product is used."),
    ],
)
def test_the_product_is_told_with_what_is_known(product: dict[str, str], said: str) -> None:
    assert facts_of(product=product)["product"] == said


@pytest.mark.parametrize(
    ("phones", "said"),
    [
        ({"hospital": {"name": "Example Hospital", "phone": "+91 99999 00004"}},
         "Example Hospital, +91 99999 00004"),
        ({"hospital": {"name": "Example Hospital"}}, "Example Hospital"),
        ({"hospital": None}, "the nearest hospital"),
    ],
)  # fmt: skip
def test_after_hours_falls_back_to_the_hospital(phones: dict[str, Any], said: str) -> None:
    assert facts_of(phones=phones)["after_hours"] == said


def test_the_front_desk_answers_where_no_same_day_phone_is_set() -> None:
    assert facts_of(phones={"front_desk": "+91 99999 00001"})["same_day"] == "+91 99999 00001"


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        ([{"kind": "mnrf", "offered": True}], "Here we offer MNRF."),
        ([{"kind": "mnrf"}, {"kind": "mnrf"}], "Here we offer MNRF."),
        ([{"kind": "co2_laser", "offered": False}], "Please ask our team which devices we use."),
        (
            [{"kind": kind} for kind in ("microneedling", "mnrf", "plasma")],
            "Here we offer microneedling, MNRF and fractional plasma.",
        ),
    ],
)
def test_only_offered_devices_are_told_each_once(devices: list[Any], said: str) -> None:
    assert facts_of(devices=devices)["devices"] == said


@pytest.mark.parametrize(
    ("cancel", "said"),
    [
        ({"free_hours": 1, "fee": ""},
         "You can move or cancel a visit. Please tell us at least 1 hour before."),
        ({"free_hours": 24, "fee": "half the price."},
         "You can move or cancel a visit without a fee until 24 hours before."
         " After that: half the price."),
        ({"free_hours": 0}, "Please tell us early if you need to move or cancel a visit."),
    ],
)  # fmt: skip
def test_the_policy_names_no_fee_that_is_not_set(cancel: dict[str, Any], said: str) -> None:
    assert facts_of(booking={"cancel": cancel})["cancel_policy"] == said


def test_a_payment_note_follows_the_ways_to_pay() -> None:
    assert facts_of(payment={"methods": ["card"], "note": "No cash."})["payment"] == (
        "You can pay by card. No cash."
    )
    assert facts_of(payment={"methods": [], "note": "Ask us."})["payment"] == "Ask us."


@pytest.mark.parametrize(
    ("closure", "line"),
    [
        ({"day": "2026-11-26", "reason": "Founder's day"}, "Closed on Thu 26 Nov: Founder's day."),
        ({"day": "2026-11-26"}, "Closed on Thu 26 Nov."),
        ({"from": "2026-11-20", "to": "2026-11-24", "reason": "Repairs"},
         "Closed from Fri 20 Nov to Tue 24 Nov: Repairs."),
        ({"from": "2026-12-07", "to": "2026-12-08"}, "Closed from Mon 7 Dec to Tue 8 Dec."),
    ],
)  # fmt: skip
def test_near_closures_are_told_with_the_hours(closure: dict[str, str], line: str) -> None:
    found = facts_of(hours={"monday": ["10:00-14:00"]}, closures={"holidays": [closure]})

    assert found["clinic_hours"].splitlines()[-1] == line


@pytest.mark.parametrize("day", ["2026-11-22", "2026-12-08"])
def test_past_and_far_closures_are_not_told(day: str) -> None:
    found = facts_of(hours={"monday": ["10:00-14:00"]}, closures={"days": [{"day": day}]})

    assert "Closed on" not in found["clinic_hours"]


def test_fill_replaces_known_names_and_leaves_other_braces() -> None:
    text = 'Call {front_desk} or {nobody}. /faq{"topic":"price"} {} { front_desk }'

    assert fill(text, {"front_desk": "{emergency}", "emergency": "112"}) == (
        'Call {emergency} or {nobody}. /faq{"topic":"price"} {} { front_desk }'
    )


def test_unfilled_names_what_still_stands() -> None:
    assert unfilled('{min_age} /faq{"topic":"price"} {min_age} {visit_skin}') == {
        "min_age",
        "visit_skin",
    }
    assert unfilled("Nothing to fill.") == set()
