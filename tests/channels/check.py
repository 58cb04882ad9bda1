"""The check's pages over a real database, and browsers that fill in what they are shown."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from bot.channels.check_page import CheckPage
from bot.channels.check_steps import CheckSteps
from bot.channels.check_view import CheckView
from bot.clinic.availability import Availability
from bot.clinic.clock import Clock
from bot.clinic.red_flags import RedFlags
from bot.clinic.schema import read_clinic
from bot.clinic.suitability.check import Check
from bot.clinic.suitability.rules import CheckRules
from bot.clinic.told import ToldBooking
from bot.data_files import DATA, ROOT, common_words, read_signs, read_yaml
from bot.door.door import Wordings
from bot.front import PAGE
from bot.store import messages
from bot.store.bookings import Booked, NewBooking, book
from bot.store.checks import StoredCheck, last_check, make_link
from bot.store.database import Database
from bot.store.messages import Answer

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
SECRET = "a secret of the tests, long enough"
SILENCE = timedelta(hours=12)
RESPONSES: dict[str, Any] = read_yaml(ROOT / "domain.yml")["responses"]


class HandClock(Clock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


@cache
def clinic() -> dict[str, Any]:
    return read_clinic((ROOT / "clinic.yml").read_text("utf-8"))


@cache
def rules() -> CheckRules:
    booking, facts = read_yaml(DATA / "booking.yml"), read_yaml(DATA / "facts.yml")
    told = ToldBooking(clinic(), booking["labels"], facts["times"], "http://front.test")
    questions = read_yaml(DATA / "suitability.yml")
    return CheckRules.from_data(
        questions, booking, common_words(), clinic(), told, "http://front.test"
    )


@cache
def red_flags() -> RedFlags:
    return RedFlags(read_signs())


def application(
    database: Database,
    clock: Clock,
    *,
    over_tls: bool = False,
    edited: Mapping[str, Mapping[str, str]] | None = None,
) -> Starlette:
    frame, safety = read_yaml(DATA / "wording.yml"), read_yaml(DATA / "safety" / "texts.yml")
    wordings = Wordings(clinic(), read_yaml(DATA / "facts.yml"), frame, safety, {})
    page = CheckPage(
        database,
        clock,
        CheckSteps(database, clock, rules(), SILENCE.total_seconds() / 3600),
        CheckView(rules(), wordings, RESPONSES, clock, lambda: edited or {}),
        red_flags(),
        SECRET,
        over_tls=over_tls,
    )
    return Starlette(routes=[*page.routes(), Mount("/page", StaticFiles(directory=PAGE))])


@dataclass
class Page:
    """What a page holds: its title, headings, visible text, and the form on it."""

    answer: httpx.Response
    title: str = ""
    heading: str = ""
    text: str = ""
    hidden: list[tuple[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    # What stands on a button, and its name and value.
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        reader = _Reader(self)
        reader.feed(self.answer.text)
        reader.close()
        self.text = re.sub(r" (?=[.,])", "", " ".join(self.text.split()))

    @property
    def status(self) -> int:
        return self.answer.status_code


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page, self._tag, self._button = page, "", ("", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given["type"] == "hidden":
            self._page.hidden.append((given["name"], given["value"]))
        elif tag == "input" and given["name"] == "ticked":
            self._page.lines.append(given["value"])
        elif tag == "button":
            self._button = (given["name"], given["value"])
        if tag not in ("input", "meta", "link", "img"):
            self._tag = tag

    def handle_data(self, data: str) -> None:
        if self._tag == "title":
            self._page.title += data.strip()
        elif self._tag == "h1":
            self._page.heading += data.strip()
        elif self._tag == "button" and data.strip():
            self._page.buttons[data.strip()] = self._button
        if self._tag != "title":
            self._page.text += f"{data} "


class Patient:
    """A browser with a link in its hand."""

    scheme = "http"
    page: Page

    def __init__(self, app: Starlette, key: str) -> None:
        self._app, self.path = app, f"/check/{key}"
        self.cookies = httpx.Cookies()

    def looks(self) -> Page:
        """Opens or reloads the page."""
        self.page = self._asks("GET")
        return self.page

    def presses(
        self,
        button: str,
        ticked: Sequence[str] = (),
        unsure: Sequence[str] = (),
        words: str = "",
        on: Page | None = None,
    ) -> Page:
        """Fills in the form of a page, the present one if no other is named, and sends it."""
        shown = on or self.page
        fields = [
            *shown.hidden,
            *(("ticked", each) for each in ticked),
            *(("unsure", each) for each in unsure),
            *([("words", words)] if words else []),
            shown.buttons[button],
        ]
        self.page = self.sends(fields)
        return self.page

    def sends(self, fields: Sequence[tuple[str, str]]) -> Page:
        """Sends a form as it is given."""
        body = str(httpx.QueryParams(list(fields)))
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._asks("POST", content=body, headers=kind)

    def _asks(self, method: str, **sent: Any) -> Page:
        """One request, and where it is redirected to, as a browser follows it."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self._app),
                base_url=f"{self.scheme}://front.test",
                cookies=self.cookies,
                follow_redirects=True,
            ) as client:
                answer = await client.request(method, self.path, **sent)
                self.cookies = client.cookies
                return answer

        return Page(asyncio.run(ask()))

    def begins(self) -> Page:
        """Opens the link and agrees: the first list is shown."""
        self.looks()
        self.presses("Start")
        return self.presses("Yes, I agree")

    def denies_the_rest(self) -> int:
        """Presses "None of these" to the end; gives how many lists that were."""
        lists = 0
        while "None of these" in self.page.buttons:
            self.presses("None of these")
            lists += 1
        return lists


class Desk:
    """The clinic's side: who wrote, what they have booked, and what was stored."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._count = 0

    def message(self, text: str = "Can I do the questions?", at: datetime = NOW) -> Any:
        """A message on WhatsApp, answered."""
        self._count += 1
        return messages.receive(
            self.database, "whatsapp", "a person", f"id {self._count}", text, at, SILENCE, "to"
        )

    def link(self, visit: Booked | None = None, at: datetime = NOW) -> str:
        """The key of a link that the patient was sent."""
        asked = self.message(at=at)
        messages.finish(self.database, asked.id, Answer([{"text": "Here is the link."}]), at)
        booking = visit.id if visit else ""
        return make_link(self.database, asked.conversation_id, asked.id, booking, at)

    def visit(self, days: int = 2, kind: str = "consultation", concern: str = "skin") -> Booked:
        """A visit of the patient's own."""
        yes = self.message("Yes")
        availability = Availability.from_mapping(clinic())
        start = datetime(2026, 11, 23 + days, 5, 0, tzinfo=timezone.utc)
        options = availability.options_at(kind, start, {}, NOW)
        new = NewBooking(
            yes.conversation_id, yes.id, kind, "self", "Asha Rao", "+919999900001", concern
        )
        return book(self.database, new, options, 5, "booked", [], NOW)

    def stored(self) -> StoredCheck | None:
        """The patient's check, if there is one."""
        with self.database.look() as connection:
            ids = connection.exec_driver_sql("select id from conversations").scalars().all()
        return next((found for each in ids if (found := last_check(self.database, each))), None)

    def check(self) -> Check:
        """What the check holds."""
        stored = self.stored()
        assert stored is not None
        return Check.from_json(stored.content)

    def named(self) -> dict[str, str]:
        """What applies."""
        return {q: key for q, key in self.check().answers.items() if key != "no"}

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self.database.look() as connection:
            return int(connection.exec_driver_sql(f"select count(*) from {table}").scalar_one())  # noqa: S608

    def requests(self) -> list[tuple[str, str]]:
        """Kind and urgency of every request to the team."""
        with self.database.look() as connection:
            rows = connection.exec_driver_sql(
                "select kind, urgency from staff_requests order by created_at, kind"
            )
            return [(row.kind, row.urgency) for row in rows]


def said(response: str) -> str:
    """The first line of a response of domain.yml."""
    return str(RESPONSES[response][0]["text"]).splitlines()[0]
