"""When the clinic is open: one object decides, and the same object is printed.

A span such as 10:00-14:00 is turned into instants before anything is compared, so a day on
which the clocks change is right too. A wall-clock time that happens twice counts the first
time; one that is skipped counts as the moment the clocks jump.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Longer than a year, so that a clinic closed for a whole season still names its next opening.
_DAYS_AHEAD = 400
_MINUTES_A_DAY = 24 * 60
_LEAST_TIME_TO_READ = timedelta(minutes=30)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")


@dataclass(frozen=True, order=True)
class Span:
    """A part of a day on the wall clock, in minutes after midnight; `end` is not included."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "10:00-14:00"; the end may be "24:00".

        Raises:
            ValueError: the text has another form, or the span ends before it starts.
        """
        match = _SPAN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no span of times like '10:00-14:00'")
        hour, minute, *ends = (int(part) for part in match.groups() if part is not None)
        span = cls(hour * 60 + minute, ends[0] * 60 + ends[1])
        if span.end <= span.start:
            raise ValueError(f"{text!r} ends before it starts")
        return span

    def say(self, words: Mapping[str, Any]) -> str:
        """The span in the words of `times` of the facts file."""
        return str(words["span"]).format(start=_clock(self.start), end=_clock(self.end))


@dataclass(frozen=True)
class Closure:
    """Days on which the clinic stays closed, both ends included."""

    first: date
    last: date
    reason: str = ""

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> Closure:
        """Read `{day, reason}` or `{from, to, reason}`; days are dates or ISO strings."""
        first = _date(entry["day"] if "day" in entry else entry["from"])
        last = _date(entry["to"]) if entry.get("to") else first
        return cls(first, last, str(entry.get("reason") or ""))

    def covers(self, day: date) -> bool:
        """Whether the clinic is closed on that day because of this closure."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class OpeningHours:
    """The week, the closures and the zone of the clinic."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    closures: tuple[Closure, ...] = ()

    @classmethod
    def from_mapping(cls, clinic: Mapping[str, Any]) -> OpeningHours:
        """Read the blocks `clinic.zone`, `hours` and `closures` of clinic.yml.

        Raises:
            KeyError: a needed key is missing.
            ValueError: a span or a date cannot be read.
        """
        hours = clinic.get("hours") or {}
        closures = clinic.get("closures") or {}
        entries = [*(closures.get("days") or ()), *(closures.get("holidays") or ())]
        return cls(
            zone=ZoneInfo(clinic["clinic"]["zone"]),
            week=read_week(hours),
            closures=tuple(sorted(map(Closure.from_mapping, entries), key=lambda c: c.first)),
        )

    def closure_on(self, day: date) -> Closure | None:
        """The closure that covers a day of the clinic's calendar, if one does."""
        return next((closure for closure in self.closures if closure.covers(day)), None)

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The wall-clock spans of a day; none when the clinic is closed that day."""
        return () if self.closure_on(day) else self.week[day.weekday()]

    def instants_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The spans of a day as UTC instants, the end not included.

        A span that the clock change skips is left out.
        """
        instants = [
            (self._instant(day, span.start), self._instant(day, span.end))
            for span in self.spans_on(day)
        ]
        return [(start, end) for start, end in instants if start < end]

    def is_open(self, at: datetime) -> bool:
        """Open from the first second of a span; closed at the second it ends."""
        return self._day_open_at(at) is not None

    def next_opening(self, at: datetime) -> datetime | None:
        """The first opening after `at`, in the clinic's zone; None when none is planned.

        When the clinic is open at `at`, this is the opening after it has closed. Turn the result
        into UTC before comparing it: Python compares times of a repeated hour by the wall clock.
        """
        at = _utc(at)
        closed_since: datetime | None = None
        for day in self._days_from(at, days=_DAYS_AHEAD):
            for start, end in self.instants_on(day):
                # Spans that touch are one opening: nobody waits at a door that did not close.
                if start > at and start != closed_since:
                    return start.astimezone(self.zone)
                closed_since = end
        return None

    def say_hours(self, words: Mapping[str, Any]) -> list[str]:
        """The week as lines, neighbouring days with equal hours together.

        Args:
            words: the block `times` of the facts file.
        """
        names = words["short_weekdays"]
        lines = []
        for spans, group in groupby(range(7), key=lambda day: self.week[day]):
            days = [names[day] for day in group]
            pattern = {1: "{first}", 2: words["days_two"]}.get(len(days), words["days_many"])
            said = str(pattern).format(first=days[0], last=days[-1])
            if spans:
                text = ", ".join(span.say(words) for span in spans)
                lines.append(str(words["line"]).format(days=said, spans=text))
            else:
                lines.append(str(words["line_closed"]).format(days=said))
        return lines

    def say_date(self, day: date, words: Mapping[str, Any]) -> str:
        """A day such as "Mon 30 Nov"."""
        return str(words["date"]).format(
            short_weekday=words["short_weekdays"][day.weekday()],
            day=day.day,
            month=words["months"][day.month - 1],
        )

    def say_short(self, at: datetime, words: Mapping[str, Any]) -> str:
        """A moment as a button has room for it: "Tue 24 Nov, 17:00"."""
        local = _utc(at).astimezone(self.zone)
        day = self.say_date(local.date(), words)
        return str(words["short_moment"]).format(date=day, time=f"{local:%H:%M}")

    def say_moment(self, at: datetime, words: Mapping[str, Any]) -> str:
        """A moment with nothing left to guess: "Tuesday 24 Nov 2026 at 17:00"."""
        local = _utc(at).astimezone(self.zone)
        return str(words["moment"]).format(
            weekday=words["weekdays"][local.weekday()],
            day=local.day,
            month=words["months"][local.month - 1],
            year=local.year,
            time=local.strftime("%H:%M"),
        )

    def say_when(self, at: datetime, now: datetime, words: Mapping[str, Any]) -> str:
        """A time as a patient says it on `now`: "tomorrow at 10:00", "on Monday at 10:00"."""
        days = self._days_between(now, at)
        form = {0: "when_today", 1: "when_tomorrow"}.get(days)
        if form is None:
            form = "when_weekday" if 0 < days < 7 else "when_date"
        return self._say(at, words[form], words)

    def say_opening(self, now: datetime, words: Mapping[str, Any]) -> str | None:
        """The next opening as a bare phrase, "Monday 10:00"; None when none is planned."""
        opening = self.next_opening(now)
        if opening is None:
            return None
        days = self._days_between(now, opening)
        form = "opening_today" if days == 0 else "opening_weekday" if days < 7 else "opening_date"
        return self._say(opening, words[form], words)

    def read_by(self, at: datetime, words: Mapping[str, Any]) -> str | None:
        """When someone reads a message sent at `at`: today before closing, or once open.

        What comes in the last half hour is promised for the next opening, so that the promise
        can be kept. None when no opening is planned.
        """
        today = self._day_open_at(at)
        if today is not None and self._last_closing(today) - _utc(at) >= _LEAST_TIME_TO_READ:
            closing = self.spans_on(today)[-1].end
            return str(words["read_by_open"]).format(time=_clock(closing))
        opening = self.next_opening(at)
        if opening is None:
            return None
        return str(words["read_by_closed"]).format(when=self.say_when(opening, at, words))

    def _say(self, at: datetime, pattern: str, words: Mapping[str, Any]) -> str:
        local = at.astimezone(self.zone)
        return pattern.format(
            time=local.strftime("%H:%M"),
            weekday=words["weekdays"][local.weekday()],
            date=self.say_date(local.date(), words),
        )

    def _days_between(self, now: datetime, at: datetime) -> int:
        first = _utc(now).astimezone(self.zone).date()
        return (_utc(at).astimezone(self.zone).date() - first).days

    def _days_from(self, at: datetime, days: int) -> Iterator[date]:
        # Yesterday first: where clocks go back over midnight, its hours reach into today.
        yesterday = _utc(at).astimezone(self.zone).date() - timedelta(days=1)
        return (yesterday + timedelta(days=ahead) for ahead in range(days + 1))

    def _day_open_at(self, at: datetime) -> date | None:
        """The day of the clinic's calendar whose hours are running at that instant."""
        at = _utc(at)
        for day in self._days_from(at, days=2):
            if any(start <= at < end for start, end in self.instants_on(day)):
                return day
        return None

    def _last_closing(self, day: date) -> datetime:
        return self.instants_on(day)[-1][1]

    def _instant(self, day: date, minute: int) -> datetime:
        """The first instant at which the wall clock of that day shows the minute, or is past it."""
        if minute == _MINUTES_A_DAY:
            day, minute = day + timedelta(days=1), 0
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        after = wall.replace(tzinfo=self.zone).astimezone(timezone.utc)
        if after.astimezone(self.zone).replace(tzinfo=None) == wall:
            return after
        # The minute is skipped. `fold=1` lies before the jump and `fold=0` after it: search the
        # second at which the offset changes.
        before = wall.replace(tzinfo=self.zone, fold=1).astimezone(timezone.utc)
        offset = after.astimezone(self.zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // 2
            middle = middle.replace(microsecond=0)
            if middle.astimezone(self.zone).utcoffset() == offset:
                after = middle
            else:
                before = middle
        return after


def read_week(hours: Mapping[str, Any]) -> tuple[tuple[Span, ...], ...]:
    """The seven days of an `hours` block, Monday first; a missing day is closed.

    Raises:
        ValueError: a span cannot be read.
    """
    return tuple(tuple(sorted(map(Span.parse, hours.get(day) or ()))) for day in WEEKDAYS)


def overlapping(spans: Sequence[Span]) -> bool:
    """Whether two of the spans share a minute."""
    ordered = sorted(spans)
    return any(one.end > other.start for one, other in pairwise(ordered))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _date(value: date | str) -> date:
    """A day as PyYAML gives it: already a date when it was written plain, else text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("A time of the clinic needs a time zone.")
    return at.astimezone(timezone.utc)
