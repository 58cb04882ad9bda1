"""How the team can reach a visitor: asked once, kept with every open request of theirs."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import HEARD, AskAction, DatabaseAction, Events, message_id
from actions.booking import heard_now
from bot.clinic.clock import Clock
from bot.clinic.contact import Contact, ContactDialogue, Reached
from bot.clinic.details import spoken_phone
from bot.store import drafts
from bot.store.bookings import open_bookings_of
from bot.store.checks import OPEN, running_check
from bot.store.consents import add_consent
from bot.store.conversations import standing
from bot.store.database import Database
from bot.store.requests import add_details, details_of

FORM = "contact_form"
ENDING = "contact"


class ContactAction(DatabaseAction):
    """An action that works on what a visitor has said of how to reach them."""

    def __init__(
        self, database: Database, clock: Clock, dialogue: ContactDialogue, consent_version: str
    ) -> None:
        """`consent_version`: of the wording of `utter_ask_contact`."""
        super().__init__(database, clock)
        self.dialogue = dialogue
        self.consent_version = consent_version

    def known(self, tracker: Tracker) -> Contact | None:
        """What was said so far; None while nobody is asked."""
        kept = drafts.read_draft(self.database, tracker.sender_id, drafts.CONTACT)
        return None if kept is None else Contact.from_json(kept)

    def keep(self, tracker: Tracker, contact: Contact) -> None:
        """Stores it."""
        drafts.write_draft(
            self.database,
            tracker.sender_id,
            drafts.CONTACT,
            contact.to_json(),
            self.clock.now(),
        )


class ListenToContact(ContactAction):
    """The form's validation: a phone, a time, or a no."""

    says_failure = False

    def name(self) -> str:
        """The name that Rasa gives to a form's validation."""
        return f"validate_{FORM}"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says nothing: the form asks afterwards, or is over."""
        heard = heard_now(tracker)
        contact = self.known(tracker)
        if contact is None or heard.id in ("", contact.heard):
            return []
        after, reached = self.dialogue.hear(contact, heard)
        if reached is Reached.NOT_MINE:
            return []
        if after.phone != contact.phone:
            self._keep_phone(tracker, after)
        if reached is Reached.HEARD:
            self.keep(tracker, after)
            return [SlotSet(HEARD, heard.id)]
        if reached is Reached.TOLD:
            details = {"phone": after.phone, "good_time": after.good_time}
            add_details(self.database, tracker.sender_id, details)
        drafts.drop_draft(self.database, tracker.sender_id, drafts.CONTACT)
        return [SlotSet(ENDING, reached.value)]

    def _keep_phone(self, tracker: Tracker, contact: Contact) -> None:
        """The number reaches the team at once: the good time may never be told."""
        add_consent(
            self.database,
            tracker.sender_id,
            contact.consent_message,
            "contact",
            self.consent_version,
            True,
            self.clock.now(),
        )
        add_details(self.database, tracker.sender_id, {"phone": contact.phone})


class AskContact(ContactAction, AskAction):
    """The form's question; it is put once, then again only after an answer to it."""

    def name(self) -> str:
        """The name by which Rasa's form finds it: `action_ask_` and the slot."""
        return f"action_ask_{ENDING}"

    def ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Asks for the number, then for the time; ends a form that nobody needs."""
        contact = self.known(tracker)
        if contact is None:
            return [SlotSet("requested_slot", None)]
        if contact.phone:
            dispatcher.utter_message(
                response="utter_ask_contact_time", phone=spoken_phone(contact.phone)
            )
        elif not contact.asked:
            dispatcher.utter_message(response="utter_ask_contact", note=self.dialogue.note(contact))
            self.keep(tracker, Contact.from_json({**contact.to_json(), "asked": True}))
        return []


class EndContact(ContactAction):
    """After the form: what the team does with it."""

    def name(self) -> str:
        """The name in domain.yml."""
        return "action_contact_ended"

    def work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        """Says it, and how to go on with a booking or a check that waited."""
        how = tracker.get_slot(ENDING)
        if how:
            dispatcher.utter_message(response=f"utter_contact_{how}")
            going_on = self._what_waits(tracker)
            if going_on:
                dispatcher.utter_message(response=going_on)
        return [SlotSet(ENDING, None), SlotSet(HEARD, None)]

    def _what_waits(self, tracker: Tracker) -> str:
        """The response that says how to go on with what was begun before; "" without any."""
        now = self.clock.now()
        # After a crisis nobody is asked about a visit for a day (brief 5.5, rule 6).
        if standing(self.database, tracker.sender_id, now).after_crisis:
            return ""
        if drafts.read_draft(self.database, tracker.sender_id, drafts.BOOKING) is not None:
            return "utter_booking_suspended"
        if drafts.read_draft(self.database, tracker.sender_id, drafts.VISIT) is not None:
            return "utter_visit_suspended"
        check = running_check(self.database, tracker.sender_id, now)
        return "utter_check_suspended" if check is not None and check.state == OPEN else ""


def _known(database: Database, clock: Clock, tracker: Tracker) -> dict[str, str]:
    """How the team reaches this person already, or nothing."""
    told = details_of(database, tracker.sender_id)
    visits = [] if told else open_bookings_of(database, tracker.sender_id, clock.now())
    if not visits:
        return told
    own = [visit for visit in visits if visit.patient_is != "adult"]
    # The number is the writer's; the name may be that of the adult who comes.
    return {"phone": visits[0].phone, **({"name": own[0].name} if own else {})}


def ask_for_contact(database: Database, tracker: Tracker, clock: Clock) -> bool:
    """Prepares the question unless the team can reach this person already.

    The known number goes with the new request: that of the channel, of an earlier request, or of
    a visit to come.
    """
    known = _known(database, clock, tracker)
    if known:
        add_details(database, tracker.sender_id, known)
        return False
    contact = Contact(heard=message_id(tracker)).to_json()
    drafts.write_draft(database, tracker.sender_id, drafts.CONTACT, contact, clock.now())
    return True
