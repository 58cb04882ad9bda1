"""The desk's real pages on a real database, and browsers that keep their cookie as one does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from bot.clinic.availability import Availability
from bot.clinic.clock import Clock
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.schema import read_clinic
from bot.clinic.suitability.questions import Catalogue
from bot.clinic.times import TimeWish
from bot.clinic.told import ToldBooking
from bot.clinic.visits.notices import VisitNotices
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.reminders import ReminderPlan
from bot.clinic.visits.ways import Ways
from bot.clinic.visits.wishes import TimeOffer
from bot.data_files import DATA, ROOT, read_yaml
from bot.desk import pages
from bot.desk.brief import BriefView
from bot.desk.pages import Desk
from bot.desk.visits import VisitPages
from bot.desk.waitlist import WaitListPages
from bot.desk.waitlist_view import WaitListView
from bot.store import messages, staff
from bot.store.bookings import Booked, NewBooking, book
from bot.store.database import Database
from bot.store.messages import Answer, Inbound
from bot.store.requests import add_request
from bot.store.tables import InboundMessage
from bot.store.told_changes import ChangeTeller
from bot.store.wishes import Wished, leave_wish
from tests.channels.browser import Browser, served
from tests.store.databases import opened_database

# A Monday, 12:00 in Mumbai.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
SECRET = "a secret of the tests"
PASSWORD = "mk3p7-qrstu-vwxyz-23456"
PHONES = [f"+91 99999 {last:05}" for last in range(1, 10)]
URL = "http://desk.example.org"
TUESDAY_AFTER_FIVE = TimeWish(days=(date(2026, 11, 24),), earliest=17 * 60)

Leave = Callable[..., Wished]


class HandClock(Clock):
    """The clinic's clock, turned by hand."""

    moment = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with the user `desk`; a cheap hash, as none of its strength is tested here."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(staff, "_hasher", cheap)
    staff._nobodys_hash.cache_clear()
    with opened_database(tmp_path / "clinic.db") as opened:
        staff.set_password(opened, "desk", PASSWORD)
        yield opened
    staff._nobodys_hash.cache_clear()


def clinic() -> dict[str, Any]:
    return read_clinic((ROOT / "clinic.yml").read_text("utf-8"))


def the_view() -> BriefView:
    return BriefView(
        clinic(),
        read_yaml(DATA / "desk.yml")["desk"],
        read_yaml(DATA / "facts.yml")["times"],
        Catalogue(read_yaml(DATA / "suitability.yml")),
    )


def application(database: Database, clock: HandClock, *, over_tls: bool = False) -> Starlette:
    view = the_view()
    desk = Desk(database, clock, view, SECRET, over_tls=over_tls)
    words, times = read_yaml(DATA / "desk.yml")["desk"], read_yaml(DATA / "facts.yml")["times"]
    told = ToldBooking(clinic(), read_yaml(DATA / "booking.yml")["labels"], times, "http://desk")
    policy = ChangePolicy(clinic(), read_yaml(DATA / "visits.yml")["policy"], times)
    notices = VisitNotices(
        clinic(), read_yaml(DATA / "reminders.yml"), read_yaml(DATA / "facts.yml"), told, policy
    )
    quiet = QuietHours.from_mapping(clinic())
    teller = ChangeTeller(notices, Ways(mails=True, writes=True), quiet)
    remind = ReminderPlan.from_mapping(clinic())
    visits = VisitPages(desk, database, clock, view, teller, remind)
    waitlist = WaitListPages(
        desk,
        database,
        clock,
        Availability(clinic()),
        WaitListView(clinic(), words, times),
        TimeOffer(clinic(), read_yaml(DATA / "wishes.yml")["offer"], times),
        has_whatsapp=True,
    )
    return Starlette(routes=[*desk.routes(), *visits.routes(), *waitlist.routes()])


class Visitor:
    """A browser at one address: it keeps its cookie and fills in the forms it was shown."""

    def __init__(self, app: Starlette, address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(app, client=(address, 50000), raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url=URL)

    async def get(self, path: str = "/desk") -> httpx.Response:
        return await self.http.get(path)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(path, data=fields)

    async def token(self, path: str = "/desk") -> str:
        """The token of the first form on a page."""
        return Page((await self.get(path)).text).inputs["token"]

    async def log_in(self, password: str = PASSWORD, user: str = "desk") -> httpx.Response:
        token = await self.token("/desk/login")
        return await self.post("/desk/login", token=token, user=user, password=password)


class Page(HTMLParser):
    """What a page holds: its tags in order, its visible text, its form fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.inputs: dict[str, str] = {}
        self.texts: list[str] = []
        self.title = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "input":
            self.inputs.setdefault(given["name"], given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "title" and not self.title:
            self.title = data
        if data.strip():
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All texts, with single spaces."""
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def app(database: Database, clock: HandClock) -> Starlette:
    return application(database, clock)


@pytest.fixture
async def visitors(app: Starlette) -> AsyncIterator[Callable[..., Visitor]]:
    """Makes visitors, and closes them at the end."""
    made: list[Visitor] = []

    def make(address: str = "192.0.2.1", at: Starlette = app) -> Visitor:
        made.append(Visitor(at, address))
        return made[-1]

    yield make
    for each in made:
        await each.http.aclose()


@pytest.fixture
def visitor(visitors: Callable[..., Visitor]) -> Visitor:
    return visitors()


@pytest.fixture
async def staff_member(visitors: Callable[..., Visitor]) -> Visitor:
    """Somebody who has logged in."""
    logged_in = visitors()
    assert (await logged_in.log_in()).headers["location"] == pages.DESK
    return logged_in


class Patients:
    """Patients who write, are answered, and need somebody of the team."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._count = 0

    def write(
        self,
        text: str = "Hello",
        *,
        person: str = "",
        answers: tuple[dict[str, Any], ...] = ({"text": "Hello. Ask me anything."},),
        at: datetime = NOW,
        kind: str = "text",
    ) -> Inbound:
        """One message and its answer; without `person` it is somebody new."""
        self._count += 1
        inbound = messages.receive(
            self._database,
            "website",
            person or f"person {self._count}",
            f"id {self._count}",
            text,
            at,
            timedelta(hours=12),
        )
        if kind != "text":
            with self._database.work() as session:
                session.get_one(InboundMessage, inbound.id).kind = kind
        messages.finish(self._database, inbound.id, Answer(list(answers)), at)
        return inbound

    def ask(
        self,
        about: Inbound,
        kind: str = "talk_to_staff",
        urgency: str = "routine",
        at: datetime = NOW,
        **details: str,
    ) -> None:
        """A request about a message."""
        add_request(
            self._database,
            about.conversation_id,
            about.id,
            kind,
            urgency,
            at,
            details=details or None,
        )

    def book(
        self, starts_at: datetime, person: str = "", status: str = "booked", **given: str
    ) -> Booked:
        """A consultation at a free time."""
        self._count += 1
        inbound = messages.receive(
            self._database,
            "website",
            person or f"person {self._count}",
            f"id {self._count}",
            "Yes",
            NOW,
            timedelta(hours=12),
        )
        options = Availability(clinic()).options_at("consultation", starts_at, {}, NOW)
        said = {"patient_is": "self", "name": "Asha Rao", "phone": PHONES[self._count % 9]}
        new = NewBooking(inbound.conversation_id, inbound.id, "consultation", **(said | given))
        return book(self._database, new, options, 2, status, [], NOW)

    def write_and_ask(self, text: str, kind: str = "talk_to_staff", **rest: Any) -> Inbound:
        """A message and a request about it."""
        message = self.write(text)
        self.ask(message, kind, **rest)
        return message


@pytest.fixture
def patients(database: Database) -> Patients:
    return Patients(database)


@pytest.fixture
def leave(database: Database) -> Leave:
    """Leaves a wish; without `person` it is somebody new."""
    count = 0

    def leave_one(
        wish: TimeWish = TUESDAY_AFTER_FIVE,
        *,
        channel: str = "website",
        person: str = "",
        visit: str = "consultation",
        name: str = "Asha Rao",
        at: datetime = NOW,
    ) -> Wished:
        nonlocal count
        count += 1
        message = messages.receive(
            database,
            channel,
            person or f"wisher {count}",
            f"wish {count}",
            "Tell me",
            at,
            timedelta(hours=12),
            "919999900001" if channel == "whatsapp" else None,
        )
        return leave_wish(
            database,
            message.conversation_id,
            message.id,
            visit,
            "self",
            wish,
            name,
            "+919999900001",
            at,
        )

    return leave_one


@pytest.fixture
def url(app: Starlette) -> Iterator[str]:
    """The desk on a port of this machine."""
    with served(app) as address:
        yield address


@pytest.fixture
def browser(tmp_path: Path, url: str) -> Iterator[Browser]:
    """A browser that shows the login; at the end it has nothing to complain of."""
    opened = Browser(tmp_path / "profile")
    try:
        opened.call("Page.navigate", url=f"{url}/desk")
        opened.wait_for("location.pathname === '/desk/login' && document.readyState === 'complete'")
        yield opened
        opened.evaluate("document.title")  # brings what the browser still had to say
        # The icon belongs to the front, which is not here.
        assert [each for each in opened.complaints if "404" not in each] == []
    finally:
        opened.close()


def log_in(browser: Browser) -> None:
    """The password box has the focus: a keyboard is enough."""
    browser.call("Input.insertText", text=PASSWORD)
    browser.press_key("Enter", 13)
    browser.wait_for("location.pathname === '/desk' && document.readyState === 'complete'")


def weak_texts(browser: Browser) -> list[Any]:
    """Texts that do not stand out from what is behind them, with their contrast."""
    found: list[Any] = browser.evaluate(
        """(() => {
            const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
            const light = (colour) => {
                const [r, g, b] = numbers(colour).map((part) => part / 255)
                    .map((part) => part <= 0.03928
                        ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ground = (node) => {
                for (; node; node = node.parentElement) {
                    const colour = getComputedStyle(node).backgroundColor;
                    if (numbers(colour)[3] !== 0) return colour;
                }
                return "rgb(255, 255, 255)";
            };
            return [...document.querySelectorAll("body *")]
                .filter((node) => [...node.childNodes].some(
                    (child) => child.nodeType === 3 && child.textContent.trim()))
                .map((node) => {
                    const [one, other] = [light(getComputedStyle(node).color), light(ground(node))];
                    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
                    return [node.textContent.trim().slice(0, 30), ratio];
                })
                .filter(([, ratio]) => ratio < 4.5);
        })()"""
    )
    return found
