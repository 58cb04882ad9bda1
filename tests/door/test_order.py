"""In which order messages are answered, and that each is answered and sent once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot.door.door import Delivery
from bot.store import messages
from bot.store.database import Database
from bot.store.messages import DONE, Outbound
from bot.store.tables import InboundMessage, OutboundMessage
from tests.door.conftest import CHANNEL, PATIENCE, Reception, eventually, notice, says, work_off


def states(database: Database, table: type[InboundMessage] | type[OutboundMessage]) -> list[str]:
    with database.work() as session:
        return list(session.scalars(select(table.state)))


async def test_messages_of_one_patient_are_answered_in_order(reception: Reception) -> None:
    await reception.begin()
    reception.engine.hang("one")
    tasks = [await reception.bring(text) for text in ("one", "two", "three")]
    await asyncio.sleep(0.1)
    assert reception.engine.texts == ["one"]
    reception.engine.let_go()
    await asyncio.gather(*tasks)
    assert reception.engine.finished == ["one", "two", "three"]
    assert reception.sent_texts == ["answer to one", "answer to two", "answer to three"]


async def test_patients_do_not_wait_for_each_other(reception: Reception) -> None:
    await reception.begin("anna")
    await reception.begin("berta")
    reception.engine.hang("one")
    waiting = await reception.bring("one", "anna")
    assert await reception.say("two", "berta") == ["answer to two"]
    assert not waiting.done()


async def test_danger_is_answered_while_an_earlier_message_hangs(reception: Reception) -> None:
    reception.engine.hang("one")
    waiting = await reception.bring("one")
    [said] = await reception.say("I cannot breathe")
    assert said.startswith("This could be an emergency. Call 112")
    assert not waiting.done()


async def test_a_message_is_safe_before_it_is_answered(
    reception: Reception, database: Database
) -> None:
    reception.engine.hang("one")
    await reception.bring("one")
    assert states(database, InboundMessage) == ["received"]


async def test_a_repeated_message_gets_the_first_answer(reception: Reception) -> None:
    first = await reception.say("price", external_id="same")
    assert await reception.say("price", external_id="same") == first
    assert reception.engine.texts == ["price"]


async def test_a_message_repeated_while_it_is_answered_is_answered_once(
    reception: Reception,
) -> None:
    await reception.begin()
    reception.engine.hang("price")
    tasks = [await reception.bring("price", external_id="same") for _ in range(3)]
    reception.engine.let_go()
    answers = await asyncio.gather(*tasks)
    assert reception.engine.texts == ["price"]
    assert answers[0] == answers[1] == answers[2]


async def test_a_repeated_emergency_is_one_request(reception: Reception) -> None:
    tasks = [await reception.bring("I cannot breathe", external_id="same") for _ in range(3)]
    await asyncio.gather(*tasks)
    assert reception.requests == [("emergency", "emergency", "I cannot breathe")]


async def test_fifty_messages_of_ten_patients_are_all_answered_in_order(
    reception: Reception,
) -> None:
    people = [f"person-{number}" for number in range(10)]
    tasks = [
        await reception.bring(f"{person} {number}", person)
        for number in range(5)
        for person in people
    ]
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
    for person in people:
        asked = [text for text in reception.engine.texts if text.startswith(f"{person} ")]
        assert asked == [f"{person} {number}" for number in range(5)]


async def test_an_empty_queue_is_forgotten(reception: Reception) -> None:
    await asyncio.gather(*[await reception.bring("hello", f"person-{n}") for n in range(5)])
    assert not reception.door._order  # a door that runs for months must not grow
    assert not reception.door._waiting


async def test_an_answer_that_left_is_sent(reception: Reception, database: Database) -> None:
    await reception.say("hello")
    assert states(database, OutboundMessage) == ["sent"]
    assert states(database, InboundMessage) == [DONE]


async def test_an_answer_that_could_not_leave_stays_queued(
    reception: Reception, database: Database
) -> None:
    reception.is_connected = False
    await reception.say("hello")
    assert states(database, OutboundMessage) == ["queued"]


async def test_what_waits_is_sent_when_the_patient_is_back(
    reception: Reception, database: Database
) -> None:
    reception.is_connected = False
    reception.engine.answers["hello"] = says("one", "two")
    await reception.say("hello")
    await reception.say("price")
    reception.is_connected = True
    await reception.door.send_waiting(CHANNEL, "anna")
    assert reception.sent_texts == [f"{notice()}\n\none", "two", "answer to price"]
    assert states(database, OutboundMessage) == ["sent"] * 3


async def test_what_waits_is_sent_once(reception: Reception) -> None:
    reception.is_connected = False
    await reception.say("hello")
    reception.is_connected = True
    await reception.door.send_waiting(CHANNEL, "anna")
    await reception.door.send_waiting(CHANNEL, "anna")
    assert len(reception.sent) == 1


async def test_what_waits_for_one_patient_is_sent_to_no_other(reception: Reception) -> None:
    reception.is_connected = False
    await reception.say("hello", "anna")
    reception.is_connected = True
    await reception.door.send_waiting(CHANNEL, "berta")
    assert reception.sent == []


async def test_a_channel_that_fails_keeps_the_answer(
    reception: Reception, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(outbound: Outbound) -> Delivery:
        raise RuntimeError(f"could not send {outbound.content['text']}")

    reception.door.add_channel(CHANNEL, fail)
    await reception.say("hello Xanthippe")
    assert states(database, OutboundMessage) == ["queued"]
    assert "RuntimeError" in caplog.text
    assert "Xanthippe" not in caplog.text


async def test_what_a_channel_failed_to_send_is_sent_at_the_next_connection(
    reception: Reception,
) -> None:
    async def fail(_: Outbound) -> Delivery:
        raise RuntimeError

    reception.door.add_channel(CHANNEL, fail)
    await reception.say("hello")
    reception.door.add_channel(CHANNEL, reception.send)
    await reception.door.send_waiting(CHANNEL, "anna")
    assert reception.sent_texts == [f"{notice()}\n\nanswer to hello"]


async def test_an_answer_waits_behind_one_that_could_not_leave(reception: Reception) -> None:
    reception.is_connected = False
    await reception.say("one")
    reception.is_connected = True
    await reception.say("two")
    assert reception.sent_texts == [f"{notice()}\n\nanswer to one", "answer to two"]


async def test_a_channel_that_does_not_push_is_left_alone(reception: Reception) -> None:
    reception.is_connected = False
    await reception.say("hello")
    reception.is_connected = True
    await reception.door.push()
    assert reception.sent == []


async def test_an_answer_on_a_channel_that_is_not_there_stays_queued(
    reception: Reception, database: Database
) -> None:
    await (await reception.bring("hello", channel="pigeon"))
    assert states(database, OutboundMessage) == ["queued"]


async def test_after_a_crash_what_was_half_sent_waits_again(
    reception: Reception, database: Database
) -> None:
    reception.is_connected = False
    await reception.say("hello")
    [waiting] = messages.unsent(database, CHANNEL, reception.door.person_key(CHANNEL, "anna"))
    messages.claim(database, waiting.id)

    await work_off(reception.new_door())
    assert states(database, OutboundMessage) == ["queued"]


async def test_two_reconnects_at_once_send_an_answer_once(reception: Reception) -> None:
    reception.is_connected = False
    await reception.say("hello")
    reception.is_connected = True
    await asyncio.gather(*[reception.door.send_waiting(CHANNEL, "anna") for _ in range(4)])
    assert len(reception.sent) == 1


async def test_a_repeated_message_is_answered_on_the_channel_again(reception: Reception) -> None:
    await reception.say("price", external_id="same")
    await reception.say("price", external_id="same")
    first, again = reception.sent
    assert first == again


async def test_after_a_crash_what_was_left_over_is_answered(
    reception: Reception, database: Database
) -> None:
    await reception.begin()
    reception.engine.hang("price")
    crashed = await reception.bring("price")
    await eventually(lambda: reception.engine.texts == ["price"])
    crashed.cancel()
    reception.engine.let_go()

    await work_off(reception.new_door())
    await eventually(lambda: reception.sent_texts == ["answer to price"])
    assert states(database, InboundMessage) == [DONE, DONE]


async def test_after_a_crash_the_engine_is_told_that_it_may_have_answered(
    reception: Reception,
) -> None:
    reception.engine.hang("price")
    crashed = await reception.bring("price")
    await eventually(lambda: reception.engine.texts == ["price"])
    crashed.cancel()
    reception.engine.let_go()

    await work_off(reception.new_door())
    await eventually(lambda: len(reception.engine.asked) == 2)
    assert [each.again for each in reception.engine.asked] == [False, True]


async def test_leftovers_of_one_patient_are_answered_in_their_order(
    reception: Reception,
) -> None:
    await reception.begin()
    reception.engine.hang("one")
    crashed = [await reception.bring(text) for text in ("one", "two", "three")]
    await eventually(lambda: reception.engine.texts == ["one"])
    for task in crashed:
        task.cancel()
    reception.engine.let_go()

    await work_off(reception.new_door())
    await eventually(lambda: len(reception.sent) == 3)
    assert reception.sent_texts == ["answer to one", "answer to two", "answer to three"]


async def test_nothing_left_over_is_nothing_to_do(reception: Reception) -> None:
    await reception.say("hello")
    reception.engine.asked.clear()
    await work_off(reception.new_door())
    await asyncio.sleep(0.05)
    assert reception.engine.asked == []


async def test_background_work_that_fails_is_logged_without_words(
    reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ValueError("about Xanthippe")

    task = reception.door.in_background(fail())
    await asyncio.wait([task])
    await eventually(lambda: "ValueError" in caplog.text)
    assert "Xanthippe" not in caplog.text


def test_a_person_is_stored_under_a_hash(reception: Reception) -> None:
    key = reception.door.person_key("whatsapp", "+919999900001")
    assert "99999" not in key
    assert key != reception.door.person_key("website", "+919999900001")
    assert key == reception.door.person_key("whatsapp", "+919999900001")
