"""A new time told by its distance from the visit: "postpone by a day", "an hour earlier"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Shift:
    """By how much a visit is to be moved; below zero it comes earlier.

    Days and weeks keep the wall clock's time; `rest` is the message without the words read here.
    """

    days: int
    minutes: int
    rest: str

    @property
    def span(self) -> timedelta:
        """The same, to be added to a wall clock's time."""
        return timedelta(days=self.days, minutes=self.minutes)


class Shifts:
    """Reads it with the block `shifts` of `data/visits.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """Compiles the words."""
        self._counts = {
            str(word): float(count) for count, said in words["counts"].items() for word in said
        }
        self._minutes = _by_word(words["minutes"])
        self._days = _by_word(words["days"])
        number = r"(?<![\w.,:/-])\d{1,3}(?:[.,]5)?"
        count = rf"(?:{number}|(?<!\w){_any_of(self._counts)})"
        unit = _any_of([*self._minutes, *self._days])
        half = _any_of(words["and_a_half"])
        more = _any_of(words["more"])
        much = rf"(?P<count>{count})[ -]?(?:{more} )?(?P<unit>{unit})(?P<half> {half})?"
        later, earlier = _any_of(words["later"]), _any_of(words["earlier"])
        put_off, bring_on = _any_of(words["put_off"]), _any_of(words["bring_on"])
        by, elsewhere = _any_of(words["by"]), _any_of(words["elsewhere"])
        between = rf"(?: (?!{elsewhere}(?!\w))\w+){{0,3}}?"
        self._patterns = [
            (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), sign)
            for pattern, sign in (
                (rf"(?:{by} )?{much} {later}", 1),
                (rf"(?:{by} )?{much} {earlier}", -1),
                (rf"{later} {by} {much}", 1),
                (rf"{earlier} {by} {much}", -1),
                (rf"{put_off}{between} {by} {much}", 1),
                (rf"{bring_on}{between} {by} {much}", -1),
            )
        ]
        self._not_before = re.compile(
            rf"(?<!\w){_any_of(words['not_before'])}(?: \w+){{0,3}} ?$", re.IGNORECASE
        )
        self._not_beside = re.compile(
            rf"(?<!\w){_any_of(words['not_beside'])}(?!\w)", re.IGNORECASE
        )
        self._more = re.compile(rf"(?<!\w){more}(?!\w)", re.IGNORECASE)

    def read(self, text: str) -> Shift | None:
        """The distance that a message names, or None."""
        plain = " ".join(text.replace("\u2019", "'").split())
        if self._not_beside.search(plain):
            return None
        for pattern, sign in self._patterns:
            found = pattern.search(plain)
            if found is None or self._not_before.search(plain[: found.start()]):
                continue
            rest = f"{plain[: found.start()].rstrip()} {plain[found.end() :].lstrip()}".strip()
            unit = found["unit"].casefold()
            count = self._count(found["count"].casefold()) + (0.5 if found["half"] else 0)
            minutes = self._minutes.get(unit, 0) * count * sign
            days = self._days.get(unit, 0) * count * sign
            # Half a day is no time of the clock.
            return Shift(int(days), round(minutes), rest) if days == int(days) else None
        return None

    def is_further(self, text: str) -> bool:
        """Whether the distance is meant beside what was said already: "one more day later"."""
        return bool(self._more.search(text))

    def _count(self, said: str) -> float:
        return self._counts[said] if said in self._counts else float(said.replace(",", "."))


def _by_word(by_size: Mapping[Any, list[str]]) -> dict[str, int]:
    return {str(word): int(size) for size, said in by_size.items() for word in said}


def _any_of(words: Any) -> str:
    longest_first = sorted(map(str, words), key=len, reverse=True)
    return f"(?:{'|'.join(re.escape(each) for each in longest_first)})"
