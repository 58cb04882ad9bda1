"""A sign after a treatment: expected, or a call today, with device and day asked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actions.base import FAILED, HEARD, SafeAction
from actions.reaction import ANSWERS, EXPECTED, FORM, SAME_DAY, ReportReaction
from bot.data_files import ROOT, read_yaml
from bot.store import drafts
from bot.store.database import Database
from bot.store.requests import open_requests_in_full
from bot.store.tables import Base
from tests.actions.conftest import Turn

DOMAIN = read_yaml(ROOT / "domain.yml")
ASKS_DEVICE, ASKS_DAY = "utter_ask_reaction_device", "utter_ask_reaction_day"
KIND = "report_reaction"
TODAY = [(KIND, "same_day")]
CONTACT = "contact_form"


class Treated(Turn):
    """Somebody who writes after a treatment; the engine has judged what they wrote."""

    async def reports(
        self,
        text: str = "my face is red",
        urgency: str = "expected",
        sign: str = "X01",
        courses: Sequence[str] = ("redness",),
        device: str = "",
        day: int | None = None,
        language: str = "en",
    ) -> list[str]:
        """A report, and the form's question where it opens."""
        self.hears(text, KIND)
        self.latest["judgement"] = {
            "urgency": urgency,
            "sign": sign,
            "courses": list(courses),
            "device": device,
            "day": day,
            "language": language,
        }
        said = await self.acts("action_report_reaction")
        return said + (await self.asks() if self.goes_on_with == [FORM] else [])

    async def says(self, text: str, intent: str = "inform", **pressed: str) -> list[str]:
        """Answers the form, with words or with what a button holds."""
        self.hears(text, intent, pressed)
        await self.acts(f"validate_{FORM}")
        ended = self.slots.get("reaction")
        return await self.acts("action_reaction_ended") if ended else await self.asks()

    async def presses(self, **pressed: str) -> list[str]:
        """Presses a button of the question."""
        return await self.says("inform", **pressed)

    async def asks(self) -> list[str]:
        """The form's question."""
        return await self.acts("action_ask_reaction")

    @property
    def draft(self) -> dict[str, Any] | None:
        """What is kept while a question is open."""
        conversation = self.message.conversation_id
        return drafts.read_draft(self.database, conversation, drafts.REACTION)


@pytest.fixture
def treated(database: Database, templates: list[SafeAction]) -> Treated:
    return Treated(database, templates)


def drop(database: Database, table: str) -> None:
    """Takes a table away, as a database that is broken in one place."""
    with database.work() as session:
        Base.metadata.tables[table].drop(session.connection())


@pytest.mark.parametrize("response", [SAME_DAY, EXPECTED, ASKS_DEVICE, ASKS_DAY])
def test_every_response_of_the_actions_is_in_the_domain(response: str) -> None:
    assert response in DOMAIN["responses"]


@pytest.mark.parametrize("name", ["action_report_reaction", "action_reaction_ended"])
def test_every_action_is_in_the_domain(name: str, templates: list[SafeAction]) -> None:
    assert name in DOMAIN["actions"]
    assert name in {each.name() for each in templates}


def test_what_may_be_an_answer_is_an_intent() -> None:
    # Rasa adds the fallback itself.
    assert set(ANSWERS) - {"nlu_fallback"} <= set(DOMAIN["intents"])


# --- judged at once -----------------------------------------------------------------------------


async def test_a_same_day_sign_is_told_where_to_call_and_kept_for_staff(treated: Treated) -> None:
    assert await treated.reports("there is pus", "same_day", "D02", ()) == [SAME_DAY]
    assert treated.requests == TODAY


async def test_a_report_that_nobody_judged_is_a_same_day_sign(turn: Turn) -> None:
    assert await turn.run("action_report_reaction", KIND) == [SAME_DAY]
    assert turn.requests == TODAY


async def test_a_same_day_sign_is_answered_in_its_language(treated: Treated) -> None:
    await treated.reports("peep aa raha hai", "same_day", "D02", (), language="hi_latn")
    assert treated.said[0]["language"] == "hi_latn"


async def test_a_visitor_whom_nobody_can_reach_is_asked_for_a_number(treated: Treated) -> None:
    await treated.reports("there is pus", "same_day", "D02", ())
    assert treated.goes_on_with == [CONTACT]


async def test_who_writes_from_a_number_is_not_asked_for_one(
    database: Database, templates: list[SafeAction]
) -> None:
    treated = Treated(database, templates, channel="whatsapp", address="12025550143")
    await treated.reports("there is pus", "same_day", "D02", ())
    assert treated.goes_on_with == []
    [request] = open_requests_in_full(database, 9)
    assert request.details == {"phone": "+12025550143"}


async def test_an_expected_sign_with_its_day_is_told_as_expected(treated: Treated) -> None:
    assert await treated.reports(device="mnrf", day=2) == [EXPECTED]
    assert (treated.said[0]["expected_sign"], treated.said[0]["expected_until"]) == ("X01", 5)
    assert treated.requests == []


async def test_an_expected_sign_opens_nothing(treated: Treated) -> None:
    await treated.reports(device="mnrf", day=2)
    assert (treated.goes_on_with, treated.draft) == ([], None)


async def test_an_expected_sign_is_answered_in_its_language(treated: Treated) -> None:
    await treated.reports("chehra laal hai", device="mnrf", day=2, language="hi_latn")
    assert treated.said[0]["language"] == "hi_latn"


async def test_of_an_unknown_device_the_smallest_number_is_told(treated: Treated) -> None:
    assert await treated.reports(day=3) == [EXPECTED]
    assert treated.said[0]["expected_until"] == 3


async def test_where_no_day_decides_none_is_asked_and_none_is_told(treated: Treated) -> None:
    assert await treated.reports("no result yet", sign="X08", courses=()) == [EXPECTED]
    assert treated.said[0]["expected_sign"] == "X08"
    assert treated.said[0]["expected_until"] is None


async def test_a_course_without_a_sign_of_its_own_is_named(treated: Treated) -> None:
    said = await treated.reports("it oozes", sign="", courses=("oozing",), device="mnrf", day=1)
    assert said == [EXPECTED]
    assert treated.said[0]["expected_sign"] == "oozing"


# --- device and day are asked -------------------------------------------------------------------


async def test_without_a_day_the_form_asks_for_the_device(treated: Treated) -> None:
    assert await treated.reports() == [ASKS_DEVICE]
    assert treated.requests == []


async def test_of_a_known_device_only_the_day_is_asked(treated: Treated) -> None:
    assert await treated.reports(device="mnrf") == [ASKS_DAY]


async def test_the_report_itself_is_no_answer(treated: Treated) -> None:
    await treated.reports()
    await treated.acts(f"validate_{FORM}")
    assert treated.returned == []


async def test_device_and_day_may_be_pressed(treated: Treated) -> None:
    await treated.reports()
    assert await treated.presses(device="mnrf") == [ASKS_DAY]
    assert await treated.presses(day="5") == [EXPECTED]
    assert treated.said[0]["expected_until"] == 5
    assert treated.requests == []


async def test_device_and_day_may_be_told_in_words(treated: Treated) -> None:
    await treated.reports()
    assert await treated.says("it was plasma") == [ASKS_DAY]
    assert await treated.says("10 days ago") == [EXPECTED]
    assert treated.said[0]["expected_until"] == 10


async def test_both_may_be_told_at_once(treated: Treated) -> None:
    await treated.reports()
    assert await treated.says("MNRF, 2 days ago") == [EXPECTED]


async def test_a_number_alone_answers_the_question_for_the_day(treated: Treated) -> None:
    await treated.reports(device="mnrf")
    assert await treated.says("3", "nlu_fallback") == [EXPECTED]


async def test_past_its_day_a_sign_is_a_call_today(treated: Treated) -> None:
    await treated.reports()
    await treated.presses(device="mnrf")
    assert await treated.presses(day="7") == [SAME_DAY]
    assert treated.requests == TODAY
    assert treated.goes_on_with == [CONTACT]


async def test_who_is_not_sure_of_the_device_is_asked_for_the_day(treated: Treated) -> None:
    await treated.reports()
    assert await treated.presses(device="not_sure") == [ASKS_DAY]
    assert await treated.presses(day="3") == [EXPECTED]


async def test_who_is_not_sure_of_both_is_to_call_today(treated: Treated) -> None:
    await treated.reports()
    await treated.presses(device="not_sure")
    assert await treated.presses(day="not_sure") == [SAME_DAY]
    assert treated.requests == TODAY


@pytest.mark.parametrize("intent", ["inform", "deny", "nlu_fallback", "out_of_scope"])
async def test_not_sure_may_be_said_in_words(treated: Treated, intent: str) -> None:
    await treated.reports()
    assert await treated.says("I don't know", intent) == [ASKS_DAY]
    assert await treated.says("no idea", intent) == [SAME_DAY]
    assert treated.requests == TODAY


async def test_after_the_verdict_nothing_is_open(treated: Treated) -> None:
    await treated.reports()
    await treated.presses(device="mnrf")
    await treated.presses(day="1")
    assert treated.draft is None
    assert (treated.slots["reaction"], treated.slots[HEARD]) == (None, None)


async def test_the_same_message_is_heard_once(treated: Treated) -> None:
    await treated.reports()
    await treated.presses(device="mnrf")
    before = treated.draft
    assert await treated.acts(f"validate_{FORM}") == []
    assert treated.returned == []
    assert treated.draft == before


async def test_two_people_do_not_answer_for_each_other(
    treated: Treated, database: Database, templates: list[SafeAction]
) -> None:
    other = Treated(database, templates, person="somebody else")
    await treated.reports()
    await other.reports(device="plasma")
    assert await treated.presses(device="mnrf") == [ASKS_DAY]
    assert await other.presses(day="9") == [EXPECTED]


# --- something else in between ------------------------------------------------------------------


async def test_after_a_question_in_between_the_verdict_follows(treated: Treated) -> None:
    await treated.reports()
    assert await treated.says("what does it cost?", "faq") == [SAME_DAY]
    assert treated.requests == TODAY
    assert (treated.slots["requested_slot"], treated.draft) == (None, None)


async def test_a_question_in_between_is_left_to_its_own_rule(treated: Treated) -> None:
    await treated.reports()
    treated.hears("what does it cost?", "faq")
    await treated.acts(f"validate_{FORM}")
    # Rasa takes a validation that sets nothing for rejected.
    assert treated.returned == []


async def test_a_question_that_names_the_day_answers(treated: Treated) -> None:
    await treated.reports(device="mnrf")
    assert await treated.says("I had it 2 days ago, may I swim?", "faq") == [EXPECTED]


async def test_something_worse_in_between_is_left_to_the_report(treated: Treated) -> None:
    await treated.reports()
    treated.hears("now there is pus", KIND)
    treated.latest["judgement"] = {"urgency": "same_day", "sign": "D02", "language": "en"}
    await treated.acts(f"validate_{FORM}")
    assert treated.returned == []


async def test_something_worse_in_between_is_told_once_and_ends_the_form(
    treated: Treated,
) -> None:
    await treated.reports()
    assert await treated.reports("now there is pus", "same_day", "D02", ()) == [SAME_DAY]
    assert treated.draft is None
    assert await treated.asks() == []
    assert treated.slots["requested_slot"] is None
    assert await treated.acts("action_reaction_ended") == []
    assert treated.requests == TODAY


async def test_a_report_that_tells_the_day_answers_the_question(treated: Treated) -> None:
    await treated.reports()
    assert await treated.says("I told you, MNRF yesterday and it is red", KIND) == [EXPECTED]


async def test_a_second_sign_told_while_the_device_is_asked_counts_too(treated: Treated) -> None:
    await treated.reports()
    treated.hears("and a little fluid comes out", KIND)
    treated.latest["judgement"] = {
        "urgency": "expected",
        "sign": "",
        "courses": ["oozing"],
        "language": "en",
    }
    await treated.acts(f"validate_{FORM}")
    await treated.asks()
    # Redness may still be seen on day 3; oozing may not.
    assert await treated.presses(day="3") == [SAME_DAY]


# --- when something fails -----------------------------------------------------------------------


async def test_a_reaction_that_could_not_be_stored_is_still_told_where_to_call(
    treated: Treated,
) -> None:
    drop(treated.database, "staff_requests")
    assert await treated.reports("there is pus", "same_day", "D02", ()) == [SAME_DAY]


async def test_a_question_that_could_not_be_kept_is_a_call_today(treated: Treated) -> None:
    drop(treated.database, "drafts")
    assert await treated.reports() == [SAME_DAY]
    assert treated.requests == [("unanswered", "same_day")]


async def test_a_form_that_cannot_be_read_any_more_is_a_call_today(treated: Treated) -> None:
    await treated.reports()
    drop(treated.database, "drafts")
    assert await treated.presses(device="mnrf") == [SAME_DAY]
    assert treated.requests == [("unanswered", "same_day")]


async def test_an_answer_that_could_not_be_heard_says_nothing_of_its_own(
    treated: Treated,
) -> None:
    await treated.reports()
    drop(treated.database, "drafts")
    treated.hears("inform", "inform", {"device": "mnrf"})
    assert await treated.acts(f"validate_{FORM}") == []
    assert treated.slots[HEARD] == FAILED


async def test_a_verdict_that_could_not_be_stored_is_still_told(treated: Treated) -> None:
    await treated.reports()
    await treated.presses(device="not_sure")
    drop(treated.database, "staff_requests")
    assert await treated.presses(day="not_sure") == [SAME_DAY]


async def test_a_reaction_whose_action_fails_is_kept_for_staff(
    treated: Treated, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    action = treated.actions["action_report_reaction"]
    assert isinstance(action, ReportReaction)
    monkeypatch.setattr(action, "act", fail)
    assert await treated.reports() == [SAME_DAY]
    assert treated.requests == [("unanswered", "same_day")]


async def test_no_words_of_the_patient_are_logged(
    treated: Treated, caplog: pytest.LogCaptureFixture
) -> None:
    drop(treated.database, "drafts")
    await treated.reports("Xanthippe is red")
    assert "Xanthippe" not in caplog.text
