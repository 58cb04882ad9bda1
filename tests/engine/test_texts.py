from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.utils.endpoints import EndpointConfig

from bot.clinic.clock import offset_for
from bot.clinic.red_flags import Judgement, Urgency
from bot.data_files import DATA, ROOT, read_yaml
from bot.engine.texts import ClinicTexts, served_as
from bot.settings import keep_clock_offset, read_settings

# The clinic of clinic.yml is open on this Monday morning and closed on this Sunday.
OPEN = "2026-11-23T11:00:00+05:30"
CLOSED = "2026-11-22T11:00:00+05:30"
WORDING = read_yaml(DATA / "wording.yml")
NOTICES: Mapping[str, str] = WORDING["notices"]

TextsAt = Callable[[str], ClinicTexts]


@pytest.fixture(scope="module")
def domain() -> Domain:
    """The domain with the answers of `data/answers`, as Rasa puts it together."""
    return TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(DATA)]
    ).get_domain()


@pytest.fixture
def texts_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, domain: Domain) -> TextsAt:
    """The text generator, with the clinic's clock set to an instant."""

    def made(instant: str) -> ClinicTexts:
        monkeypatch.setenv("VAR_DIR", str(tmp_path / instant[:10]))
        offset = offset_for(instant, datetime.now(timezone.utc))
        keep_clock_offset(read_settings(), offset)
        return ClinicTexts(EndpointConfig(), domain)

    return made


async def said(texts: ClinicTexts, name: str, message: str = "", **given: Any) -> dict[str, Any]:
    events = [UserUttered(message)] if message else []
    tracker = DialogueStateTracker.from_events("somebody", events)
    generated = await texts.generate(name, tracker, "front", **given)
    assert generated is not None
    return generated


# What only the actions know; empty, so that no hole can hide behind it.
BY_ACTIONS = dict.fromkeys(
    (
        *("note", "phone", "own_phone", "booking_what", "booking_when", "booking_name"),
        *("check_visit", "check_link"),
        *("booking_phone", "booking_reminders", "booking_doctor", "booking_reference"),
        *("booking_calendar", "booking_policy", "booking_wish", "first", "second"),
        *("visit_when", "visit_new", "visit_policy", "visit_lines"),
    ),
    "",
)
# A list of the check is nothing else.
BY_ACTIONS["check_text"] = "1 of 9. Does any of this apply to you?"


def names(domain: Domain) -> list[str]:
    """Every response there is, of domain.yml and of data/answers."""
    found = sorted(domain.responses)
    assert sum(name.startswith("utter_faq/") for name in found) == 70
    return found


async def test_no_response_has_a_hole(domain: Domain, texts_at: TextsAt) -> None:
    for instant in (OPEN, CLOSED):
        texts = texts_at(instant)
        for name in names(domain):
            text = (await said(texts, name, **BY_ACTIONS))["text"]
            assert text.strip(), name
            assert not re.search(r"[{}]|\bNone\b", text), f"{name}: {text}"


async def test_no_response_has_a_hole_where_the_clinic_has_told_little(
    domain: Domain, texts_at: TextsAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = read_yaml(ROOT / "clinic.yml")
    little = {key: clinic[key] for key in ("clinic", "phones", "hours") if key in clinic}
    (tmp_path / "clinic.yml").write_text(yaml.safe_dump(little), "utf-8")
    monkeypatch.setenv("CLINIC_FILE", str(tmp_path / "clinic.yml"))
    texts = texts_at(OPEN)
    for name in names(domain):
        text = (await said(texts, name, **BY_ACTIONS))["text"]
        assert not re.search(r"[{}]|\bNone\b", text), f"{name}: {text}"


async def test_every_medical_answer_ends_with_its_source_and_notice(
    domain: Domain, texts_at: TextsAt
) -> None:
    texts = texts_at(OPEN)
    for name in names(domain):
        metadata = domain.responses[name][0].get("metadata") or {}
        lines = (await said(texts, name))["text"].split("\n")
        notice = metadata.get("notice", "none")
        if notice != "none":
            assert lines.pop() == NOTICES[notice], name
        if metadata.get("source"):
            assert lines.pop() == f"Source: {metadata['source']}", name
        assert not {*NOTICES.values()} & {*lines}, name
        assert not any(line.startswith("Source:") for line in lines), name


async def test_both_notices_and_none_occur(domain: Domain) -> None:
    found = {
        (domain.responses[name][0].get("metadata") or {}).get("notice") for name in names(domain)
    }
    assert {*NOTICES, "none", None} >= found >= {*NOTICES}


async def test_a_text_says_the_clinics_own_facts(texts_at: TextsAt) -> None:
    clinic = read_yaml(ROOT / "clinic.yml")
    texts = texts_at(OPEN)
    assert clinic["phones"]["front_desk"] in (await said(texts, "utter_other_service"))["text"]
    assert clinic["clinic"]["address"] in (await said(texts, "utter_faq/clinic_location"))["text"]


async def test_the_hour_decides_what_is_said_of_the_team(texts_at: TextsAt) -> None:
    name = "utter_passed_talk_to_staff"
    open_text = (await said(texts_at(OPEN), name))["text"]
    closed_text = (await said(texts_at(CLOSED), name))["text"]
    assert open_text != closed_text


async def test_buttons_reach_the_patient_unchanged(domain: Domain, texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    for name in names(domain):
        buttons = domain.responses[name][0].get("buttons") or []
        assert ((await said(texts, name)).get("buttons") or []) == buttons, name


async def test_a_text_is_filled_anew_each_time(domain: Domain, texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    written = domain.responses["utter_faq/price"][0]["text"]
    first = await said(texts, "utter_faq/price")
    assert await said(texts, "utter_faq/price") == first
    assert domain.responses["utter_faq/price"][0]["text"] == written


@pytest.mark.parametrize(
    ("name", "urgency"),
    [
        ("utter_emergency", Urgency.EMERGENCY),
        ("utter_crisis", Urgency.CRISIS),
        ("utter_report_reaction", Urgency.SAME_DAY),
    ],
)
@pytest.mark.parametrize("instant", [OPEN, CLOSED])
async def test_a_safety_text_stands_whole_in_its_response(
    texts_at: TextsAt, name: str, urgency: Urgency, instant: str
) -> None:
    texts = texts_at(instant)
    assert (await said(texts, name))["text"] == texts.safety_text(Judgement(urgency))


@pytest.mark.parametrize("language", ["en", "hi_latn", "hi", "mr"])
def test_an_emergency_text_has_the_number_in_its_first_line(
    texts_at: TextsAt, language: str
) -> None:
    text = texts_at(OPEN).safety_text(Judgement(Urgency.EMERGENCY, "E01", language))
    phones = read_yaml(ROOT / "clinic.yml")["phones"]
    assert str(phones["emergency"]) in text.split("\n")[0]
    assert str(phones["ambulance"]) in text.split("\n")[0]
    assert "This could be an emergency." in text
    assert "{" not in text


def test_a_crisis_text_promises_only_what_the_hour_allows(texts_at: TextsAt) -> None:
    crisis = Judgement(Urgency.CRISIS, "CRISIS", "en")
    open_text, closed_text = (texts_at(at).safety_text(crisis) for at in (OPEN, CLOSED))
    assert "reads this when we open" not in open_text
    assert "reads this when we open" in closed_text


def test_a_same_day_text_names_the_number_of_the_hour(texts_at: TextsAt) -> None:
    phones = read_yaml(ROOT / "clinic.yml")["phones"]
    sign = Judgement(Urgency.SAME_DAY, "", "en")
    assert phones["same_day"] in texts_at(OPEN).safety_text(sign).split("\n")[0]
    assert phones["after_hours"] in texts_at(CLOSED).safety_text(sign).split("\n")[0]


AFTERCARE = read_yaml(DATA / "aftercare.yml")
AFTERCARE_TOPICS = tuple(AFTERCARE["topics"])


@pytest.mark.parametrize("topic", AFTERCARE_TOPICS)
@pytest.mark.parametrize(
    "message", ["I had MNRF yesterday", "co2 laser hua, 3 din ho gaye", "scalp session last week"]
)
async def test_aftercare_is_that_of_the_device_and_day(
    domain: Domain, texts_at: TextsAt, topic: str, message: str
) -> None:
    texts = texts_at(OPEN)
    own = await said(texts, f"utter_faq/{topic}")
    given = await said(texts, f"utter_faq/{topic}", message)
    title, *points, call, source, notice = given["text"].split("\n")
    device = "scalp" if "device" in AFTERCARE["topics"][topic] or "scalp" in message else ""
    name = AFTERCARE["devices"][device or ("mnrf" if "MNRF" in message else "co2_laser")]["name"]
    assert title.startswith(f"{name}, day ")
    assert 0 < len(points) <= 5
    assert all(point.startswith("• ") for point in points)
    assert call.endswith("call us the same day.")
    assert source.startswith("Source: ")
    assert source.endswith("clinic practice")
    assert notice == own["text"].split("\n")[-1]
    assert given["text"] != own["text"]
    assert given["buttons"] == own["buttons"]
    assert len(given["text"]) <= 900


async def test_a_day_is_counted_on_the_clinics_calendar(texts_at: TextsAt) -> None:
    # Half past midnight in India: still the day before in UTC, on which the server's clock runs.
    night = texts_at("2026-11-24T00:30:00+05:30")
    answer = await said(night, "utter_faq/aftercare_skin", "mnrf was done on sunday")
    assert answer["text"].startswith("MNRF, day 2:")


async def test_a_day_without_a_device_gets_the_careful_rules_and_a_phone(
    texts_at: TextsAt,
) -> None:
    phone = read_yaml(ROOT / "clinic.yml")["phones"]["front_desk"]
    text = (await said(texts_at(OPEN), "utter_faq/makeup_after", "had it done 2 days ago"))["text"]
    assert text.startswith("Day 2, device not known")
    assert f"Tell me the device, or call {phone}" in text


async def test_a_device_without_a_day_gets_its_own_times(texts_at: TextsAt) -> None:
    text = (await said(texts_at(OPEN), "utter_faq/downtime", "downtime of plasma?"))["text"]
    assert text.startswith("Fractional plasma:")
    assert "MNRF (needling" not in text


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("aftercare_skin", "how do I care for my skin after"),
        ("aftercare_skin", "laser after-care"),
        ("downtime_hair", "how long is my scalp red"),
        ("price", "what did MNRF yesterday cost"),
        ("aftercare_skin", '/faq{"topic":"plasma, day 3"}'),
    ],
)
async def test_else_a_topic_keeps_its_own_answer(
    texts_at: TextsAt, topic: str, message: str
) -> None:
    texts = texts_at(OPEN)
    own = await said(texts, f"utter_faq/{topic}")
    assert await said(texts, f"utter_faq/{topic}", message) == own


async def test_aftercare_says_the_clinics_own_value(
    texts_at: TextsAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = read_yaml(ROOT / "clinic.yml")
    clinic["protocol"]["makeup_after"] = "4 days"
    (tmp_path / "clinic.yml").write_text(yaml.safe_dump(clinic), "utf-8")
    monkeypatch.setenv("CLINIC_FILE", str(tmp_path / "clinic.yml"))
    text = (await said(texts_at(OPEN), "utter_faq/makeup_after", "mnrf 2 days ago"))["text"]
    assert "Make-up: after 4 days" in text


# What the front says of the texts: edited, withheld, not reviewed yet

ASKED = "I don't have a checked answer for that."
PAIN = "utter_faq/pain"


async def test_where_the_front_says_nothing_a_text_is_served_as_its_file_has_it(
    texts_at: TextsAt,
) -> None:
    texts = texts_at(OPEN)
    own = await said(texts, PAIN)
    with served_as({}):
        assert await said(texts, PAIN) == own
    assert WORDING["unreviewed"] not in own["text"]


async def test_a_withheld_answer_is_a_question_to_the_team(texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    with served_as({"withheld": ["faq/pain", "response/utter_no_photo"]}):
        for name in (PAIN, "utter_no_photo"):
            answer = await said(texts, name)
            assert answer["text"].startswith(ASKED)
            assert answer["withheld"] is True
        assert not (await said(texts, "utter_faq/price")).get("withheld")


async def test_an_edited_answer_is_told_with_the_facts_and_lines_of_its_own(
    texts_at: TextsAt,
) -> None:
    texts = texts_at(OPEN)
    own = await said(texts, PAIN)
    words = {"text": "It can sting. Call {front_desk}.", "short": "It can sting."}
    with served_as({"edited": {"faq/pain": words}}):
        answer = await said(texts, PAIN)
    phone = read_yaml(ROOT / "clinic.yml")["phones"]["front_desk"]
    below = own["text"].split("\n")[-2:]
    assert answer["text"].split("\n") == [f"It can sting. Call {phone}.", *below]
    assert answer["buttons"] == own["buttons"]
    assert await said(texts, PAIN) == own


async def test_an_unreviewed_answer_says_so_last(texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    own = await said(texts, PAIN)
    with served_as({"unreviewed": ["faq/pain"]}):
        assert (await said(texts, PAIN))["text"] == f"{own['text']}\n{WORDING['unreviewed']}"
        assert WORDING["unreviewed"] not in (await said(texts, "utter_faq/side_effects"))["text"]


def test_beside_others_a_withheld_answer_is_left_out_and_the_team_asked(
    texts_at: TextsAt,
) -> None:
    texts = texts_at(OPEN)
    alone = texts.topics(["faq/price"])
    with served_as({"withheld": ["faq/pain"]}):
        message = texts.topics(["faq/pain", "faq/price"])
    assert message["text"].startswith(f"{alone['text']}\n\n{ASKED}")
    assert message["buttons"] == alone["buttons"]
    assert message["withheld"] is True


def test_where_all_are_withheld_the_team_is_asked_once(texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    with served_as({"withheld": ["faq/pain", "faq/side_effects"]}):
        message = texts.topics(["faq/pain", "faq/side_effects"])
    assert message["text"].startswith(ASKED)
    assert message["text"].count(ASKED) == 1
    assert {"title": "When to call", "payload": '/faq{"topic":"when_to_call"}'} in message[
        "buttons"
    ]


def test_beside_others_an_edited_answer_is_told_in_its_short_form(texts_at: TextsAt) -> None:
    words = {"text": "It can sting.", "short": "It stings."}
    with served_as({"edited": {"faq/pain": words}}):
        message = texts_at(OPEN).topics(["faq/pain", "faq/price"])
    assert message["text"].startswith("It stings.\n\n")


def test_several_answers_say_once_that_one_is_unreviewed(texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    with served_as({"unreviewed": ["faq/pain"]}):
        assert texts.topics(["faq/pain", "faq/price"])["text"].endswith(WORDING["unreviewed"])
        assert WORDING["unreviewed"] not in texts.topics(["faq/price"])["text"]


async def test_after_care_with_a_withheld_line_is_the_topics_own_answer(
    texts_at: TextsAt,
) -> None:
    texts = texts_at(OPEN)
    name, message = "utter_faq/makeup_after", "mnrf 2 days ago"
    own = await said(texts, name)
    by_day = await said(texts, name, message)
    for part in ("aftercare/makeup_mostly_fine", "aftercare/call/mnrf"):
        with served_as({"withheld": [part]}):
            assert await said(texts, name, message) == own
    with served_as({"withheld": ["aftercare/makeup_plasma"]}):
        assert await said(texts, name, message) == by_day


async def test_approved_lines_are_told_although_the_topics_own_answer_is_withheld(
    texts_at: TextsAt,
) -> None:
    texts = texts_at(OPEN)
    name, message = "utter_faq/makeup_after", "mnrf 2 days ago"
    by_day = await said(texts, name, message)
    with served_as({"withheld": ["faq/makeup_after"]}):
        assert (await said(texts, name, message))["text"] == by_day["text"]
        assert (await said(texts, name))["text"].startswith(ASKED)


async def test_a_safety_text_is_not_withheld(texts_at: TextsAt) -> None:
    texts = texts_at(OPEN)
    own = await said(texts, "utter_emergency")
    with served_as({"withheld": ["safety/emergency/action"]}):
        assert await said(texts, "utter_emergency") == own


async def test_two_turns_at_once_are_each_served_in_their_own_way(texts_at: TextsAt) -> None:
    texts, both_began = texts_at(OPEN), asyncio.Event()
    own = await said(texts, PAIN)

    async def withheld() -> dict[str, Any]:
        with served_as({"withheld": ["faq/pain"]}):
            await both_began.wait()
            return await said(texts, PAIN)

    async def as_it_is() -> dict[str, Any]:
        both_began.set()
        return await said(texts, PAIN)

    first, second = await asyncio.gather(withheld(), as_it_is())
    assert first["text"].startswith(ASKED)
    assert second == own
