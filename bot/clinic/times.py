"""Days and clock times in what patients write: "tomorrow 5ish", "kal shaam 6 baje", "3/12".

A message may hold anything else too, so a bare number is a time only where its neighbours say
so. What has two meanings is never guessed: the wish then names both and what to ask. The words
of the languages are data, ``data/times.yml``; the caller loads it, for this module reads no file.

Reading goes in three steps: phones, prices and phrases that mean no time are blanked out; days,
parts of the day and clock times are found, each with the characters it covers; and together
they are resolved, for "5" depends on the opening hours of the day, and "Monday" on the hour.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.clinic.hours import OpeningHours

# Booking looks about 60 days ahead; a date without a year is at most a year away.
_DAYS_AHEAD = 366
# "Mondays", "any weekday", "not Friday": the days of so many days from today.
_DAYS_OF_A_HABIT = 28
# "In December" is a wish in this month and the next two; later it is mostly a story.
_MONTHS_AHEAD = 2
_HALF_DAY = 12 * 60
_DAY = 24 * 60
_WEEK = 7
# Of two hours outside the opening hours the nearer one is meant, if it is nearer by so much.
_CLEARLY_NEARER = 60
_CONTEXT = 40  # characters of the text before a word that may decide its meaning


@dataclass(frozen=True)
class TimeWish:
    """When somebody wishes to come. All times are on the clinic's wall clock.

    Attributes:
        days: the days named, in the order of the message; never a past or impossible one.
        not_days: days ruled out ("not Monday": the Mondays of the next four weeks).
        exact: the start in minutes after midnight ("5pm": 1020).
        earliest: the start is not before this minute ("after 5", "evening").
        latest: the start is not after this minute ("before 11").
        about: the start is only near ``exact`` ("5ish").
        any_day: every day is as good ("any day", "as soon as possible").
        any_time: every time is as good.
        as_before: the clock time of the visit before ("same time as last"); its reader knows it.
        unclear: "date" or "time" where the words have two meanings, else "".
        choices: what to ask then: ISO dates, or times as "HH:MM".
        unclear_bound: for an unclear time what the answer is: "exact", "earliest" or "latest".
        problem: "past", "no_such_date", "no_such_time" or "too_far", else "".
    """

    days: tuple[date, ...] = ()
    not_days: tuple[date, ...] = ()
    exact: int | None = None
    earliest: int | None = None
    latest: int | None = None
    about: bool = False
    any_day: bool = False
    any_time: bool = False
    as_before: bool = False
    unclear: str = ""
    choices: tuple[str, ...] = ()
    unclear_bound: str = ""
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing about days or times was said."""
        return self == TimeWish()

    @property
    def any(self) -> bool:
        """Whether somebody said that a day or a time is as good as any other."""
        return self.any_day or self.any_time

    @property
    def has_day(self) -> bool:
        """Whether something was said about the day, right or wrong."""
        return bool(self.days or self.not_days or self.any_day or self._day_at_fault)

    @property
    def has_time(self) -> bool:
        """Whether something was said about the time of day, right or wrong."""
        named = (self.exact, self.earliest, self.latest) != (None, None, None)
        return named or self.any_time or self.as_before or self._time_at_fault

    @property
    def _day_at_fault(self) -> bool:
        # A past time of a day that is still on keeps its day; a past day does not.
        wrong_day = self.problem in ("no_such_date", "too_far")
        return self.unclear == "date" or wrong_day or (self.problem == "past" and not self.days)

    @property
    def _time_at_fault(self) -> bool:
        return self.unclear == "time" or self.problem == "no_such_time"

    def merged_with(self, later: TimeWish) -> TimeWish:
        """This wish after another message: what that one says replaces the day or the time.

        The other part is kept. A time given to an unclear one ("after 8": "20:00") keeps its kind.
        """
        if later.is_empty:
            return self
        if later.problem:
            return replace(self._without_fault(later), problem=later.problem)
        merged = self._without_fault(later)
        if later.has_day:
            merged = replace(
                merged, days=later.days, not_days=later.not_days, any_day=later.any_day
            )
        if later.has_time:
            answers = self.unclear == "time" and later.exact is not None
            answers = answers and _hhmm(later.exact or 0) in self.choices
            bound = self.unclear_bound if answers else "exact"
            merged = replace(
                merged,
                exact=None,
                earliest=later.earliest,
                latest=later.latest,
                about=later.about,
                any_time=later.any_time,
                as_before=later.as_before,
            )
            if later.exact is not None or bound == "exact":
                merged = merged._with(bound, later.exact)
        if later.unclear:
            merged = replace(
                merged,
                unclear=later.unclear,
                choices=later.choices,
                unclear_bound=later.unclear_bound,
            )
        return merged

    def _with(self, bound: str, minute: int | None) -> TimeWish:
        if bound == "earliest":
            return replace(self, earliest=minute)
        return replace(self, latest=minute) if bound == "latest" else replace(self, exact=minute)

    def _without_fault(self, later: TimeWish) -> TimeWish:
        """This wish without the doubt or problem that the later words settle."""
        cleared = self
        day_settled = self._day_at_fault and later.has_day
        time_settled = self._time_at_fault and later.has_time
        if (self.unclear == "date" and day_settled) or (self.unclear == "time" and time_settled):
            cleared = replace(cleared, unclear="", choices=(), unclear_bound="")
        past_hour = self.problem == "past" and bool(self.days) and (later.has_day or later.has_time)
        if self.problem and (day_settled or time_settled or past_hour):
            cleared = replace(cleared, problem="")
        return cleared

    def to_json(self) -> dict[str, Any]:
        """The wish as plain JSON, days as ISO dates; only what differs from an empty wish."""
        plain: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value == each.default:
                continue
            if isinstance(value, tuple):
                value = [item.isoformat() if isinstance(item, date) else item for item in value]
            plain[each.name] = value
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> TimeWish:
        """Read what ``to_json`` wrote; keys that are missing or unknown are left out.

        Raises:
            ValueError: a day is no ISO date.
        """
        known = {each.name: plain[each.name] for each in fields(cls) if each.name in plain}
        for name in ("days", "not_days"):
            if name in known:
                known[name] = tuple(date.fromisoformat(day) for day in known[name])
        if "choices" in known:
            known["choices"] = tuple(known["choices"])
        return cls(**known)


@dataclass(frozen=True)
class TimeReading:
    """A wish and the characters of the text, start and end, that were read as time words."""

    wish: TimeWish
    covered: tuple[tuple[int, int], ...] = ()


# --- one spelling, character for character ----------------------------------------------------

_BLANK = "\x00"  # stands for each character of a phone number, a price or the like
_SAME = str.maketrans(
    "’‘‛`´ʼ–—−‑ँ\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f",
    "''''''----ंकखगजडढफय",
)


def _compact(text: str) -> tuple[str, list[int]]:
    """The folded text with single spaces, and the place that each character had before."""
    folded = _fold(text)
    places = [
        place
        for place, letter in enumerate(folded)
        if letter != " " or not place or folded[place - 1] != " "
    ]
    return "".join(folded[place] for place in places), places


def _fold(text: str) -> str:
    """Small letters, ASCII digits, spaces and quotes; every character keeps its place."""
    folded = []
    for letter in text.translate(_SAME):
        if letter.isdecimal():
            folded.append(str(unicodedata.decimal(letter)))
        elif letter.isspace() or not letter.isprintable():
            # Joiners belong to Devanagari words; any other invisible character parts words.
            folded.append(letter if letter in "\u200c\u200d" else " ")
        else:
            small = letter.lower()
            folded.append(small if len(small) == 1 else letter)
    return "".join(folded)


# --- patterns from words ----------------------------------------------------------------------

_WORD = r"\w\u0900-\u0963"
_START = rf"(?<![{_WORD}])"
_END = rf"(?![{_WORD}])"
_FIGURE = r"(?<!\w)(?<!\d[.,:/\-])"  # where a figure begins
_FIGURE_ENDS = rf"(?![{_WORD}])(?![.,:/]\d)"
_DATE_ENDS = rf"(?![{_WORD}])(?![.,:/\-]\d)"
_STOP = rf" *(?:$|{_BLANK}|[,;!?)।]|\.(?!\d)| - |[^{_WORD} %/:.\-+*°'²,(])"


# The dot under these letters is often left out in typing.
_TAKES_NUKTA = re.compile("([कखगजडढफ])\u093c?")


def _any_of(*lists: Iterable[Any], glued: bool = False, begun: bool = False) -> str:
    """A pattern of any of the phrases, whole words each, the longest first.

    ``glued`` ones may follow a figure or word at once ("5pm"), ``begun`` ones be followed so.
    """
    phrases = {_fold(unicodedata.normalize("NFD", str(each))) for some in lists for each in some}
    patterns = []
    for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)):
        pattern = re.escape(phrase).replace(r"\ ", " ")
        pattern = _TAKES_NUKTA.sub("\\1\u093c?", pattern)
        start = "" if glued or not re.match(rf"[{_WORD}]", phrase) else _START
        end = "" if begun or not re.search(rf"[{_WORD}]$", phrase) else _END
        patterns.append(start + pattern + end)
    return "(?:" + "|".join(patterns) + ")"


def _plain(text: str) -> str:
    """A phrase as it is looked up: folded, without nukta and with single spaces."""
    folded = _fold(unicodedata.normalize("NFD", text))
    return " ".join(folded.replace("\u093c", "").split())


def _lookup(table: Iterable[tuple[Any, Iterable[Any]]]) -> dict[str, Any]:
    return {_plain(str(word)): value for value, words in table for word in words}


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _hhmm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# --- what is found ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Clock:
    """A clock time as written; ``half`` is "am", "pm", "24" (no doubt) or "" (either)."""

    minute: int
    half: str = ""
    sure: bool = True  # a clock time wherever it stands, as "5pm" and unlike "5"
    about: bool = False
    exists: bool = True


@dataclass(frozen=True)
class _Part:
    """A part of the day: bounds of the wished start, and the half of the day of an hour."""

    earliest: int | None
    latest: int | None
    half: str


@dataclass(frozen=True)
class _Item:
    """Something found in the text from ``start`` to ``end``.

    ``kind`` is "date" (``days``; several in ``choices`` if unclear), "weekday", "range" (days of
    which a weekday may pick), "part", "clock" or "any".
    """

    start: int
    end: int
    kind: str
    days: tuple[date, ...] = ()
    choices: tuple[date, ...] = ()
    problem: str = ""
    weekday: int = -1
    how: str = ""  # of a weekday: "", "next" or "each"; of "any": "day", "time" or "both"
    part: _Part | None = None
    low: _Clock | None = None
    high: _Clock | None = None
    exact: _Clock | None = None
    negated: bool = False
    needs: str = ""  # a key of _STAGES, "follow" or "context"

    @property
    def is_day(self) -> bool:
        return self.kind in ("date", "weekday", "range")

    @property
    def is_time(self) -> bool:
        return self.kind in ("part", "clock")


_HOUR_BEHIND = re.compile(r" *\d{1,2}(?:[:.]\d\d)?")

# What an item may need to count: "follow" and "day_follow", fitting words or the end behind it;
# "context", words of time beside it; "part", "in the evening" behind it; "past", words of time
# beside a day that is over; "risky", what makes "sun" a weekday; "whole", to be the message.
# It is chosen after what may be its neighbour.
_STAGES = {
    "day_follow": "follow",
    "risky": "context",
    "whole": "context",
    "part": "context",
    "past": "context",
}

_Maker = Callable[[re.Match[str], date], "_Item | None"]


class TimeWords:
    """The words of ``data/times.yml`` as patterns, compiled once and then reused.

    Raises KeyError or ValueError when the mapping is not of the shape that file has.
    """

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._w = words
        self._weekdays = _lookup(enumerate(words["weekdays"]))
        self._months = _lookup(enumerate(words["months"], start=1))
        self._numbers = _lookup(enumerate(words["numbers"], start=1))
        self._relative = _lookup(words["relative"].items())
        self._units = _lookup(words["units"].items())
        self._offsets = _lookup(words["offsets"].items())
        named = {**words["named"], **words["half_hours"]}
        self._named = _lookup((_minute(clock), names) for clock, names in named.items())
        self._half_hours = {_plain(n) for names in words["half_hours"].values() for n in names}
        parts = {
            name: _Part(
                _minute(part["from"]) if "from" in part else None,
                _minute(part["to"]) if "to" in part else None,
                part["half"],
            )
            for name, part in words["parts"].items()
        }
        self._parts = _lookup((parts[name], part["words"]) for name, part in words["parts"].items())
        self._today_parts = _lookup((parts[n], names) for n, names in words["today_parts"].items())
        self._as_before = re.compile(rf"(?<!\w){_any_of(words['as_before'])}(?!\w)")
        self._together = re.compile(rf"{_any_of(words['together_before'])} *$")
        self._uncertain = {_plain(word) for word in words["uncertain"]}
        self._sure_numbers = {_plain(names[0]) for names in words["numbers"]}
        self._blanks = [re.compile(pattern) for pattern in self._no_times()]
        self._rules = [(re.compile(pattern), make) for pattern, make in self._makers()]
        w = words
        self._follows = re.compile(rf"{_STOP}| *{_any_of(w['may_follow'])}")
        self._day_follows = re.compile(
            rf"{_STOP}| *{_any_of(w['day_may_follow'])}"
            rf"| *\d{{1,2}}(?:[:.]\d\d)? *{_any_of(w['am'], w['pm'], w['oclock'], glued=True)}"
        )
        # "After 2 and 3 sessions": what is counted may stand behind the second figure.
        marks = _any_of(w["am"], w["pm"], w["oclock"], w["ish"], glued=True)
        self._counts_on = re.compile(
            rf" *(?:{_any_of(w['joins'], w['joins_between'])}|,) *(?:a half|"
            rf"(?:\d+|{_any_of(self._numbers)}) *(?!{marks}|{_any_of(w['may_follow'])})[a-z]{{3}})"
        )
        little = _any_of(["the", "on", "this", "in", "in the", "at"])
        self._not = re.compile(rf"({_any_of(w['not_day'])}) *(?:{little} *)?$")
        self._not_any = re.compile(_any_of(w["not_day_any"]))
        self._not_behind = re.compile(rf" *{_any_of(w['not_day_behind'])}")
        self._not_joins = re.compile(rf" *{_any_of(w['not_joins'])} *(?:{little} *)?")
        self._day_after = re.compile(rf"{_any_of(w['not_before'])} *(?:{little} *)?$")
        self._day_by = re.compile(rf"{_any_of(w['not_after'])} *(?:{little} *)?$")
        self._corrections = re.compile(_any_of(w["corrections"]))
        self._moves = re.compile(_any_of(w["moves"]))
        self._moves_to = re.compile(_any_of(w["moves_to"]))
        self._fillers = re.compile(rf"{_any_of(w['fillers'])}|[ ,.!?]")
        self._alone = re.compile(_any_of(w["any"]["alone"]))
        self._risky_before = re.compile(rf"{_any_of(w['uncertain_before'])} *$")
        self._risky_refused = re.compile(rf"{_any_of(w['uncertain_refused_before'])} *$")
        beside = _any_of(w["part_before"], w["at"], w["part_behind"], w["about_before"])
        self._led = re.compile(_any_of(["in", "in the", "at"]))
        self._beside = re.compile(rf"[ ,(\-/]*(?:{beside} *)?(?:(?:the|or|and|&) *)?")

    # --- words that only look like times ---

    def _no_times(self) -> Iterator[str]:
        w = self._w
        figure = rf"{_FIGURE}\d[\d,.]*"
        marks = _any_of(w["am"], w["pm"], w["oclock"], glued=True)
        yield r"https?://\S+|\S+@\S+\.\S+"
        yield _any_of(w["never"])
        past = _any_of(
            self._weekdays, self._relative, self._months, self._parts, w["week"], w["month"]
        )
        yield rf"{_any_of(w['past_before'])} *(?:the *|this *)?{past}"
        yield rf"{_any_of(w['money_before'])} *(?:is|of|:)? *\d[\d,.]*(?! *{marks})\d*"
        yield rf"{_any_of(w['ages_before'])} *(?:is|:)? *\d+"
        counted = _any_of(w["counted"], glued=True)
        yield rf"(?!\d{{4}} ?h){figure}(?: *(?:to|-|or|and) *\d[\d,.]*)? *-? *{counted}"
        units = _any_of(*w["units"].values(), glued=True)
        numbers = _any_of(self._numbers, w["a_unit"])
        refused = _any_of(w["unit_refused"])
        yield rf"(?:{_any_of(w['in_before'])} *)?(?:{figure}|{numbers}) *{units} *{refused}"

    def blanked(self, text: str) -> str:
        """The folded text with phones, prices, ages, counts and the like blanked out."""
        for pattern in self._blanks:
            text = pattern.sub(lambda match: _BLANK * len(match[0]), text)
        return _PHONE.sub(_blank_phone, text)

    def as_before(self, text: str, *, beside_day: bool) -> tuple[int, int] | None:
        """Where the compact text says that the time is that of the visit before.

        "At the same time" mostly means "together" where it stands beside no day.
        """
        found = self._as_before.search(text)
        if found is None or (not beside_day and self._together.search(text[: found.start()])):
            return None
        return found.span()

    # --- the rules: a pattern and what it makes ---

    def _makers(self) -> Iterator[tuple[str, _Maker]]:
        yield from self._date_makers()
        yield from self._weekday_makers()
        yield from self._range_makers()
        yield from self._part_makers()
        yield from self._clock_makers()

    def _date_makers(self) -> Iterator[tuple[str, _Maker]]:
        w = self._w
        on = rf"(?:{_any_of(['on the', 'on', 'the', 'for the'])} *)?"
        yield (
            rf"{on}{_FIGURE}(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})"
            rf"{_DATE_ENDS}",
            self._numeric,
        )
        yield (
            rf"{on}{_FIGURE}(?P<d>\d{{1,2}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)"
            rf"(?P<y>\d{{4}}|\d\d){_DATE_ENDS}",
            self._numeric,
        )
        yield (
            rf"{on}{_FIGURE}(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}}){_FIGURE_ENDS}(?!-\d)",
            self._numeric,
        )
        yield (
            rf"{on}{_FIGURE}(?P<d>2[5-9]|3[01])[.-](?P<m>0?[1-9]|1[0-2]){_FIGURE_ENDS}",
            self._numeric,
        )
        ordinal = _any_of(w["ordinal"], glued=True)
        day = rf"{_FIGURE}(?P<d>\d{{1,2}})(?P<o> ?{ordinal})?"
        month = rf"(?P<m>{_any_of(self._months, glued=True)})"
        year = r"(?:[ ,.\-]*(?P<y>(?:19|20|00)\d\d|'\d\d)(?!\d)(?! *[:.]\d)(?! ?[ap]\.?m))?"
        to = _any_of(w["day_joins"], ["&", "and"])
        first = rf"(?:{_FIGURE}(?P<first>\d{{1,2}})(?: ?{ordinal})? *{to} *)?"
        of = rf"(?:{_any_of(w['of'])} *)?"
        yield rf"{on}{first}{day.replace(_FIGURE, '')}[ .-]*{of}{month}\.?{year}", self._spoken
        yield (
            rf"{on}{_START}{month}\.?[ -]*(?:the *)?(?P<d>\d{{1,2}})(?P<o> ?{ordinal})?"
            rf"{_FIGURE_ENDS}{year}",
            self._spoken,
        )
        yield rf"{on}{_FIGURE}(?P<d>\d{{1,2}}) ?(?P<o>{ordinal}){_FIGURE_ENDS}", self._day_alone
        tarikh = _any_of(w["day_of_month"], glued=True)
        yield rf"{_FIGURE}(?P<d>\d{{1,2}}) ?(?:{ordinal} *)?(?P<sure>{tarikh})", self._day_alone
        yield (
            rf"{_any_of(['on', 'on the'])} *(?P<d>1[3-9]|2\d|3[01]){_FIGURE_ENDS}",
            self._day_alone,
        )
        yield rf"{on}(?P<r>{_any_of(self._relative)})", self._counted_from_today

    def _weekday_makers(self) -> Iterator[tuple[str, _Maker]]:
        w = self._w
        name = _any_of(self._weekdays)
        plural = "|".join(
            re.escape(each) for each in self._weekdays if each.isascii() and len(each) > 2
        )
        on = rf"(?:{_any_of(['on'])} *)?"
        yield (
            rf"{on}(?:(?P<next>{_any_of(w['next'])})|(?P<this>{_any_of(w['this'])})"
            rf"|(?P<each>{_any_of(w['any_of'])}))? *(?P<name>{name})",
            self._weekday,
        )
        yield rf"{on}{_START}(?P<plural>(?:{plural}))s{_END}", self._weekday
        to = _any_of(w["day_joins"])
        yield rf"(?P<a>{name}) *(?P<join>{to}) *(?P<b>{name})", self._weekday_span

    def _range_makers(self) -> Iterator[tuple[str, _Maker]]:
        w = self._w
        next_ = rf"(?P<next>{_any_of(w['next'])}) *"
        this = rf"(?:{_any_of(w['this'])}) *"
        yield rf"(?:{next_}|{this}){_any_of(w['week'])}", self._this_or_next_week
        yield rf"(?:{next_}|{this}){_any_of(w['month'])}", self._this_or_next_month
        month = rf"(?P<m>{_any_of(self._months)})"
        yield (
            rf"{_any_of(w['month_before'])} *{month}(?! *\d)",
            self._month,
        )
        yield rf"{month} *{_any_of(w['month_behind'])}", self._month
        on = rf"(?:{_any_of(['on', 'on the', 'on a', 'the', 'in the'])} *)?"
        yield rf"{on}(?:{next_}|{this})?{_any_of(w['weekend'])}", self._weekend
        each = rf"(?:{_any_of(w['any_of'])} *)"
        yield rf"{on}(?:{each}{_any_of(w['weekend'])}|{_any_of(w['weekends'])})", self._weekends
        yield rf"{on}{each}?{_any_of(w['weekday'])}", self._working_days
        number = (
            rf"(?P<n>{_FIGURE}\d{{1,2}}|{_any_of(self._numbers)}|(?P<one>{_any_of(w['a_unit'])}))"
        )
        unit = rf"(?P<u>{_any_of(*w['units'].values(), glued=True)})"
        within = _any_of(w["within_before"])
        yield rf"{within} *(?:{number} *)?{unit}", self._within
        yield rf"{_any_of(w['in_before'])} *{number} *{unit}", self._after_days
        yield rf"{number} *{unit} *{_any_of(w['in_behind'])}", self._after_days
        after = _any_of(w["after_before"])
        yield rf"(?:^ *|{_any_of(w['visit'])} *){after} *{number} *{unit}", self._after_days
        behind = _any_of(w["after_behind"])
        yield rf"^ *{number} *{unit} *{behind}", self._after_days

    def _part_makers(self) -> Iterator[tuple[str, _Maker]]:
        w = self._w
        part = rf"(?P<part>{_any_of(self._parts)})"
        before = rf"(?:{_any_of(w['part_before'], w['part_first'])} *)?"
        behind = rf"(?: *{_any_of(w['part_behind'])})?"
        yield rf"(?:{before}{part}{behind})", self._part
        yield rf"(?P<today>{_any_of(self._today_parts)})", self._part
        yield rf"(?P<today>{_any_of(['this'])} *{part})", self._part
        for how in ("both", "day", "time"):
            yield rf"(?P<{how}>{_any_of(w['any'][how])})", self._any

    def _clock_makers(self) -> Iterator[tuple[str, _Maker]]:
        w = self._w
        low, high = _any_of(w["not_before"]), _any_of(w["not_after"])
        lead = (
            rf"(?:(?:(?P<at>{_any_of(w['at'], w['at_figures'])})"
            rf"|(?P<about>{_any_of(w['about_before'])})"
            rf"|(?P<low>{low})|(?P<high>{high})) *)?"
        )
        low, high = _any_of(w["not_before_behind"]), _any_of(w["not_after_behind"])
        about = _any_of(w["about_behind"])
        tail = rf"(?: *(?:(?P<low_>{low})|(?P<high_>{high})|(?P<about_>{about})))?"
        yield lead + self._clock_pattern("") + tail, self._clock
        joins = rf" *(?:(?P<join>{_any_of(w['joins'])})|(?P<and>{_any_of(w['joins_between'])})) *"
        between = rf"(?:(?P<between>{_any_of(w['between'])}) *)?"
        behind = rf"(?: *(?P<behind>{_any_of(w['between_behind'])}))?"
        clocks = self._clock_pattern("1") + joins + self._clock_pattern("2", joined=True)
        yield between + clocks + behind, self._clock_span
        yield rf"{_FIGURE}(?P<h>\d{{1,2}}) (?P<m>[0-5]\d){_FIGURE_ENDS}", self._spaced_clock

    def _clock_pattern(self, tag: str, *, joined: bool = False) -> str:
        """One clock time; the groups carry the tag. ``joined``: a figure right behind a dash."""
        w = self._w
        half = (
            rf"(?:(?P<am{tag}>{_any_of(w['am'], glued=True)}(?! i\b))"
            rf"|(?P<pm{tag}>{_any_of(w['pm'], glued=True)}))\.?"
        )
        oclock = _any_of(w["oclock"], glued=True)
        figure = (
            rf"{'' if joined else _FIGURE}(?P<h{tag}>\d{{1,4}})"
            rf"(?:(?P<s{tag}>[:.h])(?P<m{tag}>\d\d)(?!\d)"
            rf"| (?P<spaced{tag}>\d\d)(?= *(?:{_any_of(w['am'], w['pm'], glued=True)}|{oclock})))?"
        )
        return (
            rf"(?:(?P<named{tag}>{_any_of(self._named)})"
            rf"|(?:(?P<offset{tag}>{_any_of(self._offsets, begun=True)}) *|{_START})"
            rf"(?:{figure}|(?P<word{tag}>{_any_of(self._numbers, glued=True)}))"
            rf"(?P<ish{tag}> ?{_any_of(w['ish'], glued=True)})?"
            rf"(?P<oclock{tag}> *{oclock})?"
            rf"(?: *{half})?(?P<hours{tag}> *{_any_of(w['hours'], glued=True)})?"
            rf"{_FIGURE_ENDS})"
        )

    # --- what the rules make ---

    def _numeric(self, match: re.Match[str], today: date) -> _Item | None:
        groups = match.groupdict()
        year, month, day = groups.get("y"), int(groups["m"]), int(groups["d"])
        orders = [(day, month)]
        if not (year and len(year) == 4 and match.start("y") < match.start("m")):
            orders.append((month, day))
        found = []
        for order in orders:
            each = _next_date(today, *order, _year(year))
            if each is not None and each not in found:
                found.append(each)
        if year and len(found) > 1:
            # Nobody books a day that is over; without a year both are still to come.
            found = [each for each in found if each >= today] or found[:1]
        needs = "" if year else "follow"
        if not found:
            # Two figures that make no date at all are something else: a ratio, a dose.
            if not year and min(day, month) > 12:
                return None
            return _date_item(match, problem="no_such_date", needs=needs)
        if len(found) > 1:
            return _date_item(match, choices=found, needs=needs)
        return _date_item(match, found, needs=needs)

    def _spoken(self, match: re.Match[str], today: date) -> _Item | None:
        groups = match.groupdict()
        name = _plain(groups["m"])
        month, last = self._months[name], int(groups["d"])
        year = _year(groups["y"])
        first = int(groups.get("first") or last)
        # "May 5 people come?" and "in dec 3 sessions" are no dates.
        name_first = match.start("m") < match.start("d")
        plain = not groups["o"] and not groups["y"]
        needs = "follow" if plain and (name_first or name in self._uncertain) else ""
        if last > 31 and needs:
            return None
        end = _next_date(today, last, month, year)
        if end is None or first > last:
            return _date_item(match, problem="no_such_date", needs=needs)
        days = [end - timedelta(days=back) for back in range(last - first, -1, -1)]
        return _date_item(match, days, needs=needs)

    def _day_alone(self, match: re.Match[str], today: date) -> _Item | None:
        """The next day with this number in its month, today included: "the 31st"."""
        number = int(match["d"])
        needs = "" if match.groupdict().get("sure") else "day_follow"
        if not 1 <= number <= 31:
            if number > 39 or match[0][0].isdecimal():
                return None  # "my 50th" is a birthday
            return _date_item(match, problem="no_such_date", needs=needs)
        each = today
        while each.day != number:
            each += timedelta(days=1)
        return _date_item(match, [each], needs=needs)

    def _counted_from_today(self, match: re.Match[str], today: date) -> _Item:
        ahead = self._relative[_plain(match["r"])]
        # "I called yesterday" tells a story and wishes nothing.
        needs = "past" if ahead < 0 else ""
        return _date_item(match, [today + timedelta(days=ahead)], needs=needs)

    def _weekday(self, match: re.Match[str], _today: date) -> _Item:
        groups = match.groupdict()
        name = _plain(groups.get("name") or groups["plural"])
        how = "next" if groups.get("next") else "each" if groups.get("each") else ""
        if groups.get("plural"):
            how = "each"
        alone = name in self._uncertain and not (groups.get("next") or groups.get("each"))
        needs = "risky" if alone or (how == "each" and groups.get("plural") == "sun") else ""
        weekday = self._weekdays[name]
        return _Item(*match.span(), "weekday", weekday=weekday, how=how, needs=needs)

    def _weekday_span(self, match: re.Match[str], today: date) -> _Item:
        first, last = (self._weekdays[_plain(match[name])] for name in ("a", "b"))
        start = today + timedelta(days=(first - today.weekday()) % _WEEK)
        span = _range_item(match, start, start + timedelta(days=(last - first) % _WEEK))
        return replace(span, how="to" if match["join"] in self._w["moves_to"] else "")

    def _this_or_next_week(self, match: re.Match[str], today: date) -> _Item:
        monday = today - timedelta(days=today.weekday())
        if match["next"]:
            monday += timedelta(days=_WEEK)
        return _range_item(match, max(monday, today), monday + timedelta(days=6))

    def _this_or_next_month(self, match: re.Match[str], today: date) -> _Item:
        return self._days_of_month(match, today, 1 if match["next"] else 0)

    def _month(self, match: re.Match[str], today: date) -> _Item | None:
        ahead = (self._months[_plain(match["m"])] - today.month) % 12
        return self._days_of_month(match, today, ahead) if ahead <= _MONTHS_AHEAD else None

    def _days_of_month(self, match: re.Match[str], today: date, ahead: int) -> _Item:
        first = _first_of_month(today, ahead)
        last = _first_of_month(today, ahead + 1) - timedelta(days=1)
        return _range_item(match, max(first, today), last)

    def _weekend(self, match: re.Match[str], today: date) -> _Item:
        saturday = today + timedelta(days=5 - today.weekday())
        sunday = saturday + timedelta(days=1)
        if match["next"]:
            later = saturday + timedelta(days=_WEEK)
            if today < saturday:
                return _date_item(match, choices=[saturday, later])
            return _range_item(match, later, later + timedelta(days=1))
        return _range_item(match, max(saturday, today), sunday)

    def _weekends(self, match: re.Match[str], today: date) -> _Item:
        return _habit_item(match, today, (5, 6))

    def _working_days(self, match: re.Match[str], today: date) -> _Item:
        return _habit_item(match, today, range(5))

    def _number(self, match: re.Match[str]) -> int:
        text = match["n"]
        if text is None or match["one"]:
            return 1
        return int(text) if text.isdecimal() else int(self._numbers[_plain(text)])

    def _within(self, match: re.Match[str], today: date) -> _Item:
        days = self._number(match) * int(self._units[_plain(match["u"])])
        return _range_item(match, today, today + timedelta(days=days))

    def _after_days(self, match: re.Match[str], today: date) -> _Item | None:
        unit, number = int(self._units[_plain(match["u"])]), self._number(match)
        if (unit, number) == (1, 1):
            return None  # "in a day" is how long something takes
        day = today + timedelta(days=number * unit)
        if unit == _WEEK:
            monday = day - timedelta(days=day.weekday())
            week = tuple(monday + timedelta(days=ahead) for ahead in range(_WEEK))
            return replace(_date_item(match, [day], needs="follow"), kind="range", choices=week)
        return _date_item(match, [day], needs="follow")

    def _part(self, match: re.Match[str], today: date) -> _Item:
        groups = match.groupdict()
        text = _plain(groups.get("part") or groups["today"])
        part = self._parts.get(text) or self._today_parts[text]
        days = (today,) if groups.get("today") else ()
        return _Item(*match.span(), "part", part=part, days=days)

    def _any(self, match: re.Match[str], _today: date) -> _Item:
        return _Item(*match.span(), "any", how=next(iter(match.groupdict())))

    def _clock(self, match: re.Match[str], _today: date) -> _Item | None:
        clock = self._read_clock(match, "")
        if clock is None:
            return None
        groups = {name: text for name, text in match.groupdict().items() if text}
        bound = next((name for name in ("low", "low_", "high", "high_") if name in groups), "")
        about = clock.about or "about" in groups or "about_" in groups
        clock = replace(clock, about=about)
        cued = bool(bound or about or "at" in groups)
        needs = "" if clock.sure else "follow" if cued or match["s"] else "context"
        if "word" in groups and not clock.sure:
            # "do" is two and "give", "one" is a pronoun: such words need more than figures do.
            if _plain(groups["word"]) not in self._sure_numbers:
                return None
            if groups.get("at") in self._w["at_figures"]:
                return None
            needs = needs if cued else "part"
        elif not clock.sure and not match["s"] and clock.minute > 12 * 60:
            needs = "whole"  # "at 22" is an age; "22" as an answer is an hour
        item = _Item(*match.span(), "clock", needs=needs)
        if bound.startswith("low"):
            return replace(item, low=clock)
        return replace(item, high=clock) if bound else replace(item, exact=clock)

    def _clock_span(self, match: re.Match[str], _today: date) -> _Item | None:
        low, high = self._read_clock(match, "1"), self._read_clock(match, "2")
        led = bool(match["between"] or match["behind"])
        if low is None or high is None or (match["and"] and not led):
            return None
        if any(match[f"word{tag}"] and not (low.sure or high.sure) for tag in "12"):
            return None
        needs = "" if high.sure else "follow" if led or low.sure else "context"
        how = "to" if match["join"] in self._w["moves_to"] else ""
        return _Item(*match.span(), "clock", low=low, high=high, needs=needs, how=how)

    def _spaced_clock(self, match: re.Match[str], _today: date) -> _Item | None:
        """A time such as "5 30", where it is the whole message."""
        hour = int(match["h"])
        if not 1 <= hour < 24:
            return None
        clock = _Clock(hour * 60 + int(match["m"]), "24" if hour > 12 else "")
        return _Item(*match.span(), "clock", exact=clock, needs="whole")

    def _read_clock(self, match: re.Match[str], tag: str) -> _Clock | None:
        """The clock time of the groups with this tag; None when the figures are none."""
        names = "named offset h s m spaced word ish oclock am pm hours"
        part = {name: match[name + tag] for name in names.split()}
        if part["named"]:
            name = _plain(part["named"])
            return _Clock(self._named[name], "" if name in self._half_hours else "24")
        half = "am" if part["am"] else "pm" if part["pm"] else ""
        marked = bool(half or part["oclock"] or part["ish"] or part["offset"] or part["s"] == "h")
        if part["word"]:
            hour, minute = self._numbers[_plain(part["word"])], 0
        else:
            figure = part["h"]
            hour, minute = int(figure), int(part["m"] or part["spaced"] or 0)
            if len(figure) > 2:
                if part["m"] or part["spaced"] or not (half or part["hours"]):
                    return None
                hour, minute = divmod(hour, 100)
                marked = True
        if part["hours"] and not part["m"] and len(part["h"] or "") < 3:
            return None  # "5 hours" last, they are no time of day
        exists = hour <= 24 and minute < 60 and not (hour == 24 and minute)
        if half:
            exists = exists and (hour <= 12 or half == "pm") and (hour > 0 or half == "am")
        sure = marked or part["s"] == ":"
        if not exists:
            # "25:00" was meant as a time; "at 35" or "5.75" was not.
            return _Clock(0, exists=False) if sure else None
        minute += hour % 24 * 60 + (self._offsets[_plain(part["offset"])] if part["offset"] else 0)
        if hour > 12 or hour == 0:
            half = "24"
        return _Clock(minute % _DAY, half, sure, about=bool(part["ish"]))

    # --- finding ---

    def find(self, text: str, today: date) -> list[_Item]:
        """What was found in a folded and blanked text, in the order of the text."""
        items = []
        moved = self._moves.search(text)
        for pattern, make in self._rules:
            for match in pattern.finditer(text):
                item = make(match, today)
                # "Move it from Monday to Friday" names no span of days.
                if item is not None and not (item.how == "to" and moved):
                    items.append(_trimmed(item, text))
        items.sort(key=lambda item: (item.start - item.end, item.start))
        chosen: list[_Item] = []
        letters = len(self._fillers.sub("", text))
        for needs in ("", "follow", "context"):
            for item in items:
                stage = _STAGES.get(item.needs, item.needs)
                if stage != needs or any(_overlap(item, other) for other in chosen):
                    continue
                if self._fits(item, text, chosen, items, letters):
                    chosen.append(item)
        if not chosen and self._alone.fullmatch(text.strip(" .!?")):
            start = len(text) - len(text.lstrip(" .!?"))
            chosen.append(_Item(start, len(text.rstrip(" .!?")), "any", how="both"))
        return sorted(chosen, key=lambda item: item.start)

    def _fits(
        self,
        item: _Item,
        text: str,
        chosen: Sequence[_Item],
        items: Sequence[_Item],
        letters: int,
    ) -> bool:
        """Whether the neighbours of a doubtful item allow its reading."""
        if not item.needs:
            return True
        if letters <= item.end - item.start:
            rest = text[: item.start] + " " + text[item.end :]
            if not self._fillers.sub("", rest):
                return True
        before = [other for other in chosen if other.end <= item.start]
        behind = [other for other in chosen if other.start >= item.end]
        left = max(before, key=lambda other: other.end, default=None)
        right = min(behind, key=lambda other: other.start, default=None)
        beside_left = left is not None and self._is_beside(text[left.end : item.start])
        beside_right = right is not None and self._is_beside(text[item.end : right.start])
        follows = bool(self._follows.match(text, item.end)) or beside_right
        follows = follows and not self._counts_on.match(text, item.end)
        before_part = right is not None and right.kind == "part" and beside_right
        led = right is not None and bool(self._led.match(text, right.start))
        at_start = not text[: item.start].strip() and beside_right
        allowed = {
            "follow": follows,
            "whole": False,
            "day_follow": beside_right or bool(self._day_follows.match(text, item.end)),
            "part": before_part and led,
            "past": beside_left or beside_right,
            "context": (beside_left and follows) or before_part or at_start,
        }
        if item.needs == "risky":
            return self._is_weekday(item, text, items, beside=beside_left or beside_right)
        return allowed[item.needs]

    def _is_weekday(self, item: _Item, text: str, items: Sequence[_Item], *, beside: bool) -> bool:
        """Whether "sun" and the like are weekdays here: by their neighbours, never after "the"."""
        context = text[max(0, item.start - _CONTEXT) : item.start]
        if self._risky_refused.search(context):
            return False
        in_list = any(
            self._is_beside(text[min(item.end, other.end) : max(item.start, other.start)])
            for other in items
            if other.kind == "weekday"
            and abs(other.start - item.start) < _CONTEXT
            and not _overlap(item, other)
        )
        figure = _HOUR_BEHIND.match(text, item.end)
        if beside or in_list or (figure and self._follows.match(text, figure.end())):
            return True
        cued = text.startswith("on", item.start) or bool(self._risky_before.search(context))
        return cued and bool(self._follows.match(text, item.end))

    def _is_beside(self, gap: str) -> bool:
        return self._beside.fullmatch(gap) is not None

    # --- what words around the items change ---

    def in_context(self, items: Sequence[_Item], text: str, today: date) -> list[_Item]:
        """The items after "not", "before", "I mean" and "move X to Y" have had their say."""
        seen: list[_Item] = []
        for item in items:
            each = self._bounded(self._negated(item, text, seen), text, today)
            # "Anything but Friday" is no "anything".
            seen = [other for other in seen if other.kind != "any" or not _overlap(other, each)]
            seen.append(each)
        return seen

    def _negated(self, item: _Item, text: str, seen: Sequence[_Item]) -> _Item:
        if not (item.is_day or item.kind == "part"):
            return item
        last = max((other.end for other in seen if other.kind != "any"), default=0)
        start = max(0, item.start - _CONTEXT, last)
        before = self._not.search(text[start : item.start])
        if before:
            how = "any" if self._not_any.fullmatch(before[1]) else item.how
            return replace(item, start=start + before.start(), negated=True, how=how)
        if seen and seen[-1].negated:
            joined = self._not_joins.fullmatch(text[seen[-1].end : item.start])
            if joined and not self._not_joins.match(text, seen[-1].start):
                return replace(item, negated=True)
        behind = self._not_behind.match(text, item.end)
        if behind:
            return replace(item, end=behind.end(), negated=True)
        return item

    def _bounded(self, item: _Item, text: str, today: date) -> _Item:
        """The days up to "before Friday", or the fortnight behind "after the 5th"."""
        if item.negated or item.kind not in ("date", "weekday") or item.how or item.choices:
            return item
        context = text[max(0, item.start - _CONTEXT) : item.start]
        after, by = self._day_after.search(context), self._day_by.search(context)
        found = after or by
        if found is None or item.problem:
            return item
        days = item.days
        if item.kind == "weekday":
            days = (today + timedelta(days=(item.weekday - today.weekday()) % _WEEK or _WEEK),)
        if len(days) != 1 or days[0] < today:
            return item
        start = item.start - (len(context) - found.start())
        word = _plain(found[0]).split()[0]
        if after:
            first = days[0] + timedelta(days=0 if word in self._w["day_from"] else 1)
            last = first + timedelta(days=2 * _WEEK - 1)
        else:
            first = today
            last = days[0] - timedelta(days=1 if word in self._w["day_excluded"] else 0)
        if last < first:
            return item
        span = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
        return replace(item, start=start, kind="range", days=span, weekday=-1)

    def kept(self, items: Sequence[_Item], text: str, kind: Callable[[_Item], bool]) -> list[_Item]:
        """The items of a kind without those that a correction or a move leaves behind."""
        mine = [item for item in items if kind(item) and not item.negated]
        for found in self._corrections.finditer(text):
            if any(item.start >= found.end() for item in mine):
                mine = [item for item in mine if item.end > found.start()]
        moved = self._moves.search(text)
        if moved:
            for to in self._moves_to.finditer(text, moved.end()):
                if any(0 <= item.start - to.end() <= 4 for item in mine):
                    return [item for item in mine if item.end > to.start()]
        return mine


# A phone has seven digits or more (E.164 allows fifteen), in any grouping.
_PHONE = re.compile(r"(?<![\w:])\+?\(?\d(?:[ .\-()/]{0,2}\d){6,16}(?!\d|:\d)")
# A date or an hour just before a phone number does not belong to it.
_BEFORE_PHONE = re.compile(
    r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d\d)"
    r"|\d{1,2}\.[0-5]\d)(?: +|$)"
)
_INDIAN_PHONE_BEHIND_AN_HOUR = re.compile(r"([2-689]|1[0-2])( +)(?=(?:\d ?-?){10}$)")
_FEWEST_DIGITS = 7


def _blank_phone(match: re.Match[str]) -> str:
    """Blanks a phone number, and keeps a date or hour that stands before it."""
    text = match[0]
    head = _BEFORE_PHONE.match(text) or _INDIAN_PHONE_BEHIND_AN_HOUR.match(text)
    if head is None:
        return _BLANK * len(text)
    phone = text[head.end() :]
    if sum(letter.isdecimal() for letter in phone) < _FEWEST_DIGITS:
        return text  # "03/12/2026 17" holds no phone
    return head[0] + _BLANK * len(phone)


# --- dates ------------------------------------------------------------------------------------


def _date_item(
    match: re.Match[str],
    days: Sequence[date] = (),
    *,
    choices: Sequence[date] = (),
    problem: str = "",
    needs: str = "",
) -> _Item:
    return _Item(
        *match.span(),
        "date",
        days=tuple(days),
        choices=tuple(choices),
        problem=problem,
        needs=needs,
    )


def _range_item(match: re.Match[str], first: date, last: date) -> _Item:
    days = tuple(first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    return _Item(*match.span(), "range", days=days)


def _habit_item(match: re.Match[str], today: date, weekdays: Iterable[int]) -> _Item:
    """The days of a habit ("weekdays") in the weeks ahead."""
    return _Item(*match.span(), "range", days=_habit(today, weekdays), how="each")


def _habit(today: date, weekdays: Iterable[int]) -> tuple[date, ...]:
    wanted = set(weekdays)
    ahead = (today + timedelta(days=days) for days in range(_DAYS_OF_A_HABIT))
    return tuple(day for day in ahead if day.weekday() in wanted)


def _trimmed(item: _Item, text: str) -> _Item:
    """The item without spaces at its ends."""
    words = text[item.start : item.end]
    start = item.start + len(words) - len(words.lstrip())
    return replace(item, start=start, end=start + len(words.strip()))


def _overlap(one: _Item, other: _Item) -> bool:
    return one.start < other.end and other.start < one.end


def _year(text: str | None) -> int | None:
    if not text:
        return None
    number = int(text.lstrip("'"))
    return 2000 + number if len(text.lstrip("'")) == 2 else number


def _next_date(today: date, day: int, month: int, year: int | None) -> date | None:
    """The date, without a year the next such one from today; None if the calendar lacks it."""
    try:
        if year is not None:
            return date(year, month, day)
        found = date(today.year, month, day) if (month, day) >= (today.month, today.day) else None
        return found or date(today.year + 1, month, day)
    except ValueError:
        return None


def _first_of_month(today: date, ahead: int) -> date:
    years, month = divmod(today.month - 1 + ahead, 12)
    return date(today.year + years, month + 1, 1)


# --- resolving --------------------------------------------------------------------------------


@dataclass
class _Reading:
    """One message on one day: what its items mean together."""

    items: Sequence[_Item]
    text: str
    now: datetime
    hours: OpeningHours
    words: TimeWords
    days_ahead: int
    not_days: tuple[date, ...] = ()
    today: date = field(init=False)

    def __post_init__(self) -> None:
        self.today = self.now.date()

    def wish(self) -> TimeWish:
        day_items = self._joined(self.words.kept(self.items, self.text, lambda i: i.is_day))
        time_items = self.words.kept(self.items, self.text, lambda i: i.is_time)
        time = self._time(time_items, self._sample_days(day_items))
        wish = self._days(day_items, time_items, time)
        not_days = tuple(sorted(set(self._ruled_out())))
        days = tuple(day for day in wish.days if day not in not_days)
        how = {item.how for item in self.items if item.kind == "any"}
        any_but = any(item.negated and item.how == "any" for item in self.items)
        any_day = not days and wish.unclear != "date" and not wish.problem
        any_day = any_day and (any_but or bool(how & {"both", "day"}))
        any_time = not wish.has_time and bool(how & {"both", "time"})
        return replace(
            wish, days=days, not_days=not_days, any_day=any_day, any_time=wish.any_time or any_time
        )

    # --- days ---

    def _joined(self, items: Sequence[_Item]) -> list[_Item]:
        """A weekday beside a date is one day, "Monday 30 Nov"; where they differ it is unclear."""
        joined: list[_Item] = []
        for item in items:
            last = joined[-1] if joined else None
            gap = self.text[last.end : item.start] if last else "x"
            if last and re.fullmatch(r"[ ,(]*(?:the )?", gap):
                pair = _one_day(last, item, self.today)
                if pair is not None:
                    joined[-1] = pair
                    continue
            joined.append(item)
        return self._picked(joined)

    def _picked(self, items: Sequence[_Item]) -> list[_Item]:
        """Weekdays pick days of a named range, as in "next week Tuesday"."""
        ranges = [item for item in items if item.kind == "range" and item.how != "each"]
        weekdays = [item for item in items if item.kind == "weekday"]
        habits = [item for item in items if item.kind == "range" and item.how == "each"]
        if not ranges or not (weekdays or habits):
            return list(items)
        wanted = {item.weekday for item in weekdays}
        wanted |= {day.weekday() for item in habits for day in item.days}
        days = [
            day
            for item in ranges
            for day in (item.choices or item.days)
            if day.weekday() in wanted and day >= self.today
        ]
        if not days:
            return list(items)
        dates = [item for item in items if item.kind == "date"]
        return [*dates, replace(ranges[0], days=tuple(days), choices=())]

    def _sample_days(self, items: Sequence[_Item]) -> list[date]:
        """Days whose opening hours decide what an hour means."""
        days = [day for item in items if item.kind != "weekday" for day in item.days]
        for item in items:
            if item.kind == "weekday":
                ahead = (item.weekday - self.today.weekday()) % _WEEK
                days.append(self.today + timedelta(days=ahead))
        days += [day for item in self.items if item.kind == "part" for day in item.days]
        return [day for day in days if self.hours.spans_on(day)]

    def _days(
        self, items: Sequence[_Item], time_items: Sequence[_Item], time: TimeWish
    ) -> TimeWish:
        """The time with its days; of an unclear day only the question is kept."""
        problem, choices = "", tuple[date, ...]()
        days: list[date] = []
        for item in [*items, *time_items]:
            if item.kind == "clock":
                continue
            if item.kind == "weekday":
                found, doubt = self._weekday(item, time)
            else:
                found, doubt = item.days, item.choices if item.kind == "date" else ()
            problem = problem or item.problem
            choices = choices or doubt
            days += [day for day in found if day not in days]
        ahead = [day for day in days if day >= self.today]
        near = [day for day in ahead if (day - self.today).days <= self.days_ahead]
        if days and not near:
            problem = problem or ("too_far" if ahead else "past")
        if near:
            problem = ""
        if choices and not near:
            iso = tuple(day.isoformat() for day in choices)
            kept = replace(time, unclear="date", choices=iso, unclear_bound="")
            return replace(kept, problem=time.problem)
        if near == [self.today] and not time.problem and self._is_over(time):
            problem = "past"
        return replace(time, days=tuple(near), problem=time.problem or problem)

    def _weekday(self, item: _Item, time: TimeWish) -> tuple[tuple[date, ...], tuple[date, ...]]:
        """The days of a weekday, or the two that "next Friday" may mean."""
        if item.how == "each":
            return _habit(self.today, [item.weekday]), ()
        ahead = (item.weekday - self.today.weekday()) % _WEEK
        coming = self.today + timedelta(days=ahead)
        later = coming + timedelta(days=_WEEK)
        if item.how == "next":
            if ahead == 0:
                return (later,), ()
            # In the week that begins on Monday both readings of "next" agree.
            if self.today.weekday() + ahead >= _WEEK:
                return (coming,), ()
            return (), (coming, later)
        if ahead == 0 and (self._is_over(time) or not self._still_open(time)):
            return (later,), ()
        return (coming,), ()

    def _is_over(self, time: TimeWish) -> bool:
        """Whether the wished time of today has passed."""
        minute = self.now.hour * 60 + self.now.minute
        if time.exact is not None:
            return time.exact <= minute
        return time.latest is not None and time.latest <= minute

    def _still_open(self, time: TimeWish) -> bool:
        if time.exact is not None:
            return True
        minute = self.now.hour * 60 + self.now.minute
        return any(span.end > minute for span in self.hours.spans_on(self.today))

    def _ruled_out(self) -> Iterator[date]:
        for item in self.items:
            if item.negated and item.kind == "weekday":
                yield from _habit(self.today, [item.weekday])
            elif item.negated and item.is_day:
                yield from (day for day in item.days if day >= self.today)

    # --- times ---

    def _time(self, items: Sequence[_Item], days: Sequence[date]) -> TimeWish:
        """The clock times and parts of the day as one wish without days."""
        spans = [span for day in days for span in self.hours.spans_on(day)]
        spans = spans or [span for week in self.hours.week for span in week]
        open_at = [(span.start, span.end) for span in spans]
        parts = list(dict.fromkeys(item.part for item in items if item.part is not None))
        wish = self._part_of_day(parts)
        clocks = [item for item in items if item.kind == "clock"]
        named = [each for item in clocks for each in (item.exact, item.low, item.high) if each]
        if any(not clock.exists for clock in named):
            real = [i for i in clocks if all(c.exists for c in (i.exact, i.low, i.high) if c)]
            if not real:
                return replace(wish, problem="no_such_time")
            clocks = real
        if not clocks:
            return wish
        half = parts[0].half if len({part.half for part in parts}) == 1 else ""
        exact = [item.exact for item in clocks if item.exact is not None]
        if exact:
            found = [_minutes(clock, half, open_at) for clock in exact]
            unsure = next((each for each in found if len(each) > 1), None)
            if unsure:
                about = any(clock.about for clock in exact)
                return replace(_unclear(unsure, "exact"), about=about)
            minutes = sorted({each[0] for each in found})
            if len(minutes) == 1:
                return TimeWish(exact=minutes[0], about=any(clock.about for clock in exact))
            return TimeWish(earliest=minutes[0], latest=minutes[-1])
        return self._bounds(clocks, wish, half, open_at)

    def _bounds(
        self, items: Sequence[_Item], wish: TimeWish, half: str, open_at: Sequence[tuple[int, int]]
    ) -> TimeWish:
        low = next((item.low for item in items if item.low), None)
        high = next((item.high for item in items if item.high), None)
        lows = _minutes(low, half, open_at) if low else ()
        highs = _minutes(high, half, open_at) if high else ()
        if low and high:
            pair = _span(low, high, half, open_at)
            if pair is None:
                return _unclear(_minutes(low, half, ()), "earliest")
            return TimeWish(earliest=pair[0], latest=pair[1])
        if len(lows) > 1 or len(highs) > 1:
            return _unclear(lows or highs, "earliest" if low else "latest")
        if lows:
            latest = wish.latest if wish.latest is not None and wish.latest >= lows[0] else None
            return TimeWish(earliest=lows[0], latest=latest)
        early = wish.earliest
        return TimeWish(
            earliest=early if early is not None and early <= highs[0] else None, latest=highs[0]
        )

    def _part_of_day(self, parts: Sequence[_Part]) -> TimeWish:
        """The bounds of the parts named together, less those that are ruled out."""
        if parts:
            lows = [part.earliest for part in parts]
            highs = [part.latest for part in parts]
            earliest = None if None in lows else min(low for low in lows if low is not None)
            latest = None if None in highs else max(high for high in highs if high is not None)
            anything = earliest is None and latest is None
            return TimeWish(earliest=earliest, latest=latest, any_time=anything)
        wish = TimeWish()
        for item in self.items:
            if item.negated and item.part is not None:
                if item.part.earliest is None and item.part.latest is not None:
                    wish = replace(wish, earliest=item.part.latest + 1)
                elif item.part.latest is None and item.part.earliest is not None:
                    wish = replace(wish, latest=item.part.earliest - 1)
        return wish


def _one_day(one: _Item, other: _Item, today: date) -> _Item | None:
    """A weekday and a date side by side as one item; None when they are not such a pair."""
    pair = {one.kind: one, other.kind: other}
    if set(pair) != {"weekday", "date"} or pair["weekday"].how == "each":
        return None
    weekday, named = pair["weekday"], pair["date"]
    start, end = min(one.start, other.start), max(one.end, other.end)
    if named.problem or len(named.days) > 1:
        return replace(named, start=start, end=end)
    fitting = [day for day in named.choices or named.days if day.weekday() == weekday.weekday]
    if len(fitting) == 1:
        return replace(named, start=start, end=end, days=tuple(fitting), choices=())
    coming = today + timedelta(days=(weekday.weekday - today.weekday()) % _WEEK)
    doubt = (*(named.choices or named.days), coming)
    return replace(named, start=start, end=end, days=(), choices=doubt)


def _halves(clock: _Clock, half: str) -> tuple[int, ...]:
    """The minutes that a clock time may mean, morning first; ``half`` is that of a part."""
    hour = clock.minute // 60
    if clock.half == "24":
        return (clock.minute,)
    base = clock.minute % _HALF_DAY
    if clock.half:
        return (base,) if clock.half == "am" else (base + _HALF_DAY,)
    if half == "night":
        # 12 and the small hours of a night are after midnight.
        return (base,) if base < 5 * 60 else (base + _HALF_DAY,)
    if hour == 12 or half == "pm":
        return (base + _HALF_DAY,)
    return (base,) if half == "am" else (base, base + _HALF_DAY)


def _distance(minute: int, open_at: Sequence[tuple[int, int]]) -> int:
    """Minutes from the nearest opening hours; 0 also at the minute they end."""
    return min((max(start - minute, minute - end, 0) for start, end in open_at), default=0)


def _minutes(clock: _Clock, half: str, open_at: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """What a clock time means in these opening hours: one minute, or two if it stays unclear.

    An hour in the opening hours is meant rather than one outside; of two outside the one that is
    clearly nearer to them.
    """
    minutes = _halves(clock, half)
    if len(minutes) == 1 or not open_at:
        return minutes
    inside = [each for each in minutes if any(start <= each < end for start, end in open_at)]
    if len(inside) == 1:
        return (inside[0],)
    if not inside:
        near, far = sorted(minutes, key=lambda each: _distance(each, open_at))
        if _distance(far, open_at) - _distance(near, open_at) >= _CLEARLY_NEARER:
            return (near,)
    return minutes


def _span(
    low: _Clock, high: _Clock, half: str, open_at: Sequence[tuple[int, int]]
) -> tuple[int, int] | None:
    """The two ends of "5 to 7", the later after the earlier; None if it stays unclear."""
    pairs = [(a, b) for a in _halves(low, half) for b in _halves(high, half) if a < b]
    pairs = pairs or [(a, b) for a in _halves(low, "") for b in _halves(high, "") if a < b]

    def rank(pair: tuple[int, int]) -> tuple[int, int]:
        return sum(_distance(each, open_at) for each in pair), pair[1] - pair[0]

    ranked = sorted(pairs, key=rank)
    if not ranked or (len(ranked) > 1 and rank(ranked[0]) == rank(ranked[1])):
        return None
    return ranked[0]


def _unclear(minutes: Sequence[int], bound: str) -> TimeWish:
    return TimeWish(unclear="time", choices=tuple(map(_hhmm, minutes)), unclear_bound=bound)


def read_times(
    text: str,
    now: datetime,
    hours: OpeningHours,
    words: TimeWords,
    *,
    days_ahead: int = _DAYS_AHEAD,
) -> TimeReading:
    """Read the days and times that a message names.

    Args:
        text: the message as it was written, in English, Roman Hindi, Hindi or Marathi.
        now: the clinic's present instant, aware; days are those of the clinic's calendar.
        hours: the opening hours, which decide whether "5" is in the morning or the afternoon.
        words: the compiled words of ``data/times.yml``.
        days_ahead: a day further away than so many days is "too_far".

    Raises:
        ValueError: ``now`` has no time zone.
    """
    if now.utcoffset() is None:
        raise ValueError("A time of the clinic needs a time zone.")
    local = now.astimezone(hours.zone)
    compact, places = _compact(text)
    blanked = words.blanked(compact)
    found = words.find(blanked, local.date())
    items = words.in_context(found, blanked, local.date())
    wish = _Reading(items, blanked, local, hours, words, days_ahead).wish()
    spans = _covered(items)
    as_before = words.as_before(compact, beside_day=wish.has_day)
    if as_before and not wish.has_time:
        wish = replace(wish, as_before=True)
        spans = tuple(sorted((*spans, as_before)))
    covered = ((places[start], places[end - 1] + 1) for start, end in spans)
    return TimeReading(wish, tuple(covered))


def _covered(items: Sequence[_Item]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for item in sorted(items, key=lambda item: item.start):
        start = max(item.start, spans[-1][1]) if spans else item.start
        if start < item.end:
            spans.append((start, item.end))
    return tuple(spans)
