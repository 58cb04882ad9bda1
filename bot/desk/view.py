"""What the desk shows: requests and consultations in the team's own words and the clinic's time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from bot.clinic.content import unreviewed_until
from bot.clinic.details import spoken_phone
from bot.clinic.hours import OpeningHours
from bot.clinic.visits.acts import OVER, acts
from bot.clinic.visits.statuses import CANCELLED
from bot.store.bookings import Booked
from bot.store.requests import RequestInFull, Turn

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One bubble of a conversation."""

    by_patient: bool
    when: str
    # What came instead of words, such as "photo"; empty for a text.
    medium: str
    # Whether the patient pressed a button instead of typing.
    pressed: bool
    # Whether the request is about this message.
    is_reason: bool
    text: str = field(repr=False)


@dataclass(frozen=True)
class RequestView:
    """A request as the page shows it."""

    id: str
    urgency: str
    urgency_said: str
    reason: str
    channel: str
    when: str
    waiting: str
    # Set when the message it is about is older than the lines shown.
    about: tuple[Line, ...]
    lines: tuple[Line, ...]
    phone: str = field(repr=False)
    good_time: str = field(repr=False)
    name: str = field(repr=False)
    # Label and value, in the order they were given.
    known: tuple[tuple[str, str], ...] = field(repr=False)
    # Their visits to come, but for the one that the request names.
    visits: tuple[VisitView, ...] = field(repr=False)
    # The visit that the patient cannot change alone, and the time that they want instead.
    visit: VisitView | None = field(repr=False)
    wanted: str


@dataclass(frozen=True)
class Mark:
    """What the day list says of a visit's check: its label in words."""

    label: str = field(default="", repr=False)
    # A mole or spot that is new or changes: the visit comes first in its day (brief Q11).
    is_lesion: bool = field(default=False, repr=False)


UNMARKED = Mark()


@dataclass(frozen=True)
class Act:
    """Something that staff may do with a visit: the status it gets, and what the button says."""

    status: str
    label: str


@dataclass(frozen=True)
class VisitView:
    """A consultation as the page shows it."""

    id: str
    # As in `Booked.sequence`: a form names the state of the visit that it was made for.
    sequence: int
    mark: Mark
    # What staff may do at once; to cancel is asked once more on a page of its own.
    acts: tuple[Act, ...]
    # Label of the way to cancel; "" where it cannot be cancelled.
    cancel: str
    # Nobody waits for it any more.
    is_over: bool
    day: str
    starts: str
    ends: str
    minutes: int
    kind: str
    doctor: str
    room: str
    reference: str
    status: str
    patient_is: str
    reminders: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    concern: str = field(repr=False)
    email: str = field(repr=False)


class View:
    """Puts what the store gives into words; it decides nothing."""

    def __init__(
        self, clinic: Mapping[str, Any], words: Mapping[str, Any], times: Mapping[str, Any]
    ) -> None:
        """Takes clinic.yml, the block `desk` of data/desk.yml and `times` of data/facts.yml."""
        self._hours = OpeningHours.from_mapping(clinic)
        self._clinic = clinic
        self._words = words
        self._times = times
        self._visits = {name: visit["name"] for name, visit in clinic["visits"].items()}
        self._doctors = {each["id"]: each["name"] for each in clinic["doctors"]}
        self._rooms = {each["id"]: each["name"] for each in clinic["rooms"]}

    def requests(
        self,
        found: Sequence[RequestInFull],
        booked: Mapping[str, Sequence[Booked]],
        named: Mapping[str, Booked],
        now: datetime,
    ) -> list[RequestView]:
        """The requests in the order given.

        `booked`: the visits to come, by conversation; `named`: those that requests name, by id.
        """
        return [
            self._request(each, booked.get(each.conversation_id, ()), named, now) for each in found
        ]

    def days(
        self, booked: Sequence[Booked], marks: Mapping[str, Mark], now: datetime
    ) -> list[tuple[str, list[VisitView]]]:
        """The visits of each day under the day's name, those with a lesion first.

        `booked`: in order of time; `marks`: by the visit's id.
        """
        return [
            (
                self._day(day, now),
                sorted(
                    (self._visit(each, now, marks[each.id]) for each in visits),
                    key=lambda visit: not visit.mark.is_lesion,
                ),
            )
            for day, visits in groupby(booked, key=lambda each: self._local(each.starts_at).date())
        ]

    @property
    def kinds(self) -> set[str]:
        """The kinds of visit that the clinic has."""
        return set(self._visits)

    def today(self, now: datetime) -> tuple[datetime, datetime]:
        """When the present day of the clinic begins and ends."""
        day = self._local(now).date()
        begins, ends = (
            datetime.combine(each, time(), self._hours.zone) for each in (day, day + DAY)
        )
        return begins, ends

    def visit(self, found: Booked, now: datetime) -> VisitView:
        """One visit."""
        return self._visit(found, now)

    def may_become(self, found: Booked, status: str, now: datetime) -> bool:
        """Whether staff may give a visit that status now."""
        return any(each.status == status for each in self._acts(found, now))

    def banner(self, now: datetime) -> str:
        """What stands on every page while texts are served that no doctor has approved."""
        until = unreviewed_until(self._clinic, self._local(now).date())
        if until is None:
            return ""
        day = self._hours.say_date(until, self._times)
        return str(self._words["content"]["banner"]).format(until=day)

    def refusal(self, why: str) -> str:
        """Why a login is refused: `wrong`, `locked` or `old`."""
        return str(self._words["login"][why])

    def visit_refusal(self, why: str) -> str:
        """Why nothing was done with a visit: `changed` or `not_now`."""
        return str(self._words["refusals"][why])

    def _request(
        self,
        found: RequestInFull,
        booked: Sequence[Booked],
        named: Mapping[str, Booked],
        now: datetime,
    ) -> RequestView:
        visit = named.get(found.details.get("visit", ""))
        wanted = found.details.get("wanted", "")
        titles = _titles((found.about, *found.turns))
        lines = tuple(self._lines(found.turns, found.about, titles, now))
        is_among_them = any(line.is_reason for line in lines)
        about = () if is_among_them else self._lines((found.about,), found.about, titles, now)
        return RequestView(
            id=found.id,
            urgency=found.urgency,
            urgency_said=self._said("urgencies", found.urgency),
            reason=self._said("kinds", found.kind),
            channel=self._said("channels", found.channel),
            when=self._when(found.created_at, now),
            waiting=self._waiting(now - found.created_at),
            about=tuple(about),
            lines=lines,
            phone=as_read(found.details.get("phone", "")),
            good_time=found.details.get("good_time", ""),
            name=found.details.get("name", ""),
            known=tuple(self._known(found.draft, now)),
            visits=tuple(
                self._visit(each, now) for each in booked if visit is None or each.id != visit.id
            ),
            visit=None if visit is None else self._visit(visit, now),
            wanted=self._when(datetime.fromisoformat(wanted), now) if wanted else "",
        )

    def _lines(
        self, turns: Iterable[Turn], about: Turn, titles: Mapping[str, str], now: datetime
    ) -> Iterable[Line]:
        for turn in turns:
            pressed = turn.text.strip() in titles
            yield Line(
                by_patient=True,
                when=self._when(turn.at, now),
                medium="" if turn.kind == "text" else self._said("media", turn.kind),
                pressed=pressed,
                is_reason=turn.message_id == about.message_id,
                text=titles[turn.text.strip()] if pressed else turn.text,
            )
            for answer in turn.answers:
                yield Line(
                    by_patient=False,
                    when="",
                    medium="",
                    pressed=False,
                    is_reason=False,
                    text=str(answer["text"]),
                )

    def _visit(self, found: Booked, now: datetime, mark: Mark = UNMARKED) -> VisitView:
        starts, ends = self._local(found.starts_at), self._local(found.ends_at)
        may = {each.status: each for each in self._acts(found, now)}
        cancel = may.pop(CANCELLED, None)
        return VisitView(
            id=found.id,
            sequence=found.sequence,
            mark=mark,
            acts=tuple(may.values()),
            cancel=cancel.label if cancel else "",
            is_over=found.status in OVER,
            day=self._day(starts.date(), now),
            starts=starts.strftime("%H:%M"),
            ends=ends.strftime("%H:%M"),
            minutes=(found.ends_at - found.starts_at) // MINUTE,
            kind=self._visits.get(found.visit, found.visit),
            doctor=self._doctors.get(found.doctor, found.doctor),
            room=self._rooms.get(found.room, found.room),
            reference=found.reference,
            status=self._said("statuses", found.status),
            patient_is=self._said("patient_is", found.patient_is),
            reminders=self._said("reminders", found.reminders),
            email=found.email,
            name=found.name,
            phone=as_read(found.phone),
            concern=self._said("concerns", found.concern),
        )

    def _acts(self, found: Booked, now: datetime) -> Iterable[Act]:
        """What staff may do with a visit now, each in words that fit what it is."""
        labels = self._words["acts"].get(found.status, {})
        for status in acts(found.status, found.starts_at, found.ends_at, now, self._hours.zone):
            yield Act(status, str(labels.get(status, status)))

    def _known(self, draft: Mapping[str, Any], now: datetime) -> Iterable[tuple[str, str]]:
        """The facts of a booking that was begun (`bot.clinic.booking.Draft`), each in words."""
        for name, label in self._words["facts"].items():
            value = draft.get(name)
            if value:
                yield label, self._fact(name, value, now)

    def _fact(self, name: str, value: Any, now: datetime) -> str:
        if name == "start":
            return self._when(datetime.fromisoformat(value), now)
        if name == "wish":
            return self._wish(value)
        block = {"whom": "patient_is", "concern": "concerns", "reminders": "reminders"}.get(name)
        return self._said(block, str(value)) if block else str(value)

    def _wish(self, wish: Mapping[str, Any]) -> str:
        """Days and times as a patient named them (`bot.clinic.times.TimeWish`)."""
        days = [
            self._hours.say_date(date.fromisoformat(day), self._times)
            for day in wish.get("days", ())
        ]
        times = [
            str(pattern).format(time=f"{wish[name] // 60:02}:{wish[name] % 60:02}")
            for name, pattern in self._words["wish"].items()
            if wish.get(name) is not None
        ]
        ruled_out = [
            str(self._words["wish_not"]).format(
                date=self._hours.say_date(date.fromisoformat(day), self._times)
            )
            for day in wish.get("not_days", ())
        ]
        return ", ".join((*days, *ruled_out, *times))

    def _said(self, block: str, name: str) -> str:
        return str(self._words[block].get(name, name))

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._hours.zone)

    def _when(self, at: datetime, now: datetime) -> str:
        local = self._local(at)
        days_ago = (self._local(now).date() - local.date()).days
        form = {0: "today", 1: "yesterday"}.get(days_ago, "date")
        return str(self._words["times"][form]).format(
            time=local.strftime("%H:%M"), date=self._hours.say_date(local.date(), self._times)
        )

    def _day(self, day: date, now: datetime) -> str:
        ahead = (day - self._local(now).date()).days
        form = {0: "today", 1: "tomorrow"}.get(ahead, "date")
        return str(self._words["days"][form]).format(date=self._hours.say_date(day, self._times))

    def _waiting(self, span: timedelta) -> str:
        form = "minutes" if span < HOUR else "hours" if span < DAY else "days"
        return str(self._words["waiting"][form]).format(
            days=span // DAY,
            hours=span % DAY // HOUR if form == "days" else span // HOUR,
            minutes=max(span, timedelta()) % HOUR // MINUTE,
        )


def as_read(phone: str) -> str:
    """A stored number in groups, as people read it; what is none stays as it is."""
    return spoken_phone(phone) if re.fullmatch(r"\+\d{6,15}", phone) else phone


def phone_link(phone: str) -> str:
    """What may stand behind `tel:` (RFC 3966, without separators); empty if there is no number."""
    return re.sub(r"[^0-9+]", "", phone)


def _titles(turns: Iterable[Turn]) -> dict[str, str]:
    """What each button that these turns offered says, by its payload."""
    return {
        button["payload"]: button["title"]
        for turn in turns
        for answer in turn.answers
        for button in answer.get("buttons", ())
    }
