"""Whatever a patient writes is shown as text and changes nothing else of the page."""

from __future__ import annotations

import asyncio

from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bot.desk.pages import COOKIE
from bot.desk.sessions import Sessions
from bot.store.database import Database
from bot.store.drafts import write_draft
from bot.store.requests import close_request, open_requests
from bot.store.staff import password_hash_of
from tests.desk.conftest import NOW, SECRET, Page, Patients, Visitor

PLAIN = "a plain text that stands nowhere else"
# What the door stores: no halves of characters, and something that can be seen.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


def test_any_text_of_a_patient_is_shown_and_changes_nothing_else(
    app: Starlette, database: Database, patients: Patients
) -> None:
    sessions = Sessions(SECRET)
    cookie = sessions.to_cookie(sessions.start("desk", password_hash_of(database, "desk") or ""))

    async def page() -> Page:
        visitor = Visitor(app)
        visitor.http.cookies.set(COOKIE, cookie, domain="desk.example.org", path="/desk")
        async with visitor.http:
            return Page((await visitor.get()).text)

    def page_with(text: str) -> Page:
        """The desk with one request in which a patient wrote this text wherever they can."""
        message = patients.write(text, answers=({"text": text},))
        patients.ask(message, name=text, good_time=text)
        write_draft(database, message.conversation_id, "booking", {"name": text}, NOW)
        shown = asyncio.run(page())
        [request] = open_requests(database)
        close_request(database, request.id, NOW)
        return shown

    plain = page_with(PLAIN)
    assert plain.texts.count(PLAIN) == 5

    @given(TEXTS)
    @example("<script>alert(1)</script>")
    @example("</p></li></ol>{{ 7 * 7 }}{% raw %}&lt;b&gt;")
    @example("\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\0")
    @settings(deadline=None, max_examples=50)
    def check(text: str) -> None:
        found = page_with(text)
        assert found.tags == plain.tags
        assert found.texts == [text if each == PLAIN else each for each in plain.texts]

    check()
