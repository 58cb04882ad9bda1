"""Which times are free: hours, closures, doctors, rooms, devices, and the rules of booking.

Hours become instants before anything is compared (`OpeningHours.instants_on`), so a day on which
the clocks change is right too. What is taken is counted in ticks of five minutes of each
resource; the database keeps the same ticks under a primary key, so no two visits share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from itertools import product
from typing import Any

from bot.clinic.hours import WEEKDAYS, OpeningHours, read_week

TICK = timedelta(minutes=5)

_TICK_SECONDS = int(TICK.total_seconds())
_DAY = timedelta(days=1)
# What clinic.yml may leave out, as in bot/clinic/schema.py.
_RULES = {"lead_minutes": 120, "horizon_days": 60, "step_minutes": 15}

# The taken ticks of each resource, and the taken places of each counted day (`Option`).
Busy = Mapping[str, Set[int]]
# Unix seconds; the end is not included.
_Span = tuple[int, int]


@dataclass(frozen=True, order=True)
class Option:
    """One way to hold a visit: when (UTC), with whom, where and with what ("" = it needs none).

    `ends_at` is the end of the visit itself. `ticks` are pairs of a resource, such as
    "doctor:mehra", "room:consulting_1" or "device:needling_1", and a tick, which is Unix seconds
    // 300; they include the buffers and are sorted. `places` are for days whose visits are counted:
    of each, such as "day:2026-11-24" for all visits or "day:2026-11-24:mehra" for a doctor's, the
    visit needs one of the free places, which are numbers from 1 to the most that the day may have.
    """

    starts_at: datetime
    ends_at: datetime
    doctor: str
    room: str
    device: str
    ticks: tuple[tuple[str, int], ...] = field(repr=False)
    places: tuple[tuple[str, tuple[int, ...]], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Visit:
    """A kind of visit; times in seconds. `("",)` stands where it needs none."""

    length: int
    before: int
    after: int
    doctors: tuple[str, ...]
    rooms: tuple[str, ...]
    devices: tuple[str, ...]

    def ticks(self, start: int) -> range:
        """The ticks that it blocks, buffers included; one that it only touches is blocked too."""
        first = (start - self.before) // _TICK_SECONDS
        return range(first, -(-(start + self.length + self.after) // _TICK_SECONDS))


class Availability:
    """The free times of the clinic; it is built once and knows no bookings."""

    def __init__(self, clinic: Mapping[str, Any]) -> None:
        """Reads `hours`, `closures`, `doctors`, `devices`, `visits` and `booking` of clinic.yml.

        Raises:
            KeyError: a needed key is missing.
            ValueError: a span or a date cannot be read.
        """
        booking = {**_RULES, **(clinic.get("booking") or {})}
        self._lead = timedelta(minutes=booking["lead_minutes"])
        self._horizon = timedelta(days=booking["horizon_days"])
        self._step = booking["step_minutes"] * 60
        self._hours = OpeningHours.from_mapping(clinic)
        self._visits = {
            name: _read_visit(name, visit, clinic) for name, visit in clinic["visits"].items()
        }
        # Neither needs the closures: both are compared with the clinic's hours.
        self._doctors_hours: dict[str, OpeningHours] = {}
        self._breaks: dict[str, OpeningHours] = {}
        # The most visits a day; the clinic's own under "". Who has no limit is not there.
        self._most = {"": booking["visits_a_day"]} if booking.get("visits_a_day") else {}
        for doctor in clinic.get("doctors") or ():
            if doctor.get("hours") is not None:
                week = read_week(doctor["hours"])
                self._doctors_hours[doctor["id"]] = OpeningHours(self._hours.zone, week)
            if doctor.get("visits_a_day"):
                self._most[doctor["id"]] = doctor["visits_a_day"]
            if doctor.get("breaks"):
                week = read_week(dict.fromkeys(WEEKDAYS, doctor["breaks"]))
                self._breaks[doctor["id"]] = OpeningHours(self._hours.zone, week)

    @classmethod
    def from_mapping(cls, clinic: Mapping[str, Any]) -> Availability:
        """As the other rules of the clinic are made; the same as the class itself."""
        return cls(clinic)

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """Two instants (UTC); what is busy between them decides every question asked at `now`."""
        after_last = self._day_of(_utc(now)) + self._horizon + 2 * _DAY
        return _utc(now) - _DAY, _utc(datetime.combine(after_last, time(), self._hours.zone))

    @property
    def lead(self) -> timedelta:
        """How long before its beginning a visit can still be booked."""
        return self._lead

    @property
    def kinds(self) -> frozenset[str]:
        """The keys under `visits` of clinic.yml."""
        return frozenset(self._visits)

    def free_times(
        self,
        visit: str,
        busy: Busy,
        now: datetime,
        first: date | None = None,
        last: date | None = None,
    ) -> list[datetime]:
        """The instants (UTC) at which a visit may start, in order and each once.

        Args:
            visit: its key under `visits`.
            busy: the taken ticks of each resource, as in `Option.ticks`.
            now: the present instant, aware.
            first: the first day to look at in the clinic's calendar; today when not given.
            last: the last day to look at, included; the horizon's last when not given.

        Raises:
            KeyError: there is no such visit.
            ValueError: `now` has no time zone.
        """
        kind = self._visits[visit]
        now = _utc(now)
        today = self._day_of(now)
        day = max(today, first or today)
        until = min(today + self._horizon, last or date.max)
        earliest = (now + self._lead).timestamp()
        found: set[int] = set()
        # Rooms and devices are the same for every doctor who could come.
        has_place: dict[int, bool] = {}
        while day <= until:
            doctors = [each for each in kind.doctors if not self._is_full(day, each, busy)]
            for doctor, start in self._starts(kind, day, doctors):
                if start in found or start < earliest:
                    continue
                ticks = kind.ticks(start)
                if not _is_free("doctor", doctor, ticks, busy):
                    continue
                if start not in has_place:
                    has_place[start] = any(
                        _is_free("room", room, ticks, busy) for room in kind.rooms
                    ) and any(_is_free("device", device, ticks, busy) for device in kind.devices)
                if has_place[start]:
                    found.add(start)
            day += _DAY
        return [datetime.fromtimestamp(start, timezone.utc) for start in sorted(found)]

    def options_at(self, visit: str, start: datetime, busy: Busy, now: datetime) -> list[Option]:
        """Every free way to hold a visit that starts at that instant, the best first.

        The best is the doctor, then the room, then the device with the least booked on that day;
        between equals the order of clinic.yml decides. Empty when `why_not` has a reason.

        Raises:
            KeyError: there is no such visit.
            ValueError: an instant has no time zone.
        """
        if self.why_not(visit, start, busy, now):
            return []
        return self._options(self._visits[visit], _utc(start), busy)

    def why_not(self, visit: str, start: datetime, busy: Busy, now: datetime) -> str:
        """Why a visit cannot start at that instant; "" when it can.

        "past"      the instant is over
        "too_soon"  it is sooner than `lead_minutes`
        "too_far"   its day is later than `horizon_days`
        "closed"    the clinic is not open for the whole visit
        "off_grid"  visits do not start at that minute; there may be starts near it
        "full"      everybody who could come then has as many visits that day as they may
        "taken"     no doctor who does this visit, or no room or device, is free

        Raises:
            KeyError: there is no such visit.
            ValueError: an instant has no time zone.
        """
        kind = self._visits[visit]
        start, now = _utc(start), _utc(now)
        if start < now:
            return "past"
        if start < now + self._lead:
            return "too_soon"
        if self._day_of(start) > self._day_of(now) + self._horizon:
            return "too_far"
        if not self._spans_around("", kind, start):
            return "closed"
        return "" if self._options(kind, start, busy) else self._why_nobody(kind, start, busy)

    def _why_nobody(self, kind: _Visit, start: datetime, busy: Busy) -> str:
        spans = {doctor: self._spans_around(doctor, kind, start) for doctor in kind.doctors}
        there = [doctor for doctor, own in spans.items() if own]
        begins = [first for doctor in there for first, _ in spans[doctor]]
        if there and all((start.timestamp() - first) % self._step for first in begins):
            return "off_grid"
        day = self._day_of(start)
        if there and all(self._is_full(day, doctor, busy) for doctor in there):
            return "full"
        return "taken"

    def why_outside(self, doctor: str, starts_at: datetime, ends_at: datetime) -> str:
        """Why a visit does not lie within the hours as they are now; "" when it does.

        "closed"  the clinic is not open for the whole visit
        "away"    the doctor is not there for all of it
        "break"   the doctor has a break in it

        Raises:
            ValueError: an instant has no time zone.
        """
        day = self._day_of(_utc(starts_at))
        start, end = starts_at.timestamp(), _utc(ends_at).timestamp()
        for who, reason in (("", "closed"), (doctor, "away")):
            if not any(first <= start and end <= last for first, last in self._spans(who, day)):
                return reason
        return "break" if _touch(start, end, self._pauses(doctor, day)) else ""

    def is_fair_hold(
        self, visit: str, start: datetime, booked: Busy, with_holds: Busy, now: datetime
    ) -> bool:
        """Whether what is held leaves at least two thirds of a day's free times to everybody else.

        Args:
            visit: its key under `visits`.
            start: the held time; the day is its day in the clinic's calendar.
            booked: the taken ticks without any hold.
            with_holds: the taken ticks with every hold, this one too.
            now: the present instant, aware.

        Raises:
            KeyError: there is no such visit.
            ValueError: an instant has no time zone.
        """
        day = self._day_of(_utc(start))
        free = len(self.free_times(visit, booked, now, day, day))
        left = len(self.free_times(visit, with_holds, now, day, day))
        return 3 * (free - left) <= free

    def counted_days(self, start: datetime, doctor: str) -> list[str]:
        """The counted days (`Option.places`) in which a visit of that beginning needs a place.

        `doctor` is "" where it has none.

        Raises:
            ValueError: `start` has no time zone.
        """
        return list(self._places(self._day_of(_utc(start)), doctor, {}))

    def _options(self, kind: _Visit, start: datetime, busy: Busy) -> list[Option]:
        at = start.timestamp()
        day = self._day_of(start)
        able = [doctor for doctor in kind.doctors if not self._is_full(day, doctor, busy)]
        doctors = [doctor for doctor, each in self._starts(kind, day, able) if each == at]
        if not doctors:
            return []
        ticks = kind.ticks(int(at))
        today = self._ticks_of(day)

        def best_first(prefix: str, names: Sequence[str]) -> list[str]:
            free = [name for name in names if _is_free(prefix, name, ticks, busy)]
            return sorted(free, key=lambda name: _count(_resource(prefix, name), today, busy))

        chosen = product(
            best_first("doctor", doctors),
            best_first("room", kind.rooms),
            best_first("device", kind.devices),
        )
        end = start + timedelta(seconds=kind.length)
        return [
            Option(
                start,
                end,
                doctor,
                room,
                device,
                _pairs(doctor, room, device, ticks),
                tuple(self._places(day, doctor, busy).items()),
            )
            for doctor, room, device in chosen
        ]

    def _is_full(self, day: date, doctor: str, busy: Busy) -> bool:
        """Whether the clinic, or the doctor, has as many visits on a day as it may."""
        return bool(self._most) and not all(self._places(day, doctor, busy).values())

    def _places(self, day: date, doctor: str, busy: Busy) -> dict[str, tuple[int, ...]]:
        """The free places among the visits of a day, where they are counted."""
        free: dict[str, tuple[int, ...]] = {}
        for who in sorted({"", doctor} & self._most.keys()):
            name = f"day:{day}:{who}" if who else f"day:{day}"
            taken = busy.get(name, frozenset())
            # Places over the limit are from before it was lowered, and count too.
            left = max(0, self._most[who] - len(taken))
            places = (place for place in range(1, self._most[who] + 1) if place not in taken)
            free[name] = tuple(places)[:left]
        return free

    def _starts(self, kind: _Visit, day: date, doctors: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Each doctor with each instant of a day at which a visit fits the hours and no break."""
        for doctor in doctors:
            pauses = self._pauses(doctor, day)
            for first, end in self._spans(doctor, day):
                for start in range(first, end - kind.length + 1, self._step):
                    if not _touch(start, start + kind.length, pauses):
                        yield doctor, start

    def _pauses(self, doctor: str, day: date) -> list[tuple[float, float]]:
        breaks = self._breaks[doctor].instants_on(day) if doctor in self._breaks else ()
        return [(begin.timestamp(), end.timestamp()) for begin, end in breaks]

    def _spans_around(self, doctor: str, kind: _Visit, start: datetime) -> list[_Span]:
        """The span of the doctor's day in which the whole visit lies, if there is one."""
        at = start.timestamp()
        spans = self._spans(doctor, self._day_of(start))
        return [span for span in spans if span[0] <= at and at + kind.length <= span[1]]

    def _spans(self, doctor: str, day: date) -> list[_Span]:
        """When a doctor works while the clinic is open; "" stands for the clinic itself."""
        open_spans = _joined(self._hours, day)
        if doctor not in self._doctors_hours:
            return open_spans
        own_spans = _joined(self._doctors_hours[doctor], day)
        both = [
            (max(opens, comes), min(closes, goes))
            for opens, closes in open_spans
            for comes, goes in own_spans
        ]
        return sorted(span for span in both if span[0] < span[1])

    def _ticks_of(self, day: date) -> range:
        begins, ends = (
            int(datetime.combine(each, time(), self._hours.zone).timestamp())
            for each in (day, day + _DAY)
        )
        return range(begins // _TICK_SECONDS, ends // _TICK_SECONDS)

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(self._hours.zone).date()


def _utc(at: datetime) -> datetime:
    """Python adds to and compares times of one zone by the wall clock: only UTC is safe."""
    if at.utcoffset() is None:
        raise ValueError("A time of the clinic needs a time zone.")
    return at.astimezone(timezone.utc)


def _read_visit(name: str, visit: Mapping[str, Any], clinic: Mapping[str, Any]) -> _Visit:
    needs = visit.get("needs") or {}
    offered = {each["id"] for each in clinic.get("devices") or () if each.get("offered", True)}
    doctors: tuple[str, ...] = ("",)
    if needs.get("doctor", True):
        everyone = clinic.get("doctors") or ()
        doctors = tuple(each["id"] for each in everyone if name in (each.get("visits") or ()))
    devices: tuple[str, ...] = ("",)
    if needs.get("devices"):
        devices = tuple(device for device in needs["devices"] if device in offered)
    return _Visit(
        length=visit["minutes"] * 60,
        before=visit.get("buffer_before", 0) * 60,
        after=visit.get("buffer_after", 0) * 60,
        doctors=doctors,
        rooms=tuple(needs.get("rooms") or ("",)),
        devices=devices,
    )


def _joined(hours: OpeningHours, day: date) -> list[_Span]:
    """The spans of a day; those that touch are one, as nobody leaves in between."""
    spans: list[_Span] = []
    for start, end in hours.instants_on(day):
        first, last = int(start.timestamp()), int(end.timestamp())
        if spans and first <= spans[-1][1]:
            first, _ = spans.pop()
        spans.append((first, last))
    return spans


def _touch(start: float, end: float, pauses: Iterable[tuple[float, float]]) -> bool:
    return any(start < until and begin < end for begin, until in pauses)


def _resource(prefix: str, name: str) -> str:
    return f"{prefix}:{name}"


def _is_free(prefix: str, name: str, ticks: range, busy: Busy) -> bool:
    """Whether a resource has none of the ticks taken; what is not needed is always free."""
    return not name or busy.get(_resource(prefix, name), frozenset()).isdisjoint(ticks)


def _count(resource: str, ticks: range, busy: Busy) -> int:
    return len(busy.get(resource, frozenset()) & set(ticks))


def _pairs(doctor: str, room: str, device: str, ticks: range) -> tuple[tuple[str, int], ...]:
    needed = {"doctor": doctor, "room": room, "device": device}
    resources = sorted(_resource(prefix, name) for prefix, name in needed.items() if name)
    return tuple(product(resources, ticks))
