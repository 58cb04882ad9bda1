"""The table of after-care is whole, and what it says keeps the rules of every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from bot.clinic.aftercare import AfterCare, Line, Told
from bot.clinic.content_checks import HIGHEST_GRADE, MOST_CHARACTERS, MOST_WORDS_A_SENTENCE
from bot.clinic.facts import unfilled
from bot.clinic.reading_grade import reading_grade
from bot.clinic.schema import Protocol
from bot.clinic.text_checks import longest_sentence_words
from bot.data_files import DATA, read_yaml
from tests.data.answer_files import TOPICS, answers, both_fillings, never_say
from tests.data.test_answers import (
    MOST_BULLETS,
    MOST_CHARACTERS_SOURCE,
    MOST_CHARACTERS_SOURCE_AND_NOTICE,
)

TABLE = read_yaml(DATA / "aftercare.yml")
WORDS = read_yaml(DATA / "aftercare_words.yml")
FRAME = read_yaml(DATA / "wording.yml")
SOURCES = read_yaml(DATA / "sources.yml")
SHOWN_AS = {name: str(source["shown_as"]) for name, source in SOURCES.items()}
DEVICES: tuple[str, ...] = tuple(TABLE["devices"])
DAYS = range(29)
RANGES = {"skin": [0, 1, "2-3", "4-7", "8-28"], "scalp": [0, 1, 2, "3-7", "8-28"]}
SIGNS = {"redness", "swelling", "oozing", "crusts", "soreness", "bruise", "spots"}
PLACE = "aftercare"
# A clinic's own value may be a little longer than any common range.
LONG_VALUE = "10 to 14 days"
EVERY_TOPIC = pytest.mark.parametrize("topic", TABLE["topics"])


@cache
def aftercare(value: str = "") -> AfterCare:
    """The after-care of a clinic with this value for everything, or with the common ranges."""
    protocol = dict.fromkeys(Protocol.model_fields, value)
    ranges = read_yaml(DATA / "facts.yml")["defaults"]
    return AfterCare(TABLE, WORDS, read_yaml(DATA / "times.yml"), protocol, ranges)


def told_of(device: str) -> Iterator[Told]:
    """Every day with this device, and the device alone; without one, every day."""
    if device:
        yield Told(device)
    for day in DAYS:
        yield Told(device, day)
        yield Told(device, day + 7, day)


def said(topic: str) -> Iterator[tuple[Told, list[Line], str]]:
    """Everything that may be said of a topic, as it stands above the source line."""
    for clinic in (aftercare(), aftercare(LONG_VALUE)):
        for told in (each for device in (*DEVICES, "") for each in told_of(device)):
            about = clinic.about(told, topic)
            lines = clinic.lines(about, topic)
            for filled_in in set(both_fillings(clinic.body(about, lines))):
                yield about, lines, filled_in


def cells(rows: Mapping[str, Any]) -> Iterator[tuple[str, Any, list[str]]]:
    """Each kind with its day range and the names of its lines."""
    for kind, row in rows["days"].items():
        for days, names in row.items():
            yield kind, days, [names] if isinstance(names, str) else names


def every_row() -> list[tuple[str, Mapping[str, Any]]]:
    """The rows of each device, and those of an unknown one."""
    return [*TABLE["devices"].items(), ("", TABLE["unknown"])]


EVERY_ROW = pytest.mark.parametrize(("device", "rows"), every_row(), ids=[*DEVICES, "unknown"])


@EVERY_ROW
def test_every_device_has_every_range_of_the_brief(device: str, rows: Mapping[str, Any]) -> None:
    for kind, row in rows["days"].items():
        ranges = [days for days in row if days != "without_day"]
        assert ranges in (["always"], RANGES[rows["part"]]), kind
        # Only how it looks has nothing to say without a day.
        if device and ranges != ["always"]:
            assert ("without_day" in row) is (kind != "look"), kind


@EVERY_ROW
def test_every_kind_that_a_topic_names_is_there(device: str, rows: Mapping[str, Any]) -> None:
    needed = {kind for topic in TABLE["topics"].values() for kind in topic.get(rows["part"], ())}
    assert set(rows["days"]) == needed


def test_every_line_is_used_and_every_name_is_a_line() -> None:
    named = {name for _, rows in every_row() for _, _, names in cells(rows) for name in names}
    assert named == set(TABLE["lines"])


def test_every_source_exists() -> None:
    for name, line in TABLE["lines"].items():
        assert line["sources"], name
        assert set(line["sources"]) <= set(SOURCES), name


def test_every_key_of_the_protocol_exists_and_is_said() -> None:
    for name, line in TABLE["lines"].items():
        assert set(line) <= {"text", "own", "protocol", "sources"}, name
        keys = set(line.get("protocol", ()))
        assert keys <= set(Protocol.model_fields), name
        assert unfilled(line["text"]) <= keys, name
        # What is said where the clinic has an own value says that value.
        assert unfilled(line.get("own", line["text"])) == keys, name


def test_every_clinic_key_of_after_care_is_used() -> None:
    used = {key for line in TABLE["lines"].values() for key in line.get("protocol", ())}
    assert used == {
        *("first_wash", "hair_colour", "makeup_after", "gym_after", "swim_after"),
        *("actives_after", "mnrf_redness", "alcohol_gap"),
    }


def test_the_last_expected_days_are_whole() -> None:
    until = TABLE["expected_until"]
    assert set(until) == SIGNS
    for sign, row in until.items():
        assert set(row) - {"past", "eyes", "unknown"} == set(DEVICES), sign
        assert re.fullmatch(r"D\d\d", row["past"])


def test_the_topics_are_topics() -> None:
    assert set(TABLE["topics"]) <= set(TOPICS)
    for topic in TABLE["topics"].values():
        assert topic.get("device", "scalp") in DEVICES


def test_every_device_has_words_and_no_word_two_devices() -> None:
    assert set(WORDS["devices"]) == set(DEVICES)
    names = [name for of_device in WORDS["devices"].values() for name in of_device]
    assert len(names) == len(set(names))
    assert not set(names) & {*WORDS["several_devices"]["names"], *WORDS["no_device"]}


@EVERY_TOPIC
def test_every_device_and_day_says_something_short(topic: str) -> None:
    for told, lines, body in said(topic):
        assert 0 < len(lines) <= MOST_BULLETS, told
        assert len(body) <= MOST_CHARACTERS, told
        assert "\n\n" not in body
        assert body.count("• ") == len(lines)


@EVERY_TOPIC
def test_every_text_reads_at_grade_seven_or_below(topic: str) -> None:
    for told, _, body in said(topic):
        assert reading_grade(body) <= HIGHEST_GRADE, told
        assert longest_sentence_words(body) <= MOST_WORDS_A_SENTENCE, told


@EVERY_TOPIC
def test_nothing_forbidden_and_no_hole_is_said(topic: str) -> None:
    for told, _, body in said(topic):
        assert not never_say().breaches(body, PLACE), told
        assert not re.search(r"[{}]|\bNone\b", body), told


@EVERY_TOPIC
def test_source_and_notice_stay_short(topic: str) -> None:
    metadata = next(answer.metadata for answer in answers() if answer.topic == topic)
    notice = FRAME["notices"][metadata["notice"]]
    for told, lines, body in said(topic):
        names = aftercare().source_names(lines, SHOWN_AS)
        source = FRAME["sources_join"].join(names)
        assert len(names) <= 2
        assert len(source) <= MOST_CHARACTERS_SOURCE
        beneath = f"{FRAME['source'].format(source=source)}\n{notice}"
        assert len(beneath) <= MOST_CHARACTERS_SOURCE_AND_NOTICE, told
        assert len(f"{body}\n{beneath}\n{FRAME['unreviewed']}") <= 900, told


@EVERY_TOPIC
def test_a_title_names_device_and_day(topic: str) -> None:
    for told, _, body in said(topic):
        title = body.split("\n")[0]
        if told.device:
            assert TABLE["devices"][told.device]["name"] in title
        if told.day is not None:
            assert re.search(rf"\b[Dd]ay {told.first_day}\b", title)


def test_the_last_line_says_when_to_call() -> None:
    for told, _, body in said("aftercare_skin"):
        assert body.split("\n")[-1].endswith("call us the same day."), told
        assert ("Tell me the device" in body) is (not told.device)
