"""A patient who books, one message after the other, with the clinic's own words and hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.clinic.availability import Availability, Busy
from bot.clinic.booking.answers import Answers
from bot.clinic.booking.dialogue import BookingDialogue
from bot.clinic.booking.draft import Draft, Heard, Outcome, Step, Surroundings, Verdict, next_step
from bot.clinic.booking.offers import TimeOffers
from bot.clinic.booking.questions import Question
from bot.clinic.details import DetailReader
from bot.clinic.hours import OpeningHours
from bot.clinic.times import TimeWords
from bot.clinic.visits.policy import ChangePolicy
from bot.data_files import DATA, ROOT, common_words, read_yaml

MUMBAI = ZoneInfo("Asia/Kolkata")
# A Monday; the clinic is open 10:00-14:00 and 16:00-19:00, on Saturdays only in the morning.
NOW = datetime(2026, 11, 23, 11, tzinfo=MUMBAI)
VISIT = "consultation"
CLINIC = read_yaml(ROOT / "clinic.yml")
WORDS = read_yaml(DATA / "booking.yml")
OPENINGS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent.parent / "openings.yml").read_text("utf-8")
)

OPENING = "I want to book for acne tomorrow 5 pm"
NAME, PHONE = "Asha Rao", "99999 00071"
# What is answered where nothing else is said.
ANSWERS = {
    Step.TIME: "the first one",
    Step.WHOM: "yes",
    Step.CONCERN: "skin",
    Step.CONSENT: "yes",
    Step.NAME: NAME,
    Step.PHONE: PHONE,
    Step.REMINDERS: "no",
    Step.EMAIL: "asha@example.org",
}


@cache
def reader() -> DetailReader:
    """Reads details as the clinic in India does."""
    return DetailReader(WORDS, common_words(), "IN")


@cache
def offers() -> TimeOffers:
    """Offers times; the words of times take a second to compile."""
    say = read_yaml(DATA / "facts.yml")["times"]
    time_words = TimeWords(read_yaml(DATA / "times.yml"))
    return TimeOffers(OpeningHours.from_mapping(CLINIC), time_words, say, 60)


@cache
def dialogue() -> BookingDialogue:
    """The dialogue under test."""
    policy = ChangePolicy(
        CLINIC, read_yaml(DATA / "visits.yml")["policy"], read_yaml(DATA / "facts.yml")["times"]
    )
    return BookingDialogue(WORDS, reader(), offers(), policy)


@cache
def answers() -> Answers:
    """Short answers."""
    return Answers(WORDS)


@cache
def availability() -> Availability:
    """The clinic's hours, doctors and rooms."""
    return Availability.from_mapping(CLINIC)


@cache
def all_free() -> tuple[datetime, ...]:
    """Every time at which a visit may start while nobody has booked."""
    return tuple(availability().free_times(VISIT, {}, NOW))


def at(text: str) -> datetime:
    """A time on the clinic's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=MUMBAI)


def busy_at(*starts: str) -> Busy:
    """Everybody and every room is taken for a visit at each of the times."""
    busy: dict[str, set[int]] = {}
    for start in starts:
        for option in availability().options_at(VISIT, at(start), {}, NOW):
            for resource, tick in option.ticks:
                busy.setdefault(resource, set()).add(tick)
    return busy


class Talk:
    """One patient's booking; `outcome` is what the last message was."""

    def __init__(
        self, *, own_phone: str = "", busy: Busy | None = None, mails: bool = False
    ) -> None:
        self.mails = mails
        self.texts: dict[str, str] = {}
        self.own_phone = own_phone
        self.busy: Busy = busy or {}
        self.outcome = Outcome(Draft())

    @property
    def world(self) -> Surroundings:
        """What surrounds the dialogue now."""
        free = availability().free_times(VISIT, self.busy, NOW) if self.busy else all_free()
        return Surroundings(
            now=NOW,
            free=lambda: free,
            why_not=lambda start: availability().why_not(VISIT, start, self.busy, NOW),
            words_of=lambda ids: [self.texts[each] for each in ids if each in self.texts],
            own_phone=self.own_phone,
            reminder_ways=(
                *(("whatsapp",) if self.own_phone else ()),
                *(("email",) if self.mails else ()),
                "call",
            ),
        )

    def heard(self, text: str, intent: str = "inform", **given: str) -> Heard:
        """A message as it reaches the dialogue; `given` is what a pressed button holds."""
        message_id = f"message-{len(self.texts)}"
        self.texts[message_id] = text
        return Heard(message_id, text, intent, given)

    def opens(
        self, text: str = OPENING, *, earlier: Sequence[str] = (), agreed: bool = False
    ) -> Talk:
        """Begins the booking."""
        before = [self.heard(each) for each in earlier]
        said = self.heard(text, "book_consultation")
        self.outcome = dialogue().open(said, self.world, before, agreed=agreed)
        return self

    def says(self, *texts: str, intent: str = "inform") -> Talk:
        """One message after the other."""
        for text in texts:
            said = self.heard(text, intent)
            self.outcome = dialogue().hear(self.draft, said, self.world)
        return self

    def presses(self, intent: str = "inform", **given: str) -> Talk:
        """A button."""
        said = self.heard("", intent, **given)
        self.outcome = dialogue().hear(self.draft, said, self.world)
        return self

    def reaches(self, step: Step) -> Talk:
        """Answers what is asked, until the step."""
        for _ in Step:
            if self.step is step:
                return self
            if step is Step.EMAIL and self.step is Step.REMINDERS:
                self.says("by e-mail")
            else:
                self.answers()
        assert self.step is step
        return self

    def answers(self) -> Talk:
        """Answers what is asked; of two meanings the first is meant."""
        if not self.draft.choices:
            return self.says(ANSWERS[self.step])
        choice = self.draft.choices[0]
        return self.presses(**{"clock" if ":" in choice else "day": choice})

    @property
    def draft(self) -> Draft:
        """What is known."""
        return self.outcome.draft

    @property
    def verdict(self) -> Verdict:
        """What the last message was."""
        return self.outcome.verdict

    @property
    def step(self) -> Step:
        """What comes next."""
        return next_step(self.draft)

    @property
    def question(self) -> Question:
        """What is asked next."""
        return dialogue().ask(self.draft, self.world)

    @property
    def start(self) -> datetime | None:
        """The chosen time on the clinic's wall clock."""
        start = self.draft.start
        return datetime.fromisoformat(start).astimezone(MUMBAI) if start else None

    @property
    def offered(self) -> list[datetime]:
        """The offered times on the clinic's wall clock."""
        return [datetime.fromisoformat(each).astimezone(MUMBAI) for each in self.draft.offered]


def at_step(step: Step, *, own_phone: str = "") -> Talk:
    """A booking in which everything before the step is known, and nothing after it."""
    reached = _at_step(step, own_phone)
    talk = Talk(own_phone=own_phone, mails=reached.mails)
    talk.texts, talk.outcome = dict(reached.texts), reached.outcome
    return talk


@cache
def _at_step(step: Step, own_phone: str) -> Talk:
    opening = {Step.TIME: "I want to book for acne", Step.CONCERN: "book tomorrow 5 pm"}
    talk = Talk(own_phone=own_phone, mails=step is Step.EMAIL)
    return talk.opens(opening.get(step, OPENING)).reaches(step)
