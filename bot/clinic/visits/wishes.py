"""The wait list: whether a free time fits what a patient wished, who is first, what is offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date, datetime, timezone
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from bot.clinic.facts import fill
from bot.clinic.hours import OpeningHours
from bot.clinic.payloads import Press, write_payload
from bot.clinic.times import TimeWish
from bot.clinic.visits.ways import WHATSAPP, WINDOW

WEBSITE = "website"
# A person of the clinic has to call.
TEAM = ""
TAKE = "book_consultation"


class Waiting(Protocol):
    """What of a wish decides whose turn it is."""

    @property
    def id(self) -> str:
        """Random."""

    @property
    def visit(self) -> str:
        """The kind of visit in clinic.yml."""

    @property
    def wish(self) -> TimeWish:
        """When the patient would like to come."""

    @property
    def created_at(self) -> datetime:
        """When it was left."""


Wish = TypeVar("Wish", bound=Waiting)


def fits(start: datetime, wish: TimeWish, zone: ZoneInfo) -> bool:
    """Whether a visit that starts then is what somebody wished; `zone` is the clinic's."""
    local = start.astimezone(zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    is_day = (not wish.days or day in wish.days) and day not in wish.not_days
    is_late_enough = wish.earliest is None or minute >= wish.earliest
    is_early_enough = wish.latest is None or minute <= wish.latest
    is_exact = wish.exact is None or minute == wish.exact
    return is_day and is_late_enough and is_early_enough and is_exact


def is_over(wish: TimeWish, today: date) -> bool:
    """Whether every day that was wished is past; a wish for no certain day has no end."""
    return bool(wish.days) and max(wish.days) < today


def waiting_for(start: datetime, visit: str, wishes: Iterable[Wish], zone: ZoneInfo) -> list[Wish]:
    """Whom a freed time of that kind of visit suits: who left their wish first comes first."""
    found = [each for each in wishes if each.visit == visit and fits(start, each.wish, zone)]
    return sorted(found, key=lambda each: (each.created_at, each.id))


class GivenBack(Protocol):
    """A span in which a visit stood until a moment."""

    @property
    def at(self) -> datetime:
        """When it was given back."""

    @property
    def starts(self) -> datetime:
        """Its beginning."""

    @property
    def ends(self) -> datetime:
        """Its end, which is free for the next one."""


def is_in(span: GivenBack, start: datetime) -> bool:
    """Whether a time begins in a span that was given back."""
    return span.starts <= start < span.ends


def turns(
    span: GivenBack,
    start: datetime,
    visit: str,
    wishes: Iterable[Wish],
    offered: Set[tuple[str, datetime]],
    zone: ZoneInfo,
) -> list[Wish]:
    """Who is asked, one after the other, whether a time in a span that was given back suits them.

    Who left their wish before it was given back, and was offered nothing of that span yet.
    `offered`: ids of wishes with what they were offered.
    """
    if not is_in(span, start):
        return []
    asked = {wish for wish, other in offered if is_in(span, other)}
    return [
        each
        for each in waiting_for(start, visit, wishes, zone)
        if each.created_at < span.at and each.id not in asked
    ]


def way_to(
    channel: str, last_heard_at: datetime, now: datetime, *, may_write: bool, has_whatsapp: bool
) -> str:
    """By which way a freed time is offered: `WHATSAPP`, `WEBSITE`, or `TEAM` to call.

    Args:
        channel: on which the wish was left.
        last_heard_at: when the patient last wrote there.
        now: the present instant.
        may_write: false after a STOP, and for a day after danger.
        has_whatsapp: whether WhatsApp is set up.
    """
    if not may_write:
        return TEAM
    if channel == WHATSAPP and has_whatsapp and now - last_heard_at < WINDOW:
        return WHATSAPP
    return WEBSITE if channel == WEBSITE else TEAM


class TimeOffer:
    """Words a freed time as a message with its buttons."""

    def __init__(
        self, clinic: Mapping[str, Any], words: Mapping[str, Any], times: Mapping[str, Any]
    ) -> None:
        """`words`: the block `offer` of `data/wishes.yml`; `times`: that of `data/facts.yml`."""
        self._hours = OpeningHours.from_mapping(clinic)
        self._visits = {name: str(visit["name"]) for name, visit in clinic["visits"].items()}
        self._words, self._times = words, times

    def content(
        self, wish_id: str, visit: str, start: datetime, ends: datetime | None = None
    ) -> dict[str, Any]:
        """Text, buttons and the wish's id, as the outbox keeps them; no name stands in it.

        `ends`: when the next one is asked.
        """
        this = {"wish": wish_id}
        begins = start.astimezone(timezone.utc).isoformat()
        values = {
            "visit": self._visits.get(visit, visit),
            "when": self._hours.say_moment(start, self._times),
            "until": "" if ends is None else self._hours.say_moment(ends, self._times),
        }
        said = ("text",) if ends is None else ("text", "until")
        text = "\n".join(fill(str(self._words[name]), values).strip() for name in said)
        presses = {
            "take": Press(TAKE, {"start": begins, **this}),
            "decline": Press(TAKE, {"start": begins, **this, "then": "stop"}),
        }
        titles = self._words["buttons"]
        return {
            "text": text,
            "buttons": [
                {"title": str(titles[name]), "payload": write_payload(press)}
                for name, press in presses.items()
            ],
            **this,
        }
