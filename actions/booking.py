"""Booking a consultation: hears, asks, stores. The rules stand in `bot.clinic.booking`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import (
    HEARD,
    AskAction,
    DatabaseAction,
    Events,
    intent_of,
    message_id,
    must_say_how_to_go_on,
    put,
    suspension,
    topic_of,
)
from actions.holding import TimeKeeper, surroundings
from bot.clinic.availability import Availability
from bot.clinic.booking.dialogue import BookingDialogue
from bot.clinic.booking.draft import (
    GIVEN,
    NO_REMINDER,
    Draft,
    Heard,
    Outcome,
    Surroundings,
    Verdict,
)
from bot.clinic.clock import Clock
from bot.clinic.details import phone_of
from bot.clinic.payloads import Press, write_payload
from bot.clinic.times import TimeWish
from bot.clinic.told import ToldBooking, response_to
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.reminders import ReminderPlan
from bot.clinic.visits.statuses import CANCELLED
from bot.store import bookings, conversations, drafts, holds, ticks, wishes
from bot.store.bookings import NewBooking, TimeTaken, TooManyBookings, TurnIsOver
from bot.store.consents import GivenConsent, add_consent, has_consent
from bot.store.database import Database
from bot.store.requests import CONFIRM_BOOKING, add_request

VISIT = "consultation"
FORM = "booking_form"
# Set when the form is over: how it ended.
ENDING = "booking"
# What goes on with a booking after a sign of danger.
GOING_ON = ("continue_booking", "book_consultation", "ask_availability")
# Messages of a conversation that are read again when a booking begins.
MOST_EARLIER = 10
# Intents whose message may hold what a booking needs, before anybody asked.
_TELLING = (
    "book_consultation",
    "ask_availability",
    "inform",
    "faq",
    "call_me_back",
    "other_service",
    "ask_diagnosis",
    "report_reaction",
    "nlu_fallback",
)
_ENDINGS = {
    Verdict.STOPPED: "stopped",
    Verdict.REFUSED: "refused",
    Verdict.MINOR_ALONE: "minor_alone",
}


@dataclass(frozen=True)
class BookingRules:
    """What the booking's actions share, built once from clinic.yml and the data files."""

    dialogue: BookingDialogue
    availability: Availability
    per_patient: int
    is_confirmed_by_staff: bool
    consent_versions: Mapping[str, str]
    told: ToldBooking
    keeper: TimeKeeper
    policy: ChangePolicy
    # The title of a button under the wait list.
    off_the_list: str
    # Whether the clinic can send e-mail.
    mails: bool
    # When patients who want it are reminded.
    remind: ReminderPlan
    # Whether WhatsApp is offered for a number that a patient types on the website: whoever has it
    # is asked first (`bot.store.numbers`).
    asks_numbers: bool

    def say_off_the_list(
        self, dispatcher: CollectingDispatcher, response: str, wish_id: str
    ) -> None:
        """A response with the button that takes a wish off the wait list."""
        off = write_payload(Press("book_consultation", {"wish": wish_id, "then": "off"}))
        buttons = [{"title": self.off_the_list, "payload": off}]
        dispatcher.utter_message(response=response, buttons=buttons)


class BookingAction(DatabaseAction):
    """An action that works on the draft of a booking."""

    def __init__(self, database: Database, clock: Clock, rules: BookingRules) -> None:
        """Takes the clinic's rules ready made."""
        super().__init__(database, clock)
        self.rules = rules

    def draft(self, tracker: Tracker) -> Draft | None:
        """The conversation's draft, if it has one."""
        kept = drafts.read_draft(self.database, tracker.sender_id, drafts.BOOKING)
        return None if kept is None else Draft.from_json(kept)

    def keep(self, tracker: Tracker, draft: Draft, now: datetime) -> None:
        """Stores the draft as of `now`, the beginning of the turn: danger may come in between."""
        content = replace(draft, kept_at=now.isoformat()).to_json()
        drafts.write_draft(self.database, tracker.sender_id, drafts.BOOKING, content, now)

    def suspension(self, tracker: Tracker, draft: Draft) -> str:
        """Whether danger came between, and the patient knows how to go on."""
        return suspension(self.database, tracker, draft.suspended, draft.kept_at)

    def keep_with_time(self, tracker: Tracker, draft: Draft, world: Surroundings) -> None:
        """Stores the draft and keeps its time for the patient; one that went is offered no more."""
        kept = self.rules.keeper.held(
            self.database,
            tracker.sender_id,
            VISIT,
            draft,
            world.now,
            lambda lost: self.rules.dialogue.offers.taken(lost, self.world(tracker)),
        )
        self.keep(tracker, kept, world.now)

    def drop(self, tracker: Tracker) -> None:
        """Forgets the draft, and lets go of its time."""
        drafts.drop_draft(self.database, tracker.sender_id, drafts.BOOKING)
        holds.let_go(self.database, tracker.sender_id)

    def has_agreed(self, tracker: Tracker) -> bool:
        """Whether this conversation may keep a name and a phone."""
        version = self.rules.consent_versions["contact"]
        return bool(has_consent(self.database, tracker.sender_id, "contact", version))

    def world(self, tracker: Tracker) -> Surroundings:
        """Free times, the clock and what the channel knows."""
        now = self.clock.now()
        address = conversations.address_of(self.database, tracker.sender_id)
        own_phone = phone_of(address) if address else ""
        return Surroundings(
            **surroundings(self.database, self.rules.availability, VISIT, tracker.sender_id, now),
            last_start=lambda: bookings.last_start_of(self.database, tracker.sender_id),
            words_of=lambda ids: conversations.texts_of(self.database, ids),
            own_phone=own_phone,
            reminder_ways=(
                *(("whatsapp",) if own_phone or self.rules.asks_numbers else ()),
                *(("email",) if self.rules.mails else ()),
                "call",
            ),
        )


class BookConsultation(BookingAction):
    """Begins a booking with whatever was said already, or goes on with the one that stands."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_book_consultation"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Opens a draft and lets the form ask; a session of a plan goes to the team."""
        heard = heard_now(tracker)
        if self.rules.dialogue.is_treatment(heard.text):
            return [FollowupAction("action_pass_to_team")]
        if heard.entities.get("wish"):
            return self._offered(dispatcher, tracker, heard)
        standing = self.draft(tracker)
        world = self.world(tracker)
        if standing is not None:
            if self.suspension(tracker, standing) and heard.intent not in GOING_ON:
                dispatcher.utter_message(response="utter_inform")
                return []
            self.keep_with_time(tracker, self._gone_on(standing, heard, world), world)
            return [FollowupAction(FORM)]
        said = self._said_instead(heard, world)
        if said:
            dispatcher.utter_message(response=said)
            return []
        return self._opened(dispatcher, tracker, heard, world)

    def _offered(self, dispatcher: CollectingDispatcher, tracker: Tracker, heard: Heard) -> Events:
        """A button under a time that was offered from the wait list."""
        wish_id, how = heard.entities["wish"], heard.entities.get("then", "")
        given = heard.entities.get("start")
        start = datetime.fromisoformat(given) if given else None
        wish = wishes.wish_for(self.database, tracker.sender_id, wish_id, start)
        if how == "off" and wish is not None:
            wishes.close_wish(self.database, wish_id, CANCELLED)
            dispatcher.utter_message(response="utter_wish_off")
        elif how == "stop" and wish is not None:
            wishes.take_back(self.database, wish_id)
            self.rules.say_off_the_list(dispatcher, "utter_wish_declined", wish_id)
        elif wish is None or start is None:
            dispatcher.utter_message(response="utter_wish_gone")
        else:
            world = self.world(tracker)
            draft = Draft(
                whom=wish.patient_is,
                consent=GIVEN,
                name=wish.name,
                phone=wish.phone,
                wish_id=wish.id,
                heard=heard.id,
            )
            chosen = self.rules.dialogue.offers.chosen(draft, start.isoformat(), world)
            self.keep_with_time(tracker, chosen, world)
            return [FollowupAction(FORM)]
        return []

    def _said_instead(self, heard: Heard, world: Surroundings) -> str:
        """The response to what looks like a booking and begins none."""
        is_stray = heard.intent == "inform"
        is_stray = is_stray and not self.rules.dialogue.is_opening(heard.text, world.now)
        return "utter_inform" if is_stray else ""

    def _opened(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, heard: Heard, world: Surroundings
    ) -> Events:
        outcome = self.rules.dialogue.open(
            heard, world, told_before(tracker), agreed=self.has_agreed(tracker)
        )
        if outcome.verdict is Verdict.MINOR_ALONE:
            dispatcher.utter_message(response="utter_booking_minor_alone")
            return []
        self.keep_with_time(tracker, outcome.draft, world)
        return [FollowupAction(FORM)]

    def _gone_on(self, standing: Draft, heard: Heard, world: Surroundings) -> Draft:
        """The draft that stands, with what the message adds: "book Friday 6 pm instead"."""
        resumed = self.rules.dialogue.resumed(standing, world)
        outcome = self.rules.dialogue.hear(resumed, heard, world)
        # A consent, a stop and the yes that books are answers to a question that was just put.
        is_added = outcome.verdict is Verdict.HEARD and outcome.draft.consent == standing.consent
        return outcome.draft if is_added else resumed


class ListenToBooking(BookingAction):
    """The form's validation: what a message changes, and the booking itself on "yes"."""

    says_failure = False

    def name(self) -> str:
        """The name that Rasa gives to a form's validation."""
        return f"validate_{FORM}"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says nothing: the form asks afterwards, or is over."""
        heard = heard_now(tracker)
        draft = self.draft(tracker)
        if draft is None:
            made = bookings.booking_made_by(self.database, heard.id)
            return _over("stored") if made else []
        is_held = self.suspension(tracker, draft) and heard.intent not in GOING_ON
        if is_held or heard.id in ("", draft.heard):
            return []
        world = self.world(tracker)
        outcome = self.rules.dialogue.hear(draft, heard, world)
        if outcome.verdict is Verdict.CONFIRMED:
            return self._book(tracker, outcome.draft, heard, world)
        if outcome.verdict is Verdict.WAITS:
            return self._wait(tracker, outcome.draft, heard, world)
        return self._kept(tracker, draft, outcome, heard, world)

    def _kept(
        self, tracker: Tracker, draft: Draft, outcome: Outcome, heard: Heard, world: Surroundings
    ) -> Events:
        if outcome.verdict is Verdict.NOT_MINE:
            if draft.note or draft.is_newly_held:
                # Its note was read; it does not come again with the question.
                read = replace(draft, note="", is_newly_held=False, heard=heard.id)
                self.keep(tracker, read, world.now)
            return []
        self._keep_consent(tracker, draft, outcome, heard)
        if outcome.verdict in _ENDINGS:
            self.drop(tracker)
            return _over(_ENDINGS[outcome.verdict])
        self.keep_with_time(tracker, outcome.draft, world)
        return [SlotSet(HEARD, heard.id)]

    def _keep_consent(
        self, tracker: Tracker, before: Draft, outcome: Outcome, heard: Heard
    ) -> None:
        """The yes or no to keeping a name and a phone, before either is stored."""
        agreed = outcome.draft.consent == "given" and before.consent != "given"
        if agreed or outcome.verdict is Verdict.REFUSED:
            version = self.rules.consent_versions["contact"]
            at = self.clock.now()
            add_consent(self.database, tracker.sender_id, heard.id, "contact", version, agreed, at)

    def _wait(self, tracker: Tracker, draft: Draft, heard: Heard, world: Surroundings) -> Events:
        """Onto the wait list, where nothing fits."""
        wishes.leave_wish(
            self.database,
            tracker.sender_id,
            heard.id,
            VISIT,
            draft.whom,
            TimeWish.from_json(draft.wish),
            draft.name,
            draft.phone,
            world.now,
        )
        self.drop(tracker)
        return _over("waiting")

    def _book(self, tracker: Tracker, draft: Draft, heard: Heard, world: Surroundings) -> Events:
        start = datetime.fromisoformat(draft.start)
        first, last = self.rules.availability.window(world.now)
        busy = ticks.busy(self.database, first, last, world.now, but_held_by=tracker.sender_id)
        new = NewBooking(
            conversation_id=tracker.sender_id,
            message_id=heard.id,
            visit=VISIT,
            patient_is=draft.whom,
            name=draft.name,
            phone=draft.phone,
            concern=draft.concern,
            reminders=draft.reminders,
            email=draft.email,
        )
        reminders = GivenConsent(
            "reminders", self.rules.consent_versions["reminders"], draft.reminders != NO_REMINDER
        )
        try:
            bookings.book(
                self.database,
                new,
                self.rules.availability.options_at(VISIT, start, busy, world.now),
                self.rules.per_patient,
                "pending" if self.rules.is_confirmed_by_staff else "booked",
                [reminders],
                world.now,
                mails=self.rules.mails,
                policy=self.rules.policy.version,
                wish_id=draft.wish_id,
                remind_at=self.rules.remind.due_by(draft.reminders, start, world.now),
            )
        except TimeTaken:
            later = self.world(tracker)
            self.keep(tracker, self.rules.dialogue.offers.taken(draft, later), later.now)
            return [SlotSet(HEARD, heard.id)]
        except TooManyBookings:
            self.drop(tracker)
            return _over("too_many")
        except TurnIsOver:
            # The patient was told that nobody could answer: nothing is booked, the draft stands.
            return [SlotSet(HEARD, heard.id)]
        if self.rules.is_confirmed_by_staff:
            add_request(
                self.database,
                tracker.sender_id,
                heard.id,
                CONFIRM_BOOKING,
                "routine",
                world.now,
                {"phone": draft.phone, "name": draft.name},
            )
        return _over("stored")


class AskBooking(BookingAction, AskAction):
    """The form's question: the first fact that is missing."""

    def name(self) -> str:
        """The name by which Rasa's form finds it: `action_ask_` and the slot."""
        return f"action_ask_{ENDING}"

    def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Asks; says how to go on where danger came between; ends a form without a draft."""
        draft = self.draft(tracker)
        if draft is None:
            return [SlotSet("requested_slot", None)]
        suspension = self.suspension(tracker, draft)
        if suspension:
            now = self.clock.now()
            if must_say_how_to_go_on(self.database, tracker, suspension, now):
                dispatcher.utter_message(response="utter_booking_suspended")
                self.keep(tracker, replace(draft, suspended="said"), now)
            return []
        asked = self.rules.dialogue.ask(draft, self.world(tracker))
        put(dispatcher, asked)
        return []


class EndBooking(BookingAction):
    """After the form: what came of it."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_booking_ended"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Tells how it ended, and makes room for the next booking."""
        how = tracker.get_slot(ENDING)
        if how == "stored":
            made = bookings.booking_made_by(self.database, message_id(tracker))
            if made is not None:
                dispatcher.utter_message(
                    response=response_to(made.status, made.patient_is),
                    **self.rules.told.values(made),
                )
        elif how:
            dispatcher.utter_message(response=f"utter_booking_{how}")
        return [SlotSet(ENDING, None), SlotSet(HEARD, None)]


def heard_now(tracker: Tracker) -> Heard:
    """The message at hand, as the booking hears it."""
    text = str(tracker.latest_message.get("text") or "")
    entities = tracker.latest_message.get("entities") or []
    intent = intent_of(tracker)
    is_press = text.partition("{")[0] == intent
    return Heard(
        message_id(tracker),
        "" if is_press else text,
        intent,
        {str(each["entity"]): str(each["value"]) for each in entities},
        topic_of(tracker),
    )


def told_before(tracker: Tracker) -> list[Heard]:
    """Earlier messages of this conversation that may hold a concern, a name or a phone."""
    events = tracker.events
    ended = [n for n, each in enumerate(events) if each.get("name") == "action_booking_ended"]
    # What was said for a booking that is over says nothing of the next one.
    since = events[ended[-1] :] if ended else events
    said = [event for event in since if event.get("event") == "user"]
    found = []
    for event in said[-MOST_EARLIER - 1 : -1]:
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        text = str(event.get("text") or "")
        if intent in _TELLING and text.partition("{")[0] != intent:
            message = str((event.get("metadata") or {}).get("message", ""))
            found.append(Heard(message, text, str(intent)))
    return found


def _over(how: str) -> Events:
    return [SlotSet(ENDING, how)]
