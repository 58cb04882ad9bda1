"""The check on a real database: what each message leaves behind, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.base import SafeAction
from bot.clinic.clock import Clock
from bot.clinic.suitability.check import Check
from bot.store import checks
from bot.store.checks import StoredCheck
from bot.store.database import Database
from bot.store.tables import Booking
from tests.actions.conftest import Turn
from tests.actions.test_booking import Patient

SCREENS = ("age", "now", "conditions", "medicines", "allergies", "implants", "marks", "recent")


class Checked(Patient):
    """Somebody who goes through the check; the form's rules are those of `data/rules/check.yml`."""

    async def begins(
        self, given: Mapping[str, str] | None = None, text: str = "start_suitability_check"
    ) -> list[str]:
        """Asks for the check, or presses its button."""
        self.hears(text, "start_suitability_check", given)
        said = await self.acts("action_check_suitability")
        goes_on = self.goes_on_with == ["check_form"]
        return said + (await self.acts("action_ask_check") if goes_on else [])

    async def tells(
        self, text: str, intent: str = "inform", given: Mapping[str, str] | None = None
    ) -> list[str]:
        """Answers the form."""
        self.hears(text, intent, given)
        return await self.heard()

    async def heard(self) -> list[str]:
        """The form at the message that was heard last."""
        await self.acts("validate_check_form")
        ended = self.slots.get("check")
        return await self.acts("action_check_ended" if ended else "action_ask_check")

    async def presses_check(self, value: str) -> list[str]:
        """Presses a button of the check."""
        return await self.tells("inform", "inform", {"check": value})

    async def agrees(self) -> list[str]:
        """Says yes to the consent."""
        return await self.tells("inform", "inform", {"consent": "yes"})

    async def denies(self, *screens: str) -> list[str]:
        """Presses "None of these" on each of these screens."""
        said: list[str] = []
        for screen in screens or SCREENS:
            said = await self.presses_check(f"none.{screen}")
        return said

    async def books(self, opening: str = "I want to book for acne, tomorrow 5 pm") -> Any:
        """A visit of one's own."""
        await self.reaches_the_read_back(opening)
        await self.says("yes")
        return self.visits[-1]

    def waits(self, span: timedelta) -> None:
        """Lets time pass."""
        self.clock = Clock(self.clock.offset + span)
        for action in self.actions.values():
            action.clock = self.clock

    @property
    def stored(self) -> StoredCheck | None:
        """The check as it stands in the database."""
        return checks.last_check(self.database, self.conversation)

    @property
    def answers(self) -> dict[str, str]:
        """What was told."""
        assert self.stored is not None
        return dict(Check.from_json(self.stored.content).answers)

    @property
    def question(self) -> str:
        """The text of the last question."""
        return str(self.said[-1].get("check_text", ""))


@pytest.fixture
def checked(database: Database, templates: list[SafeAction]) -> Checked:
    return Checked(database, templates)


async def test_after_a_booking_it_is_offered_to_who_comes_and_never_a_condition(
    checked: Checked,
) -> None:
    await checked.reaches_the_read_back()
    assert await checked.says("yes") == ["utter_booking_booked_self"]
    assert checked.stored is None


async def test_consent_comes_before_the_first_question(checked: Checked) -> None:
    assert await checked.begins() == ["utter_ask_check_consent"]
    assert await checked.agrees() == ["utter_ask_check"]
    assert ("health", "1", True) in checked.consents


async def test_without_consent_nothing_is_kept(checked: Checked) -> None:
    await checked.begins()
    await checked.tells("i have diabetes")
    assert checked.answers == {}
    assert await checked.tells("inform", given={"consent": "no"}) == ["utter_check_refused"]
    assert checked.stored is None
    assert checked.consents == [("health", "1", False)]


async def test_who_agreed_in_this_conversation_is_not_asked_again(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    await checked.tells("never mind")
    assert await checked.begins() == ["utter_ask_check"]


async def test_a_booking_leads_through_the_check_to_a_routine_visit(checked: Checked) -> None:
    visit = await checked.books()
    await checked.begins()
    await checked.agrees()
    assert await checked.denies() == ["utter_check_routine"]
    assert checked.stored is not None
    assert (checked.stored.booking_id, checked.stored.state) == (visit.id, "finished")
    assert checked.requests == []


async def test_the_outcome_names_the_visit_that_stays(checked: Checked) -> None:
    await checked.books()
    await checked.begins()
    await checked.agrees()
    await checked.tells("i am pregnant")
    assert await checked.denies() == ["utter_check_not_now_booked"]
    assert checked.said[0]["check_visit"] == "Tuesday 24 Nov 2026 at 17:00"
    assert "pregnant" not in str(checked.said)
    [visit] = checked.visits
    assert visit.status == "booked"


async def test_a_check_before_the_booking_goes_with_it(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    await checked.tells("i take warfarin")
    assert await checked.denies(*SCREENS, "hair") == ["utter_check_doctor_first"]
    visit = await checked.books()
    assert checked.stored is not None
    assert checked.stored.booking_id == visit.id


async def test_an_unfinished_check_stands_with_what_was_told(checked: Checked) -> None:
    await checked.books()
    await checked.begins()
    await checked.agrees()
    await checked.tells("i take warfarin")
    said = await checked.tells("never mind")
    assert said == ["utter_check_doctor_first_booked", "utter_check_incomplete"]
    assert checked.stored is not None
    assert checked.stored.state == "stopped"
    assert checked.answers == {"Q15": "yes"}


async def test_a_stopped_check_goes_on_where_it_was_within_the_day(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    await checked.presses_check("none.age")
    await checked.tells("never mind")
    await checked.begins()
    assert checked.question.startswith("2 of 9")


async def test_after_a_day_it_begins_anew_and_keeps_what_applied(checked: Checked) -> None:
    visit = await checked.books("I want to book for acne, 4 December 5 pm")
    await checked.begins()
    await checked.agrees()
    await checked.presses_check("Q03")
    await checked.denies("age", "now")
    checked.waits(timedelta(days=2))
    await checked.begins({"visit": visit.id})
    assert checked.answers == {"Q03": "yes"}
    assert checked.question.startswith("Noted. Is there anything else on this list?")


async def test_a_question_in_the_middle_leaves_the_check_open(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    assert await checked.tells("i take warfarin, does it hurt?", "faq") == ["utter_ask_check"]
    assert checked.returned == []
    assert checked.answers == {"Q15": "yes"}


async def test_a_sign_of_today_is_left_to_its_answer_and_what_it_tells_is_kept(
    checked: Checked,
) -> None:
    await checked.begins()
    await checked.agrees()
    checked.hears("i have fever since my session yesterday", "report_reaction")
    checked.latest["judgement"] = {"urgency": "same_day", "sign": "D01"}
    await checked.acts("validate_check_form")
    assert checked.returned == []
    assert checked.answers == {"Q31": "yes"}


async def test_worry_about_looks_is_offered_support_before_the_next_question(
    checked: Checked,
) -> None:
    await checked.begins()
    await checked.agrees()
    assert await checked.presses_check("Q36") == ["utter_distress", "utter_ask_check"]
    assert await checked.presses_check("Q03") == ["utter_ask_check"]


async def test_for_another_adult_no_health_question_is_asked(checked: Checked) -> None:
    await checked.books()
    with checked.database.work() as session:
        session.scalars(select(Booking)).one().patient_is = "adult"
    assert await checked.begins() == ["utter_check_not_for_another"]
    assert checked.stored is None


async def test_a_minor_ends_it_and_nothing_is_kept(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    assert await checked.tells("i am 16 and i have acne") == ["utter_check_minor"]
    assert checked.stored is None
    assert checked.requests == []


async def test_a_minor_who_booked_as_an_adult_is_asked_once_and_told_to_staff(
    checked: Checked,
) -> None:
    await checked.books()
    await checked.begins()
    await checked.agrees()
    assert await checked.tells("i am 16") == ["utter_ask_check"]
    assert await checked.tells("no", "deny") == ["utter_check_minor"]
    assert checked.stored is None
    assert checked.requests == [("check_minor", "routine")]


async def test_a_changing_mole_is_told_to_staff(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    await checked.presses_check("Q11")
    said = await checked.denies(*SCREENS, "hair")
    assert said == ["utter_check_lesion", "utter_check_doctor_first"]
    assert checked.requests == [("lesion", "routine")]


async def test_asked_again_it_asks_only_what_has_changed(checked: Checked) -> None:
    await checked.books()
    await checked.begins()
    await checked.agrees()
    await checked.denies()
    await checked.begins()
    assert checked.question.startswith("Has any of this changed")
    await checked.tells("i have fever since today")
    assert await checked.presses_check("none.changed") == ["utter_check_postpone_booked"]
    assert checked.requests == [("check_answers", "routine")]
    assert checked.stored is not None
    assert checked.stored.renewed_at is not None


async def test_nothing_changed_needs_one_press(checked: Checked) -> None:
    visit = await checked.books()
    await checked.begins()
    await checked.agrees()
    await checked.denies()
    said = await checked.begins({"visit": visit.id, "changed": "no"})
    assert said == ["utter_check_unchanged"]
    assert checked.stored is not None
    assert checked.stored.renewed_at is not None
    assert checked.stored.state == "finished"


async def test_what_was_skipped_is_asked_when_it_is_begun_again(checked: Checked) -> None:
    await checked.begins()
    await checked.agrees()
    await checked.tells("skip")
    assert await checked.denies(*SCREENS[1:], "hair") == ["utter_check_incomplete"]
    await checked.begins()
    assert checked.question.startswith("1 of 9")


async def test_in_the_middle_of_a_booking_it_waits(checked: Checked) -> None:
    await checked.opens()
    assert await checked.begins() == ["utter_check_after_booking"]


async def test_visits_under_two_names_are_asked_which(checked: Checked) -> None:
    await checked.books()
    second = await checked.books("I want to book for hair, tomorrow 6 pm")
    with checked.database.work() as session:
        session.get_one(Booking, second.id).name = "Meera Rao"
    assert await checked.begins() == ["utter_ask_check_visit"]
    chosen = checked.said[0]["buttons"][1]["payload"]
    assert chosen == f'/start_suitability_check{{"visit":"{second.id}"}}'
    await checked.begins({"visit": second.id})
    assert checked.stored is not None
    assert checked.stored.booking_id == second.id


async def test_a_visit_of_somebody_else_is_nobodys_key(
    checked: Checked, database: Database, templates: list[SafeAction]
) -> None:
    other = Checked(database, templates, person="other")
    visit = await other.books()
    assert await checked.begins({"visit": visit.id}) == ["utter_nothing_to_continue"]
    assert checked.stored is None


async def test_the_message_that_ended_it_ends_it_once_more_and_changes_nothing(
    checked: Checked,
) -> None:
    await checked.books()
    await checked.begins()
    await checked.agrees()
    assert await checked.denies() == ["utter_check_routine"]
    before = checked.stored
    assert await checked.heard() == ["utter_check_routine"]
    assert checked.stored == before


async def test_on_whatsapp_without_health_questions_a_link_is_sent(
    database: Database, templates: list[SafeAction]
) -> None:
    patient = Checked(
        database, templates, person="919999900077", channel="whatsapp", address="919999900077"
    )
    action: Any = patient.actions["action_check_suitability"]
    action.rules = type(action.rules)(**{**action.rules.__dict__, "asks_on_whatsapp": False})
    assert await patient.begins() == ["utter_check_link"]
    link = patient.said[0]["check_link"]
    assert link.startswith("https://clinic.example/check/")
    opened = checks.open_link(database, link.rpartition("/")[2], "browser", patient.clock.now())
    assert opened is not None
    assert opened.message_id == patient.message.id


async def test_on_the_website_it_is_asked_whatever_whatsapp_may(
    database: Database, templates: list[SafeAction]
) -> None:
    patient = Checked(database, templates)
    action: Any = patient.actions["action_check_suitability"]
    action.rules = type(action.rules)(**{**action.rules.__dict__, "asks_on_whatsapp": False})
    assert await patient.begins() == ["utter_ask_check_consent"]


async def test_go_on_finds_what_was_begun(turn: Turn, checked: Checked) -> None:
    assert await turn.run("action_go_on", "continue_booking") == ["utter_nothing_to_continue"]
    await checked.begins()
    await checked.acts("action_go_on")
    assert checked.goes_on_with == ["action_check_suitability"]
    await checked.opens()
    await checked.acts("action_go_on")
    assert checked.goes_on_with == ["action_book_consultation"]


async def test_who_was_asked_for_a_number_in_between_is_told_how_to_go_on(
    checked: Checked,
) -> None:
    await checked.begins()
    await checked.agrees()
    checked.hears("agent", "talk_to_staff")
    await checked.acts("action_pass_to_team")
    await checked.acts("action_ask_contact")
    checked.hears("no", "deny")
    await checked.acts("validate_contact_form")
    said = await checked.acts("action_contact_ended")
    assert said == ["utter_contact_declined", "utter_check_suspended"]


async def test_news_is_told_to_staff_though_nobody_ends_the_questions(checked: Checked) -> None:
    visit = await checked.books()
    await checked.begins()
    await checked.agrees()
    await checked.denies()
    await checked.begins()
    await checked.tells("i have fever since today")
    assert [kind for kind, _ in checked.requests] == ["check_answers"]
    said = await checked.begins({"visit": visit.id, "changed": "no"})
    assert said == ["utter_ask_check"], "an old button does not take the fever back"
    assert checked.answers["Q31"] == "yes"


async def test_nothing_changed_is_no_answer_of_who_was_never_asked(checked: Checked) -> None:
    visit = await checked.books()
    said = await checked.begins({"visit": visit.id, "changed": "no"})
    assert said == ["utter_ask_check_consent"]


async def test_what_staff_have_to_know_is_stored_before_the_check_is_over(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    await checked.begins()
    await checked.agrees()

    def fails(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("actions.check.add_request", fails)
    await checked.presses_check("Q11")
    assert checked.answers == {}, "the patient is asked again"
    monkeypatch.undo()
    await checked.heard()
    assert checked.answers == {"Q11": "yes"}
    assert ("lesion", "routine") in checked.requests
