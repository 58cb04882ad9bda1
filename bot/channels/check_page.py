"""The suitability check as pages of the website, behind a one-time link; no script is needed.

Nothing of an answer is put into an address, a title or a log, and no page repeats what an earlier
one was told.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import parse_qs

from itsdangerous import Signer
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from bot import logs
from bot.channels.check_steps import CheckSteps
from bot.channels.check_view import AGREE, HEADERS, HERE, REFUSE, START, CheckView, Shown
from bot.clinic.booking.draft import Heard
from bot.clinic.clock import Clock
from bot.clinic.red_flags import DANGER, Judgement, RedFlags, Urgency
from bot.clinic.suitability.check import Check, screens_of
from bot.clinic.suitability.dialogue import PRESSED, SKIP, STOP, About, Outcome, Verdict
from bot.clinic.suitability.form import Fault, ScreenForm
from bot.store.checks import LINK_LASTS, Link, open_link, see_link
from bot.store.database import Database

logger = logging.getLogger(__name__)

PATH, COOKIE = "/check", "check_browser"
# Bytes of a form: the longest words are nine bytes a letter in Devanagari; the rest is boxes.
LONGEST_FORM, MOST_FIELDS = 16 * 1024, 60

Handler = Callable[[Request], Awaitable[Response]]
Form = Mapping[str, list[str]]


class RefusedFormError(Exception):
    """A form that is too long, or that no page of this browser's made."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CheckPage:
    """The routes; all state is in the database and in the browser's cookie."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        steps: CheckSteps,
        view: CheckView,
        red_flags: RedFlags,
        secret: str,
        *,
        over_tls: bool,
    ) -> None:
        """`secret`: SECRET_KEY; `over_tls`: whether browsers send the cookie over https only."""
        self._database, self._clock, self._steps, self._view = database, clock, steps, view
        self._dialogue, self._red_flags = steps.rules.dialogue, red_flags
        self._over_tls = over_tls
        self._signer = Signer(
            secret, salt="check-form", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def routes(self) -> list[Route]:
        """Everything under `/check`."""
        return [
            Route(f"{PATH}/page.css", _style),
            Route(f"{PATH}/{{key}}", self._guarded(self._show)),
            Route(f"{PATH}/{{key}}", self._guarded(self._take), methods=["POST"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """The handler, with a plain page for whatever goes wrong in it."""

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except RefusedFormError as refused:
                return self._view.page("refused", refused.status)
            except Exception as error:
                error_id = logs.new_error_id()
                logger.error("the check failed, error %s: %s", error_id, logs.describe(error))
                return self._view.page("failed", 503)

        return guarded

    async def _show(self, request: Request) -> Response:
        browser = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
        page = await asyncio.to_thread(self._next, request.path_params["key"], browser)
        if page.status_code == 200:
            page.set_cookie(
                COOKIE,
                browser,
                max_age=int(LINK_LASTS.total_seconds()),
                path=PATH,
                secure=self._over_tls,
                httponly=True,
                # The first visit comes from a message, on another site.
                samesite="lax",
            )
        return page

    async def _take(self, request: Request) -> Response:
        form = await _read_form(request)
        key, browser = request.path_params["key"], request.cookies.get(COOKIE, "")
        if not browser or not self._is_token(browser, key, _one(form, "token")):
            raise RefusedFormError(403)
        words = _one(form, "words")
        judgement = self._red_flags.judge(words)
        if judgement.urgency in DANGER:
            return await self._in_danger(key, browser, words, judgement)
        return await asyncio.to_thread(self._answer, key, browser, form, judgement)

    async def _in_danger(
        self, key: str, browser: str, words: str, judgement: Judgement
    ) -> Response:
        """The safety text alone; it needs neither the link nor the database."""
        try:
            team_was_told = await asyncio.to_thread(self._told, key, browser, words, judgement)
        except Exception as error:
            error_id = logs.new_error_id()
            logger.error("a sign was not stored, error %s: %s", error_id, logs.describe(error))
            team_was_told = False
        text = self._view.safety_text(judgement, team_was_told=team_was_told)
        back = f"{PATH}/{key}" if judgement.urgency is Urgency.EMERGENCY else ""
        return self._view.page("danger", text=text, back=back)

    def _told(self, key: str, browser: str, words: str, judgement: Judgement) -> bool:
        link = see_link(self._database, key, browser, self._clock.now())
        if link is None or not link.is_opened:
            return False
        self._steps.tell_sign(link, key, words, judgement)
        return True

    def _answer(self, key: str, browser: str, form: Form, judgement: Judgement) -> Response:
        link = see_link(self._database, key, browser, self._clock.now())
        if link is None:
            return self._view.page("gone", 404)
        if not link.is_opened:
            return self._opened(key, browser) if _one(form, "button") == START else _go(key)
        if self._steps.is_after_crisis(link):
            return _go(key)
        if (button := _one(form, "button")) in (AGREE, REFUSE):
            is_over = self._steps.consent(link, key, agreed=button == AGREE)
            return self._view.last("utter_check_refused") if is_over else _go(key)
        return self._heard(link, key, browser, form, judgement)

    def _opened(self, key: str, browser: str) -> Response:
        link = open_link(self._database, key, browser, self._clock.now())
        if link is None:
            return self._view.page("gone", 404)
        self._steps.begin(link)
        return _go(key)

    def _heard(
        self, link: Link, key: str, browser: str, form: Form, judgement: Judgement
    ) -> Response:
        """A form of a screen or a question: the next page, or the same one with what is wrong."""
        filled, pressed = _screen_form(form), _one(form, "press")
        notices = self._notices(link, key, filled.words, judgement)
        fault = filled.fault if filled.screen else None
        if fault is None:
            verdict = self._steps.change(link, key, partial(self._changed, filled, pressed))
            if verdict is Verdict.MINOR:
                return self._view.last("utter_check_minor", notices)
            fault = Fault.UNREAD if verdict is Verdict.NOT_MINE and filled.screen else None
        if fault or notices:
            # A page of its own: a redirect would lose whom to call today.
            return self._next(key, browser, notices, filled, fault)
        return _go(key)

    def _changed(self, filled: ScreenForm, pressed: str, check: Check, about: About) -> Outcome:
        if filled.button == STOP:
            return Outcome(check, Verdict.STOPPED)
        if pressed:
            return self._dialogue.hear(check, Heard(check.heard, "", "", {PRESSED: pressed}), about)
        screens = {each.id: each for each in screens_of(check, self._dialogue.catalogue)}
        if filled.screen not in screens:
            return Outcome(check)
        answers = filled.answers(screens[filled.screen], self._dialogue.catalogue)
        answer = partial(self._dialogue.answer_screen, check, filled.screen, answers)
        outcome = answer(filled.words, about)
        is_unread = outcome.verdict is Verdict.NOT_MINE
        # Whoever skips the list need not be told that their words were not understood.
        return answer("", about) if is_unread and filled.button == SKIP else outcome

    def _notices(self, link: Link, key: str, words: str, judgement: Judgement) -> list[str]:
        """What stands above the next page: whom to call today, or if it is happening now."""
        notices = []
        if judgement.urgency is Urgency.SAME_DAY and self._steps.is_sign(link, words):
            self._steps.tell_sign(link, key, words, judgement)
            notices.append(self._view.safety_text(judgement))
        if judgement.asked:
            notices.append(self._view.asked_text(judgement))
        return notices

    def _next(
        self,
        key: str,
        browser: str,
        notices: list[str] | None = None,
        filled: ScreenForm | None = None,
        fault: Fault | None = None,
    ) -> Response:
        """The page that comes next."""
        link = see_link(self._database, key, browser, self._clock.now())
        if link is None:
            return self._view.page("gone", 404)
        shown = Shown(
            f"{PATH}/{key}",
            self._token(browser, key),
            notices or [],
            filled if fault else None,
            fault,
        )
        if not link.is_opened:
            return self._view.page("start", shown=shown)
        if self._steps.is_after_crisis(link):
            return self._view.after_crisis()
        return self._view.step(self._steps.standing(link), shown)

    # A form counts only from a page that this browser was given for this link.

    def _token(self, browser: str, key: str) -> str:
        return self._signer.get_signature(f"{browser}:{key}").decode()

    def _is_token(self, browser: str, key: str, given: str) -> bool:
        return bool(self._signer.verify_signature(f"{browser}:{key}", given))


def _screen_form(form: Form) -> ScreenForm:
    return ScreenForm(
        _one(form, "screen"),
        _one(form, "button"),
        form.get("shown", []),
        form.get("ticked", []),
        form.get("unsure", []),
        _one(form, "words"),
    )


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


async def _style(_: Request) -> Response:
    return FileResponse(HERE / "page.css", headers={"X-Content-Type-Options": "nosniff"})


def _go(key: str) -> Response:
    """To the page that comes next, by GET, so that a reload repeats nothing."""
    return RedirectResponse(f"{PATH}/{key}", 303, headers=HEADERS)


async def _read_form(request: Request) -> Form:
    """The fields of a form, read whole before anything is done with them.

    Raises:
        RefusedFormError: it is longer than a form of the check can be, or has too many fields.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise RefusedFormError(413)
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise RefusedFormError(400) from None
