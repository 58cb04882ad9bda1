"""What goes out about a visit by itself: a reminder, a change, the question about a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.clinic.facts import facts, fill
from bot.clinic.payloads import Press, write_payload
from bot.clinic.told import ToldBooking
from bot.clinic.told import Visit as ToldVisit
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.statuses import BOOKED, CANCELLED, GIVEN_BACK, OPEN, PENDING

# What happened to a visit, beside the statuses that it has got.
MOVED = "moved"
CHECK, MOVE, CANCEL, BOOK = (
    "check_consultation",
    "reschedule_consultation",
    "cancel_consultation",
    "book_consultation",
)


class Visit(ToldVisit, Protocol):
    """What of a booking is told."""

    @property
    def id(self) -> str:
        """Random."""

    @property
    def visit(self) -> str:
        """The kind of visit in clinic.yml."""


def what_happened(before: str, after: str, *, moved: bool) -> str:
    """What a patient is told of a change: moved, pending, booked or cancelled; "" for nothing.

    Args:
        before: the status before.
        after: the status now.
        moved: whether it has another time.
    """
    if after in GIVEN_BACK:
        # What is over, or was given back before, is no news.
        return CANCELLED if before in OPEN else ""
    if moved:
        return PENDING if after == PENDING else MOVED
    return BOOKED if (before, after) == (PENDING, BOOKED) else ""


class VisitNotices:
    """Words and buttons, as the outbox keeps them.

    With `template` set the same words are in the template that Meta knows (whatsapp.py).
    """

    def __init__(
        self,
        clinic: Mapping[str, Any],
        words: Mapping[str, Any],
        wording: Mapping[str, Any],
        told: ToldBooking,
        policy: ChangePolicy,
    ) -> None:
        """`words`: the content of `data/reminders.yml`; `wording`: of `data/facts.yml`."""
        self._clinic, self._words, self._wording, self._told = clinic, words, wording, told
        self._policy = policy
        self._templates = clinic["whatsapp"]["templates"]

    def has_template(self, name: str) -> bool:
        """Whether Meta has approved one for this: reminder, change or first_message."""
        return bool(self._templates[name])

    def reminder(self, visit: Visit, now: datetime, *, template: bool = False) -> dict[str, Any]:
        """When and where the visit is, and what can be done about it."""
        values = self._values(visit, now)
        content = self._content(
            fill(self._words["reminder"]["text"], values), self._acts(visit, confirms=True)
        )
        if not template:
            return content
        names = ("booking_when", "visit", "clinic_address", "policy")
        return self._in_template("reminder", content, [values[each] for each in names])

    def letter(self, visit: Visit, now: datetime, letter: Mapping[str, str]) -> dict[str, Any]:
        """The reminder as an e-mail; `letter`: the block `reminder` of `data/email.yml`."""
        said = self.reminder(visit, now)["text"]
        body = fill(letter["body"], {**self._values(visit, now), "said": said})
        return {"letter": {"subject": letter["subject"], "body": body}}

    def change(
        self, what: str, visit: Visit, now: datetime, *, template: bool = False
    ) -> dict[str, Any]:
        """That somebody else changed the visit; `what`: as `what_happened` says."""
        values = self._values(visit, now)
        said = fill(self._words["changes"][what], values)
        text = fill(self._words["change"], {**values, "change": said})
        if template:
            return self._in_template("change", self._content(text, []), [said])
        is_gone = what == CANCELLED
        return self._content(text, [("book", Press(BOOK, {}))] if is_gone else self._acts(visit))

    def news(self, now: datetime) -> dict[str, Any]:
        """That a visit was changed, for whoever reads the chat next; what it is shows the dialogue.

        It asks whose visit it is, so nothing of it stands here.
        """
        known = facts(self._clinic, self._wording, now)
        return self._content(fill(self._words["news"], known), [("look", Press(CHECK, {}))])

    def number(self, visit: Visit, now: datetime) -> dict[str, Any]:
        """Asks whether a number is the patient's, in Meta's template: a first message."""
        asked = [
            (name, Press(CHECK, {"visit": visit.id, "number": name}))
            for name in ("mine", "not_mine")
        ]
        known = facts(self._clinic, self._wording, now)
        content = self._content(fill(self._words["number"], known), asked)
        return self._in_template("first_message", content, [])

    def _values(self, visit: Visit, now: datetime) -> dict[str, str]:
        known = facts(self._clinic, self._wording, now)
        name = str(self._clinic["visits"].get(visit.visit, {}).get("name", visit.visit))
        return {
            **known,
            **self._told.values(visit),
            "visit": name,
            "policy": self._policy.say(visit.starts_at, now),
        }

    def _acts(self, visit: Visit, *, confirms: bool = False) -> list[tuple[str, Press]]:
        this = {"visit": visit.id}
        confirm = [("confirm", Press(CHECK, {**this, "act": "confirm"}))] if confirms else []
        return [*confirm, ("move", Press(MOVE, this)), ("cancel", Press(CANCEL, this))]

    def _content(self, text: str, acts: Iterable[tuple[str, Press]]) -> dict[str, Any]:
        titles = self._words["buttons"]
        lines = [line.strip() for line in text.splitlines()]
        return {
            "text": "\n".join(line for line in lines if line),
            "buttons": [
                {"title": titles[name], "payload": write_payload(press)} for name, press in acts
            ],
        }

    def _in_template(self, name: str, content: dict[str, Any], values: list[str]) -> dict[str, Any]:
        return {
            **content,
            "template": {
                "name": self._templates[name],
                "language": self._templates["language"],
                "values": values,
                "payloads": [button["payload"] for button in content["buttons"]],
            },
        }
