"""Booked visits that no longer fit the clinic as clinic.yml describes it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.clinic.availability import Availability
from bot.clinic.visits.blocks import CLINIC

# Every reason, in the order in which they are looked for.
REASONS = (
    "no_visit", "no_doctor", "no_room", "no_device", "not_by_doctor", "not_in_room",
    "not_with_device", "closed", "away", "break", "blocked",
)  # fmt: skip


class Visit(Protocol):
    """What of a booking must fit; "" stands for what it has none of."""

    @property
    def visit(self) -> str:
        """The kind, a key under `visits`."""

    @property
    def doctor(self) -> str:
        """The doctor's id."""

    @property
    def room(self) -> str:
        """The room's id."""

    @property
    def device(self) -> str:
        """The device's id."""

    @property
    def starts_at(self) -> datetime:
        """The beginning, aware."""

    @property
    def ends_at(self) -> datetime:
        """The end, aware."""


class Block(Protocol):
    """A time that staff keep from being booked."""

    @property
    def resource(self) -> str:
        """Such as "doctor:mehra", or "clinic"."""

    @property
    def starts_at(self) -> datetime:
        """The beginning, aware."""

    @property
    def ends_at(self) -> datetime:
        """The end, aware."""


class Fitting:
    """Judges visits by one clinic.yml; built once."""

    def __init__(self, clinic: Mapping[str, Any]) -> None:
        """Takes the content of clinic.yml."""
        self._availability = Availability.from_mapping(clinic)
        self._visits: Mapping[str, Any] = clinic["visits"]
        self._does = {each["id"]: each.get("visits") or () for each in clinic.get("doctors") or ()}
        self._rooms = {each["id"] for each in clinic.get("rooms") or ()}
        self._offered = {
            each["id"]: each.get("offered", True) for each in clinic.get("devices") or ()
        }

    def why_not(self, visit: Visit, blocks: Iterable[Block]) -> str:
        """The first of `REASONS` why a visit no longer fits; "" when it does.

        Its length and its buffers are not looked at: they stay what they were when it was booked.

        Args:
            visit: the booking.
            blocks: those that could reach into it.

        Raises:
            ValueError: a time of the visit has no zone.
        """
        return (
            self._what_is_gone(visit)
            or self._what_changed(visit)
            or self._availability.why_outside(visit.doctor, visit.starts_at, visit.ends_at)
            or ("blocked" if any(_is_in(visit, block) for block in blocks) else "")
        )

    def _what_is_gone(self, visit: Visit) -> str:
        gone = {
            "no_visit": visit.visit not in self._visits,
            "no_doctor": visit.doctor and visit.doctor not in self._does,
            "no_room": visit.room and visit.room not in self._rooms,
            "no_device": visit.device and visit.device not in self._offered,
        }
        return next((reason for reason, is_so in gone.items() if is_so), "")

    def _what_changed(self, visit: Visit) -> str:
        needs = self._visits[visit.visit].get("needs") or {}
        has_device = visit.device in (needs.get("devices") or ()) and self._offered[visit.device]
        changed = {
            "not_by_doctor": visit.doctor and visit.visit not in self._does[visit.doctor],
            "not_in_room": visit.room and visit.room not in (needs.get("rooms") or ()),
            "not_with_device": visit.device and not has_device,
        }
        return next((reason for reason, is_so in changed.items() if is_so), "")


def _is_in(visit: Visit, block: Block) -> bool:
    own = {f"doctor:{visit.doctor}", f"room:{visit.room}", f"device:{visit.device}", CLINIC}
    return (
        block.resource in own
        and visit.starts_at < block.ends_at
        and block.starts_at < visit.ends_at
    )
