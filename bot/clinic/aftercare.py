"""After-care by device and day: what is said, and what is still usual (brief 3.4 to 3.6, 5.4b).

Tables and texts are data (`data/aftercare.yml`); whoever calls reads the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.clinic.facts import fill
from bot.clinic.treatment_told import Told, TreatmentReader

__all__ = ["AfterCare", "Line", "Told"]

_UNKNOWN = "unknown"
_ALWAYS, _WITHOUT_DAY = "always", "without_day"


@dataclass(frozen=True)
class Line:
    """One point of after-care with the ids of its sources, its kind (`makeup`, `sun`) and name."""

    text: str
    sources: tuple[str, ...]
    kind: str
    name: str = ""


class AfterCare:
    """The table of `data/aftercare.yml` with the clinic's own values in it."""

    def __init__(
        self,
        table: Mapping[str, Any],
        words: Mapping[str, Any],
        times: Mapping[str, Any],
        protocol: Mapping[str, Any] | None,
        ranges: Mapping[str, str],
    ) -> None:
        """Compiles the words and fills the lines.

        Args:
            table: `data/aftercare.yml`.
            words: `data/aftercare_words.yml`.
            times: `data/times.yml`, for the names of weekdays, months and numbers.
            protocol: the block of clinic.yml; an empty value leaves the common range.
            ranges: the defaults of `data/facts.yml`, said where the clinic has no own value.
        """
        self._table = table
        self._reader = TreatmentReader(words, times)
        own = {key: str(value).strip() for key, value in (protocol or {}).items() if value}
        self._values = {**ranges, **{key: value for key, value in own.items() if value}}
        self._own = frozenset(key for key, value in own.items() if value)
        self._topics: Mapping[str, Any] = table["topics"]

    @property
    def topics(self) -> frozenset[str]:
        """The topics of which the table says more than their answer."""
        return frozenset(self._topics)

    @property
    def devices(self) -> frozenset[str]:
        """The kinds of device that the tables know."""
        return frozenset(self._table["devices"])

    def told(self, text: str, today: date) -> Told:
        """Device and day of the treatment as a patient's words tell them; `today` at the clinic."""
        return self._reader.told(text, today)

    def about(self, told: Told, topic: str) -> Told:
        """What was told, with the device that the topic speaks of anyway."""
        device = self._topics[topic].get("device") or told.device
        return Told(device, told.day, told.earliest, told.sign_days)

    def tells_more(self, told: Told, topic: str) -> bool:
        """Whether device or day make another answer than that of the topic itself."""
        if topic not in self._topics:
            return False
        names_device = bool(told.device) and "device" not in self._topics[topic]
        return told.day is not None or names_device

    def still_expected(self, sign: str, told: Told, eyes: bool = False) -> bool | None:
        """Whether a sign is still usual on that day; None where the day was not told.

        Without a device the smallest number of the row counts (brief 5.4b). `eyes`: puffy eyes,
        which may take longer. A sign that has lasted longer than it may is past its day although
        the day of the treatment is not known.

        Raises:
            KeyError: no such sign.
        """
        row = self._table["expected_until"][sign]
        device = told.device or _UNKNOWN
        last = row[device]
        if eyes:
            last = max(last, row.get("eyes", {}).get(device, last))
        if told.day is not None:
            return bool(told.day <= last)
        return False if told.sign_days is not None and told.sign_days > last else None

    def past_sign(self, sign: str) -> str:
        """The row of the red flags for a sign past its day (brief 5.3).

        Raises:
            KeyError: no such sign.
        """
        return str(self._table["expected_until"][sign]["past"])

    def lines(self, told: Told, topic: str) -> list[Line]:
        """The lines of a topic for that device and day.

        Without a device those written for an unknown one; none where neither was told. What is
        allowed goes by the first of the days that may be meant.

        Raises:
            KeyError: no such topic or device.
        """
        told = self.about(told, topic)
        if not told.device and told.day is None:
            return []
        rows = self._of_device(told.device)
        found: list[Line] = []
        for kind in self._topics[topic][rows["part"]]:
            for name in _names(rows["days"][kind], told.first_day):
                found.append(self._line(name, kind))
        return found

    def source_names(self, lines: Sequence[Line], shown_as: Mapping[str, str]) -> list[str]:
        """At most two names for the source line: the one most lines rest on, and practice.

        `shown_as`: the name of each source that a patient reads.
        """
        practice = str(self._table["practice"])
        counted = Counter(
            name for line in lines for name in {shown_as[each] for each in line.sources}
        )
        # Practice stands in any case: every line is a habit of clinics first (brief, part 3).
        counted.pop(practice, None)
        most = max(counted, key=lambda name: (counted[name], name), default="")
        return [most, practice] if most else [practice]

    def body(self, told: Told, lines: Sequence[Line]) -> str:
        """The lines under their title and above the limits; phones are not filled in yet."""
        points = [str(self._table["point"]).format(line=line.text) for line in lines]
        return "\n".join([self.title(told), *points, *self.limits(told)])

    def title(self, told: Told) -> str:
        """What stands above the lines: device and day in words."""
        titles = self._table["titles"]
        day = str(told.first_day)
        if told.day != told.first_day:
            day = str(self._table["day_or_later"]).format(day=day)
        key = "device" if told.day is None else "device_and_day" if told.device else "day"
        name = self.name_of(told.device) if told.device else ""
        return str(titles[key]).format(device=name, day=day)

    def limits(self, told: Told) -> list[str]:
        """What stands beneath the lines: the device is asked for if need be, and when to call."""
        call = self.call(told.device)
        return [call] if told.device else [str(self._table["ask_device"]), call]

    def call(self, device: str) -> str:
        """When to call after a treatment with this device; empty is one that is not known."""
        until = self._table["expected_until"]
        days = {sign: row[device or _UNKNOWN] for sign, row in until.items()}
        return str(self._of_device(device)["call"]).format(**days)

    def name_of(self, device: str) -> str:
        """What a patient calls a kind of device.

        Raises:
            KeyError: no such device.
        """
        return str(self._table["devices"][device]["name"])

    def every_line(self) -> list[Line]:
        """All lines of the table, each as it is said in this clinic."""
        return [self._line(name, "") for name in self._table["lines"]]

    def _of_device(self, device: str) -> Mapping[str, Any]:
        rows: Mapping[str, Any] = (
            self._table["devices"][device] if device else self._table[_UNKNOWN]
        )
        return rows

    def _line(self, name: str, kind: str) -> Line:
        line = self._table["lines"][name]
        is_own = not self._own.isdisjoint(line.get("protocol", ()))
        text = line.get("own", line["text"]) if is_own else line["text"]
        return Line(fill(text, self._values), tuple(line["sources"]), kind, name)


def _names(row: Mapping[Any, Any], day: int | None) -> Sequence[str]:
    """The names of the lines in the cell of a day; the last range holds for later days too."""
    cell: Any = row.get(_ALWAYS, [])
    if day is None:
        cell = row.get(_WITHOUT_DAY, cell)
    else:
        for days, names in row.items():
            first = str(days).partition("-")[0]
            if first.isdigit() and day >= int(first):
                cell = names
    return [cell] if isinstance(cell, str) else list(cell)
