"""What the door says: to danger, to ordinary messages, and when the engine cannot answer."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

import bot.door.door
from bot.clinic.payloads import Press
from bot.clinic.red_flags import Judgement, Urgency, asked_text, safety_text
from bot.door.door import LONGEST_TEXT
from bot.door.engine import EngineError
from tests.door.conftest import (
    CHANNEL,
    NOW,
    Reception,
    eventually,
    filled,
    framing,
    notice,
    says,
    wordings,
    work_off,
)

BREATHLESS = "I cannot breathe"
WANTS_TO_DIE = "I want to die"
PRICE = '/faq{"topic":"price"}'
PUS = "there is pus on my face"
NUMBERS = ("emergency", "ambulance", "mental_health", "same_day", "after_hours", "opening")
RISK = "what if I cannot breathe after it"


def danger(urgency: Urgency, sign: str = "", is_open: bool = True) -> str:
    texts = wordings().safety
    patterns = {name: f"{{{name}}}" for name in NUMBERS}
    return filled(safety_text(Judgement(urgency, sign), texts, patterns, is_open=is_open))


def under_a_risk(language: str = "en") -> str:
    """The line under an answer about the risk of an emergency sign."""
    texts = wordings().safety
    return filled(asked_text(language, texts, {name: f"{{{name}}}" for name in NUMBERS}))


async def test_the_first_reply_carries_the_notice(reception: Reception) -> None:
    assert await reception.say("hello") == [f"{notice()}\n\nanswer to hello"]


async def test_the_notice_says_that_this_is_no_doctor(reception: Reception) -> None:
    [said] = await reception.say("hello")
    assert said.startswith("I'm an automated assistant, not a doctor")


async def test_an_answer_that_was_withheld_is_a_request_to_the_team(reception: Reception) -> None:
    reception.engine.answers["does it hurt"] = replace(says("We ask our team."), withheld=True)
    await reception.say("does it hurt")
    assert reception.requests == [("withheld", "routine", "does it hurt")]


async def test_the_second_reply_carries_no_notice(reception: Reception) -> None:
    await reception.say("hello")
    assert await reception.say("price") == ["answer to price"]


async def test_only_the_first_message_of_a_reply_carries_the_notice(reception: Reception) -> None:
    reception.engine.answers["hello"] = says("one", "two")
    assert await reception.say("hello") == [f"{notice()}\n\none", "two"]


async def test_another_patient_gets_the_notice_too(reception: Reception) -> None:
    await reception.begin("anna")
    assert await reception.say("hello", "berta") == [f"{notice()}\n\nanswer to hello"]


async def test_the_notice_comes_again_after_a_long_silence(reception: Reception) -> None:
    await reception.begin()
    reception.clock.pass_by(hours=13)
    assert await reception.say("price") == [f"{notice()}\n\nanswer to price"]


async def test_an_emergency_is_answered_with_the_fixed_text_alone(reception: Reception) -> None:
    assert await reception.say(BREATHLESS) == [danger(Urgency.EMERGENCY, "E01")]


async def test_an_emergency_does_not_wait_for_the_engine(reception: Reception) -> None:
    await reception.say(BREATHLESS)
    assert reception.engine.asked == []


async def test_an_emergency_is_put_into_the_tracker(reception: Reception) -> None:
    [reply] = await reception.say(BREATHLESS)
    await eventually(lambda: reception.engine.recorded == [(BREATHLESS, reply)])


async def test_an_emergency_is_answered_when_the_engine_is_down(reception: Reception) -> None:
    reception.engine.record_fails = True
    assert await reception.say(BREATHLESS) == [danger(Urgency.EMERGENCY, "E01")]


async def test_an_emergency_goes_to_staff_as_one(reception: Reception) -> None:
    await reception.say(BREATHLESS)
    assert reception.requests == [("emergency", "emergency", BREATHLESS)]


async def test_the_channel_is_told_that_a_message_is_about_danger(reception: Reception) -> None:
    await reception.say(BREATHLESS)
    assert reception.sent[0].content["urgency"] == "emergency"


async def test_the_channel_is_told_nothing_of_the_kind_about_other_messages(
    reception: Reception,
) -> None:
    await reception.say("price")
    assert set(reception.sent[0].content) == {"text"}


async def test_the_notice_comes_with_the_reply_after_an_emergency(reception: Reception) -> None:
    await reception.say(BREATHLESS)
    assert await reception.say("price") == [f"{notice()}\n\nanswer to price"]


async def test_a_crisis_is_answered_with_the_helpline(reception: Reception) -> None:
    assert await reception.say(WANTS_TO_DIE) == [danger(Urgency.CRISIS)]
    assert reception.requests == [("crisis", "crisis", WANTS_TO_DIE)]


async def test_a_crisis_while_the_clinic_is_closed_promises_no_call(reception: Reception) -> None:
    reception.clock.pass_by(hours=12)
    [said] = await reception.say(WANTS_TO_DIE)
    assert said == danger(Urgency.CRISIS, is_open=False)


async def test_for_24_hours_after_a_crisis_each_reply_begins_with_the_helpline(
    reception: Reception,
) -> None:
    await reception.begin()
    await reception.say(WANTS_TO_DIE)
    line = framing("after_crisis")
    assert await reception.say("price") == [f"{line}\n\nanswer to price"]
    reception.clock.pass_by(hours=11)
    assert await reception.say("pain") == [f"{line}\n\nanswer to pain"]


async def test_the_helpline_is_kept_over_the_end_of_a_conversation(reception: Reception) -> None:
    await reception.begin()
    await reception.say(WANTS_TO_DIE)
    reception.clock.pass_by(hours=13)
    [said] = await reception.say("price")
    assert said == f"{framing('after_crisis')}\n{notice()}\n\nanswer to price"


async def test_a_day_after_a_crisis_the_helpline_is_said_no_more(reception: Reception) -> None:
    await reception.begin()
    await reception.say(WANTS_TO_DIE)
    reception.clock.pass_by(hours=11)
    await reception.say("price")
    reception.clock.pass_by(hours=11)
    await reception.say("price")
    reception.clock.pass_by(hours=3)
    assert await reception.say("pain") == ["answer to pain"]


async def test_danger_that_only_the_engine_sees_is_answered_without_a_frame(
    reception: Reception,
) -> None:
    reception.engine.answers["odd words"] = says("Call 112", urgency="emergency")
    assert await reception.say("odd words") == ["Call 112"]
    assert reception.requests == [("emergency", "emergency", "odd words")]


async def test_a_crisis_that_only_the_engine_sees_brings_the_helpline_afterwards(
    reception: Reception,
) -> None:
    await reception.begin()
    reception.engine.answers["odd words"] = says("Call 14416", urgency="crisis")
    await reception.say("odd words")
    assert await reception.say("price") == [f"{framing('after_crisis')}\n\nanswer to price"]


async def test_a_same_day_sign_makes_no_request_of_the_doors_own(reception: Reception) -> None:
    reception.engine.answers["it itches"] = says("Call us today", urgency="same_day")
    await reception.say("it itches")
    assert reception.requests == []


async def test_an_engine_that_fails_is_told_with_the_clinics_phone(reception: Reception) -> None:
    await reception.begin()
    reception.engine.answers["price"] = EngineError("the engine answered 500")
    [said] = await reception.say("price")
    assert said == framing("unavailable")
    assert wordings().clinic["phones"]["front_desk"] in said


async def test_what_the_engine_did_not_answer_goes_to_staff(reception: Reception) -> None:
    reception.engine.answers["price"] = EngineError("the engine answered 500")
    await reception.say("price")
    assert reception.requests == [("unanswered", "routine", "price")]


async def test_even_an_apology_carries_the_notice_if_it_is_first(reception: Reception) -> None:
    reception.engine.answers["price"] = EngineError("the engine answered 500")
    assert await reception.say("price") == [f"{notice()}\n\n{framing('unavailable')}"]


async def test_what_the_engine_did_not_answer_is_logged_by_id_and_without_words(
    reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    reception.engine.answers["price for Anna"] = EngineError("the engine answered 500")
    await reception.say("price for Anna")
    [line] = [each for each in caplog.messages if "unanswered" in each]
    assert "the engine answered 500" in line
    assert "Anna" not in caplog.text


async def test_a_turn_past_the_limit_is_told_with_the_clinics_phone(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang("price")
    assert await reception.say("price") == [framing("unavailable")]
    assert reception.requests == [("unanswered", "routine", "price")]


async def test_a_turn_that_was_given_up_is_not_cut_off(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang("price")
    await reception.say("price")
    reception.engine.let_go()
    await eventually(lambda: reception.engine.finished == ["price"])
    assert reception.engine.cancelled == []


async def test_the_late_answer_of_a_turn_that_was_given_up_is_not_sent(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang("price")
    await reception.say("price")
    reception.engine.let_go()
    await eventually(lambda: reception.engine.finished == ["price"])
    assert await reception.say("pain") == ["answer to pain"]
    assert reception.sent_texts == [framing("unavailable"), "answer to pain"]


async def test_a_turn_that_fails_after_it_was_given_up_troubles_nobody(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.answers["price"] = EngineError("no answer from the engine: ReadTimeout")
    reception.engine.hang("price")
    await reception.say("price")
    reception.engine.let_go()
    assert await reception.say("pain") == ["answer to pain"]


async def test_the_next_message_waits_for_a_turn_that_was_given_up(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang("price")
    await reception.say("price")

    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 5.0)
    next_one = await reception.bring("pain")
    await asyncio.sleep(0.1)
    assert reception.engine.texts == ["price"]
    reception.engine.let_go()
    [answered] = await next_one
    assert answered.content == {"text": "answer to pain"}
    assert reception.engine.finished == ["price", "pain"]


async def test_a_message_behind_a_turn_that_never_ends_is_kept_for_staff(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang("price")
    await reception.say("price")
    assert await reception.say("pain") == [framing("unavailable")]
    assert reception.engine.texts == ["price"]
    assert {words for _, _, words in reception.requests} == {"price", "pain"}


async def test_a_given_up_turn_of_one_patient_delays_no_other(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin("anna")
    await reception.begin("berta")
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang("price")
    await reception.say("price", "anna")
    assert await reception.say("pain", "berta") == ["answer to pain"]


def break_the_outbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages can still be stored, but no answer to them."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full: Xanthippe")

    monkeypatch.setattr("bot.store.messages.finish", fail)


async def test_when_the_answer_cannot_be_stored_the_clinics_phone_is_told(
    reception: Reception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await reception.begin()
    break_the_outbox(monkeypatch)
    assert await reception.say("price") == [framing("not_answered")]
    assert reception.sent_texts == [framing("not_answered")]
    assert "OSError" in caplog.text
    assert "Xanthippe" not in caplog.text


async def test_what_could_not_be_stored_is_answered_at_the_next_start(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    with monkeypatch.context() as broken:
        break_the_outbox(broken)
        await reception.say("price")
    reception.sent.clear()

    await work_off(reception.new_door())
    await eventually(lambda: reception.sent_texts == ["answer to price"])


async def test_danger_is_answered_with_its_text_even_when_nothing_can_be_stored(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_outbox(monkeypatch)
    assert await reception.say(BREATHLESS) == [danger(Urgency.EMERGENCY, "E01")]


@pytest.mark.parametrize(
    ("text", "language"),
    [(RISK, "en"), ("kya isse chest pain ho sakta hai", "hi_latn")],
)
async def test_an_answer_about_a_risk_ends_with_whom_to_call_if_it_is_happening(
    reception: Reception, text: str, language: str
) -> None:
    await reception.begin()
    assert await reception.say(text) == [f"answer to {text}\n{under_a_risk(language)}"]


async def test_the_line_about_a_risk_stands_under_the_last_message(reception: Reception) -> None:
    await reception.begin()
    reception.engine.answers[RISK] = says("one", "two", buttons={"Price": PRICE})
    assert await reception.say(RISK) == ["one", f"two\n{under_a_risk()}"]
    assert [each["title"] for each in reception.sent[-1].content["buttons"]] == ["Price"]


async def test_the_line_about_a_risk_stands_below_what_leads_the_answer(
    reception: Reception,
) -> None:
    assert await reception.say(RISK) == [f"{notice()}\n\nanswer to {RISK}\n{under_a_risk()}"]


async def test_a_question_about_a_risk_is_no_request(reception: Reception) -> None:
    await reception.say(RISK)
    assert reception.requests == []


async def test_an_answer_about_something_else_has_no_line_about_a_risk(
    reception: Reception,
) -> None:
    await reception.begin()
    assert await reception.say("price") == ["answer to price"]


async def test_danger_that_only_the_engine_sees_in_a_question_is_answered_alone(
    reception: Reception,
) -> None:
    reception.engine.answers[RISK] = says("Call 112", urgency="emergency")
    assert await reception.say(RISK) == ["Call 112"]


async def test_a_question_about_a_risk_that_the_engine_cannot_answer_gets_the_line_too(
    reception: Reception,
) -> None:
    await reception.begin()
    reception.engine.answers[RISK] = EngineError("the engine answered 500")
    assert await reception.say(RISK) == [f"{framing('unavailable')}\n{under_a_risk()}"]


async def test_a_same_day_sign_is_answered_by_the_engine_where_it_can(
    reception: Reception,
) -> None:
    await reception.begin()
    assert await reception.say(PUS) == [f"answer to {PUS}"]
    assert reception.requests == []


async def test_a_same_day_sign_is_heard_without_the_engine(reception: Reception) -> None:
    await reception.begin()
    reception.engine.answers[PUS] = EngineError("the engine answered 500")
    assert await reception.say(PUS) == [danger(Urgency.SAME_DAY, "D02")]
    assert reception.requests == [("report_reaction", "same_day", PUS)]


async def test_a_same_day_sign_is_heard_although_the_turn_takes_too_long(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reception.begin()
    monkeypatch.setattr(bot.door.door, "TURN_LIMIT", 0.3)
    reception.engine.hang(PUS)
    assert await reception.say(PUS) == [danger(Urgency.SAME_DAY, "D02")]
    assert reception.requests == [("report_reaction", "same_day", PUS)]


async def test_a_same_day_sign_in_a_text_that_is_too_long_is_heard(reception: Reception) -> None:
    await reception.begin()
    long = "Nice weather today. " * (LONGEST_TEXT // 10) + PUS
    assert await reception.say(long) == [danger(Urgency.SAME_DAY, "D02")]
    assert reception.requests == [("report_reaction", "same_day", long)]
    assert reception.engine.asked == []


async def test_a_same_day_sign_without_the_engine_at_night_names_the_other_number(
    reception: Reception,
) -> None:
    await reception.begin()
    reception.clock.pass_by(hours=11)
    night = reception.clock.now()
    reception.engine.answers[PUS] = EngineError("the engine answered 500")
    [said] = await reception.say(PUS)
    closed = wordings().safety["same_day"]["closed"]["en"]
    assert said.splitlines()[0] == filled(closed, night)


async def test_a_same_day_sign_without_the_engine_carries_the_notice_if_it_is_first(
    reception: Reception,
) -> None:
    reception.engine.answers[PUS] = EngineError("the engine answered 500")
    assert await reception.say(PUS) == [f"{notice()}\n\n{danger(Urgency.SAME_DAY, 'D02')}"]


async def test_half_a_character_is_no_obstacle(reception: Reception) -> None:
    await reception.begin()
    assert await reception.say("price \ud83d") == ["answer to price ?"]


async def test_a_text_that_is_too_long_is_kept_for_staff(reception: Reception) -> None:
    await reception.begin()
    long = "word " * (LONGEST_TEXT // 5) + "ends"
    assert await reception.say(long) == [framing("too_long")]
    assert reception.requests == [("too_long", "routine", long)]
    assert reception.engine.asked == []


async def test_the_longest_text_is_answered(reception: Reception) -> None:
    await reception.begin()
    longest = "a" * LONGEST_TEXT
    assert await reception.say(longest) == [f"answer to {longest}"]


async def test_danger_at_the_end_of_a_text_that_is_too_long_is_seen(reception: Reception) -> None:
    long = "Nice weather today. " * (LONGEST_TEXT // 10) + BREATHLESS
    assert await reception.say(long) == [danger(Urgency.EMERGENCY, "E01")]


@pytest.mark.parametrize("text", ["", "   ", "\n", "/", "///", "\x00\x07"])
async def test_a_message_without_words_is_told_so(reception: Reception, text: str) -> None:
    await reception.begin()
    assert await reception.say(text) == [framing("nothing_to_read")]
    assert reception.engine.asked == []
    assert reception.requests == []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("/restart", "restart"),
        ("//restart", "restart"),
        (" /session_start", "session_start"),
        ("/faq", "faq"),
        ("EXTERNAL: reminder", "EXTERNAL: reminder"),
        ("one\x00two", "one two"),
    ],
)
async def test_a_command_of_rasa_is_plain_text(reception: Reception, typed: str, read: str) -> None:
    await reception.say(typed)
    [asked] = reception.engine.asked
    assert (asked.text, asked.press) == (read, None)


async def test_a_payload_that_was_offered_is_a_press(reception: Reception) -> None:
    reception.engine.answers["hello"] = says("Hello", buttons={"Price": PRICE})
    await reception.say("hello")
    await reception.say(PRICE)
    assert reception.engine.asked[-1].press == Press("faq", {"topic": "price"})


async def test_the_same_payload_is_plain_text_where_it_was_not_offered(
    reception: Reception,
) -> None:
    reception.engine.answers["hello"] = says("Hello", buttons={"Price": PRICE})
    await reception.say("hello", "anna")
    await reception.say(PRICE, "berta")
    asked = reception.engine.asked[-1]
    assert (asked.text, asked.press) == ('faq{"topic":"price"}', None)


async def test_a_payload_offered_a_day_ago_is_plain_text(reception: Reception) -> None:
    reception.engine.answers["hello"] = says("Hello", buttons={"Price": PRICE})
    await reception.say("hello")
    for _ in range(2):
        reception.clock.pass_by(hours=12)
        await reception.say("still here")
    await reception.say(PRICE)
    assert reception.engine.asked[-1].press is None


async def test_a_new_message_is_not_asked_again(reception: Reception) -> None:
    await reception.say("hello")
    assert not reception.engine.asked[0].again


async def test_nothing_of_a_patient_is_logged_by_the_door(
    reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    reception.engine.record_fails = True
    for text in ("my name is Xanthippe", f"{BREATHLESS} Xanthippe", "Xanthippe " * 300):
        await reception.say(text)
    assert "Xanthippe" not in "".join(
        each.getMessage() for each in caplog.records if each.name.startswith("bot")
    )


def test_the_clinic_is_open_at_the_hour_of_these_tests() -> None:
    assert NOW.weekday() == 0


@pytest.mark.parametrize("intent", ["affirm", "deny", "inform"])
async def test_a_bare_answer_after_a_crisis_is_no_small_talk(
    reception: Reception, intent: str
) -> None:
    await reception.begin()
    [crisis] = await reception.say(WANTS_TO_DIE)
    reception.clock.pass_by(seconds=1)
    reception.engine.answers["no nobody"] = says("All right.", intent=intent)
    assert await reception.say("no nobody") == [crisis]
    assert reception.requests == [
        ("crisis", "crisis", WANTS_TO_DIE),
        ("crisis", "crisis", "no nobody"),
    ]


async def test_after_a_crisis_no_reply_offers_to_book(reception: Reception) -> None:
    await reception.begin()
    await reception.say(WANTS_TO_DIE)
    reception.engine.answers["price"] = says(
        "It costs.", buttons={"Book a consult": "/book_consultation", "Menu": "/help_menu"}
    )
    [answer] = await (await reception.bring("price"))
    assert [each["title"] for each in answer.content["buttons"]] == ["Menu"]


async def test_a_crisis_that_could_not_be_stored_does_not_say_that_the_team_knows(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_outbox(monkeypatch)
    [text] = await reception.say(WANTS_TO_DIE)
    assert "14416" in text
    assert "team" not in text.lower()


async def test_what_went_into_a_dead_line_is_sent_again(reception: Reception) -> None:
    await reception.begin()
    await reception.say("price")
    sent = len(reception.sent)
    await reception.door.connection_died(CHANNEL, "anna", timedelta(seconds=45))
    await reception.door.send_waiting(CHANNEL, "anna")
    assert reception.sent[-1] == reception.sent[sent - 1]
    assert len(reception.sent) > sent
