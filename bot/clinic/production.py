"""Why the assistant may not start in production: one plain sentence for each reason.

Pure, so that the start, the `doctor` command and a test judge by the same list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bot.clinic.content import unreviewed_until

_SECRETS = ("DATA_KEY", "SECRET_KEY", "ENGINE_TOKEN")
_WHATSAPP_NEEDED = (
    "WHATSAPP_VERIFY_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID",
)
_WHATSAPP = (*_WHATSAPP_NEEDED, "WHATSAPP_API_BASE", "WHATSAPP_API_VERSION")
_EMERGENCY_NUMBERS = ("emergency", "ambulance", "mental_health", "child", "women")
# Numbers of this one clinic; national ones such as 112 are the same everywhere.
_OWN_PHONES = ("front_desk", "same_day", "after_hours")


def refusals(
    environment: Mapping[str, str],
    clinic: Mapping[str, Any],
    *,
    example: Mapping[str, Any],
    unapproved: int,
    today: date,
) -> list[str]:
    """Every reason against starting in production; an empty list means: start.

    Args:
        environment: the environment variables.
        clinic: the validated clinic.yml.
        example: the clinic.yml that is shipped as an example.
        unapproved: how many medical answers and safety texts no doctor has approved as they are
            worded now.
        today: the clinic's day; a `content.serve_unreviewed` that has run out no longer lifts the
            missing approval.
    """
    return [
        *_about_environment(environment),
        *_about_example(clinic, example),
        *_about_gaps(clinic),
        *_about_approval(clinic, unapproved, today),
    ]


def _about_environment(environment: Mapping[str, str]) -> Iterator[str]:
    def value(name: str) -> str:
        return (environment.get(name) or "").strip()

    def on(name: str) -> bool:
        return value(name).lower() not in ("", "0", "false", "no", "off")

    for name in _SECRETS:
        if not value(name):
            yield f"{name} is not set, so the secret made for development would be used."
    if on("ENGINE_API"):
        yield "ENGINE_API is on, so Rasa's HTTP API would be open."
    if on("DEVELOPMENT_ROUTES"):
        yield "DEVELOPMENT_ROUTES is on, so routes meant for development would be open."
    if value("CLINIC_NOW"):
        yield "CLINIC_NOW is set, so the clinic's clock would be wrong; it is for development."
    if value("DATABASE_URL").lower().startswith("sqlite") or not value("DATABASE_URL"):
        for name in ("ENGINES", "FRONTS"):
            if _number(value(name)) > 1:
                yield f"{name} is {value(name)}, and SQLite serves only one; set DATABASE_URL."
    if any(map(value, _WHATSAPP)):
        missing = [name for name in _WHATSAPP_NEEDED if not value(name)]
        if missing:
            yield f"WhatsApp is only partly set up: {', '.join(missing)} should be set too."


def _about_example(clinic: Mapping[str, Any], example: Mapping[str, Any]) -> Iterator[str]:
    if clinic.get("example"):
        yield "clinic.yml is the example: replace its values and set `example: false`."
    theirs = set(_phones(example).values())
    for key, digits in _phones(clinic).items():
        if digits in theirs:
            yield f"clinic.yml: {key} is a phone of the example."
    names = {_name(doctor.get("name")) for doctor in example.get("doctors") or ()}
    registrations = {_name(doctor.get("registration")) for doctor in example.get("doctors") or ()}
    for number, doctor in enumerate(clinic.get("doctors") or (), start=1):
        registration = _name(doctor.get("registration"))
        if _name(doctor.get("name")) in names or (registration and registration in registrations):
            yield f"clinic.yml: doctor {number} is a doctor of the example."
    prices = {_digits(entry.get("price")) for entry in example.get("prices") or ()} - {""}
    for number, entry in enumerate(clinic.get("prices") or (), start=1):
        if _digits(entry.get("price")) in prices:
            yield f"clinic.yml: price {number} is a price of the example."


def _about_gaps(clinic: Mapping[str, Any]) -> Iterator[str]:
    phones = clinic.get("phones") or {}
    hospital = phones.get("hospital") or {}
    if not phones.get("same_day"):
        yield "clinic.yml: phones.same_day is empty."
    if not phones.get("after_hours") and not hospital.get("name"):
        yield "clinic.yml: phones.after_hours and phones.hospital are both empty."
    for key in _EMERGENCY_NUMBERS:
        if not phones.get(key):
            yield f"clinic.yml: phones.{key} is empty."
    for number, doctor in enumerate(clinic.get("doctors") or (), start=1):
        if not doctor.get("registration"):
            yield f"clinic.yml: doctor {number} has no registration number."


def _about_approval(clinic: Mapping[str, Any], unapproved: int, today: date) -> Iterator[str]:
    if not unapproved or unreviewed_until(clinic, today):
        return
    waiver = (clinic.get("content") or {}).get("serve_unreviewed")
    ended = f" (it ended on {waiver['until']})" if waiver else ""
    yield (
        f"No doctor has approved {unapproved} of the medical answers and safety texts in their"
        " present wording: approve them at /desk/content; to open the desk before that, set"
        f" content.serve_unreviewed in clinic.yml{ended}."
    )


def _phones(clinic: Mapping[str, Any]) -> dict[str, str]:
    """The clinic's own numbers that are set, as digits by their key."""
    phones = clinic.get("phones") or {}
    grievance = (clinic.get("policies") or {}).get("grievance") or {}
    found = {f"phones.{key}": _digits(phones.get(key)) for key in _OWN_PHONES}
    found["phones.hospital.phone"] = _digits((phones.get("hospital") or {}).get("phone"))
    found["policies.grievance.phone"] = _digits(grievance.get("phone"))
    # The last ten digits are the same with and without the country code.
    return {key: digits[-10:] for key, digits in found.items() if digits}


def _digits(value: object) -> str:
    return re.sub(r"\D", "", "" if value is None else str(value))


def _name(value: object) -> str:
    """A name without case, title and spacing, so that "dr. A  B" is "A B"."""
    words = re.findall(r"\w+", "" if value is None else str(value).casefold())
    return " ".join(word for word in words if word != "dr")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 1
