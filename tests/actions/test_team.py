from __future__ import annotations

import pytest

from actions.base import FAILED, SafeAction
from actions.fixed import LANGUAGES
from actions.team import RESPONSES
from bot.data_files import ROOT, read_yaml
from bot.store.database import Database
from bot.store.requests import add_details, open_requests_in_full
from bot.store.tables import Base, Conversation
from tests.actions.conftest import Turn

DOMAIN = read_yaml(ROOT / "domain.yml")


@pytest.mark.parametrize("intent", sorted(RESPONSES))
async def test_each_wish_is_stored_and_confirmed(turn: Turn, intent: str) -> None:
    assert await turn.run("action_pass_to_team", intent) == [RESPONSES[intent]]
    assert turn.requests == [(intent, "routine")]


async def test_the_same_message_is_stored_once(turn: Turn) -> None:
    await turn.run("action_pass_to_team", "talk_to_staff")
    await turn.run("action_pass_to_team", "talk_to_staff")
    assert turn.requests == [("talk_to_staff", "routine")]


async def test_a_wish_that_could_not_be_stored_is_not_confirmed(
    turn: Turn, database: Database
) -> None:
    drop(database, "staff_requests")
    assert await turn.run("action_pass_to_team", "talk_to_staff") == [FAILED]


@pytest.mark.parametrize("response", sorted({*RESPONSES.values(), *LANGUAGES.values(), FAILED}))
def test_every_response_of_the_actions_is_in_the_domain(response: str) -> None:
    assert response in DOMAIN["responses"]


def test_every_wish_is_an_intent() -> None:
    assert set(RESPONSES) <= set(DOMAIN["intents"])


def test_every_wish_that_a_rule_passes_on_has_a_response() -> None:
    passed_on = {
        rule["steps"][0]["intent"]
        for rule in read_yaml(ROOT / "data" / "rules" / "team.yml")["rules"]
        if rule["steps"][1].get("action") == "action_pass_to_team"
    }
    assert passed_on == set(RESPONSES)


async def test_a_session_of_a_plan_is_a_request(turn: Turn) -> None:
    said = await turn.run("action_pass_to_team", "book_consultation")
    assert said == ["utter_passed_next_session"]
    assert turn.requests == [("next_session", "routine")]


async def test_a_visitor_whom_nobody_can_reach_is_asked_for_a_number(turn: Turn) -> None:
    await turn.run("action_pass_to_team", "talk_to_staff")
    assert turn.goes_on_with == ["contact_form"]


async def test_who_told_a_number_before_is_not_asked_again(turn: Turn) -> None:
    await turn.run("action_pass_to_team", "talk_to_staff")
    add_details(turn.database, turn.message.conversation_id, {"phone": "+919999900071"})
    turn.receives("call me")
    await turn.run("action_pass_to_team", "call_me_back")
    assert turn.goes_on_with == []
    requests = open_requests_in_full(turn.database, 9)
    assert [each.details["phone"] for each in requests] == ["+919999900071"] * 2


async def test_who_writes_from_a_number_is_not_asked_for_one(
    database: Database, templates: list[SafeAction]
) -> None:
    turn = Turn(database, templates, channel="whatsapp", address="12025550143")
    await turn.run("action_pass_to_team", "talk_to_staff")
    assert turn.goes_on_with == []
    [request] = open_requests_in_full(turn.database, 9)
    assert request.details == {"phone": "+12025550143"}


async def test_stop_is_stored_and_confirmed(turn: Turn, database: Database) -> None:
    assert await turn.run("action_stop_messages", "stop_messages") == ["utter_stopped"]
    with database.work() as session:
        found = session.get_one(Conversation, turn.message.conversation_id)
        assert found.stopped_at is not None


async def test_a_stop_that_could_not_be_stored_is_not_confirmed(
    turn: Turn, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("actions.team.stop_unasked", fail)
    assert await turn.run("action_stop_messages", "stop_messages") == [FAILED]


async def test_stop_asks_for_nobody(turn: Turn) -> None:
    await turn.run("action_stop_messages", "stop_messages")
    assert turn.requests == []


def drop(database: Database, table: str) -> None:
    """Takes a table away, as a database that is broken in one place."""
    with database.work() as session:
        Base.metadata.tables[table].drop(session.connection())
