from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.clinic.production import refusals
from bot.clinic.schema import read_clinic

EXAMPLE = read_clinic(Path("clinic.yml").read_text(encoding="utf-8"))
ENVIRONMENT = {
    "DATA_KEY": "k",
    "SECRET_KEY": "s",
    "ENGINE_TOKEN": "t",
    "DATABASE_URL": "postgresql://database/clinic",
}
WHATSAPP = {
    "WHATSAPP_VERIFY_TOKEN": "v",
    "WHATSAPP_APP_SECRET": "a",
    "WHATSAPP_ACCESS_TOKEN": "t",
    "WHATSAPP_PHONE_NUMBER_ID": "1",
}


def real_clinic() -> dict[str, Any]:
    """The example with everything replaced that production looks at."""
    clinic = copy.deepcopy(EXAMPLE)
    clinic["example"] = False
    clinic["phones"] |= {
        "front_desk": "+1 202 555 0101",
        "same_day": "+1 202 555 0102",
        "after_hours": "+1 202 555 0103",
        "hospital": {"name": "General Hospital", "phone": "+1 202 555 0104"},
    }
    clinic["policies"]["grievance"]["phone"] = "+1 202 555 0105"
    clinic["doctors"] = [{"id": "one", "name": "Dr Test One", "registration": "TEST-1"}]
    clinic["prices"] = [{"item": "Consultation", "price": "Rs 800"}]
    return clinic


def reasons(
    clinic: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    *,
    unapproved: int = 0,
    today: date = date(2026, 11, 23),
) -> list[str]:
    settings = ENVIRONMENT | (environment or {})
    return refusals(
        settings, clinic or real_clinic(), example=EXAMPLE, unapproved=unapproved, today=today
    )


def test_a_complete_clinic_may_start() -> None:
    assert reasons() == []
    assert reasons(environment=WHATSAPP) == []
    assert reasons(environment={"ENGINES": "2", "FRONTS": "3"}) == []


@pytest.mark.parametrize("name", ["DATA_KEY", "SECRET_KEY", "ENGINE_TOKEN"])
def test_a_missing_secret_is_refused(name: str) -> None:
    assert reasons(environment={name: " "}) == [
        f"{name} is not set, so the secret made for development would be used."
    ]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ENGINE_API", "1", "ENGINE_API is on, so Rasa's HTTP API would be open."),
        (
            "DEVELOPMENT_ROUTES",
            "true",
            "DEVELOPMENT_ROUTES is on, so routes meant for development would be open.",
        ),
        (
            "CLINIC_NOW",
            "2026-11-23T10:00:00Z",
            "CLINIC_NOW is set, so the clinic's clock would be wrong; it is for development.",
        ),
    ],
)
def test_what_is_for_development_is_refused(name: str, value: str, sentence: str) -> None:
    assert reasons(environment={name: value}) == [sentence]


@pytest.mark.parametrize("value", ["0", "false", "off", ""])
def test_what_is_switched_off_is_no_reason(value: str) -> None:
    assert reasons(environment={"ENGINE_API": value, "DEVELOPMENT_ROUTES": value}) == []


@pytest.mark.parametrize("address", ["", "sqlite:///clinic.db"])
@pytest.mark.parametrize("name", ["ENGINES", "FRONTS"])
def test_sqlite_serves_one_engine_and_one_front(name: str, address: str) -> None:
    assert reasons(environment={"DATABASE_URL": address, name: "2"}) == [
        f"{name} is 2, and SQLite serves only one; set DATABASE_URL."
    ]
    assert reasons(environment={"DATABASE_URL": address, name: "1"}) == []


@pytest.mark.parametrize("missing", WHATSAPP)
def test_half_of_whatsapp_is_refused(missing: str) -> None:
    assert reasons(environment=WHATSAPP | {missing: ""}) == [
        f"WhatsApp is only partly set up: {missing} should be set too."
    ]


def test_an_address_of_whatsapp_alone_is_refused() -> None:
    (sentence,) = reasons(environment={"WHATSAPP_API_BASE": "https://example.org"})

    assert sentence.startswith("WhatsApp is only partly set up: WHATSAPP_VERIFY_TOKEN, ")


def test_the_example_is_refused() -> None:
    found = reasons(EXAMPLE)

    assert found[0] == "clinic.yml is the example: replace its values and set `example: false`."
    assert "clinic.yml: phones.front_desk is a phone of the example." in found
    assert "clinic.yml: policies.grievance.phone is a phone of the example." in found
    assert "clinic.yml: doctor 2 is a doctor of the example." in found
    assert "clinic.yml: price 3 is a price of the example." in found


def test_one_phone_of_the_example_is_refused_however_it_is_written() -> None:
    clinic = real_clinic()
    clinic["phones"]["same_day"] = "099999-00001"

    assert reasons(clinic) == ["clinic.yml: phones.same_day is a phone of the example."]


@pytest.mark.parametrize(
    "doctor",
    [
        {"name": "dr. example  mehra", "registration": "OTHER-1"},
        {"name": "Dr Other", "registration": "example-0001"},
    ],
)
def test_one_doctor_of_the_example_is_refused(doctor: dict[str, str]) -> None:
    clinic = real_clinic()
    clinic["doctors"] = [doctor]

    assert reasons(clinic) == ["clinic.yml: doctor 1 is a doctor of the example."]


def test_one_price_of_the_example_is_refused() -> None:
    clinic = real_clinic()
    clinic["prices"][0]["price"] = "INR 1511"

    assert reasons(clinic) == ["clinic.yml: price 1 is a price of the example."]


@pytest.mark.parametrize(
    "key", ["same_day", "emergency", "ambulance", "mental_health", "child", "women"]
)
def test_a_number_patients_need_may_not_be_empty(key: str) -> None:
    clinic = real_clinic()
    clinic["phones"][key] = ""

    assert reasons(clinic) == [f"clinic.yml: phones.{key} is empty."]


def test_after_hours_or_the_hospital_is_needed() -> None:
    clinic = real_clinic()
    clinic["phones"]["after_hours"] = ""
    assert reasons(clinic) == []

    clinic["phones"]["hospital"] = {"name": "", "phone": ""}
    assert reasons(clinic) == ["clinic.yml: phones.after_hours and phones.hospital are both empty."]


def test_a_doctor_needs_a_registration_number() -> None:
    clinic = real_clinic()
    clinic["doctors"][0]["registration"] = ""

    assert reasons(clinic) == ["clinic.yml: doctor 1 has no registration number."]


def test_texts_without_approval_are_refused_unless_somebody_answers_for_them() -> None:
    clinic = real_clinic()
    assert reasons(clinic, unapproved=3) == [
        "No doctor has approved 3 of the medical answers and safety texts in their present"
        " wording: approve them at /desk/content; to open the desk before that, set"
        " content.serve_unreviewed in clinic.yml."
    ]

    clinic["content"]["serve_unreviewed"] = {"by": "Dr Test One", "until": "2026-12-31"}
    assert reasons(clinic, unapproved=3) == []


def test_serving_unreviewed_texts_ends_after_its_last_day() -> None:
    clinic = real_clinic()
    clinic["content"]["serve_unreviewed"] = {"by": "Dr Test One", "until": "2026-12-31"}

    assert reasons(clinic, unapproved=1, today=date(2026, 12, 31)) == []
    [reason] = reasons(clinic, unapproved=1, today=date(2027, 1, 1))
    assert reason.endswith("set content.serve_unreviewed in clinic.yml (it ended on 2026-12-31).")


def test_where_all_is_approved_nothing_has_to_be_set() -> None:
    assert reasons(unapproved=0) == []
