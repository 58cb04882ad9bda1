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
        self._units = {
            str(word): unit for unit in ("minutes", "days") for word in _flat(words[unit])
        }
        self._sizes = {
            str(word): int(size)
            for unit in ("minutes", "days")
            for size, said in words[unit].items()
            for word in said
        }
        count = rf"(?:\d{{1,3}}|{_any_of(self._counts)})"
        much = rf"(?P<count>{count})[ -]?(?P<unit>{_any_of(self._units)})"
        later, earlier = _any_of(words["later"]), _any_of(words["earlier"])
        put_off, bring_on = _any_of(words["put_off"]), _any_of(words["bring_on"])
        by = _any_of(words["by"])
        self._patterns = [
            (re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE), sign)
            for pattern, sign in (
                (rf"(?:{by} )?{much} {later}", 1),
                (rf"(?:{by} )?{much} {earlier}", -1),
                (rf"(?:{put_off})(?: \w+){{0,3}}? {by} {much}", 1),
                (rf"(?:{bring_on})(?: \w+){{0,3}}? {by} {much}", -1),
            )
        ]

    def read(self, text: str) -> Shift | None:
        """The distance that a message names, or None."""
        plain = " ".join(text.split())
        for pattern, sign in self._patterns:
            found = pattern.search(plain)
            if found is None:
                continue
            said, unit = found["count"].casefold(), found["unit"].casefold()
            count = self._counts[said] if said in self._counts else float(said)
            size = round(sign * count * self._sizes[unit])
            rest = f"{plain[: found.start()].rstrip()} {plain[found.end() :].lstrip()}"
            is_days = self._units[unit] == "days"
            return Shift(size if is_days else 0, 0 if is_days else size, rest.strip())
        return None


def _flat(by_size: Mapping[Any, list[str]]) -> list[str]:
    return [word for said in by_size.values() for word in said]


def _any_of(words: Any) -> str:
    longest_first = sorted(map(str, words), key=len, reverse=True)
    return f"(?:{'|'.join(re.escape(each) for each in longest_first)})"
