"""Which device, and how many days ago: read from the words of a patient after a treatment.

"MNRF yesterday", "3 din ho gaye", "दोन दिवसांपूर्वी", "day 5". A message names other days too, so
what stands next to a day decides: the treatment, a sign ("pain since yesterday") or a wish ("can I
swim today"). The words are data, `data/aftercare_words.yml`; this module reads no file.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

_WEEK = 7
_DAY_HOURS = 24
# A treatment longer ago has no after-care any more; a date of another year is seldom meant.
_MOST_DAYS = 366
_HALF_YEAR = 183
# In words between a day and what it belongs to.
_NEAR = 2
_NEAR_SIGN = 3
_FAR = 6
_NOWHERE = 1000
_NEXT_CLAUSE = 4
_CONTEXT = 40

_LETTER = r"[\w\u0900-\u0963\u0971-\u097f]"
_START, _END = rf"(?<!{_LETTER})", rf"(?!{_LETTER})"
_MARK = re.compile(r"[,.;:!?]")
_TOKEN = re.compile(r"[^\s,.;:!?]+")
_DEVANAGARI_DIGITS = {ord("०") + digit: str(digit) for digit in range(10)}
# Joiners that only shape a letter, the dot under one, and two ways to write a nasal.
_SHAPES = str.maketrans({"\u200c": None, "\u200d": None, "\u093c": None, "\u0901": "\u0902"})


@dataclass(frozen=True)
class Told:
    """What is known of a treatment; day 0 is the day it was done.

    Attributes:
        device: a kind of `data/aftercare.yml`; empty where none, or more than one, was told.
        day: days since. Where the words fit several days the latest of them: what is still usual
            on an early day may be a sign of harm on a late one.
        earliest: the first of those days; what is not allowed yet goes by it.
        sign_days: how long a sign has lasted at least ("red for 4 days"), where `day` was not told.
    """

    device: str = ""
    day: int | None = None
    earliest: int | None = None
    sign_days: int | None = None

    @property
    def first_day(self) -> int | None:
        """The day by which something is allowed again: the earliest that may be meant."""
        return self.day if self.earliest is None else self.earliest


class _Kind(Enum):
    """How much a day says by itself; what it needs beside it."""

    SURE = "day 3"  # nothing
    PAST = "2 days ago"  # no sign beside it
    AFTER = "after 2 days"  # nothing, but it may be a wish: the others come first
    LOOSE = "today, 2 weeks"  # the treatment beside it
    EITHER = "Monday, on the 20th"  # that the treatment was done, beside it: it may be to come
    LASTING = "for 2 days"  # a sign beside it, of which it is the age


@dataclass(frozen=True)
class _Mention:
    """A day in a text: the stretch it covers, and the first and last day it may be."""

    start: int
    end: int
    earliest: int
    latest: int
    kind: _Kind


_Span = tuple[int, int]


class TreatmentReader:
    """Reads device and day from a text; compiled once."""

    def __init__(self, words: Mapping[str, Any], times: Mapping[str, Any]) -> None:
        """Compiles `data/aftercare_words.yml`; days and numbers: `data/times.yml`."""
        self._devices = {
            _plain(name): kind for kind, names in words["devices"].items() for name in names
        }
        several = words["several_devices"]
        self._several = {_plain(name) for name in several["names"]}
        self._may_be = frozenset(several["may_be"])
        self._by_place: Mapping[str, str] = words["told_by_place"]
        no_device = [_plain(name) for name in words["no_device"]]
        self._names = _whole(_any([*self._devices, *self._several, *no_device]))
        self._treatment = _whole(_any([*words["treatment"], *words["done"]]))
        self._done, self._signs, self._wants = (
            _whole(_any(words[key])) for key in ("done", "signs", "wants")
        )
        self._joins = _whole(_any(words["joins"]))
        self._days = _DayReader(words, times)

    def told(self, text: str, today: date) -> Told:
        """What a text says of device and day; `today` on the clinic's calendar."""
        plain = _plain(text)
        names = list(self._names.finditer(plain))
        device = self._device({each[0] for each in names})
        treatment = [*_spans(names), *_spans(self._treatment.finditer(plain))]
        done = _spans(self._done.finditer(plain))
        signs = _spans(self._signs.finditer(plain))
        wants = _spans(self._wants.finditer(plain))
        of_treatment: list[tuple[int, _Mention]] = []
        of_signs: list[int] = []
        for mention in self._days.mentions(plain, today):
            near = self._distance(plain, mention, treatment)
            if mention.kind is _Kind.EITHER and self._distance(plain, mention, done) > _FAR:
                near = _NOWHERE
            sign = self._distance(plain, mention, signs)
            want = self._distance(plain, mention, wants)
            if _is_of_sign(mention, near, sign):
                of_signs.append(mention.earliest)
            elif _is_alone(plain, mention) or _is_of_treatment(mention, near, sign, want):
                of_treatment.append((near, mention))
        meant = _meant(of_treatment)
        if not meant:
            return Told(device, sign_days=max(of_signs, default=None))
        day, earliest = max(each.latest for each in meant), min(each.earliest for each in meant)
        return Told(device, day, earliest if earliest < day else None)

    def _device(self, names: set[str]) -> str:
        spaced = {re.sub(r"\s+", " ", name) for name in names}
        kinds = {self._devices[name] for name in spaced if name in self._devices}
        for kind, place in self._by_place.items():
            if place in kinds:
                kinds.discard(kind)
        if spaced & self._several and not kinds & self._may_be:
            return ""
        return next(iter(kinds)) if len(kinds) == 1 else ""

    def _distance(self, plain: str, mention: _Mention, spans: Iterable[_Span]) -> int:
        """Words between a day and the nearest of these; another clause is far."""
        best = _NOWHERE
        for start, end in spans:
            low, high = (end, mention.start) if end <= mention.start else (mention.end, start)
            if low >= high:
                return 0
            between = plain[low:high]
            # Only what is near counts, and a long message has many pairs.
            if len(between) > _CONTEXT * 2:
                continue
            clauses = len(_MARK.findall(between)) + len(self._joins.findall(between))
            best = min(best, len(_TOKEN.findall(between)) + _NEXT_CLAUSE * clauses)
        return best


def _is_of_sign(mention: _Mention, near: int, sign: int) -> bool:
    if mention.kind is _Kind.LASTING:
        return sign <= _NEAR_SIGN
    return mention.kind is _Kind.PAST and sign <= _NEAR_SIGN and sign < near


def _is_of_treatment(mention: _Mention, near: int, sign: int, want: int) -> bool:
    if mention.kind is _Kind.LASTING:
        return False
    if mention.kind in (_Kind.LOOSE, _Kind.EITHER):
        return near <= _FAR and near <= min(sign, want)
    return True


def _is_alone(plain: str, mention: _Mention) -> bool:
    """Whether the message is no more than a day: the answer to a question for it."""
    others = _TOKEN.findall(plain[: mention.start]) + _TOKEN.findall(plain[mention.end :])
    return mention.kind is not _Kind.LASTING and len(others) <= 1


def _meant(found: Sequence[tuple[int, _Mention]]) -> list[_Mention]:
    """Of the days said of the treatment those that say most."""
    told = [
        (0 if mention.kind is _Kind.SURE else near, mention)
        for near, mention in found
        if mention.kind in (_Kind.SURE, _Kind.PAST)
        or (mention.kind in (_Kind.AFTER, _Kind.EITHER) and near <= _NEAR)
    ]
    if told:
        nearest = min(near for near, _ in told)
        return [mention for near, mention in told if near <= max(nearest, _NEAR)]
    after = [mention for _, mention in found if mention.kind is _Kind.AFTER]
    if after:
        return after
    nearest = min((near for near, _ in found), default=0)
    loose = [mention for near, mention in found if near == nearest]
    # "Today" beside another day is the today of the question.
    return [mention for mention in loose if mention.latest] or loose


class _DayReader:
    """Finds the days of a text, whatever they belong to."""

    def __init__(self, words: Mapping[str, Any], times: Mapping[str, Any]) -> None:
        self._numbers = {
            _plain(word): value
            for value, of_value in enumerate(times["numbers"], 1)
            for word in of_value
        }
        self._articles = frozenset(map(_plain, words["articles"]))
        self._numbers |= dict.fromkeys(self._articles, 1)
        self._couple = frozenset(map(_plain, words["couple"]))
        self._units = _values(words["units"])
        self._hours = frozenset(map(_plain, words["hours"]))
        number = rf"\d{{1,3}}|{_any([*self._numbers, *self._couple])}"
        unit = _any([*self._units, *self._hours])
        ago, before, after = (_any(words[key]) for key in ("ago", "before", "after"))
        tail = rf"(?: ?(?:(?P<ago>{ago})|(?P<after>{after})|(?P<before>{before})))?"
        self._counted = re.compile(
            rf"{_START}(?P<first>{number})(?:(?: ?(?P<between>{_any(words['between'])}) ?| )"
            rf"(?P<second>{number}))?[ -]*(?P<unit>{unit}){tail}{_END}"
        )
        self._bare = re.compile(rf"{_START}(?P<unit>{_any(words['bare_units'])}) ?(?:{ago}){_END}")
        english = [of_value[0] for of_value in times["numbers"]]
        day_number = rf"\d{{1,3}}|{_any(english)}"
        self._day_number = re.compile(
            rf"{_START}(?:{_any(words['day_word'])})[ -]?(?P<first>{day_number})"
            rf"(?: ?(?:{_any(words['between'])}) ?(?P<second>{day_number}))?{_END}"
        )
        self._ordinals = _values(words["ordinals"])
        self._ordinal = re.compile(
            rf"{_START}(?:(?P<number>\d{{1,3}}) ?(?:{_any(words['ordinal_endings'])})|"
            rf"(?P<word>{_any(self._ordinals)})) (?:{_any(words['ordinal_day'])}){_END}"
        )
        self._past, self._either = _values(words["past"]), _values(words["either_way"])
        self._relative = _whole(_any([*self._past, *self._either, *words["today"]]))
        last, period = _any(words["last"]), _any([*words["week"], *words["month"]])
        self._last_period = _whole(rf"(?:{last}) (?P<period>{period})")
        self._weeks = frozenset(map(_plain, words["week"]))
        self._weekdays = _values(dict(enumerate(times["weekdays"])))
        uncertain = frozenset(map(_plain, times["uncertain"]))
        self._uncertain = uncertain
        since, lead = _any(words["since"]), _any(words["on"])
        self._weekday = re.compile(
            rf"{_START}(?:(?:(?P<last>{last})|(?P<since>{since})|(?P<lead>{lead})) )?"
            rf"(?P<day>{_any(self._weekdays)}){_END}"
        )
        self._months = {
            name: month
            for name, month in _values(dict(enumerate(times["months"], 1))).items()
            if name not in uncertain
        }
        month = _any(self._months)
        ending, of = _any(words["ordinal_endings"]), _any(words["of"])
        self._date = re.compile(
            rf"{_START}(?:(?P<day>\d{{1,2}})(?: ?(?:{ending}))?(?: (?:{of}))? ?(?P<month>{month})|"
            rf"(?P<month2>{month}) (?P<day2>\d{{1,2}})(?:{ending})?|"
            rf"(?P<day3>\d{{1,2}})/(?P<month3>\d{{1,2}}))(?:[ /,]+(?P<year>20\d\d))?{_END}"
        )
        tarikh = _any(times["day_of_month"])
        self._day_of_month = re.compile(
            rf"{_START}(?:(?:{_any(words['the'])}) (?P<day>\d{{1,2}})(?:{ending})|"
            rf"(?P<day2>\d{{1,2}}) ?(?:{tarikh})){_END}"
        )
        self._in_front = {
            key: re.compile(rf"{_START}(?:{_any(words[key])}) ?$")
            for key in (
                *("some", "before_behind", "after_before", "no_day_before", "lasting_before"),
                *("no_day_number_before", "to_come_before"),
            )
        }
        self._clause_end = re.compile(
            rf" ?(?:{_MARK.pattern}|{_whole(_any(words['joins'])).pattern}|$)"
        )
        self._ends_to_come = re.compile(rf"{_START}(?:{_any(words['to_come'])}) ?$")
        self._done = _whole(_any(words["done"]))
        self._behind = {
            key: re.compile(rf" ?(?:{_any(words[key])}){_END}")
            for key in ("no_day_behind", "lasting_behind", "to_come")
        }

    def mentions(self, plain: str, today: date) -> list[_Mention]:
        """Every day of a text; a stretch that was read once is not read again."""
        found: list[_Mention] = []
        covered: list[_Span] = []
        for finder in (
            *(self._of_counts, self._of_bare_units, self._of_day_numbers, self._of_ordinals),
            *(self._of_relative, self._of_periods, self._of_dates, self._of_days_of_month),
            self._of_weekdays,
        ):
            fresh = []
            for span, mention in finder(plain, today):
                if any(start < span[1] and span[0] < end for start, end in covered):
                    continue
                fresh.append(span)
                if mention and mention.earliest <= _MOST_DAYS:
                    found.append(mention)
            covered += fresh
        return found

    def _stands_in_front(self, key: str, plain: str, start: int) -> bool:
        return bool(self._in_front[key].search(plain[max(0, start - _CONTEXT) : start]))

    def _stands_behind(self, key: str, plain: str, end: int) -> bool:
        return bool(self._behind[key].match(plain, end))

    def _range(self, first: str, second: str | None, is_joined: bool) -> tuple[int, int]:
        """The numbers of "2-3", "do teen" or "2"; of "do 2 days" only the nearer one."""
        low, high = self._number(first)
        if second is None:
            return low, high
        other = self._number(second)
        if is_joined or other[0] == high + 1:
            return min(low, other[0]), max(high, other[1])
        return other

    def _number(self, word: str) -> tuple[int, int]:
        if word in self._couple:
            return 2, 3
        value = int(word) if word.isdigit() else self._numbers[word]
        return value, value

    def _of_counts(self, plain: str, _: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._counted.finditer(plain):
            low, high = self._range(match["first"], match["second"], bool(match["between"]))
            kind = self._kind_of_count(plain, match)
            if match["unit"] in self._hours:
                low, high = low // _DAY_HOURS, (high + _DAY_HOURS // 2) // _DAY_HOURS
                kind = kind if kind in (_Kind.PAST, _Kind.AFTER) else None
            else:
                days = self._units[match["unit"]]
                low, high = low * days, high * days
            yield match.span(), _Mention(*match.span(), low, high, kind) if kind else None

    def _kind_of_count(self, plain: str, match: re.Match[str]) -> _Kind | None:
        """How a number of days is meant; None for a length, a wish or days before a treatment."""
        start, end = match.span()
        if match["ago"]:
            is_ahead = self._stands_in_front("before_behind", plain, start)
            return None if is_ahead else _Kind.PAST
        is_length = self._stands_in_front("no_day_before", plain, start)
        if match["after"]:
            return None if is_length else _Kind.AFTER
        if match["before"]:
            # At the end of a clause it may be "ago"; else it is days before something.
            return _Kind.LOOSE if self._clause_end.match(plain, end) else None
        if self._stands_in_front("after_before", plain, start):
            return _Kind.AFTER
        if self._stands_behind("lasting_behind", plain, end) or self._stands_in_front(
            "lasting_before", plain, start
        ):
            return _Kind.LASTING
        is_length = is_length or self._stands_behind("no_day_behind", plain, end)
        return None if is_length or match["first"] in self._articles else _Kind.LOOSE

    def _of_bare_units(self, plain: str, _: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._bare.finditer(plain):
            if self._stands_in_front("some", plain, match.start()):
                continue
            days = self._units[match["unit"]]
            yield match.span(), _Mention(*match.span(), days, days, _Kind.PAST)

    def _of_day_numbers(self, plain: str, _: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._day_number.finditer(plain):
            if self._stands_in_front("no_day_number_before", plain, match.start()):
                continue
            low, high = self._range(match["first"], match["second"], True)
            yield match.span(), _Mention(*match.span(), low, high, _Kind.SURE)

    def _of_ordinals(self, plain: str, _: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._ordinal.finditer(plain):
            day = int(match["number"]) if match["number"] else self._ordinals[match["word"]]
            # Who counts the day of the treatment as the first is one day less far.
            yield match.span(), _Mention(*match.span(), max(day - 1, 0), day, _Kind.SURE)

    def _of_relative(self, plain: str, _: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._relative.finditer(plain):
            word, span = match[0], match.span()
            if self._stands_behind("lasting_behind", plain, match.end()):
                kind = _Kind.LASTING
            elif word in self._past:
                kind = _Kind.PAST
            elif word in self._either and (
                self._is_to_come(plain, match) or self._is_planned(plain, match.end())
            ):
                yield span, None
                continue
            else:
                kind = _Kind.LOOSE
            days = self._past.get(word, self._either.get(word, 0))
            yield span, _Mention(*span, days, days, kind)

    def _is_to_come(self, plain: str, match: re.Match[str]) -> bool:
        return self._stands_in_front("to_come_before", plain, match.start()) or self._stands_behind(
            "to_come", plain, match.end()
        )

    def _is_planned(self, plain: str, end: int) -> bool:
        """Whether the clause behind a day says that something comes, and not that it was done."""
        clause_end = self._clause_end.search(plain, end)
        clause = plain[end : clause_end.start() if clause_end else len(plain)]
        return bool(self._ends_to_come.search(clause)) and not self._done.search(clause)

    def _of_periods(self, plain: str, today: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._last_period.finditer(plain):
            if match["period"] in self._weeks:
                low, length = today.weekday() + 1, _WEEK
            else:
                month = today.month - 1 or 12
                low, length = today.day, monthrange(max(today.year, 2) - (month == 12), month)[1]
            yield match.span(), _Mention(*match.span(), low, low + length - 1, _Kind.PAST)

    def _of_dates(self, plain: str, today: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._date.finditer(plain):
            day = int(match["day"] or match["day2"] or match["day3"])
            name = match["month"] or match["month2"]
            month = self._months[name] if name else int(match["month3"])
            days = None
            if not self._is_to_come(plain, match):
                days = _days_since(day, month, match["year"], today)
            mention = None if days is None else _Mention(*match.span(), days, days, _Kind.PAST)
            yield match.span(), mention

    def _of_days_of_month(self, plain: str, today: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._day_of_month.finditer(plain):
            day = int(match["day"] or match["day2"])
            days = _days_since(day, today.month, None, today)
            if days is None or day > today.day:
                days = _days_since(day, today.month - 1 or 12, None, today)
            if days is not None and not self._is_to_come(plain, match):
                yield match.span(), _Mention(*match.span(), days, days, _Kind.EITHER)

    def _of_weekdays(self, plain: str, today: date) -> Iterator[tuple[_Span, _Mention | None]]:
        for match in self._weekday.finditer(plain):
            is_led = bool(match["last"] or match["since"] or match["lead"])
            if (match["day"] in self._uncertain and not is_led) or self._is_to_come(plain, match):
                continue
            back = (today.weekday() - self._weekdays[match["day"]]) % _WEEK
            # Said on that very weekday it may be today or a week ago.
            low, high = (back, back) if back else (_WEEK if match["last"] else 0, _WEEK)
            is_past = match["last"] or match["since"]
            kind = _Kind.PAST if is_past else _Kind.EITHER
            yield match.span(), _Mention(*match.span(), low, high, kind)


def _days_since(day: int, month: int, year: str | None, today: date) -> int | None:
    """Days since a date; without a year the last such day, if it is at most half a year ago."""
    for each in [int(year)] if year else [today.year, today.year - 1]:
        try:
            days = (today - date(each, month, day)).days
        except ValueError:
            continue
        if 0 <= days <= (_MOST_DAYS if year or each == today.year else _HALF_YEAR):
            return days
    return None


def _plain(text: str) -> str:
    """The one form in which texts and words are compared; a line break ends a clause."""
    plain = unicodedata.normalize("NFD", text.casefold()).translate(_SHAPES)
    plain = plain.translate(_DEVANAGARI_DIGITS).replace("\u2019", "'").replace("\n", ". ")
    return " ".join(plain.split())


def _any(words: Iterable[str]) -> str:
    """A pattern of any of these words, the longest first."""
    plain = sorted({_plain(word) for word in words}, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word) for word in plain)


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_START}(?:{pattern}){_END}")


def _values(words: Mapping[int, Sequence[str]]) -> dict[str, int]:
    return {_plain(word): value for value, of_value in words.items() for word in of_value}


def _spans(matches: Iterable[re.Match[str]]) -> list[_Span]:
    return [match.span() for match in matches]
