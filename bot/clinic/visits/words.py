"""Short answers about a visit that stands, and what in a message speaks of it.

Stricter than those of a booking: there a wrong yes is read back again, here it takes a visit away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.clinic.booking.draft import Heard
from bot.clinic.visits.draft import CANCEL

_LETTERS = re.compile(r"[\w'’\u0900-\u097f]+")


class VisitWords:
    """Recognises them with the block `words` of `data/visits.yml`."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """Compiles the words."""
        said = {
            name: _any_of(words[name]) for name in ("yes", "no", "cancel", "move", "keep", "lost")
        }
        polite = f"(?: (?:{_any_of(words['polite'])}))*"
        before = f"(?:(?:{said['yes']}|{_any_of(words['polite'])}) )*"
        self._yes = _whole(f"{before}(?:{said['yes']}){polite}")
        self._no = _whole(f"(?:{said['no']})(?: (?:{said['no']}|{_any_of(words['polite'])}))*")
        self._cancel = _whole(f"{before}(?:{said['cancel']})(?: (?:{said['yes']}))?{polite}")
        self._move = _whole(f"{before}(?:{said['move']}){polite}")
        self._because = _whole(f"{before}(?:{said['cancel']}){polite} (?:{words['reason']})\\b.*")
        self._keep, self._lost = _whole(said["keep"]), _whole(said["lost"])
        self._cancels, self._moves = (
            re.compile(rf"(?<!\w)(?:{words[name]})", re.IGNORECASE) for name in ("cancels", "moves")
        )
        self._left_behind = [re.compile(each, re.IGNORECASE) for each in words["left_behind"]]

    def agrees(self, heard: Heard, act: str) -> bool:
        """Whether the whole message is a yes to moving or cancelling; a question never is."""
        said = _bare(heard.text)
        if "?" in heard.text or self._keep.fullmatch(said):
            return False
        if act == CANCEL:
            # "Cancel it, I have work on Friday" gives a reason and no other day.
            return bool(
                self._yes.fullmatch(said)
                or self._cancel.fullmatch(said)
                or self._because.fullmatch(said)
            )
        return bool(self._yes.fullmatch(said) or self._move.fullmatch(said))

    def refuses(self, heard: Heard) -> bool:
        """Whether the whole message is a plain no."""
        return bool(self._no.fullmatch(_bare(heard.text)))

    def keeps(self, heard: Heard) -> bool:
        """Whether the whole message says that the visit stays, or that they come."""
        return "?" not in heard.text and bool(self._keep.fullmatch(_bare(heard.text)))

    def has_lost(self, heard: Heard) -> bool:
        """Whether the whole message says that there is no reference at hand."""
        return bool(self._lost.fullmatch(_bare(heard.text)))

    def speaks_of(self, act: str, text: str) -> bool:
        """Whether a word of moving, or of cancelling, stands in it."""
        return bool((self._cancels if act == CANCEL else self._moves).search(text))

    def left_behind(self, text: str) -> str:
        """The words of the day that a visit is moved away from: "from Friday to Monday"."""
        plain = " ".join(text.split())
        for pattern in self._left_behind:
            found = pattern.search(plain)
            if found:
                return found.group("day")
        return ""


def _bare(text: str) -> str:
    return " ".join(_LETTERS.findall(text.casefold().replace("’", "'")))


def _any_of(patterns: Any) -> str:
    return "|".join(f"(?:{each})" for each in patterns)


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
