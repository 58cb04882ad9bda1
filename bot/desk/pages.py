"""The routes under `/desk`: login, the lists, and what staff can do with a request.

Nothing here is put into an address, a title or a log that a patient or a user has written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot import logs
from bot.clinic.clock import Clock
from bot.desk.brief import BriefView
from bot.desk.sessions import SESSION_LASTS, Session, Sessions, WrongPasswords
from bot.desk.view import phone_link
from bot.store.bookings import booking_with, day_list, open_bookings_of
from bot.store.checks import checks_for
from bot.store.database import Database
from bot.store.requests import close_request, count_open_requests, open_requests_in_full
from bot.store.staff import FIRST_USER, log_in, password_hash_of
from bot.store.wishes import open_wishes

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
DESK, LOGIN = "/desk", "/desk/login"
COOKIE = "desk_session"
# Bytes of a form; a name, a password and a token are far shorter.
LONGEST_FORM = 8 * 1024
# More requests than a page can show are counted but not listed.
MOST_SHOWN = 100
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Handler = Callable[[Request], Awaitable[Response]]
StaffHandler = Callable[[Request, Session], Awaitable[Response]]


class RefusedFormError(Exception):
    """A form that is too long, or that no page of ours made."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Desk:
    """The pages; one for the whole front, which keeps the count of wrong passwords."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        view: BriefView,
        secret: str,
        *,
        over_tls: bool,
    ) -> None:
        """`secret`: SECRET_KEY; `over_tls`: whether browsers send the cookie over https only."""
        self._database = database
        self._clock = clock
        self._view = view
        self._over_tls = over_tls
        self._sessions = Sessions(secret)
        self._wrong_passwords = WrongPasswords()
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["phone_link"] = phone_link

    def routes(self) -> list[Route]:
        """Everything under `/desk`."""
        return [
            Route(DESK, self._guarded(self._lists)),
            Route(LOGIN, self._guarded(self._login_page)),
            Route(LOGIN, self._guarded(self._log_in), methods=["POST"]),
            Route("/desk/logout", self._guarded(self._log_out), methods=["POST"]),
            Route("/desk/requests/{id}/done", self._guarded(self._done), methods=["POST"]),
            Route("/desk/desk.css", _style),
        ]

    def for_staff(self, handler: StaffHandler) -> Handler:
        """A page of another module, for whoever is logged in; others are sent to the login."""

        async def logged_in(request: Request) -> Response:
            session = await self._logged_in(request)
            return _go(LOGIN) if session is None else await handler(request, session)

        return self._guarded(logged_in)

    async def form_of(self, request: Request, session: Session, longest: int) -> dict[str, str]:
        """The fields of a form that a page of this session sent, of at most `longest` bytes.

        Raises:
            RefusedFormError: it is too long, or no page of ours made it.
        """
        form = await _read_form(request, longest)
        if not self._sessions.is_form_token(session, form.get("token", "")):
            raise RefusedFormError(403)
        return form

    def page(self, template: str, session: Session, status: int = 200, **values: Any) -> Response:
        """A page of another module, from a template beside ours."""
        return self._page(template, status, token=self._sessions.form_token(session), **values)

    def go(self, path: str) -> Response:
        """To one of our own pages."""
        return _go(path)

    def _guarded(self, handler: Handler) -> Handler:
        """The handler, with a plain page for whatever goes wrong in it."""

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except RefusedFormError as refused:
                return self._page("refused.html", refused.status)
            except Exception as error:
                error_id = logs.new_error_id()
                logger.error("the desk failed, error %s: %s", error_id, logs.describe(error))
                return self._page("failed.html", 503, error_id=error_id)

        return guarded

    async def _lists(self, request: Request) -> Response:
        session = await self._logged_in(request)
        if session is None:
            return _go(LOGIN)
        return await asyncio.to_thread(
            self._lists_page,
            self._clock.now(),
            token=self._sessions.form_token(session),
            is_paused="paused" in request.query_params,
        )

    def _lists_page(self, now: datetime, **values: Any) -> Response:
        """In a thread: reading and decrypting all of it takes a while."""
        found = open_requests_in_full(self._database, MOST_SHOWN)
        theirs = {
            conversation: open_bookings_of(self._database, conversation, now)
            for conversation in {each.conversation_id for each in found}
        }
        named = {
            visit.id: visit
            for each in found
            if (visit := booking_with(self._database, each.details.get("visit", ""))) is not None
        }
        begins, ends = self._view.today(now)
        coming = day_list(self._database, begins, ends)
        marks = self._view.marks(coming, checks_for(self._database, [each.id for each in coming]))
        return self._page(
            "desk.html",
            count=count_open_requests(self._database),
            requests=self._view.requests(found, theirs, named, now),
            days=self._view.days(coming, marks, now),
            waiting=len(open_wishes(self._database, begins.date())),
            **values,
        )

    async def _login_page(self, request: Request) -> Response:
        if await self._logged_in(request) is not None:
            return _go(DESK)
        return self._login_form(request)

    async def _log_in(self, request: Request) -> Response:
        form = await _read_form(request)
        session = self._session(request)
        if session is None or not self._sessions.is_form_token(session, form.get("token", "")):
            return self._login_form(request, "old", 403)
        address = request.client.host if request.client else ""
        if not self._wrong_passwords.may_try(address):
            logger.warning("too many wrong passwords at the desk")
            return self._login_form(request, "locked", 429)
        user = form.get("user", "")
        if not await asyncio.to_thread(log_in, self._database, user, form.get("password", "")):
            logger.warning("a wrong name or password at the desk")
            return self._login_form(request, "wrong", 401)
        self._wrong_passwords.was_right(address)
        password_hash = await asyncio.to_thread(password_hash_of, self._database, user)
        return self._with_cookie(_go(DESK), self._sessions.start(user, password_hash or ""))

    async def _log_out(self, request: Request) -> Response:
        session = await self._logged_in(request)
        if session is not None:
            await self._check_token(request, session)
        gone = _go(LOGIN)
        gone.delete_cookie(
            COOKIE, path=DESK, secure=self._over_tls, httponly=True, samesite="strict"
        )
        return gone

    async def _done(self, request: Request) -> Response:
        session = await self._logged_in(request)
        if session is None:
            return _go(LOGIN)
        await self._check_token(request, session)
        request_id = request.path_params["id"]
        # Where a colleague was first there is nothing left to do.
        if await asyncio.to_thread(close_request, self._database, request_id, self._clock.now()):
            logger.info("request %s is done", request_id)
        return _go(DESK)

    def _session(self, request: Request) -> Session | None:
        return self._sessions.from_cookie(request.cookies.get(COOKIE, ""))

    async def _logged_in(self, request: Request) -> Session | None:
        """The session of somebody who is logged in and whose password is still the same."""
        session = self._session(request)
        if session is None or not session.user:
            return None
        password_hash = await asyncio.to_thread(password_hash_of, self._database, session.user)
        if password_hash is None or not self._sessions.is_bound_to(session, password_hash):
            return None
        return session

    async def _check_token(self, request: Request, session: Session) -> None:
        await self.form_of(request, session, LONGEST_FORM)

    def _login_form(self, request: Request, refusal: str = "", status: int = 200) -> Response:
        session = self._session(request)
        if session is None or session.user:
            session = self._sessions.start()
        page = self._page(
            "login.html",
            status,
            token=self._sessions.form_token(session),
            refusal=self._view.refusal(refusal) if refusal else "",
            user=FIRST_USER,
        )
        return self._with_cookie(page, session)

    def _with_cookie(self, response: Response, session: Session) -> Response:
        response.set_cookie(
            COOKIE,
            self._sessions.to_cookie(session),
            max_age=SESSION_LASTS,
            path=DESK,
            secure=self._over_tls,
            httponly=True,
            samesite="strict",
        )
        return response

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        values["banner"] = self._view.banner(self._clock.now())
        content = self._templates.get_template(template).render(**values)
        return HTMLResponse(content, status, headers=HEADERS)


async def _style(_: Request) -> Response:
    return FileResponse(HERE / "desk.css", headers={"X-Content-Type-Options": "nosniff"})


def _go(path: str) -> Response:
    """To one of our own pages, by GET, so that a reload repeats nothing."""
    return RedirectResponse(path, 303, headers=HEADERS)


async def _read_form(request: Request, longest: int = LONGEST_FORM) -> dict[str, str]:
    """The fields of a form, read whole before anything is done with them.

    Raises:
        RefusedFormError: it is longer than a form of the desk can be, or has too many fields.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > longest:
            raise RefusedFormError(413)
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        raise RefusedFormError(400) from None
    return {name: values[0] for name, values in fields.items()}
