"""By which way a patient may be told something of their visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from bot.clinic.booking.draft import NO_REMINDER
from bot.clinic.visits.statuses import PENDING

# What a patient chose for reminders; the channel of the same name.
WHATSAPP, EMAIL = "whatsapp", "email"
# Meta takes free text so long after the patient's last message; a little is left for the sending.
WINDOW = timedelta(hours=24) - timedelta(minutes=10)


class Way(Enum):
    """How, or by whom."""

    # Nothing is said.
    NOBODY = "nobody"
    # A person calls.
    TEAM = "team"
    EMAIL = "email"
    # Free words on WhatsApp, and those that Meta has approved.
    WHATSAPP = "whatsapp"
    TEMPLATE = "template"
    # The website's chat, at the next connection: nobody knows when that is.
    CHAT = "chat"


class Visit(Protocol):
    """What of a booking decides."""

    @property
    def status(self) -> str:
        """As in `bot.clinic.visits.statuses`."""

    @property
    def reminders(self) -> str:
        """whatsapp, email, call or none."""

    @property
    def email(self) -> str:
        """Empty where none was given."""


class Patient(Protocol):
    """What of a patient decides."""

    @property
    def visit(self) -> Visit:
        """Their visit."""

    @property
    def channel(self) -> str:
        """On which they are written to."""

    @property
    def last_heard_at(self) -> datetime:
        """When they last wrote there."""

    @property
    def wants_nothing_unasked(self) -> bool:
        """After a STOP."""

    @property
    def in_danger(self) -> bool:
        """In the 24 hours after a crisis or an emergency (brief 5.5, rule 6)."""

    @property
    def number_is_wrong(self) -> bool:
        """Whether the number they typed is somebody else's."""


@dataclass(frozen=True)
class Ways:
    """What the clinic can do: send e-mail, write on WhatsApp."""

    mails: bool
    writes: bool

    def to_remind(self, patient: Patient, now: datetime, *, has_template: bool) -> Way:
        """The way of what nobody asked for, such as a reminder; a pending visit is the team's."""
        visit = patient.visit
        is_unwanted = visit.reminders == NO_REMINDER or patient.wants_nothing_unasked
        if is_unwanted or patient.number_is_wrong:
            return Way.NOBODY
        # What is not confirmed must not be told as if it were.
        if visit.status == PENDING or patient.in_danger:
            return Way.TEAM
        if self._may_mail(visit):
            return Way.EMAIL
        if visit.reminders == WHATSAPP and patient.channel == WHATSAPP:
            return self._on_whatsapp(patient, now, has_template=has_template)
        return Way.TEAM

    def to_tell_change(self, patient: Patient, now: datetime, *, has_template: bool) -> Way:
        """The way of what a patient has to know: somebody else changed their visit."""
        if patient.wants_nothing_unasked or patient.in_danger:
            return Way.TEAM
        if self._may_mail(patient.visit):
            return Way.EMAIL
        if patient.channel == WHATSAPP:
            return self._on_whatsapp(patient, now, has_template=has_template)
        return Way.CHAT

    def _may_mail(self, visit: Visit) -> bool:
        return self.mails and visit.reminders == EMAIL and bool(visit.email)

    def _on_whatsapp(self, patient: Patient, now: datetime, *, has_template: bool) -> Way:
        if not self.writes:
            return Way.TEAM
        if now - patient.last_heard_at < WINDOW:
            return Way.WHATSAPP
        return Way.TEMPLATE if has_template else Way.TEAM
