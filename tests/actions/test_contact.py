"""A visitor is asked for a number once, and it reaches every open request of theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.base import FAILED, HEARD, SafeAction
from bot.store import drafts
from bot.store.database import Database
from bot.store.requests import open_requests_in_full
from bot.store.tables import Consent
from tests.actions.conftest import Turn


class Visitor(Turn):
    """Somebody on the website who wants a person."""

    async def asks_for_a_person(self) -> list[str]:
        """A request, then the form's question."""
        self.hears("agent", "talk_to_staff")
        said = await self.acts("action_pass_to_team")
        assert self.goes_on_with == ["contact_form"]
        return said + await self.acts("action_ask_contact")

    async def says(self, text: str, intent: str = "inform", **given: str) -> list[str]:
        """Answers the form."""
        self.hears(text, intent, given)
        await self.acts("validate_contact_form")
        ended = self.slots.get("contact")
        return await self.acts("action_contact_ended" if ended else "action_ask_contact")

    @property
    def details(self) -> list[dict[str, str]]:
        """How the team reaches them, request by request."""
        return [dict(each.details) for each in open_requests_in_full(self.database, 9)]

    @property
    def draft(self) -> dict[str, Any] | None:
        """What is kept while the question is open."""
        conversation = self.message.conversation_id
        return drafts.read_draft(self.database, conversation, drafts.CONTACT)

    @property
    def consents(self) -> list[tuple[str, str, str, bool]]:
        """Message, purpose, version and answer."""
        with self.database.work() as session:
            return [
                (row.message_id, row.purpose, row.version, row.given)
                for row in session.scalars(select(Consent))
            ]


@pytest.fixture
def visitor(database: Database, templates: list[SafeAction]) -> Visitor:
    return Visitor(database, templates)


async def test_a_number_and_a_time_reach_the_request_with_the_consent(visitor: Visitor) -> None:
    said = await visitor.asks_for_a_person()
    assert said == ["utter_passed_talk_to_staff", "utter_ask_contact"]
    assert await visitor.says("99999 00071") == ["utter_ask_contact_time"]
    assert visitor.said[0]["phone"] == "+91 99999 00071"
    assert visitor.details == [{"phone": "+919999900071"}]
    assert visitor.consents == [(visitor.message.id, "contact", "call-1", True)]
    assert await visitor.says("after 5 pm") == ["utter_contact_told"]
    assert visitor.details == [{"phone": "+919999900071", "good_time": "after 5 pm"}]
    assert visitor.draft is None
    assert (visitor.slots["contact"], visitor.slots[HEARD]) == (None, None)


async def test_both_in_one_message_are_enough(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    assert await visitor.says("99999 00071 after 5 pm") == ["utter_contact_told"]
    assert visitor.details == [{"phone": "+919999900071", "good_time": "after 5 pm"}]


async def test_the_time_may_be_pressed(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    await visitor.says("99999 00071")
    assert await visitor.says("inform", good_time="morning") == ["utter_contact_told"]
    assert visitor.details[0]["good_time"] == "in the morning"


async def test_a_corrected_number_replaces_the_wrong_one_at_once(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    await visitor.says("99999 00071")
    await visitor.says("sorry, 99999 00072")
    assert visitor.details == [{"phone": "+919999900072"}]


@pytest.mark.parametrize(
    ("text", "given"), [("no", {}), ("no thank you", {}), ("inform", {"call": "no"})]
)
async def test_a_no_keeps_nothing(visitor: Visitor, text: str, given: dict[str, str]) -> None:
    await visitor.asks_for_a_person()
    assert await visitor.says(text, **given) == ["utter_contact_declined"]
    assert (visitor.details, visitor.consents, visitor.draft) == ([{}], [], None)


async def test_of_a_wrong_number_it_is_said_what_is_wrong(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    assert await visitor.says("99999 0007") == ["utter_ask_contact"]
    assert "too few digits" in visitor.said[0]["note"]
    assert (visitor.details, visitor.consents) == ([{}], [])


async def test_something_else_is_not_answered_with_the_question_again(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    assert await visitor.says("what does it cost?", "faq") == []
    assert await visitor.says("99999 00071") == ["utter_ask_contact_time"]


async def test_the_same_message_is_heard_once(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    await visitor.says("99999 00071")
    before = visitor.draft
    assert await visitor.acts("validate_contact_form") == []
    assert visitor.returned == []
    assert visitor.draft == before


async def test_the_message_that_asked_for_a_person_is_no_answer(visitor: Visitor) -> None:
    visitor.hears("call me on 99999 00071", "call_me_back")
    await visitor.acts("action_pass_to_team")
    await visitor.acts("validate_contact_form")
    assert visitor.returned == []


async def test_a_question_that_nobody_needs_ends_its_form(visitor: Visitor) -> None:
    assert await visitor.acts("action_ask_contact") == []
    assert visitor.slots == {"requested_slot": None}


async def test_a_number_reaches_every_open_request_of_the_person(visitor: Visitor) -> None:
    visitor.hears("my skin burns", "report_reaction")
    await visitor.acts("action_report_reaction")
    await visitor.asks_for_a_person()
    await visitor.says("99999 00071 anytime")
    assert [each["phone"] for each in visitor.details] == ["+919999900071"] * 2


async def test_nobody_elses_request_gets_the_number(
    visitor: Visitor, templates: list[SafeAction]
) -> None:
    other = Visitor(visitor.database, templates, person="somebody else")
    await other.asks_for_a_person()
    await visitor.asks_for_a_person()
    await visitor.says("99999 00071 anytime")
    assert sorted(len(each) for each in visitor.details) == [0, 2]


async def test_a_booking_that_waited_is_spoken_of(visitor: Visitor) -> None:
    conversation = visitor.message.conversation_id
    drafts.write_draft(visitor.database, conversation, drafts.BOOKING, {}, visitor.clock.now())
    await visitor.asks_for_a_person()
    assert await visitor.says("no") == ["utter_contact_declined", "utter_booking_suspended"]


async def test_after_long_silence_the_number_is_still_known(visitor: Visitor) -> None:
    await visitor.asks_for_a_person()
    await visitor.says("99999 00071 anytime")
    first = visitor.message.conversation_id
    visitor.clock = type(visitor.clock)(visitor.clock.offset + timedelta(days=1))
    visitor.hears("agent", "talk_to_staff")
    assert visitor.message.conversation_id != first
    await visitor.acts("action_pass_to_team")
    assert visitor.goes_on_with == []


async def test_a_number_that_could_not_be_kept_is_told_by_the_question(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.asks_for_a_person()

    def fail(*_: object, **__: object) -> None:
        raise OSError("no room for 99999 00071")

    with monkeypatch.context() as broken:
        broken.setattr("actions.contact.add_consent", fail)
        assert await visitor.says("99999 00071") == [FAILED]
    assert visitor.details == [{}]
    assert "99999" not in caplog.text
