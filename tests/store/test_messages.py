from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from bot.store import messages
from bot.store.conversations import standing
from bot.store.database import Database
from bot.store.messages import FAILED, QUEUED, SENDING, SENT, Answer, Inbound, Outbound
from bot.store.requests import open_requests
from bot.store.tables import InboundMessage, Offer, OutboundMessage
from tests.store.conftest import NOW, SILENCE, Receive

PRICE = '/faq{"topic":"price"}'
THREADS = 8


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def positions(database: Database, conversation_id: str) -> list[int]:
    with database.work() as session:
        return list(
            session.scalars(
                select(InboundMessage.position)
                .where(InboundMessage.conversation_id == conversation_id)
                .order_by(InboundMessage.position)
            )
        )


def state_of(database: Database, outbound: Outbound) -> tuple[str, datetime | None]:
    with database.work() as session:
        found = session.get_one(OutboundMessage, outbound.id)
        return found.state, found.sent_at


def at_once(work: Callable[[int], Inbound]) -> list[Inbound]:
    """Does the work in eight threads that all begin at the same moment."""
    barrier = Barrier(THREADS)

    def wait_and_work(number: int) -> Inbound:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(wait_and_work, range(THREADS)))


def test_a_message_is_stored_with_its_words(database: Database, receive: Receive) -> None:
    received = receive("What does it cost?")
    assert received.is_new
    assert messages.unanswered(database) == [
        Inbound(
            received.id,
            received.conversation_id,
            "website",
            "person",
            "What does it cost?",
            is_new=False,
        )
    ]


def test_a_repeated_id_gives_the_first_message_again(receive: Receive) -> None:
    first = receive("What does it cost?", "same")
    again = receive("Something else", "same")
    assert (again.id, again.text, again.is_new) == (first.id, "What does it cost?", False)


def test_the_same_id_on_another_channel_is_another_message(receive: Receive) -> None:
    assert receive(external_id="same", channel="whatsapp").is_new
    assert receive(external_id="same", channel="website").is_new


def test_eight_deliveries_at_once_store_one_message(database: Database) -> None:
    received = at_once(
        lambda _: messages.receive(database, "whatsapp", "person", "same", "Hi", NOW, SILENCE)
    )
    assert sum(each.is_new for each in received) == 1
    assert len({each.id for each in received}) == 1


def test_eight_messages_at_once_get_eight_positions_in_one_conversation(
    database: Database,
) -> None:
    received = at_once(
        lambda number: messages.receive(
            database, "whatsapp", "person", f"id-{number}", "Hi", NOW, SILENCE
        )
    )
    [conversation] = {each.conversation_id for each in received}
    assert positions(database, conversation) == list(range(1, THREADS + 1))


def test_positions_count_from_one_in_each_conversation(
    database: Database, receive: Receive
) -> None:
    one, other = receive(person="one"), receive(person="other")
    receive(person="one")
    assert positions(database, one.conversation_id) == [1, 2]
    assert positions(database, other.conversation_id) == [1]


def test_unanswered_messages_come_in_the_order_they_were_received(
    database: Database, receive: Receive
) -> None:
    last = receive(person="one", at=later(minutes=2))
    first = receive(person="other", at=NOW)
    middle = receive(person="other", at=later(minutes=1))
    assert [each.id for each in messages.unanswered(database)] == [first.id, middle.id, last.id]


def test_an_answered_message_is_not_left_over(database: Database, receive: Receive) -> None:
    messages.finish(database, receive().id, Answer([{"text": "Hello"}]), NOW)
    assert messages.unanswered(database) == []


def test_an_answer_comes_back_in_its_order(database: Database, receive: Receive) -> None:
    message = receive()
    said: list[dict[str, object]] = [{"text": str(number)} for number in range(12)]
    finished = messages.finish(database, message.id, Answer(said), NOW)
    assert [each.content for each in finished] == said
    assert messages.answers_to(database, message.id) == finished


def test_a_message_without_an_answer_has_none(database: Database, receive: Receive) -> None:
    assert messages.answers_to(database, receive().id) == []


def test_an_outbound_message_names_whom_it_is_for(database: Database, receive: Receive) -> None:
    message = receive(person="anna", channel="whatsapp")
    [outbound] = messages.finish(database, message.id, Answer([{"text": "Hello"}]), NOW)
    assert (outbound.channel, outbound.person) == ("whatsapp", "anna")
    assert outbound.conversation_id == message.conversation_id


def test_words_in_another_script_come_back_as_they_were(
    database: Database, receive: Receive
) -> None:
    message = receive("बालों के लिए?")
    [outbound] = messages.finish(database, message.id, Answer([{"text": "नमस्ते 🙏"}]), NOW)
    assert messages.answers_to(database, message.id)[0].content == {"text": "नमस्ते 🙏"}
    assert outbound.content == {"text": "नमस्ते 🙏"}


def test_finishing_a_second_time_gives_the_first_answer(
    database: Database, receive: Receive
) -> None:
    message = receive()
    first = messages.finish(database, message.id, Answer([{"text": "First"}]), NOW)
    assert messages.finish(database, message.id, Answer([{"text": "Second"}]), NOW) == first


def test_finishing_a_second_time_changes_nothing(database: Database, receive: Receive) -> None:
    message = receive()
    messages.finish(database, message.id, Answer([{"text": "First"}]), NOW)
    second = Answer(
        [{"text": "Second", "buttons": [{"title": "Price", "payload": PRICE}]}],
        urgency="crisis",
        gives_notice=True,
        request_kind="crisis",
    )
    messages.finish(database, message.id, second, NOW)

    stands = standing(database, message.conversation_id, NOW)
    assert not stands.after_crisis
    assert not stands.notice_given
    assert open_requests(database) == []
    assert not messages.was_offered(database, message.conversation_id, PRICE, NOW)


def test_eight_finishes_at_once_store_one_answer(database: Database, receive: Receive) -> None:
    message = receive()
    barrier = Barrier(THREADS)

    def finish(number: int) -> list[Outbound]:
        barrier.wait()
        return messages.finish(database, message.id, Answer([{"text": str(number)}]), NOW)

    with ThreadPoolExecutor(THREADS) as pool:
        finished = list(pool.map(finish, range(THREADS)))
    assert all(each == finished[0] for each in finished)
    with database.work() as session:
        assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 1


@pytest.mark.parametrize(
    ("urgency", "as_stored"),
    [("none", "routine"), ("same_day", "same_day"), ("emergency", "emergency"), ("crisis",) * 2],
)
def test_an_answer_that_asks_for_staff_stores_a_request_as_urgent_as_the_message(
    database: Database, receive: Receive, urgency: str, as_stored: str
) -> None:
    answer = Answer([{"text": "Sorry"}], urgency=urgency, request_kind="unanswered")
    messages.finish(database, receive("Help").id, answer, NOW)
    [request] = open_requests(database)
    assert (request.kind, request.urgency, request.text) == ("unanswered", as_stored, "Help")


def test_an_answer_whose_request_is_refused_is_not_stored_at_all(
    database: Database, receive: Receive
) -> None:
    message = receive()
    answer = Answer([{"text": "Sorry"}], urgency="unknown", request_kind="unanswered")
    with pytest.raises(ValueError, match="is no urgency"):
        messages.finish(database, message.id, answer, NOW)
    assert messages.answers_to(database, message.id) == []
    assert [each.id for each in messages.unanswered(database)] == [message.id]


def test_what_waits_for_a_person_comes_in_order_over_all_conversations(
    database: Database, receive: Receive
) -> None:
    first = receive("one")
    tomorrow = receive("two", at=later(hours=20))
    other = receive("three", person="other")
    for message in (tomorrow, other, first):
        said = [{"text": f"{message.text}.{part}"} for part in (1, 2)]
        messages.finish(database, message.id, Answer(said), NOW)

    waiting = messages.unsent(database, "website", "person")
    assert [each.content["text"] for each in waiting] == ["one.1", "one.2", "two.1", "two.2"]


@pytest.fixture
def outbound(database: Database, receive: Receive) -> Outbound:
    """One message that waits in the outbox."""
    [queued] = messages.finish(database, receive().id, Answer([{"text": "Hello"}]), NOW)
    return queued


def test_a_new_answer_waits(database: Database, outbound: Outbound) -> None:
    assert state_of(database, outbound) == (QUEUED, None)
    assert messages.unsent(database, "website", "person") == [outbound]


def test_a_claimed_message_waits_for_nobody_else(database: Database, outbound: Outbound) -> None:
    assert messages.claim(database, outbound.id)
    assert state_of(database, outbound) == (SENDING, None)
    assert messages.unsent(database, "website", "person") == []


def test_a_message_is_claimed_once(database: Database, outbound: Outbound) -> None:
    messages.claim(database, outbound.id)
    assert not messages.claim(database, outbound.id)


def test_one_of_eight_claims_at_once_succeeds(database: Database, outbound: Outbound) -> None:
    barrier = Barrier(THREADS)

    def claim(_: int) -> bool:
        barrier.wait()
        return messages.claim(database, outbound.id)

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(claim, range(THREADS))) == 1


def test_what_left_is_sent_and_notes_when(database: Database, outbound: Outbound) -> None:
    messages.claim(database, outbound.id)
    messages.release(database, outbound.id, later(seconds=3))
    assert state_of(database, outbound) == (SENT, later(seconds=3))
    assert messages.unsent(database, "website", "person") == []


def test_what_did_not_leave_waits_again(database: Database, outbound: Outbound) -> None:
    messages.claim(database, outbound.id)
    messages.release(database, outbound.id, None)
    assert state_of(database, outbound) == (QUEUED, None)
    assert messages.unsent(database, "website", "person") == [outbound]


@pytest.mark.parametrize("sent_at", [None, later(hours=1)])
def test_what_is_sent_stays_sent(
    database: Database, outbound: Outbound, sent_at: datetime | None
) -> None:
    messages.claim(database, outbound.id)
    messages.release(database, outbound.id, NOW)
    messages.release(database, outbound.id, sent_at)
    messages.release_all(database)
    assert not messages.claim(database, outbound.id)
    assert state_of(database, outbound) == (SENT, NOW)


def test_what_a_crash_left_half_sent_waits_again(database: Database, outbound: Outbound) -> None:
    messages.claim(database, outbound.id)
    messages.release_all(database)
    assert messages.unsent(database, "website", "person") == [outbound]


def test_what_nobody_claimed_cannot_be_released(database: Database, outbound: Outbound) -> None:
    messages.release(database, outbound.id, NOW)
    assert state_of(database, outbound) == (QUEUED, None)


def test_what_came_is_kept_with_the_message(database: Database) -> None:
    received = messages.receive(
        database, "whatsapp", "person", "one", "my cheek", NOW, SILENCE, "12025550143", "image"
    )
    [left] = messages.unanswered(database)
    assert (received.kind, received.address) == ("image", "12025550143")
    assert (left.kind, left.address) == ("image", "12025550143")


def test_a_repeated_message_is_of_the_first_ones_kind(database: Database) -> None:
    kinds = ("image", "text")
    received = [
        messages.receive(database, "whatsapp", "person", "one", "", NOW, SILENCE, "1", kind)
        for kind in kinds
    ]
    assert [each.kind for each in received] == ["image", "image"]


def test_an_answer_goes_to_the_address_that_last_wrote(database: Database) -> None:
    for external_id, address in (("one", "12025550143"), ("two", "12025550144")):
        received = messages.receive(
            database, "whatsapp", "person", external_id, "Hi", NOW, SILENCE, address
        )
    [outbound] = messages.finish(database, received.id, Answer([{"text": "Hello"}]), NOW)
    assert outbound.address == "12025550144"
    assert "12025550144" not in repr((outbound, received))


@pytest.mark.parametrize("kind", ["image", "audio", "video", "document"])
def test_a_photo_or_recording_is_told_to_staff(database: Database, kind: str) -> None:
    received = messages.receive(
        database, "whatsapp", "person", "one", "", NOW, SILENCE, "1", kind=kind
    )
    messages.finish(database, received.id, Answer([{"text": "Sorry"}]), NOW)
    assert [(each.kind, each.urgency) for each in open_requests(database)] == [("media", "routine")]


@pytest.mark.parametrize("kind", ["text", "sticker", "location", "reaction", "other"])
def test_what_staff_need_not_look_at_is_no_request(database: Database, kind: str) -> None:
    received = messages.receive(
        database, "whatsapp", "person", "one", "", NOW, SILENCE, "1", kind=kind
    )
    messages.finish(database, received.id, Answer([]), NOW)
    assert open_requests(database) == []


def test_what_is_postponed_waits_until_its_moment(database: Database, outbound: Outbound) -> None:
    messages.claim(database, outbound.id)
    messages.postpone(database, outbound.id, later(seconds=4), tell_staff_at=None)
    [waiting] = messages.unsent(database, "website", "person")
    assert (waiting.attempts, waiting.next_try_at) == (1, later(seconds=4))
    assert messages.due(database, ["website"], later(seconds=3)) == []
    assert messages.due(database, ["website"], later(seconds=4)) == [("website", "person")]
    assert open_requests(database) == []


def test_staff_are_told_once_of_what_is_postponed(database: Database, outbound: Outbound) -> None:
    for _ in range(2):
        messages.claim(database, outbound.id)
        messages.postpone(database, outbound.id, later(minutes=10), tell_staff_at=NOW)
    assert [each.kind for each in open_requests(database)] == ["not_delivered"]


def test_what_failed_is_not_tried_again_and_told_to_staff(
    database: Database, outbound: Outbound
) -> None:
    messages.claim(database, outbound.id)
    messages.give_up(database, outbound.id, NOW)
    assert state_of(database, outbound) == (FAILED, None)
    assert messages.unsent(database, "website", "person") == []
    assert not messages.claim(database, outbound.id)
    [request] = open_requests(database)
    assert (request.kind, request.urgency, request.text) == ("not_delivered", "routine", "Hello")


def test_only_what_was_claimed_can_be_postponed_or_given_up(
    database: Database, outbound: Outbound
) -> None:
    messages.give_up(database, outbound.id, NOW)
    messages.postpone(database, outbound.id, later(seconds=4), tell_staff_at=NOW)
    assert messages.unsent(database, "website", "person") == [outbound]
    assert open_requests(database) == []


def test_a_start_tries_at_once_what_was_postponed(database: Database, outbound: Outbound) -> None:
    messages.claim(database, outbound.id)
    messages.postpone(database, outbound.id, later(hours=1), tell_staff_at=None)
    messages.release_all(database)
    assert messages.due(database, ["website"], NOW) == [("website", "person")]


def postponed_behind(database: Database, receive: Receive, urgency: str) -> None:
    """One answer that waits an hour, and another of this urgency behind it."""
    first = receive()
    [waiting] = messages.finish(database, first.id, Answer([{"text": "One"}]), NOW)
    messages.claim(database, waiting.id)
    messages.postpone(database, waiting.id, later(hours=1), tell_staff_at=None)
    second = receive()
    messages.finish(database, second.id, Answer([{"text": "Two"}], urgency=urgency), NOW)


def test_nothing_is_due_behind_what_waits(database: Database, receive: Receive) -> None:
    postponed_behind(database, receive, "none")
    assert messages.due(database, ["website"], NOW) == []


@pytest.mark.parametrize("urgency", ["emergency", "crisis"])
def test_danger_is_due_whatever_waits_before_it(
    database: Database, receive: Receive, urgency: str
) -> None:
    postponed_behind(database, receive, urgency)
    assert messages.due(database, ["website"], NOW) == [("website", "person")]


def test_only_the_channels_that_are_asked_for_are_due(
    database: Database, outbound: Outbound
) -> None:
    assert messages.due(database, ["whatsapp"], NOW) == []
    assert messages.due(database, [], NOW) == []


def offer(database: Database, message: Inbound, at: datetime = NOW) -> None:
    button = {"title": "Price", "payload": PRICE}
    messages.finish(database, message.id, Answer([{"text": "Hello", "buttons": [button]}]), at)


@pytest.mark.parametrize(
    ("after", "offered"),
    [
        (timedelta(), True),
        (timedelta(hours=24, microseconds=-1), True),
        (timedelta(hours=24), False),
        (timedelta(days=3), False),
    ],
)
def test_a_button_is_an_offer_for_24_hours(
    database: Database, receive: Receive, after: timedelta, offered: bool
) -> None:
    message = receive()
    offer(database, message)
    found = messages.was_offered(database, message.conversation_id, PRICE, NOW + after)
    assert found is offered


def test_a_button_shown_again_is_an_offer_for_another_24_hours(
    database: Database, receive: Receive
) -> None:
    offer(database, receive())
    message = receive(at=later(hours=10))
    offer(database, message, later(hours=10))
    assert messages.was_offered(database, message.conversation_id, PRICE, later(hours=33))
    with database.work() as session:
        assert session.scalar(select(func.count()).select_from(Offer)) == 1


def test_an_offer_to_one_conversation_is_none_to_another(
    database: Database, receive: Receive
) -> None:
    offer(database, receive(person="one"))
    other = receive(person="other")
    assert not messages.was_offered(database, other.conversation_id, PRICE, NOW)


def test_another_payload_was_not_offered(database: Database, receive: Receive) -> None:
    message = receive()
    offer(database, message)
    assert not messages.was_offered(database, message.conversation_id, '/faq{"topic":"pain"}', NOW)


def test_what_stands_in_a_traceback_of_a_message_are_no_words(
    database: Database, receive: Receive
) -> None:
    message = receive("my scalp itches")
    answer = Answer([{"text": "call us today"}], request_kind="report_reaction")
    [outbound] = messages.finish(database, message.id, answer, NOW)
    [request] = open_requests(database)
    shown = f"{message!r} {answer!r} {outbound!r} {request!r}"
    assert "itches" not in shown
    assert "call us" not in shown


# The beginning of a turn, and an answer that is taken for sending as it is stored


def test_a_turn_begins_with_what_was_said_before_the_last_first(
    database: Database, receive: Receive
) -> None:
    for text in ("one", "two", "three"):
        receive(text)
    last = receive("four")
    receive("five")
    opening = messages.open_turn(database, last.id, 2, NOW)
    assert opening.earlier == ["three", "two"]
    assert not opening.is_done


def test_a_turn_knows_that_its_message_is_answered_already(
    database: Database, receive: Receive
) -> None:
    message = receive()
    messages.finish(database, message.id, Answer([]), NOW)
    assert messages.open_turn(database, message.id, 3, NOW).is_done


@pytest.mark.parametrize("urgency", ["none", "emergency", "crisis"])
def test_a_turn_begins_with_the_same_standing_that_an_action_sees(
    database: Database, receive: Receive, urgency: str
) -> None:
    answer = Answer([{"text": "Hello"}], urgency=urgency, gives_notice=True)
    messages.finish(database, receive().id, answer, NOW)
    message = receive()
    for at in (later(hours=1), later(hours=25)):
        expected = standing(database, message.conversation_id, at)
        assert messages.open_turn(database, message.id, 3, at).standing == expected


def test_a_crisis_that_is_followed_by_another_waiting_message_was_still_the_last(
    database: Database, receive: Receive
) -> None:
    messages.finish(database, receive().id, Answer([{"text": "Call"}], urgency="crisis"), NOW)
    message = receive("no")
    receive("what does it cost?")
    assert messages.open_turn(database, message.id, 3, NOW).standing.crisis_was_last


def test_an_answer_is_claimed_where_nothing_else_waits(
    database: Database, receive: Receive
) -> None:
    answer = Answer([{"text": "Hello"}])
    [outbound] = messages.finish(database, receive().id, answer, NOW, claims=True)
    assert outbound.is_claimed
    assert state_of(database, outbound) == (SENDING, None)
    assert messages.unsent(database, "website", "person") == []
    assert not messages.claim(database, outbound.id)
    messages.release(database, outbound.id, later(seconds=1))
    assert state_of(database, outbound) == (SENT, later(seconds=1))


def test_a_claimed_answer_that_nobody_knows_of_is_queued_again(
    database: Database, receive: Receive
) -> None:
    message = receive()
    [outbound] = messages.finish(
        database, message.id, Answer([{"text": "Hello"}]), NOW, claims=True
    )
    messages.release_answer(database, message.id)
    assert state_of(database, outbound) == (QUEUED, None)
    assert [each.id for each in messages.unsent(database, "website", "person")] == [outbound.id]


@pytest.mark.parametrize("state", [QUEUED, SENDING])
def test_an_answer_is_not_claimed_behind_one_that_waits_or_is_being_sent(
    database: Database, receive: Receive, state: str
) -> None:
    first, second = receive(), receive()
    is_sending = state == SENDING
    answer = Answer([{"text": "Hello"}])
    messages.finish(database, first.id, answer, NOW, claims=is_sending)
    [outbound] = messages.finish(database, second.id, answer, NOW, claims=True)
    assert not outbound.is_claimed
    assert state_of(database, outbound) == (QUEUED, None)


def test_an_answer_to_danger_is_claimed_whatever_waits(
    database: Database, receive: Receive
) -> None:
    first, second = receive(), receive()
    messages.finish(database, first.id, Answer([{"text": "Hello"}]), NOW)
    danger = Answer([{"text": "Call 112"}], urgency="emergency")
    [outbound] = messages.finish(database, second.id, danger, NOW, claims=True)
    assert outbound.is_claimed


def test_what_waits_for_another_person_keeps_no_answer_from_being_claimed(
    database: Database, receive: Receive
) -> None:
    answer = Answer([{"text": "Hello"}])
    messages.finish(database, receive(person="other").id, answer, NOW)
    [outbound] = messages.finish(database, receive().id, answer, NOW, claims=True)
    assert outbound.is_claimed


def test_an_answer_of_several_messages_is_not_claimed(database: Database, receive: Receive) -> None:
    answer = Answer([{"text": "one"}, {"text": "two"}])
    answered = messages.finish(database, receive().id, answer, NOW, claims=True)
    assert [outbound.is_claimed for outbound in answered] == [False, False]


def test_a_claimed_answer_that_a_crash_left_is_queued_again(
    database: Database, receive: Receive
) -> None:
    answer = Answer([{"text": "Hello"}])
    [outbound] = messages.finish(database, receive().id, answer, NOW, claims=True)
    messages.release_all(database)
    assert [each.id for each in messages.unsent(database, "website", "person")] == [outbound.id]


def test_a_second_finish_claims_nothing_and_gives_the_first_answer(
    database: Database, receive: Receive
) -> None:
    message = receive()
    first = messages.finish(database, message.id, Answer([{"text": "Hello"}]), NOW, claims=True)
    again = messages.finish(database, message.id, Answer([{"text": "Bye"}]), NOW, claims=True)
    assert again == first
    assert not again[0].is_claimed


def test_a_button_that_two_messages_of_an_answer_show_is_offered_once(
    database: Database, receive: Receive
) -> None:
    message = receive()
    shown = {"text": "Hello", "buttons": [{"title": "Price", "payload": PRICE}]}
    messages.finish(database, message.id, Answer([shown, shown]), NOW)
    assert messages.was_offered(database, message.conversation_id, PRICE, NOW)
