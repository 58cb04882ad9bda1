"""What a booking knows so far, and the next fact that is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from bot.clinic.details import Details
from bot.clinic.kept import Kept

# Who comes. A minor who writes for themself cannot book (brief 6.6).
SELF, ADULT, MINOR, OTHER, MINOR_WRITER = "self", "adult", "minor", "other", "minor_writer"
ADULT_AGE = 18
GIVEN = "given"
NO_REMINDER = "none"
BY_EMAIL = "email"


class Step(str, Enum):
    """What the booking needs next."""

    TIME = "time"
    WHOM = "whom"
    CONCERN = "concern"
    CONSENT = "consent"
    NAME = "name"
    PHONE = "phone"
    REMINDERS = "reminders"
    EMAIL = "email"
    CONFIRM = "confirm"


class Verdict(str, Enum):
    """What a message was to the booking."""

    HEARD = "heard"
    NOT_MINE = "not_mine"
    # Onto the wait list.
    WAITS = "waits"
    STOPPED = "stopped"
    REFUSED = "refused"
    MINOR_ALONE = "minor_alone"
    CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Draft(Kept):
    """What a patient has said so far. Name and phone stay empty until they agreed to it."""

    whom: str = ""
    concern: str = ""
    # A `TimeWish` as JSON: the part of a time that was said already ("on Friday").
    wish: Mapping[str, Any] = field(default_factory=dict)
    # UTC, ISO 8601
    start: str = ""
    offered: tuple[str, ...] = ()
    consent: str = ""
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    reminders: str = ""
    email: str = field(default="", repr=False)
    # Messages that may hold a name or a phone, read again once the patient has agreed.
    unread: tuple[str, ...] = ()
    # The last message heard: one that comes twice is heard once.
    heard: str = ""
    # What is said before the next question, and the days or times it asks to choose from.
    note: str = ""
    note_values: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    # UTC, ISO 8601: until then the chosen time is kept, and whether the patient was not told yet.
    held_until: str = ""
    is_newly_held: bool = False
    # Nothing fits: the patient wants to be told of a freed time.
    waits: bool = False
    # The wish on the wait list for which a time was offered.
    wish_id: str = ""
    # The patient wants something changed and was asked what.
    changing: bool = False
    # After a sign of danger: "unsaid" until the patient was told how to go on, then "said".
    suspended: str = ""
    kept_at: str = ""

    def noted(self, note: str, **values: str) -> Draft:
        """With a note before the next question, from `notes` of `data/booking.yml`."""
        return replace(self, note=note, note_values=values)

    def for_whom(self, whom: str) -> Draft:
        """For somebody; what was said of somebody else's health is not kept (brief 4.1, 6.6)."""
        if not whom or whom == self.whom:
            return self
        # A name that was given for oneself is not theirs, and a child's is not kept.
        is_own = self.whom == "" and whom == SELF
        return replace(
            self,
            whom=whom,
            concern=self.concern if whom == SELF else "",
            name=self.name if is_own else "",
        )

    def about(self, concern: str) -> Draft:
        """About something, where it is the writer's own."""
        return replace(self, concern=concern) if concern and self.whom in ("", SELF) else self

    def reached_by(self, details: Details, message_id: str) -> Draft:
        """With a name and a phone; before the consent only where they were said is kept."""
        if not (details.name or details.phone):
            return self
        if self.consent != GIVEN:
            return self.to_read_again(message_id)
        # The writer's own name is not that of another adult who comes; for a child the
        # parent's is wanted, and the child's is not kept (brief 6.6).
        fits = {ADULT: not details.is_own_name, MINOR: details.is_own_name, OTHER: False}
        name = details.name if fits.get(self.whom, True) else ""
        return replace(self, name=name or self.name, phone=details.phone or self.phone)

    def to_read_again(self, message_id: str) -> Draft:
        """With one more message to read once the patient has agreed."""
        return replace(self, unread=tuple(dict.fromkeys((*self.unread, message_id))))

    def without(self, what: str) -> Draft:
        """With one fact open again: time, whom, name, phone or reminders."""
        emptied: dict[str, dict[str, Any]] = {
            "time": {"start": "", "wish": {}, "offered": (), "waits": False},
            "whom": {"whom": "", "name": ""},
            "name": {"name": ""},
            "phone": {"phone": ""},
            "reminders": {"reminders": ""},
        }
        return replace(self, changing=False, **emptied.get(what, {}))


def next_step(draft: Draft) -> Step:
    """The first fact that is missing."""
    is_known = {
        Step.TIME: bool(draft.start) or draft.waits,
        Step.WHOM: draft.whom not in ("", OTHER),
        Step.CONCERN: draft.whom != SELF or bool(draft.concern) or draft.waits,
        Step.CONSENT: draft.consent == GIVEN,
        Step.NAME: bool(draft.name),
        Step.PHONE: bool(draft.phone),
        Step.REMINDERS: bool(draft.reminders) or draft.waits,
        Step.EMAIL: draft.reminders != BY_EMAIL or bool(draft.email),
    }
    return next((step for step, known in is_known.items() if not known), Step.CONFIRM)


@dataclass(frozen=True)
class Heard:
    """One message: its words, or what the pressed button holds."""

    id: str
    text: str = field(repr=False)
    intent: str = ""
    entities: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Of a question: "suitable_medication".
    topic: str = field(default="", repr=False)


@dataclass(frozen=True)
class Surroundings:
    """What the dialogue asks of the world."""

    now: datetime
    free: Callable[[], Sequence[datetime]]
    # "" where a visit may start then, else as `Availability.why_not` says.
    why_not: Callable[[datetime], str]
    # The words of messages, by id.
    words_of: Callable[[Sequence[str]], Sequence[str]] = field(repr=False)
    # The number a channel knows, E.164; empty on the website.
    own_phone: str = field(default="", repr=False)
    reminder_ways: tuple[str, ...] = ("call",)
    # When the patient came before, or comes: "same time as last"; None where nobody knows.
    last_start: Callable[[], datetime | None] = lambda: None


@dataclass(frozen=True)
class Outcome:
    """The draft after a message, and what the message was."""

    draft: Draft
    verdict: Verdict = Verdict.HEARD
