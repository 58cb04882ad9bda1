from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clinic.schema import ClinicFileError, read_clinic

SHIPPED = Path("clinic.yml").read_text(encoding="utf-8")
PLAIN = yaml.safe_load(SHIPPED)
SMALLEST = "clinic:\n  name: Small Clinic\n  zone: Europe/London\n"
ONE_SENTENCE = re.compile(r"clinic\.yml, line \d+: [^\n]+[.?]")


def failure(text: str) -> str:
    with pytest.raises(ClinicFileError) as raised:
        read_clinic(text)
    return str(raised.value)


def test_the_shipped_file_is_valid_and_marked_as_the_example() -> None:
    clinic = read_clinic(SHIPPED)

    assert clinic["example"] is True
    assert clinic["hours"]["monday"] == ["10:00-14:00", "16:00-19:00"]
    assert clinic["closures"]["holidays"][0] == {
        "from": "2026-12-25",
        "to": "2026-12-25",
        "reason": "Christmas",
    }


def test_the_shipped_file_shows_every_key() -> None:
    def keys(value: Any) -> Any:
        return {key: keys(entry) for key, entry in value.items()} if isinstance(value, dict) else 0

    shipped, read = keys(PLAIN), keys(read_clinic(SHIPPED))
    assert shipped == read


def test_defaults_are_filled_in() -> None:
    clinic = read_clinic(SMALLEST)

    assert clinic["example"] is False
    assert clinic["policies"]["min_age"] == 18
    assert clinic["whatsapp"]["health_questions"] is False
    assert clinic["hours"]["sunday"] == []
    assert clinic["phones"]["hospital"] == {"name": "", "phone": ""}
    assert clinic["content"]["serve_unreviewed"] is None
    assert clinic["content"]["approval_months"] is None


def test_what_is_read_can_be_read_again() -> None:
    clinic = read_clinic(SHIPPED)

    assert read_clinic(yaml.safe_dump(clinic, sort_keys=False)) == clinic


@pytest.mark.parametrize(
    ("written", "path", "value"),
    [
        ("closures: {days: [{day: '2026-12-31'}]}", ("closures", "days", 0, "to"), "2026-12-31"),
        ("closures: {days: [{day: 2026-12-31}]}", ("closures", "days", 0, "from"), "2026-12-31"),
        ("quiet_hours: 21:00-09:00", ("quiet_hours",), "21:00-09:00"),
        ("quiet_hours:", ("quiet_hours",), ""),
        ("hours: {monday: [16:00 - 19:00, 10:00-14:00]}", ("hours", "monday"),
         ["10:00-14:00", "16:00-19:00"]),
        ("phones: {emergency: 112}", ("phones", "emergency"), "112"),
        ("phones: {front_desk: +919999900001}", ("phones", "front_desk"), "+919999900001"),
        ("phones:", ("phones", "women"), ""),
        ("whatsapp: {health_questions: off}", ("whatsapp", "health_questions"), False),
        ("whatsapp: {health_questions: yes}", ("whatsapp", "health_questions"), True),
        ("prices: [{item: Talk, price: 800}]", ("prices", 0, "price"), "800"),
        ("doctors: [{id: a, name: Dr A, registration: 0012}]", ("doctors", 0, "registration"),
         "0012"),
    ],
)  # fmt: skip
def test_values_are_read_with_and_without_quotes(
    written: str, path: tuple[Any, ...], value: object
) -> None:
    found: Any = read_clinic(f"{SMALLEST}{written}\n")
    for part in path:
        found = found[part]

    assert found == value


VISIT = "visits: {talk: {name: Talk, minutes: 20, needs: {%s}}}"


# Each line is written as line 4, behind the smallest valid file.
@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("hours: {monday: 25}",
         'hours.monday should be a list like ["10:00-14:00"], found 25.'),
        ("hours: {monday: [16:00]}",
         'hours.monday should be a list like ["10:00-14:00"], found ["16:00"].'),
        ("hours: {monday:}",
         'hours.monday should be a list like ["10:00-14:00"], found nothing.'),
        ("hours: {monday: [14:00-10:00]}",
         'hours.monday should be a list like ["10:00-14:00"] whose spans end after they start,'
         ' found ["14:00-10:00"].'),
        ("hours: {monday: [10:00-14:00, 13:00-15:00]}",
         'hours.monday should be a list like ["10:00-14:00"] whose spans do not overlap,'
         ' found ["10:00-14:00", "13:00-15:00"].'),
        ("hours: {mondey: []}", "hours.mondey is no known key; did you mean monday?"),
        ("phonse: {}", "phonse is no known key; did you mean phones?"),
        ("conversation: {zzz: 1}",
         "conversation.zzz is no known key; known here are silence_hours."),
        ("doctors: [{id: a, name: Dr A, hours: {mondy: []}}]",
         "doctors[1].hours.mondy is no known key; did you mean monday?"),
        ("visits: {talk: {nam: Talk}}", "visits.talk.nam is no known key; did you mean name?"),
        ("content: {serve_unreviewed: {by: A, untill: 2026-12-31}}",
         "content.serve_unreviewed.untill is no known key; did you mean until?"),
        ("content: {approval_months: 0}",
         "content.approval_months should be at least 1, found 0."),
        ("closures: {days: [{dai: 2026-12-31}]}",
         "closures.days[1].dai is no known key; did you mean day?"),
        ("closures: {days: [{day: 2026-02-30}]}",
         'closures.days[1].day should be a date like 2026-12-31, found "2026-02-30".'),
        ("closures: {days: [{from: 2026-12-31}]}",
         "closures.days[1] should be a block with `day`, or with `from` and `to`,"
         " found a block with from."),
        ("closures: {days: [{day: 2026-12-31, to: 2027-01-02}]}",
         "closures.days[1] should be a block with either `day`, or `from` and `to`,"
         " found a block with day, to."),
        ("closures: {days: [2026-12-31]}",
         "closures.days[1] should be a block like {day: 2026-12-31, reason: …},"
         ' found "2026-12-31".'),
        ("closures: {holidays: [{from: 2026-12-31, to: 2026-12-30}]}",
         "closures.holidays[1].to should be the same day as `from`, 2026-12-31, or later,"
         ' found "2026-12-30".'),
        ("quiet_hours: 21", 'quiet_hours should be a span of times like "21:00-09:00", found 21.'),
        ("quiet_hours: 21:00-25:00",
         'quiet_hours should be a span of times like "21:00-09:00", found "21:00-25:00".'),
        ("example: ture", 'example should be true or false, found "ture".'),
        ("payment: cash", 'payment should be a block of keys, found "cash".'),
        ("visits: cash", 'visits should be a block of keys, found "cash".'),
        ("prices: 800", "prices should be a list, found 800."),
        ("payment: {note: 12}", "payment.note should be text, found 12."),
        ("prices: [{item: '', price: 8}]",
         'prices[1].item should be text that is not empty, found "".'),
        ("prices: [{item: Talk, price:}]",
         "prices[1].price should be text that is not empty, found nothing."),
        ("retention: {visit_years: three}",
         'retention.visit_years should be a whole number, found "three".'),
        ("retention: {visit_years: 1.5}",
         "retention.visit_years should be a whole number, found 1.5."),
        ("policies: {min_age: 16}", "policies.min_age should be at least 18, found 16."),
        ("booking: {horizon_days: 900}",
         "booking.horizon_days should be at most 366, found 900."),
        ("booking: {confirm: maybe}",
         "booking.confirm should be 'auto' or 'staff', found \"maybe\"."),
        ("doctors: [{id: a}]", "doctors[1].name is missing; it is always needed."),
        ("doctors: [{id: Dr A, name: Dr A}]",
         'doctors[1].id should be a short name like room_1, in small letters, found "Dr A".'),
        ("visits: {First talk: {name: Talk, minutes: 20}}",
         "visits.First talk should be a short name like room_1, in small letters,"
         ' found "First talk".'),
        ("website: {origins: [localhost]}",
         "website.origins[1] should be a web address without a path, like \"https://…\","
         ' found "localhost".'),
        ("policies: {privacy: example.org}",
         'policies.privacy should be a web address like "https://…", found "example.org".'),
        ("notices: {emails: [desk]}",
         'notices.emails[1] should be an e-mail address, found "desk".'),
        ("phones: {front_desk: '12345'}",
         'phones.front_desk should be a phone number like "+91 99999 00001", found "12345".'),
        ("phones: {hospital: {phone: none}}",
         'phones.hospital.phone should be a phone number like "+91 99999 00001",'
         ' found "none".'),
        ("policies: {grievance: {phone: '1'}}",
         'policies.grievance.phone should be a phone number like "+91 99999 00001", found "1".'),
        ("phones: {women: one}",
         'phones.women should be a number to dial like "112" or "1800-180-3024", found "one".'),
        ("rooms: [{id: a}, {id: a}]",
         'rooms[2].id should be different from every other id of this list, found "a".'),
        ("doctors: [{id: a, name: Dr A, visits: [talk]}]",
         "doctors[1].visits[1] should be a visit of this file, which has none,"
         ' found "talk".'),
        (VISIT % "doctor: true",
         "visits.talk.needs.doctor should be false, or a doctor should list this visit,"
         " found true."),
        (VISIT % "doctor: false, rooms: [a]",
         "visits.talk.needs.rooms[1] should be a room of this file, which has none,"
         ' found "a".'),
        (VISIT % "doctor: false, devices: [b]" + "\ndevices: [{id: a, kind: mnrf}]",
         "visits.talk.needs.devices[1] should be an offered device of this file (a),"
         ' found "b".'),
        (VISIT % "doctor: false, devices: [a]"
         + "\ndevices: [{id: a, kind: mnrf, offered: false}]",
         "visits.talk.needs.devices[1] should be an offered device of this file,"
         ' which has none, found "a".'),
        ("devices: [{id: a, kind: laser}]",
         "devices[1].kind should be 'microneedling', 'mnrf', 'co2_laser',"
         " 'nonablative_laser' or 'plasma', found \"laser\"."),
        ("payment: {note: [" + "long, " * 20 + "]}",
         "payment.note should be text, found"
         ' ["long", "long", "long", "long", "long", "long", "long", "lo….'),
        ("payment: {note: {}}", "payment.note should be text, found an empty block."),
        ("rooms: &again [*again]", "rooms[1] contains itself."),
        ("? [a, b]\n: 1", "a key should be a single word."),
        ("rooms: \x07", "this is not valid YAML: a character that YAML does not allow."),
    ],
)  # fmt: skip
def test_each_mistake_is_one_sentence_with_its_line(written: str, sentence: str) -> None:
    found = failure(f"{SMALLEST}{written}\n")

    assert ONE_SENTENCE.fullmatch(found)
    assert found == f"clinic.yml, line 4: {sentence}"


def test_a_key_may_stand_only_once() -> None:
    assert failure(f"{SMALLEST}rooms: []\ndevices: []\nrooms: []\n") == (
        "clinic.yml, line 6: rooms should be there only once; it is already on line 4."
    )


def test_broken_yaml_names_its_line() -> None:
    assert failure(f"{SMALLEST}rooms: [\n").startswith(
        "clinic.yml, line 5: this is not valid YAML: "
    )


@pytest.mark.parametrize("text", ["", "- a\n", "only words\n"])
def test_a_file_that_is_no_block_of_keys_is_refused(text: str) -> None:
    assert failure(text) == "clinic.yml, line 1: the file should be a block of keys."


@pytest.mark.parametrize("zone", ["Asia/Bombai", "Asia", "../etc", "''", ""])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    found = failure(f"clinic:\n  name: Small Clinic\n  zone: {zone}\n")

    assert found.startswith('clinic.yml, line 3: clinic.zone should be a time zone like "Asia/')


def test_a_missing_block_is_told_at_the_first_line() -> None:
    assert failure("example: true\n") == (
        "clinic.yml, line 1: clinic is missing; it is always needed."
    )


def test_a_country_is_a_code() -> None:
    assert failure(f"{SMALLEST}  country: India\n") == (
        'clinic.yml, line 4: clinic.country should be a country code like "IN", found "India".'
    )


def test_the_first_of_several_mistakes_is_told() -> None:
    assert failure(f"{SMALLEST}payment: 1\nexample: 2\n").startswith("clinic.yml, line 4: payment ")


def test_a_national_phone_is_read_in_the_clinics_country() -> None:
    assert read_clinic(f"{SMALLEST}  country: IN\nphones: {{front_desk: 99999 00001}}\n")
    assert "phones.front_desk" in failure(
        f"{SMALLEST}  country: GB\nphones: {{front_desk: 99999 00001}}\n"
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in nested blocks and lists."""
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        return [path]
    return [path, *(place for key, entry in inner for place in places(entry, (*path, key)))]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=12),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["a", "name", "day"]), st.integers(), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(places(PLAIN)[1:]), value=VALUES)
def test_any_wrong_value_is_one_sentence_and_never_a_crash(
    place: tuple[Any, ...], value: object
) -> None:
    changed = copy.deepcopy(PLAIN)
    inner = changed
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value

    said = ""
    try:
        read_clinic(yaml.safe_dump(changed, sort_keys=False))
    except ClinicFileError as error:
        said = str(error)
    assert not said or ONE_SENTENCE.fullmatch(said)
