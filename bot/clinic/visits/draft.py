"""What a patient has said so far of a visit that stands already, and what is asked next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from bot.clinic.booking.draft import Draft, Surroundings
from bot.clinic.kept import Kept

# What is to be done with the visit.
MOVE, CANCEL, SHOW = "move", "cancel", "show"


class Step(str, Enum):
    """What is needed next."""

    PROOF = "proof"
    WHICH = "which"
    TIME = "time"
    CONFIRM = "confirm"
    # Everything is known; a look needs no yes.
    NONE = "none"


class Verdict(str, Enum):
    """What a message was to the change of a visit."""

    HEARD = "heard"
    NOT_MINE = "not_mine"
    # A reference, perhaps with a phone: whose it is has to be looked up.
    PROVE = "prove"
    # The patient cannot prove it, and a person has to help.
    TEAM = "team"
    KEPT = "kept"
    CONFIRMED = "confirmed"
    SHOWN = "shown"


class Visit(Protocol):
    """What of a booking the dialogue needs."""

    @property
    def id(self) -> str:
        """Random."""

    @property
    def sequence(self) -> int:
        """How often it was changed."""

    @property
    def status(self) -> str:
        """As in `bot.clinic.visits.statuses`."""

    @property
    def visit(self) -> str:
        """The kind of visit, a key under `visits` in clinic.yml."""

    @property
    def starts_at(self) -> datetime:
        """The beginning, aware."""

    @property
    def name(self) -> str:
        """Who comes; for a child the parent."""


@dataclass(frozen=True)
class VisitDraft(Kept):
    """One change, or one look, in the making."""

    act: str = SHOW
    # The visit, and its `sequence` as the patient was told of it.
    visit: str = ""
    sequence: int = 0
    # Asked to prove whose it is, and what was told for that.
    proving: bool = False
    reference: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    # The question for a proof was put; after something else it is not put again.
    asked: bool = False
    # The new time, as the booking's own draft keeps it (`bot.clinic.booking.draft.Draft`).
    time: Mapping[str, Any] = field(default_factory=dict)
    # A key of `notes` in data/visits.yml, said before the next question.
    note: str = ""
    note_values: Mapping[str, str] = field(default_factory=dict)
    heard: str = ""
    suspended: str = ""
    kept_at: str = ""

    @property
    def wanted(self) -> Draft:
        """The time that the patient wants instead."""
        return Draft.from_json(self.time)


@dataclass(frozen=True)
class VisitWorld:
    """What the dialogue asks of the world."""

    now: datetime
    # Those that this patient has shown to be theirs, in order of time.
    visits: Sequence[Visit] = field(repr=False)
    # Free times for a visit that is moved.
    times: Callable[[Visit], Surroundings] = field(repr=False)
    # This browser has booked visits, and was silent so long that it has to prove it again.
    has_hidden: bool = False
    # The number that the channel knows, E.164; with it a reference is enough.
    own_phone: str = field(default="", repr=False)

    def visit_with(self, visit_id: str) -> Visit | None:
        """The patient's visit with an id."""
        return next((each for each in self.visits if each.id == visit_id), None)


@dataclass(frozen=True)
class Outcome:
    """The draft after a message, and what the message was."""

    draft: VisitDraft
    verdict: Verdict = Verdict.HEARD


def next_step(draft: VisitDraft) -> Step:
    """What is needed next."""
    if draft.proving:
        return Step.PROOF
    if not draft.visit:
        return Step.WHICH
    if draft.act == SHOW:
        return Step.NONE
    return Step.TIME if draft.act == MOVE and not draft.wanted.start else Step.CONFIRM
