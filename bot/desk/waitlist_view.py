"""The wait list in the team's words: who wished what, and which free times suit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from bot.clinic.visits.statuses import WAITLIST
from bot.clinic.visits.wishes import fits, waiting_for
from bot.desk.view import View, as_read
from bot.store.wishes import Wished

# So many free times are shown with a wish; the next ones follow when these are taken.
MOST_TIMES = 3

# The free times of each kind of visit, in order.
Free = Mapping[str, Sequence[datetime]]


@dataclass(frozen=True)
class FreeTime:
    """A time that can be offered."""

    start: str
    said: str
    # Somebody who came earlier wished for it too.
    is_wished_earlier: bool


@dataclass(frozen=True)
class WishView:
    """A wish as the page shows it."""

    id: str
    kind: str
    patient_is: str
    since: str
    times: tuple[FreeTime, ...]
    # The time that was offered, and when; "" while it waits.
    offered: str
    # How they are told of a time.
    way: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    wish: str = field(repr=False)


class WaitListView(View):
    """Puts wishes into words, and beside each the free times that suit it."""

    def wishes(
        self, found: Sequence[Wished], free: Free, ways: Mapping[str, str], now: datetime
    ) -> list[WishView]:
        """The wishes in the order given; `ways` by the wish's id, as `way_to` says."""
        return [self._wished(each, found, free, ways.get(each.id, ""), now) for each in found]

    def fitting(self, wish: Wished, found: Sequence[Wished], free: Free) -> Iterable[datetime]:
        """The free times that may be offered for a wish: none that is offered to somebody else."""
        taken = {each.offered_start for each in found if each.id != wish.id}
        for start in free.get(wish.visit, ()):
            if start not in taken and fits(start, wish.wish, self._hours.zone):
                yield start

    def told(self, way: str) -> str:
        """How the patient learns of what was just offered; "" for what is no way."""
        return str(self._words["waitlist"]["told"].get(way, ""))

    def waitlist_refusal(self, why: str) -> str:
        """Why nothing was done: `changed` or `gone`."""
        return str(self._words["waitlist"]["refusals"][why])

    def _wished(
        self, wish: Wished, found: Sequence[Wished], free: Free, way: str, now: datetime
    ) -> WishView:
        words = self._words["waitlist"]
        is_waiting = wish.status == WAITLIST
        starts = list(self.fitting(wish, found, free)) if is_waiting else []
        return WishView(
            id=wish.id,
            kind=self._visits.get(wish.visit, wish.visit),
            patient_is=self._said("patient_is", wish.patient_is),
            since=self._when(wish.created_at, now),
            times=tuple(self._time(start, wish, found) for start in starts[:MOST_TIMES]),
            offered=self._offered(wish, now),
            way=str(words["ways"][way or "team"]) if is_waiting else "",
            name=wish.name,
            phone=as_read(wish.phone),
            wish=self._wish(wish.wish.to_json()) or str(words["any"]),
        )

    def _time(self, start: datetime, wish: Wished, found: Sequence[Wished]) -> FreeTime:
        waiting = [each for each in found if each.status == WAITLIST]
        first, *_ = waiting_for(start, wish.visit, waiting, self._hours.zone)
        return FreeTime(
            start=start.astimezone(timezone.utc).isoformat(),
            said=self._hours.say_short(start, self._times),
            is_wished_earlier=first.id != wish.id,
        )

    def _offered(self, wish: Wished, now: datetime) -> str:
        if wish.offered_start is None or wish.offered_at is None:
            return ""
        words = self._words["waitlist"]
        said = str(words["offered"]).format(
            start=self._hours.say_short(wish.offered_start, self._times),
            when=self._when(wish.offered_at, now),
        )
        if wish.offer_ends is None:
            return said
        until = self._hours.say_short(wish.offer_ends, self._times)
        return f"{said} {str(words['stands']).format(until=until)}"
