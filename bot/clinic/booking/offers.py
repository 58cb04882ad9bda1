"""From a wish in words to one free time, or to a few that a patient can choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timezone
from typing import Any

from bot.clinic.booking.draft import Draft, Surroundings
from bot.clinic.hours import OpeningHours
from bot.clinic.times import TimeReading, TimeWish, TimeWords, read_times
from bot.clinic.visits.wishes import fits

# A patient reads this many times at a glance; a WhatsApp list holds ten rows.
MOST_OFFERED = 6
MOST_NEAR = 4
_NOON = 12 * 60


class TimeOffers:
    """Chooses and offers times; `say` is the block `times` of `data/facts.yml`."""

    def __init__(
        self, hours: OpeningHours, time_words: TimeWords, say: Mapping[str, Any], horizon_days: int
    ) -> None:
        """`horizon_days`: how far ahead the clinic books."""
        self._hours, self._time_words = hours, time_words
        self._say, self._horizon = say, horizon_days

    def read(self, text: str, now: datetime) -> TimeReading:
        """The days and times in a message."""
        return read_times(text, now, self._hours, self._time_words, days_ahead=self._horizon)

    def wished(self, draft: Draft, wish: TimeWish, world: Surroundings) -> Draft:
        """With one time, with times to choose from, or with what has to be asked back."""
        if draft.wish:
            wish = TimeWish.from_json(draft.wish).merged_with(wish)
        last = world.last_start() if wish.as_before else None
        if last is not None:
            wish = replace(wish, as_before=False, exact=self._minute(last))
        elif wish.as_before:
            return self._unknown_time(draft, wish, world)
        draft = replace(draft, start="", offered=(), wish=wish.to_json(), note="", waits=False)
        if wish.problem:
            return self._impossible(draft, wish, world)
        if wish.unclear:
            return replace(draft, choices=wish.choices).noted(f"which_{wish.unclear}")
        fitting = [start for start in world.free() if fits(start, wish, self._hours.zone)]
        is_one_day = len({self._day(start) for start in fitting}) == 1
        if wish.exact is not None and wish.days and is_one_day:
            return replace(draft, start=_iso(fitting[0]))
        if fitting:
            return replace(draft, offered=self._spread(fitting))
        return self._none_fits(draft, wish, world)

    def chosen(self, draft: Draft, start: str, world: Surroundings) -> Draft:
        """With a time that was offered, unless it went meanwhile."""
        at = datetime.fromisoformat(start).astimezone(timezone.utc)
        why = world.why_not(at)
        if not why:
            # "Yes, but at six" then means the same day, and "on Friday instead" the same time.
            wish = TimeWish(days=(self._day(at),), exact=self._minute(at)).to_json()
            return replace(draft, start=_iso(at), offered=(), wish=wish, note="")
        near = replace(draft, start="", offered=self._nearest(at, world))
        return near.noted(f"time_{why}", when=self.say_long(at), day=self._say_day(self._day(at)))

    def taken(self, draft: Draft, world: Surroundings) -> Draft:
        """Somebody else was faster: the next free times, everything else kept."""
        start = datetime.fromisoformat(draft.start)
        near = replace(draft, start="", offered=self._nearest(start, world), changing=False)
        return near.noted("taken", when=self.say_long(start))

    def others(self, draft: Draft, world: Surroundings) -> Draft:
        """None of the offered times suits: those of later days, at the end the first again."""
        last = max(map(datetime.fromisoformat, draft.offered), default=world.now)
        later = [start for start in world.free() if self._day(start) > self._day(last)]
        offered = self._spread(later or world.free())
        return replace(draft, offered=offered, wish={}).noted("other_times")

    def prepared(self, draft: Draft, world: Surroundings) -> Draft:
        """Ready to be asked about: the chosen time is still free, or there are times to offer."""
        if draft.start and world.why_not(datetime.fromisoformat(draft.start)):
            draft = self.chosen(draft, draft.start, world)
        if draft.waits:
            return draft
        if not draft.start and not draft.offered and not draft.choices:
            draft = replace(draft, offered=self._spread(world.free()))
        return draft

    def say_long(self, start: datetime) -> str:
        """A time to read back: "Tuesday 24 Nov 2026 at 17:00"."""
        return self._hours.say_moment(start, self._say)

    def say_short(self, start: str) -> str:
        """A time on a button: "Tue 24 Nov, 17:00"."""
        return self._hours.say_short(datetime.fromisoformat(start), self._say)

    def say_clock(self, at: str) -> str:
        """The time of day of a moment: "14:32"."""
        return datetime.fromisoformat(at).astimezone(self._hours.zone).strftime("%H:%M")

    def say_choice(self, choice: str) -> str:
        """A day ("2026-12-03") or a clock time ("17:00") on a button."""
        is_day = "-" in choice
        return self._hours.say_date(date.fromisoformat(choice), self._say) if is_day else choice

    def _unknown_time(self, draft: Draft, wish: TimeWish, world: Surroundings) -> Draft:
        """Nobody knows the time of the visit before: the day that was named is kept."""
        known = replace(wish, as_before=False)
        fitting = [start for start in world.free() if fits(start, known, self._hours.zone)]
        offered = self._spread(fitting or world.free())
        again = replace(draft, start="", wish=known.to_json(), offered=offered)
        return again.noted("no_last_time")

    def _impossible(self, draft: Draft, wish: TimeWish, world: Surroundings) -> Draft:
        # The part that was wrong is forgotten, so that it does not spoil the next try.
        right = replace(wish, problem="")
        if wish.problem != "no_such_time":
            right = replace(right, days=(), not_days=())
        fitting = [start for start in world.free() if fits(start, right, self._hours.zone)]
        offered = self._spread(fitting or world.free())
        return replace(draft, wish=right.to_json(), offered=offered).noted(wish.problem)

    def _none_fits(self, draft: Draft, wish: TimeWish, world: Surroundings) -> Draft:
        target = self._target(wish, world)
        day = self._day(target)
        if wish.exact is not None and wish.days and self._hours.spans_on(day):
            near = replace(draft, offered=self._nearest(target, world))
            why = world.why_not(target) or "off_grid"
            return near.noted(f"time_{why}", when=self.say_long(target), day=self._say_day(day))
        later = [start for start in world.free() if start >= target]
        after = replace(draft, offered=self._spread(later or world.free()))
        if not wish.days or any(self._hours.spans_on(each) for each in wish.days):
            return after.noted("nothing_then")
        closure = self._hours.closure_on(day)
        if closure is not None and closure.reason:
            return after.noted("closed_because", day=self._say_day(day), reason=closure.reason)
        return after.noted("day_closed", day=self._say_day(day))

    def _target(self, wish: TimeWish, world: Surroundings) -> datetime:
        """The instant around which other times are offered."""
        day = wish.days[0] if wish.days else self._day(world.now)
        named = wish.exact if wish.exact is not None else wish.earliest
        minute = _NOON if named is None else min(named, 24 * 60 - 1)
        wall = datetime.combine(day, time(minute // 60, minute % 60), self._hours.zone)
        return max(wall.astimezone(timezone.utc), world.now.astimezone(timezone.utc))

    def _spread(self, free: Sequence[datetime]) -> tuple[str, ...]:
        """A few times, over several days and over each day, so that one of them may suit."""
        days: dict[date, list[datetime]] = {}
        for start in free:
            days.setdefault(self._day(start), []).append(start)
        each_day = MOST_OFFERED // min(max(len(days), 1), 3)
        chosen: list[datetime] = []
        for starts in days.values():
            chosen += _evenly(starts, each_day)
        return tuple(map(_iso, chosen[:MOST_OFFERED]))

    def _nearest(self, target: datetime, world: Surroundings) -> tuple[str, ...]:
        free = sorted(world.free(), key=lambda start: abs(start - target))
        return tuple(map(_iso, sorted(free[:MOST_NEAR])))

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._hours.zone).date()

    def _minute(self, at: datetime) -> int:
        local = at.astimezone(self._hours.zone)
        return local.hour * 60 + local.minute

    def _say_day(self, day: date) -> str:
        return self._hours.say_date(day, self._say)


def _evenly(starts: Sequence[datetime], count: int) -> list[datetime]:
    if len(starts) <= count:
        return list(starts)
    step = (len(starts) - 1) / max(count - 1, 1)
    return [starts[round(number * step)] for number in range(count)]


def _iso(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat()
