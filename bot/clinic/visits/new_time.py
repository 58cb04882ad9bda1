"""The time that a visit is moved to: what a message wishes for, and what is free then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.clinic.booking.answers import Answers
from bot.clinic.booking.draft import Draft, Heard
from bot.clinic.booking.offers import TimeOffers
from bot.clinic.details import blank
from bot.clinic.times import TimeWish
from bot.clinic.visits.draft import MOVE, Outcome, Visit, VisitDraft, VisitWorld
from bot.clinic.visits.shifts import Shift, Shifts
from bot.clinic.visits.words import VisitWords

# Messages that may name a new time, whatever else the classifier takes them for.
_MAY_WISH = (
    "",
    "inform",
    "reschedule_consultation",
    "cancel_consultation",
    "ask_availability",
    "book_consultation",
    "nlu_fallback",
    "affirm",
    "deny",
)


class NewTime:
    """Finds it with the booking's own offers."""

    def __init__(
        self, words: VisitWords, shifts: Shifts, answers: Answers, offers: TimeOffers, zone: str
    ) -> None:
        """`zone`: the clinic's."""
        self._words, self._shifts = words, shifts
        self._answers, self._offers = answers, offers
        self._zone = ZoneInfo(zone)

    def begun(self, draft: VisitDraft, heard: Heard, visit: Visit, world: VisitWorld) -> Outcome:
        """With the time that the first message names, or with times to choose from."""
        wish = self._wish_in(draft, heard, visit, world)
        if wish is not None:
            return self._wished(draft, wish, visit, world)
        return self.offered(draft, visit, world)

    def offered(self, draft: VisitDraft, visit: Visit, world: VisitWorld) -> Outcome:
        """With free times to choose from."""
        wanted = self._offers.prepared(Draft(), world.times(visit))
        return Outcome(replace(draft, act=MOVE, time=wanted.to_json()))

    def told(
        self, draft: VisitDraft, heard: Heard, visit: Visit, world: VisitWorld
    ) -> Outcome | None:
        """After an answer to "when instead?"; None where it is none."""
        found = self._chosen(draft, heard, visit, world) or self.instead(draft, heard, visit, world)
        if found is not None or self._answers.interrupts(heard):
            return found
        if heard.intent == "reschedule_consultation":
            return self.offered(draft, visit, world)
        return Outcome(replace(draft, note="unclear_time"))

    def instead(
        self, draft: VisitDraft, heard: Heard, visit: Visit, world: VisitWorld
    ) -> Outcome | None:
        """Another time than the one that stands, or a wish for one; None where there is none."""
        wish = self._wish_in(draft, heard, visit, world)
        if wish is not None and draft.act != MOVE and not self._is_wish(heard, wish, world):
            wish = None
        if wish is not None and not self._answers.interrupts(heard):
            return self._wished(replace(draft, act=MOVE), wish, visit, world)
        is_other = self._words.refuses(heard) or self._answers.wants_other(heard.text) == "time"
        if draft.act == MOVE and (is_other or heard.intent == "ask_availability"):
            wanted = replace(draft.wanted, start="")
            return self._with(draft, self._offers.others(wanted, world.times(visit)), visit, world)
        return None

    def pressed(
        self, draft: VisitDraft, given: Mapping[str, str], visit: Visit, world: VisitWorld
    ) -> Outcome:
        """After a button that carries a time, a day or an hour."""
        wanted, times = _unnoted(draft.wanted), world.times(visit)
        if "start" in given:
            return self._with(
                draft, self._offers.chosen(wanted, given["start"], times), visit, world
            )
        wish = TimeWish()
        if "day" in given:
            wish = TimeWish(days=(date.fromisoformat(given["day"]),))
        elif "clock" in given:
            hour, minute = given["clock"].split(":")
            wish = TimeWish(exact=int(hour) * 60 + int(minute))
        if wish.is_empty:
            return Outcome(draft)
        return self._with(draft, self._offers.wished(wanted, wish, times), visit, world)

    def day_of(self, visit: Visit) -> date:
        """The day of a visit on the clinic's calendar."""
        return self.day_at(visit.starts_at)

    def day_at(self, at: datetime) -> date:
        """The day of a moment on the clinic's calendar."""
        return at.astimezone(self._zone).date()

    def minute_of(self, visit: Visit) -> int:
        """The beginning of a visit in minutes after midnight on the clinic's clock."""
        local = visit.starts_at.astimezone(self._zone)
        return local.hour * 60 + local.minute

    def _chosen(
        self, draft: VisitDraft, heard: Heard, visit: Visit, world: VisitWorld
    ) -> Outcome | None:
        """One of the times that were offered: "the second one"."""
        wanted = draft.wanted
        if self._answers.interrupts(heard):
            return None
        place = self._answers.place_in(heard.text, len(wanted.offered))
        if len(wanted.offered) == 1 and self._answers.yes(heard):
            place = 0
        if place is None:
            return None
        chosen = self._offers.chosen(wanted, wanted.offered[place], world.times(visit))
        return self._with(draft, chosen, visit, world)

    def _wish_in(
        self, draft: VisitDraft, heard: Heard, visit: Visit, world: VisitWorld
    ) -> TimeWish | None:
        """The time that a message wishes for, without the day that is left behind."""
        if not heard.text or heard.intent not in _MAY_WISH:
            return None
        shift = self._shifts.read(heard.text)
        beside = None if shift is None else self._offers.read(shift.rest, world.now).wish
        # A day that is named says more than a distance, and so does an hour beside hours.
        if shift and beside and not (beside.has_day or (shift.minutes and beside.has_time)):
            return self._shifted(draft, heard, shift, beside, visit, world)
        wish = self._offers.read(heard.text, world.now).wish
        own = self.day_of(visit)
        is_left = own in self._offers.read(self._words.left_behind(heard.text), world.now).wish.days
        if own in wish.days and (len(wish.days) > 1 or is_left):
            wish = replace(wish, days=tuple(day for day in wish.days if day != own))
        return None if wish.is_empty else wish

    def _shifted(
        self,
        draft: VisitDraft,
        heard: Heard,
        shift: Shift,
        beside: TimeWish,
        visit: Visit,
        world: VisitWorld,
    ) -> TimeWish:
        """The time so far from the visit or from the one just read out, or a clock time that day.

        "Yes, a day later" agrees with a read-back of a day later; "an hour later" changes it.
        """
        new = self._wall(visit.starts_at) + shift.span
        named = datetime.fromisoformat(draft.wanted.start) if draft.wanted.start else None
        if draft.act == MOVE and named is not None:
            agrees = self._wall(named) == new and not self._shifts.is_further(heard.text)
            new = new if agrees else self._wall(named) + shift.span
        if new <= self._wall(world.now):
            return TimeWish(problem="past")
        if beside.has_time:
            return replace(beside, days=(new.date(),))
        return TimeWish(days=(new.date(),), exact=new.hour * 60 + new.minute)

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)

    def _is_wish(self, heard: Heard, wish: TimeWish, world: VisitWorld) -> bool:
        """Whether a time is meant for the visit: not in "I have work on Friday at five", or "1"."""
        if not (wish.has_day or self._words.speaks_of(MOVE, heard.text)):
            return False
        covered = self._offers.read(heard.text, world.now).covered
        return self._answers.may_move(heard.text, blank(heard.text, covered).replace(",", " "))

    def _wished(
        self, draft: VisitDraft, wish: TimeWish, visit: Visit, world: VisitWorld
    ) -> Outcome:
        wanted = _unnoted(draft.wanted)
        if wish.has_time and not wish.has_day and not wanted.wish:
            # "At six instead" is the same day at six.
            wish = replace(wish, days=(self.day_of(visit),))
        return self._with(
            draft, self._offers.wished(wanted, wish, world.times(visit)), visit, world
        )

    def _with(self, draft: VisitDraft, wanted: Draft, visit: Visit, world: VisitWorld) -> Outcome:
        if wanted.start and datetime.fromisoformat(wanted.start) == visit.starts_at:
            again = self._offers.prepared(Draft(), world.times(visit))
            return Outcome(replace(draft, time=again.to_json(), note="same_already"))
        return Outcome(replace(draft, time=wanted.to_json()))


def _unnoted(wanted: Draft) -> Draft:
    return replace(wanted, note="", note_values={}, choices=())
