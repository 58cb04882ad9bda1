"""Starts the action server: `python -m actions`, on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from actions.base import SafeAction
from actions.booking import (
    AskBooking,
    BookConsultation,
    BookingRules,
    EndBooking,
    ListenToBooking,
)
from actions.check import (
    AskCheck,
    CheckSuitability,
    EndCheck,
    GoOn,
    ListenToCheck,
)
from actions.contact import AskContact, EndContact, ListenToContact
from actions.fallback import NotUnderstood
from actions.fixed import OtherLanguage, Refuse
from actions.holding import TimeKeeper
from actions.menu import Menu
from actions.reaction import AskReaction, EndReaction, ListenToReaction, ReportReaction
from actions.team import PassToTeam, StopMessages
from actions.visit_form import AskVisit, EndVisit, ListenToVisit
from actions.visiting import VisitRules
from actions.visits import ChangeVisit, RunningLate
from bot import logs
from bot.clinic.aftercare import AfterCare
from bot.clinic.availability import Availability
from bot.clinic.booking.dialogue import BookingDialogue
from bot.clinic.booking.offers import TimeOffers
from bot.clinic.clock import Clock
from bot.clinic.contact import ContactDialogue
from bot.clinic.details import DetailReader
from bot.clinic.hours import OpeningHours
from bot.clinic.reaction import ReactionDialogue
from bot.clinic.suitability.rules import CheckRules
from bot.clinic.times import TimeWords
from bot.clinic.told import ToldBooking
from bot.clinic.visits.dialogue import VisitDialogue
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.reminders import ReminderPlan
from bot.data_files import DATA, aftercare_parts, button_labels, common_words, read_yaml
from bot.encryption import Cipher
from bot.settings import Settings, clock_offset, read_settings
from bot.store.database import Database


class Executor(ActionExecutor):
    """The SDK's executor, for an engine that does not send the domain.

    With `enable_selective_domain` Rasa 3.6 leaves it out, a third less of a turn; newer SDKs then
    ask for it by a digest that Rasa 3.6 does not know. Our actions never read it.
    """

    def update_and_return_domain(self, payload: dict[str, Any], action_name: str) -> dict[str, Any]:
        """The domain if it was sent, else an empty one."""
        return payload.get("domain") or {}


def all_actions(database: Database, clock: Clock, settings: Settings) -> list[SafeAction]:
    """Every custom action of domain.yml."""
    clinic = read_yaml(settings.clinic_file)
    words = read_yaml(DATA / "booking.yml")
    times = read_yaml(DATA / "facts.yml")["times"]
    ordinary = common_words(DATA)
    reader = DetailReader(words, ordinary, clinic["clinic"]["country"])
    contact = (database, clock, ContactDialogue(words, reader), words["consents"]["call_back"])
    aftercare = AfterCare(*aftercare_parts(clinic))
    reaction = (database, clock, ReactionDialogue(aftercare), ZoneInfo(clinic["clinic"]["zone"]))
    hours = OpeningHours.from_mapping(clinic)
    horizon = clinic["booking"]["horizon_days"]
    offers = TimeOffers(hours, TimeWords(read_yaml(DATA / "times.yml")), times, horizon)
    told = ToldBooking(clinic, words["labels"], times, settings.public_url)
    questions = read_yaml(DATA / "suitability.yml")
    check_rules = CheckRules.from_data(
        questions, words, ordinary, clinic, told, settings.public_url
    )
    check = (database, clock, check_rules)
    visit_words = read_yaml(DATA / "visits.yml")
    policy = ChangePolicy(clinic, visit_words["policy"], times)
    availability = Availability.from_mapping(clinic)
    rules = BookingRules(
        dialogue=BookingDialogue(words, reader, offers, policy),
        availability=availability,
        per_patient=clinic["booking"]["per_patient"],
        is_confirmed_by_staff=clinic["booking"]["confirm"] == "staff",
        consent_versions=words["consents"],
        told=told,
        keeper=TimeKeeper.from_mapping(clinic, availability),
        policy=policy,
        off_the_list=read_yaml(DATA / "wishes.yml")["leave"],
        mails=settings.smtp is not None,
        remind=ReminderPlan.from_mapping(clinic),
        asks_numbers=bool(settings.whatsapp and _templates(clinic).get("first_message")),
    )
    dialogue = VisitDialogue(visit_words, words, reader, offers, policy, clinic["clinic"]["zone"])
    visit = (database, clock, VisitRules(dialogue, rules, visit_words["labels"]))
    return [
        AskBooking(database, clock, rules),
        AskCheck(*check),
        AskContact(*contact),
        AskReaction(*reaction),
        AskVisit(*visit),
        BookConsultation(database, clock, rules),
        ChangeVisit(*visit),
        CheckSuitability(*check),
        EndBooking(database, clock, rules),
        EndCheck(*check),
        EndContact(*contact),
        EndReaction(*reaction),
        EndVisit(*visit),
        GoOn(database, clock),
        ListenToBooking(database, clock, rules),
        ListenToCheck(*check),
        ListenToContact(*contact),
        ListenToReaction(*reaction),
        ListenToVisit(*visit),
        Menu(database, clock),
        NotUnderstood(database, clock, rules, button_labels(DATA)),
        OtherLanguage(database, clock),
        Refuse(database, clock),
        PassToTeam(database, clock),
        ReportReaction(*reaction),
        RunningLate(*visit),
        StopMessages(database, clock),
    ]


def _templates(clinic: Mapping[str, Any]) -> Mapping[str, str]:
    """The names of WhatsApp's templates; the actions read clinic.yml without its defaults."""
    return (clinic.get("whatsapp") or {}).get("templates") or {}


def main() -> None:
    """Serves the actions until it is told to stop."""
    settings = read_settings()
    logs.configure("actions", settings.log_level)
    database = Database(settings.database_url, Cipher(settings.data_key))
    executor = Executor()
    for action in all_actions(database, Clock(clock_offset(settings)), settings):
        executor.register_action(action)
    app = create_app(executor, cors_origins=None)
    app.run(
        host="127.0.0.1",
        port=settings.actions_port,
        single_process=True,
        motd=False,
        access_log=False,
    )


if __name__ == "__main__":
    main()
