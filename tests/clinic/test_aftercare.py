from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clinic.aftercare import AfterCare, Told
from bot.data_files import DATA, read_yaml

TODAY = date(2026, 11, 23)
PHRASES = yaml.safe_load((Path(__file__).parent / "aftercare.yml").read_text("utf-8"))
TABLE = read_yaml(DATA / "aftercare.yml")
DEVICES = ("microneedling", "mnrf", "nonablative_laser", "co2_laser", "plasma", "scalp")
# The table of the brief, 5.4b, and 5.4 for bruise and spots; the last column: device not known.
EXPECTED_UNTIL = {
    "redness": ("D13", (3, 5, 3, 21, 10, 3), 3),
    "swelling": ("D01", (3, 3, 3, 3, 3, 2), 2),
    "oozing": ("D02", (0, 1, 0, 2, 2, 1), 0),
    "crusts": ("D13", (7, 7, 7, 10, 10, 7), 7),
    "soreness": ("D04", (1, 2, 2, 3, 3, 2), 1),
    "bruise": ("D13", (7, 7, 7, 7, 7, 7), 7),
    "spots": ("D15", (7, 7, 7, 7, 7, 7), 7),
}
LAST_DAYS = [
    (sign, device, last)
    for sign, (_, lasts, unknown) in EXPECTED_UNTIL.items()
    for device, last in zip((*DEVICES, ""), (*lasts, unknown), strict=True)
]


def aftercare(**protocol: str) -> AfterCare:
    """The after-care of a clinic that has set these values and no other."""
    return AfterCare(
        TABLE,
        read_yaml(DATA / "aftercare_words.yml"),
        read_yaml(DATA / "times.yml"),
        protocol,
        read_yaml(DATA / "facts.yml")["defaults"],
    )


AFTERCARE = aftercare()


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase["text"] or "nothing")
def test_device_and_day_are_read(phrase: dict[str, Any]) -> None:
    expected = {"device": "", "day": None, "earliest": None, "sign_days": None, **phrase}
    told = AFTERCARE.told(expected.pop("text"), TODAY)
    assert vars(told) == expected


def test_there_are_phrases_of_every_device() -> None:
    assert len(PHRASES) >= 80
    assert {phrase.get("device", "") for phrase in PHRASES} == {*DEVICES, ""}


def test_the_first_day_of_a_year_and_of_time_is_no_fault() -> None:
    for today in (date(2027, 1, 1), date(2028, 3, 1), date.min, date.max):
        for text in ("last month", "pichle hafte", "on 31 dec", "29 feb", "31/12"):
            day = AFTERCARE.told(text, today).day
            assert day is None or day >= 0
    assert AFTERCARE.told("31 dec", date(2027, 1, 2)).day == 2
    assert AFTERCARE.told("last month", date(2027, 1, 1)).day == 31


def test_a_long_message_is_read_in_no_time() -> None:
    assert AFTERCARE.told("mnrf yesterday pain 2 days ago, " * 200, TODAY).device == "mnrf"


@pytest.mark.parametrize(("sign", "device", "last"), LAST_DAYS)
def test_a_sign_is_expected_up_to_its_day_and_not_after(sign: str, device: str, last: int) -> None:
    assert AFTERCARE.still_expected(sign, Told(device, 0)) is True
    assert AFTERCARE.still_expected(sign, Told(device, last)) is True
    assert AFTERCARE.still_expected(sign, Told(device, last + 1)) is False
    assert AFTERCARE.still_expected(sign, Told(device)) is None


@pytest.mark.parametrize(("sign", "device", "last"), LAST_DAYS)
def test_puffy_eyes_may_take_longer_after_co2_only(sign: str, device: str, last: int) -> None:
    last = 7 if (sign, device) == ("swelling", "co2_laser") else last
    assert AFTERCARE.still_expected(sign, Told(device, last), eyes=True) is True
    assert AFTERCARE.still_expected(sign, Told(device, last + 1), eyes=True) is False


@pytest.mark.parametrize(("sign", "device", "last"), LAST_DAYS)
def test_a_sign_that_lasted_too_long_is_past_its_day_without_one(
    sign: str, device: str, last: int
) -> None:
    assert AFTERCARE.still_expected(sign, Told(device, sign_days=last)) is None
    assert AFTERCARE.still_expected(sign, Told(device, sign_days=last + 1)) is False


def test_of_two_days_the_later_one_decides_what_is_expected() -> None:
    told = AFTERCARE.told("mnrf 5 or 6 days ago", TODAY)
    assert (told.earliest, told.day) == (5, 6)
    assert AFTERCARE.still_expected("redness", told) is False


def test_of_two_days_the_earlier_one_decides_what_is_allowed() -> None:
    doubtful = Told("mnrf", 7, 0)
    assert AFTERCARE.lines(doubtful, "makeup_after") == AFTERCARE.lines(
        Told("mnrf", 0), "makeup_after"
    )
    assert AFTERCARE.title(doubtful).startswith("MNRF, day 0 or later:")


@pytest.mark.parametrize("sign", EXPECTED_UNTIL)
def test_a_sign_past_its_day_has_its_row_of_the_red_flags(sign: str) -> None:
    assert AFTERCARE.past_sign(sign) == EXPECTED_UNTIL[sign][0]


def test_an_unknown_device_has_the_smallest_number() -> None:
    for row in TABLE["expected_until"].values():
        assert row["unknown"] == min(row[device] for device in DEVICES)


def test_the_lines_are_those_of_device_and_day() -> None:
    said = {
        (device, day): AFTERCARE.lines(Told(device, day), "makeup_after")[0].text
        for device in ("mnrf", "co2_laser", "plasma")
        for day in (0, 1, 5, 20)
    }
    assert "No make-up today" in said["mnrf", 0]
    assert "24 to 48 hours" in said["mnrf", 1]
    assert "mostly fine" in said["mnrf", 5]
    assert "day 4 or 5" in said["co2_laser", 1]
    assert "crusts" in said["plasma", 5]
    assert len({said["mnrf", day] for day in (0, 1, 5, 20)}) == 4


def test_a_line_has_its_kind_and_sources() -> None:
    (gym, sun) = AFTERCARE.lines(Told("mnrf", 2), "sun_exercise_after")
    assert (gym.kind, sun.kind) == ("exercise", "sun")
    assert set(gym.sources) == {"P01", "P02", "P08", "P15"}


def test_a_device_alone_gives_its_own_times() -> None:
    texts = [line.text for line in AFTERCARE.lines(Told("mnrf"), "downtime")]
    assert any("2 to 3 days, and up to 5" in text for text in texts)
    assert not AFTERCARE.lines(Told(), "downtime")


def test_after_the_last_range_its_lines_go_on() -> None:
    for topic in AFTERCARE.topics:
        late, last = (AFTERCARE.lines(Told("plasma", day), topic) for day in (200, 28))
        assert late == last


def test_a_topic_of_the_scalp_is_of_the_scalp_whatever_was_told() -> None:
    assert AFTERCARE.lines(Told("", 1), "aftercare_hair") == AFTERCARE.lines(
        Told("scalp", 1), "aftercare_skin"
    )


@pytest.mark.parametrize(
    ("told", "topic", "more"),
    [
        (Told("mnrf", 1), "downtime", True),
        (Told("mnrf"), "downtime", True),
        (Told("", 1), "downtime", True),
        (Told("scalp"), "downtime", True),
        (Told(), "downtime", False),
        (Told("", sign_days=3), "downtime", False),
        (Told("scalp"), "downtime_hair", False),
        (Told("scalp", 1), "downtime_hair", True),
        (Told("mnrf", 1), "price", False),
    ],
)
def test_device_or_day_make_another_answer(told: Told, topic: str, more: bool) -> None:
    assert AFTERCARE.tells_more(told, topic) is more


def test_an_unknown_device_is_asked_for() -> None:
    assert len(AFTERCARE.limits(Told("", 2))) == 2
    (call,) = AFTERCARE.limits(Told("co2_laser", 2))
    assert "past day 21" in call


@pytest.mark.parametrize(
    ("key", "device", "topic", "days"),
    [
        ("makeup_after", "mnrf", "makeup_after", (None, 0, 1, 2, 5, 10)),
        ("gym_after", "mnrf", "sun_exercise_after", (None, 1, 2, 5, 10)),
        ("gym_after", "scalp", "aftercare_hair", (1, 2)),
        ("swim_after", "co2_laser", "sun_exercise_after", (None, 5, 10)),
        ("swim_after", "scalp", "aftercare_hair", (5,)),
        ("actives_after", "mnrf", "skincare_actives_after", (None, 5, 10)),
        ("actives_after", "plasma", "skincare_actives_after", (None, 10)),
        ("alcohol_gap", "plasma", "skincare_actives_after", (0, 1, 2)),
        ("alcohol_gap", "scalp", "aftercare_hair", (0,)),
        ("mnrf_redness", "mnrf", "downtime", (None, 0, 1, 5)),
        ("first_wash", "scalp", "hair_wash_colour_oil", (1, 2, 5)),
        ("hair_colour", "scalp", "hair_wash_colour_oil", (0, 1, 2, 5, 10)),
    ],
)
def test_a_line_says_the_clinics_own_value(
    key: str, device: str, topic: str, days: tuple[int | None, ...]
) -> None:
    own = aftercare(**{key: "exactly 6 hours"})
    for day in days:
        texts = [line.text for line in own.lines(Told(device, day), topic)]
        assert any("exactly 6 hours" in text for text in texts), day


def test_an_empty_value_leaves_the_common_range() -> None:
    empty = aftercare(makeup_after="", gym_after=" ")
    told = Told("mnrf", 1)
    assert empty.lines(told, "aftercare_skin") == AFTERCARE.lines(told, "aftercare_skin")


def test_the_source_line_has_at_most_two_names() -> None:
    shown_as = {name: each["shown_as"] for name, each in read_yaml(DATA / "sources.yml").items()}
    for device in DEVICES:
        for topic in AFTERCARE.topics:
            names = AFTERCARE.source_names(AFTERCARE.lines(Told(device, 2), topic), shown_as)
            assert names[-1] == "clinic practice"
            assert len(names) <= 2
