"""A screen of the check as a form of a web page: how it is filled in, and what that answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot.clinic.suitability.check import AGE
from bot.clinic.suitability.dialogue import NONE, SKIP
from bot.clinic.suitability.questions import NO, SOME, UNSURE, YES, Catalogue, Item, Screen

NEXT = "next"


class Fault(str, Enum):
    """Why a form is shown again instead of being taken."""

    # "Next", and nothing stands in it: that might be a slip.
    EMPTY = "empty"
    # "None of these", and something is ticked or typed.
    BOTH = "both"
    # What is typed is about nothing on the list, and nothing is ticked.
    UNREAD = "unread"


@dataclass(frozen=True)
class ScreenForm:
    """What a browser sent. An item is named by its id in `data/suitability.yml`."""

    screen: str
    button: str
    shown: Sequence[str]
    ticked: Sequence[str] = field(repr=False)
    unsure: Sequence[str] = field(repr=False)
    words: str = field(repr=False)

    @property
    def fault(self) -> Fault | None:
        """What is wrong with it, as far as its boxes show."""
        says_something = bool(self.ticked or self.unsure or self.words.strip())
        if self.button == NEXT and not says_something:
            return Fault.EMPTY
        return Fault.BOTH if self.button == NONE and says_something else None

    def answers(self, screen: Screen, catalogue: Catalogue) -> dict[str, str]:
        """The answer to each question that was shown; a list that opens stands by its id.

        What was not ticked is denied, unless the screen is skipped. Both boxes of a line, or two
        answers to one question, count as the stricter of them.
        """
        keys: dict[str, set[str]] = {}
        for item in screen.items:
            if item.id in self.shown:
                keys.setdefault(item.question or item.id, set()).update(self._keys(item))
        return {
            asked: _one(asked, found, catalogue)
            for asked, found in keys.items()
            if found or self.button != SKIP
        }

    def _keys(self, item: Item) -> set[str]:
        ticked = {item.answer or (YES if item.opens else SOME)} if item.id in self.ticked else set()
        return ticked | ({UNSURE} if item.id in self.unsure and can_be_unsure(item) else set())


def can_be_unsure(item: Item) -> bool:
    """Whether a line has a box "not sure": everybody knows their age, and a list only opens."""
    return item.question not in ("", AGE)


def _one(asked: str, keys: set[str], catalogue: Catalogue) -> str:
    if not keys:
        return NO
    if asked not in catalogue.questions or SOME in keys:
        return next(iter(keys - {UNSURE}))
    return catalogue.stricter(asked, sorted(keys))
