"""The front process: the door, the channels and the page, behind one ASGI application."""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot import logs
from bot.channels.check_page import CheckPage
from bot.channels.check_steps import CheckSteps
from bot.channels.check_view import CheckView
from bot.channels.email import Email, EmailWordings, Mailer
from bot.channels.rest import rest_route
from bot.channels.visits import visit_route
from bot.channels.website import Website
from bot.channels.whatsapp import WhatsApp
from bot.clinic.anger import Anger
from bot.clinic.availability import Availability
from bot.clinic.before_visit import BeforeVisit
from bot.clinic.clock import Clock
from bot.clinic.facts import facts, fill
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.red_flags import RedFlags
from bot.clinic.suitability.questions import Catalogue
from bot.clinic.suitability.rules import CheckRules
from bot.clinic.told import ToldBooking
from bot.clinic.visits.notices import VisitNotices
from bot.clinic.visits.policy import ChangePolicy
from bot.clinic.visits.reminders import ReminderPlan
from bot.clinic.visits.ways import Ways
from bot.clinic.visits.wishes import TimeOffer
from bot.content.project import Project, read_project
from bot.data_files import DATA, ROOT, booked_responses, common_words, read_signs, read_yaml
from bot.desk.brief import BriefView
from bot.desk.content import ContentPages
from bot.desk.content_view import ContentView
from bot.desk.pages import Desk
from bot.desk.visits import VisitPages
from bot.desk.waitlist import WaitListPages
from bot.desk.waitlist_view import WaitListView
from bot.door.content import ServedContent
from bot.door.door import Door, Wordings
from bot.door.engine import Engine
from bot.encryption import Cipher
from bot.jobs.before_visit import BeforeVisits
from bot.jobs.freed_times import FreedTimes
from bot.jobs.looking import Job
from bot.jobs.notices import Notices
from bot.jobs.numbers import Numbers
from bot.jobs.reminders import Reminders
from bot.settings import Settings, clock_offset, read_settings
from bot.start import read_clinic_file, refuse_in_production
from bot.store.database import Database
from bot.store.reminders import plan_missing
from bot.store.ticks import count_visits
from bot.store.told_changes import ChangeTeller
from bot.visit_commands import find_misfits

log = logging.getLogger(__name__)

# Seconds that leftover messages wait for the engine at a start.
ENGINE_PATIENCE = 120
PAGE = Path(__file__).parent / "channels" / "page"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def application(settings: Settings) -> Any:
    """The front as an ASGI application."""
    clinic = read_clinic_file(settings.clinic_file)
    wording = read_yaml(DATA / "facts.yml")
    booking = read_yaml(DATA / "booking.yml")
    email = read_yaml(DATA / "email.yml")
    at_the_desk = read_yaml(DATA / "desk.yml")["desk"]
    told = ToldBooking(clinic, booking["labels"], wording["times"], settings.public_url)
    clock = Clock(clock_offset(settings))
    database = Database(settings.database_url, Cipher(settings.data_key))
    project = read_project(clinic)
    served = ServedContent(
        database, project.register, clinic, clock, is_production=settings.is_production
    )
    engine = Engine(settings.engine_url, settings.engine_token, served.block)
    red_flags = RedFlags(read_signs())
    wordings = _wordings(clinic, wording)
    door = Door(
        database,
        engine,
        red_flags,
        wordings,
        clock,
        told,
        Anger(read_yaml(DATA / "anger.yml")),
    )
    website = Website(door, settings.secret_key, _origins(settings, clinic))
    whatsapp = WhatsApp(door, settings.whatsapp, wordings.frame) if settings.whatsapp else None
    mailer = Mailer(settings.smtp, clock) if settings.smtp else None
    policy = ChangePolicy(clinic, read_yaml(DATA / "visits.yml")["policy"], wording["times"])
    notices = VisitNotices(clinic, read_yaml(DATA / "reminders.yml"), wording, told, policy)
    ways = Ways(mails=mailer is not None, writes=whatsapp is not None)
    jobs = _about_visits(settings, database, clock, wordings, email, told, notices, ways)
    if mailer:
        letters = EmailWordings(clinic, wording, email, booking["calendar"])
        Email(door, database, mailer, letters, told, clock)
        jobs.append(
            Notices(
                database,
                clock,
                mailer.send,
                clinic["notices"],
                email["notice"],
                at_the_desk["urgencies"],
                f"{settings.public_url}/desk",
            )
        )
    teller = ChangeTeller(notices, ways, QuietHours.from_mapping(clinic))
    desk, pages_of_staff = _desk(settings, database, clock, clinic, at_the_desk, wording, teller)
    page = (PAGE / "index.html").read_text("utf-8")

    async def health(_: Request) -> Response:
        ready = await engine.is_ready()
        return JSONResponse({"front": True, "engine": ready}, status_code=200 if ready else 503)

    async def index(_: Request) -> Response:
        known = facts(clinic, wording, clock.now())
        return HTMLResponse(_fill_page(page, known), headers=HEADERS)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(_look_at_visits, database, clinic, clock)
        door.in_background(door.work_off(await door.leftovers(), _until_up(engine)))
        watching = [
            door.in_background(each) for each in (door.push(), *(job.watch() for job in jobs))
        ]
        yield
        for each in watching:
            each.cancel()
        if mailer:
            mailer.close()
        if whatsapp:
            await whatsapp.close()
        await engine.close()
        database.close()

    routes: list[Any] = [
        Route("/", index),
        Route("/health", health),
        Mount("/page", StaticFiles(directory=PAGE)),
        visit_route(database, clinic, booking["calendar"], wordings.frame["no_such_visit"]),
        *pages_of_staff,
        *_check_page(
            settings, database, clock, red_flags, wordings, booking, told, served
        ).routes(),
        *_content_pages(desk, database, clock, project, served, at_the_desk, wording).routes(),
    ]
    if whatsapp:
        routes += whatsapp.routes()
    if not settings.is_production:
        routes.append(rest_route(door))
    return website.application(Starlette(routes=routes, lifespan=lifespan))


def _look_at_visits(database: Database, clinic: Mapping[str, Any], clock: Clock) -> None:
    """What a changed clinic.yml, or an update, means for the visits that are booked already."""
    availability = Availability.from_mapping(clinic)
    count_visits(database, availability.counted_days, clock.now())
    plan_missing(database, ReminderPlan.from_mapping(clinic).due, clock.now())
    found = find_misfits(database, clinic, clock.now())
    if found:
        ids = ", ".join(visit.id for visit, _ in found)
        log.warning(
            "%d booked visit(s) no longer fit clinic.yml (python -m bot misfits): %s",
            len(found),
            ids,
        )


def _wordings(clinic: Mapping[str, Any], wording: Mapping[str, Any]) -> Wordings:
    """The data that the door and the check's pages speak from."""
    frame = read_yaml(DATA / "wording.yml")
    safety = read_yaml(DATA / "safety" / "texts.yml")
    booked = booked_responses(read_yaml(ROOT / "domain.yml"))
    return Wordings(clinic, wording, frame, safety, booked)


def _check_page(
    settings: Settings,
    database: Database,
    clock: Clock,
    red_flags: RedFlags,
    wordings: Wordings,
    booking: Mapping[str, Any],
    told: ToldBooking,
    served: ServedContent,
) -> CheckPage:
    """The check's own pages."""
    questions, clinic = read_yaml(DATA / "suitability.yml"), wordings.clinic
    rules = CheckRules.from_data(
        questions, booking, common_words(), clinic, told, settings.public_url
    )
    responses = read_yaml(ROOT / "domain.yml")["responses"]
    return CheckPage(
        database,
        clock,
        CheckSteps(database, clock, rules, clinic["conversation"]["silence_hours"]),
        CheckView(rules, wordings, responses, clock, served.edited),
        red_flags,
        settings.secret_key,
        over_tls=settings.public_url.startswith("https://"),
    )


def _desk(
    settings: Settings,
    database: Database,
    clock: Clock,
    clinic: Mapping[str, Any],
    at_the_desk: Mapping[str, Any],
    wording: Mapping[str, Any],
    teller: ChangeTeller,
) -> tuple[Desk, list[Route]]:
    """The desk, for the pages of other modules, and the routes of its lists and visits."""
    catalogue = Catalogue(read_yaml(DATA / "suitability.yml"))
    view = BriefView(clinic, at_the_desk, wording["times"], catalogue)
    over_tls = settings.public_url.startswith("https://")
    desk = Desk(database, clock, view, settings.secret_key, over_tls=over_tls)
    remind = ReminderPlan.from_mapping(clinic)
    visits = VisitPages(desk, database, clock, view, teller, remind)
    waitlist = WaitListPages(
        desk,
        database,
        clock,
        Availability.from_mapping(clinic),
        WaitListView(clinic, at_the_desk, wording["times"]),
        TimeOffer(clinic, read_yaml(DATA / "wishes.yml")["offer"], wording["times"]),
        has_whatsapp=settings.whatsapp is not None,
    )
    return desk, [*desk.routes(), *visits.routes(), *waitlist.routes()]


def _content_pages(
    desk: Desk,
    database: Database,
    clock: Clock,
    project: Project,
    served: ServedContent,
    at_the_desk: Mapping[str, Any],
    wording: Mapping[str, Any],
) -> ContentPages:
    """The desk's pages on the texts that a doctor answers for."""
    words, checks = at_the_desk["content"], project.checks
    view = ContentView(project.clinic, words, project.words, wording, project.sources, checks)
    return ContentPages(desk, database, clock, project.register, checks, served, view)


def _about_visits(
    settings: Settings,
    database: Database,
    clock: Clock,
    wordings: Wordings,
    email: Mapping[str, Any],
    told: ToldBooking,
    notices: VisitNotices,
    ways: Ways,
) -> list[Job]:
    """The jobs that tell patients of their visits by themselves."""
    clinic = wordings.clinic
    quiet = QuietHours.from_mapping(clinic)
    jobs: list[Job] = [
        BeforeVisits(
            database,
            clock,
            BeforeVisit(clinic, read_yaml(DATA / "before_visit.yml"), wordings.facts, told),
            clinic["whatsapp"]["templates"],
            email["before_visit"],
            settings.public_url,
            ways,
        ),
        Reminders(database, clock, notices, quiet, email["reminder"], ways),
    ]
    stands = clinic["booking"]["offer_minutes"]
    if stands:
        offer = TimeOffer(clinic, read_yaml(DATA / "wishes.yml")["offer"], wordings.facts["times"])
        jobs.append(
            FreedTimes(
                database,
                clock,
                Availability.from_mapping(clinic),
                offer,
                quiet,
                timedelta(minutes=stands),
                has_whatsapp=settings.whatsapp is not None,
            )
        )
    if ways.writes and notices.has_template("first_message"):
        silence = timedelta(hours=clinic["conversation"]["silence_hours"])
        jobs.append(Numbers(database, clock, notices, quiet, silence))
    return jobs


async def _until_up(engine: Engine) -> None:
    """Ends when the engine is ready, or when it is no use to wait any longer."""
    for _ in range(ENGINE_PATIENCE):
        if await engine.is_ready():
            return
        await asyncio.sleep(1)


def _origins(settings: Settings, clinic: Mapping[str, Any]) -> list[str]:
    """The only web sites that may connect: the clinic's own and the public address.

    In development also the page on this machine, under either of its names.
    """
    origins = {settings.public_url, *clinic["website"]["origins"]}
    if not settings.is_production:
        origins |= {f"http://{name}:{settings.front_port}" for name in ("localhost", "127.0.0.1")}
    return sorted(origins)


def _fill_page(page: str, known: Mapping[str, str]) -> str:
    return fill(page, {name: html.escape(value) for name, value in known.items()})


def serve() -> None:
    """Serves the front until it is told to stop."""
    settings = read_settings()
    logs.configure("front", settings.log_level)
    refuse_in_production(settings, read_clinic_file(settings.clinic_file))
    uvicorn.run(
        application(settings),
        host="0.0.0.0",  # noqa: S104 - patients come from outside
        port=settings.front_port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )
