"""`python -m bot block`, `misfits` and `export`: what staff do with visits outside the desk."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.clinic.visits.blocks import CLINIC, LONGEST, read_wall_time, resources_of
from bot.clinic.visits.export import Export
from bot.clinic.visits.misfits import Fitting
from bot.clinic.visits.statuses import OPEN
from bot.data_files import DATA, read_yaml
from bot.private_file import write_private
from bot.start import StartError
from bot.store.blocks import add_block, blocks_between, remove_block
from bot.store.bookings import Booked, bookings_between, upcoming
from bot.store.database import Database

# Nothing is booked or blocked as far ahead as this.
_FAR = timedelta(days=800)
# Nothing was booked before it.
_EARLIEST = datetime(2000, 1, 1, tzinfo=timezone.utc)


class VisitCommands:
    """The commands on one clinic's visits; times are those of the clinic's clock."""

    def __init__(
        self, database: Database, clinic: Mapping[str, Any], now: datetime, address: str
    ) -> None:
        """`address`: where the front is reached, for the links to the desk."""
        self._database, self._clinic, self._now = database, clinic, now
        self._zone = ZoneInfo(clinic["clinic"]["zone"])
        self._desk = f"{address}/desk/visits/"

    def block(self, resource: str, first: str, last: str, reason: str) -> int:
        """Blocks a time, prints the block's id, and each open visit inside.

        Raises:
            StartError: with one sentence about what is wrong.
        """
        known = resources_of(self._clinic)
        if resource not in (CLINIC, *known):
            raise StartError(
                f"{resource} is nothing that can be blocked: there are {CLINIC} (everything), "
                f"{', '.join(known)}."
            )
        starts_at, ends_at = self._wall_time(first), self._wall_time(last)
        if ends_at <= starts_at:
            raise StartError("The end of a block should be later than its beginning.")
        if ends_at <= self._now:
            raise StartError("That time is over already: nothing is left to block.")
        if ends_at - starts_at > LONGEST:
            raise StartError(
                f"A block lasts at most {LONGEST.days} days: for longer, write `closures`, or the "
                "doctor's `hours`, into clinic.yml."
            )
        block, inside = add_block(
            self._database,
            resource,
            starts_at,
            ends_at,
            reason,
            "command",
            self._now,
            everything=known,
        )
        print(block)
        for visit in inside:
            print(f"  booked before and still on: {self._line(visit)}")
        return 0

    def list_blocks(self) -> int:
        """Prints every block that is not over."""
        for block in blocks_between(self._database, self._now, self._now + _FAR):
            span = f"{self._say(block.starts_at)} to {self._say(block.ends_at)}"
            print(f"{block.id}  {span}  {block.resource}  {block.reason}".rstrip())
        return 0

    def remove_block(self, block_id: str) -> int:
        """Frees the time of a block; status 1 where there is none."""
        if remove_block(self._database, block_id):
            return 0
        print("There is no such block.", file=sys.stderr)
        return 1

    def misfits(self) -> int:
        """Prints each open visit that no longer fits clinic.yml, and why; status 1 if any does."""
        reasons = read_yaml(DATA / "misfits.yml")["reasons"]
        found = find_misfits(self._database, self._clinic, self._now)
        for visit, reason in found:
            print(f"{self._line(visit)}  {reasons[reason]}")
        return 1 if found else 0

    def export(self, form: str, file: Path, days: tuple[str, str], *, with_names: bool) -> int:
        """Writes the visits that begin on some days into a file that only its owner may read.

        Args:
            form: "csv", or "fhir" for JSON (`bot.clinic.visits.export`).
            file: where to; one that is there already is replaced.
            days: the first and the last day in the clinic's calendar; "" is no limit.
            with_names: whether names and phones stand in it.

        Raises:
            StartError: a day is none, or the file cannot be written.
        """
        first, last = (self._day(text) for text in days)
        if first and last and last < first:
            raise StartError("The last day is before the first.")
        begins = self._midnight(first) if first else _EARLIEST
        ends = self._midnight(last + timedelta(days=1)) if last else self._now + _FAR
        visits = bookings_between(self._database, begins, ends)
        export = Export(self._clinic, with_names=with_names)
        content = (
            export.csv(visits)
            if form == "csv"
            else json.dumps(export.fhir(visits, self._now), ensure_ascii=False, indent=1) + "\n"
        )
        try:
            write_private(file, content)
        except OSError:
            raise StartError(f"{file} cannot be written: name another with --out.") from None
        print(f"{len(visits)} visits in {file}")
        return 0

    def _day(self, text: str) -> date | None:
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise StartError(f"{text} is no day: write one like 2026-11-30.") from None

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)

    def _line(self, visit: Booked) -> str:
        return f"{visit.id}  {self._say(visit.starts_at)}  {self._desk}{visit.id}"

    def _say(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def _wall_time(self, text: str) -> datetime:
        try:
            return read_wall_time(text, self._zone)
        except ValueError:
            raise StartError(
                f"{text} is no time of the clinic's clock: write one like 2026-11-30T10:00."
            ) from None


def find_misfits(
    database: Database, clinic: Mapping[str, Any], now: datetime
) -> list[tuple[Booked, str]]:
    """The open visits that no longer fit clinic.yml, each with its reason (`Fitting`)."""
    fitting = Fitting(clinic)
    visits: Iterable[Booked] = (each for each in upcoming(database, now) if each.status in OPEN)
    blocks = blocks_between(database, now - timedelta(days=1), now + _FAR)
    judged = ((visit, fitting.why_not(visit, blocks)) for visit in visits)
    return [(visit, reason) for visit, reason in judged if reason]
