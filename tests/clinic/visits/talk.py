"""A patient who has visits and writes about one, message after message, with the clinic's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from bot.clinic.booking.draft import Heard, Surroundings
from bot.clinic.booking.questions import Question
from bot.clinic.visits.dialogue import ACTS, VisitDialogue
from bot.clinic.visits.draft import Outcome, Verdict, VisitDraft, VisitWorld
from bot.clinic.visits.policy import ChangePolicy
from bot.data_files import DATA, read_yaml
from tests.clinic.booking.talk import CLINIC, NOW, WORDS, at, availability, offers, reader

VISITS = read_yaml(DATA / "visits.yml")
KIND = "consultation"
REFERENCE = "CDFHJKM3"
MOVE, CANCEL, LOOK = ACTS
# Of a visit that was never told: the message that began it.
WISHES = {
    MOVE: "I want to move my visit",
    CANCEL: "cancel my appointment",
    LOOK: "when is my appointment",
}


@dataclass(frozen=True)
class Visit:
    """A booked visit as the dialogue sees it."""

    id: str
    starts_at: datetime
    name: str = field(default="Asha Rao", repr=False)
    sequence: int = 0
    status: str = "booked"
    visit: str = KIND


# On Wednesday, two days from now, and on Friday.
WEDNESDAY = Visit("wednesday", at("2026-11-25T17:00"))
FRIDAY = Visit("friday", at("2026-11-27T10:30"), "Ravi Kumar")


@cache
def policy() -> ChangePolicy:
    """Free until 24 hours before."""
    return ChangePolicy(CLINIC, VISITS["policy"], read_yaml(DATA / "facts.yml")["times"])


@cache
def dialogue() -> VisitDialogue:
    """The dialogue under test."""
    zone = CLINIC["clinic"]["zone"]
    return VisitDialogue(VISITS, WORDS, reader(), offers(), policy(), zone)


class Talk:
    """One patient; `outcome` is what the last message was."""

    def __init__(
        self,
        *visits: Visit,
        has_hidden: bool = False,
        own_phone: str = "",
        now: datetime = NOW,
    ) -> None:
        self.visits: Sequence[Visit] = visits
        self.has_hidden, self.own_phone, self.now = has_hidden, own_phone, now
        self.count = 0
        self.outcome = Outcome(VisitDraft())

    @property
    def world(self) -> VisitWorld:
        """What surrounds the dialogue now."""
        return VisitWorld(self.now, self.visits, self._times, self.has_hidden, self.own_phone)

    def _times(self, visit: object) -> Surroundings:
        rules = availability()
        assert isinstance(visit, Visit)
        return Surroundings(
            now=self.now,
            free=lambda: rules.free_times(KIND, {}, self.now),
            why_not=lambda start: rules.why_not(KIND, start, {}, self.now),
            words_of=lambda _: (),
            last_start=lambda: visit.starts_at,
        )

    def heard(self, text: str, intent: str = "inform", **given: str) -> Heard:
        """A message as it reaches the dialogue; `given` is what a pressed button holds."""
        self.count += 1
        return Heard(f"message-{self.count}", text, intent, given)

    def opens(self, intent: str, text: str = "", **given: str) -> Talk:
        """Begins."""
        said = self.heard("" if given else text or WISHES[intent], intent, **given)
        self.outcome = dialogue().open(said, ACTS[intent], self.world)
        return self

    def says(self, *texts: str, intent: str = "inform") -> Talk:
        """One message after the other."""
        for text in texts:
            self.outcome = dialogue().hear(self.draft, self.heard(text, intent), self.world)
        return self

    def presses(self, intent: str = "inform", **given: str) -> Talk:
        """A button."""
        self.outcome = dialogue().hear(self.draft, self.heard("", intent, **given), self.world)
        return self

    def is_shown(self, visit: Visit | None) -> Talk:
        """The reference that was told is looked up."""
        if visit is not None:
            self.visits = (*self.visits, visit)
        self.outcome = dialogue().proven(self.draft, visit, self.world)
        return self

    @property
    def draft(self) -> VisitDraft:
        """What is known."""
        return self.outcome.draft

    @property
    def verdict(self) -> Verdict:
        """What the last message was."""
        return self.outcome.verdict

    @property
    def question(self) -> Question:
        """What is asked next."""
        return dialogue().ask(self.draft, self.world)

    @property
    def asked(self) -> str:
        """The response of the next question, without what all begin with."""
        return self.question.response.removeprefix("utter_ask_")

    @property
    def start(self) -> str:
        """The new time on the clinic's clock, "2026-11-27T17:00"; "" while there is none."""
        start = self.draft.wanted.start
        if not start:
            return ""
        at = datetime.fromisoformat(start).astimezone(NOW.tzinfo)
        return at.strftime("%Y-%m-%dT%H:%M")
