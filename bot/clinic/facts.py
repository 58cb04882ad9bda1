"""The clinic's facts as phrases and sentences that stand in for `{placeholders}` in the texts.

A value comes from clinic.yml; where the clinic has none, the default of `data/facts.yml` is
said, so that no sentence reaches a patient with a hole in it. The ranges among the defaults are
those of the clinical brief, part 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.clinic.hours import OpeningHours

# Placeholders taken word by word from the block `protocol`, and those from `phones`.
PROTOCOL = (
    "visit_skin",
    "visit_scalp",
    "retinoid_pause",
    "sun_before",
    "alcohol_gap",
    "first_wash",
    "hair_colour",
    "makeup_after",
    "gym_after",
    "swim_after",
    "actives_after",
    "mnrf_redness",
    "numbing",
    "maintenance",
)
_PHONES = {
    "front_desk": "front_desk",
    "same_day": "same_day",
    "after_hours": "after_hours",
    "emergency": "emergency",
    "ambulance": "ambulance",
    "mental_health": "mental_health",
    "side_effect_line": "side_effect_line",
    "women_helpline": "women",
    "child_helpline": "child",
}
PLACEHOLDERS = frozenset(
    (
        *PROTOCOL,
        *_PHONES,
        "clinic_name",
        "clinic_address",
        "clinic_map",
        "clinic_hours",
        "doctors",
        "prices",
        "payment",
        "product",
        "registration",
        "devices",
        "cancel_policy",
        "photos_policy",
        "privacy",
        "privacy_link",
        "grievance",
        "opening",
        "read_by",
        "min_age",
    )
)

# What these say changes with the hour or the day, without any change of a text.
OF_THE_HOUR = frozenset(("clinic_hours", "opening", "read_by"))

# Closures this near are told together with the opening hours.
_CLOSURES_TOLD = timedelta(days=14)
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def facts(clinic: Mapping[str, Any], wording: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """A phrase, sentence or lines for every placeholder.

    Args:
        clinic: the content of clinic.yml, validated or as YAML gives it.
        wording: the content of `data/facts.yml`.
        now: the clinic's present instant, aware; it decides `opening`, `read_by` and which
            closures are told.

    Raises:
        KeyError: the wording lacks a key.
    """
    values, defaults = _values(clinic, wording, now), wording["defaults"]
    return {name: values.get(name) or str(defaults[name]) for name in sorted(PLACEHOLDERS)}


def said_instead(
    clinic: Mapping[str, Any], wording: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """The phrase for every placeholder to which this clinic has no value of its own."""
    values, defaults = _values(clinic, wording, now), wording["defaults"]
    return {name: str(defaults[name]) for name in sorted(PLACEHOLDERS) if not values.get(name)}


def _values(clinic: Mapping[str, Any], wording: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """The clinic's own value of each placeholder, or an empty string."""
    who = _block(clinic, "clinic")
    phones = _block(clinic, "phones")
    protocol = _block(clinic, "protocol")
    policies = _block(clinic, "policies")
    patterns = wording["patterns"]
    privacy = _text(policies.get("privacy"))
    values = {
        **{name: _text(protocol.get(name)) for name in PROTOCOL},
        **{name: _text(phones.get(key)) for name, key in _PHONES.items()},
        **_times(clinic, wording, now),
        "clinic_name": _text(who.get("name")),
        "clinic_address": _text(who.get("address")),
        "clinic_map": _text(who.get("map")),
        "doctors": _doctors(clinic, patterns),
        "prices": _prices(clinic, patterns),
        "payment": _payment(clinic, wording),
        "product": _product(clinic, wording),
        "registration": _sentence(
            patterns["registration"],
            registration=_text(_block(clinic, "product").get("registration")),
        ),
        "devices": _devices(clinic, wording),
        "cancel_policy": _cancel_policy(clinic, patterns),
        "photos_policy": _text(policies.get("photos")),
        "privacy": _sentence(patterns["privacy"], link=privacy),
        "privacy_link": privacy,
        "grievance": _grievance(_block(policies, "grievance"), wording),
        "min_age": _text(policies.get("min_age")),
    }
    values["after_hours"] = values["after_hours"] or _hospital(phones, patterns)
    values["same_day"] = values["same_day"] or values["front_desk"]
    return values


def fill(text: str, known: Mapping[str, str]) -> str:
    """The text with each `{name}` that is known replaced; other braces stay as they are.

    What a fact itself holds is not filled again.
    """
    return _PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), text)


def unfilled(text: str) -> set[str]:
    """The names of the placeholders that still stand in a text."""
    return set(_PLACEHOLDER.findall(text))


def _times(clinic: Mapping[str, Any], wording: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """What depends on the opening hours; nothing when the clinic names none."""
    if not any((clinic.get("hours") or {}).values()):
        return {}
    hours = OpeningHours.from_mapping(clinic)
    words = wording["times"]
    lines = [*hours.say_hours(words), *_closures(hours, wording, now)]
    return {
        "clinic_hours": "\n".join(lines),
        "opening": hours.say_opening(now, words) or "",
        "read_by": hours.read_by(now, words) or "",
    }


def _closures(hours: OpeningHours, wording: Mapping[str, Any], now: datetime) -> list[str]:
    patterns, words = wording["patterns"], wording["times"]
    today = now.astimezone(hours.zone).date()
    lines = []
    for closure in hours.closures:
        if closure.last < today or closure.first > today + _CLOSURES_TOLD:
            continue
        form = "closed_day" if closure.first == closure.last else "closed_days"
        lines.append(
            str(patterns[form if closure.reason else f"{form}_plain"]).format(
                day=hours.say_date(closure.first, words),
                first=hours.say_date(closure.first, words),
                last=hours.say_date(closure.last, words),
                reason=closure.reason,
            )
        )
    return lines


def _doctors(clinic: Mapping[str, Any], patterns: Mapping[str, Any]) -> str:
    lines = []
    for doctor in clinic.get("doctors") or ():
        degrees, registration = _text(doctor.get("degrees")), _text(doctor.get("registration"))
        form = {
            (True, True): "doctor",
            (False, True): "doctor_without_degrees",
            (True, False): "doctor_without_registration",
            (False, False): "doctor_name_only",
        }[bool(degrees), bool(registration)]
        lines.append(
            str(patterns[form]).format(
                name=_text(doctor.get("name")), degrees=degrees, registration=registration
            )
        )
    return "\n".join(lines)


def _prices(clinic: Mapping[str, Any], patterns: Mapping[str, Any]) -> str:
    pattern = str(patterns["price"])
    return "\n".join(
        pattern.format(item=_text(entry["item"]), price=_text(entry["price"]))
        for entry in clinic.get("prices") or ()
    )


def _payment(clinic: Mapping[str, Any], wording: Mapping[str, Any]) -> str:
    payment = _block(clinic, "payment")
    methods = _join([_text(m) for m in payment.get("methods") or ()], "or", wording)
    said = _sentence(wording["patterns"]["payment"], methods=methods)
    return " ".join(part for part in (said, _text(payment.get("note"))) if part)


def _product(clinic: Mapping[str, Any], wording: Mapping[str, Any]) -> str:
    product, patterns = _block(clinic, "product"), wording["patterns"]
    name = _text(product.get("name"))
    if not name:
        return ""
    maker = _sentence(patterns["product_maker"], maker=_text(product.get("maker")))
    parts = [part for part in (name, _text(product.get("source")), maker) if part]
    return _sentence(patterns["product"], parts=str(wording["lists"]["comma"]).join(parts))


def _devices(clinic: Mapping[str, Any], wording: Mapping[str, Any]) -> str:
    offered = [d["kind"] for d in clinic.get("devices") or () if d.get("offered", True)]
    names = wording["devices"]
    # Two machines of one kind are one thing to a patient; a dict keeps the order.
    said = [str(names.get(kind, kind)) for kind in dict.fromkeys(offered)]
    return _sentence(wording["patterns"]["devices"], devices=_join(said, "and", wording))


def _cancel_policy(clinic: Mapping[str, Any], patterns: Mapping[str, Any]) -> str:
    cancel = _block(_block(clinic, "booking"), "cancel")
    hours, fee = cancel.get("free_hours"), _text(cancel.get("fee"))
    if not hours:
        return ""
    time = str(patterns["hour" if hours == 1 else "hours"]).format(count=hours)
    return str(patterns["cancel_fee" if fee else "cancel_notice"]).format(time=time, fee=fee)


def _hospital(phones: Mapping[str, Any], patterns: Mapping[str, Any]) -> str:
    hospital = _block(phones, "hospital")
    name, phone = _text(hospital.get("name")), _text(hospital.get("phone"))
    return str(patterns["hospital"]).format(name=name, phone=phone) if name and phone else name


def _grievance(contact: Mapping[str, Any], wording: Mapping[str, Any]) -> str:
    parts = (_text(contact.get(key)) for key in ("name", "phone", "email"))
    reach = str(wording["lists"]["comma"]).join(part for part in parts if part)
    return _sentence(wording["patterns"]["grievance"], contact=reach)


def _sentence(pattern: object, **values: str) -> str:
    """The pattern with its values; nothing when a value is empty."""
    return str(pattern).format(**values) if all(values.values()) else ""


def _join(items: Sequence[str], last: str, wording: Mapping[str, Any]) -> str:
    words = wording["lists"]
    if len(items) < 2:
        return "".join(items)
    return str(words["comma"]).join(items[:-1]) + str(words[last]) + items[-1]


def _block(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return mapping.get(key) or {}


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
