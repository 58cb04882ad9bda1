"""Who gets in, who does not, and what a form must carry."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
from itsdangerous import URLSafeSerializer
from itsdangerous.timed import TimestampSigner

from bot.desk import sessions
from bot.desk.pages import COOKIE, LONGEST_FORM
from bot.desk.sessions import SESSION_LASTS, Sessions
from bot.store import staff
from bot.store.database import Database
from bot.store.requests import open_requests
from tests.desk.conftest import (
    PASSWORD,
    SECRET,
    HandClock,
    Page,
    Patients,
    Visitor,
    application,
)

Visitors = Callable[..., Visitor]


def carry(visitor: Visitor, cookie: str) -> None:
    """Puts a cookie of one's own into a browser."""
    visitor.http.cookies.clear()
    visitor.http.cookies.set(COOKIE, cookie, domain="desk.example.org", path="/desk")


async def is_in(visitor: Visitor) -> bool:
    """Whether the desk is shown rather than the login."""
    response = await visitor.get()
    if response.status_code == 200:
        return True
    assert (response.status_code, response.headers["location"]) == (303, "/desk/login")
    return False


async def test_nobody_sees_the_desk_without_a_login(visitor: Visitor, patients: Patients) -> None:
    patients.write_and_ask("A person, please")
    response = await visitor.get()
    assert (response.status_code, response.headers["location"]) == (303, "/desk/login")
    assert response.text == ""


async def test_the_right_password_opens_the_desk(visitor: Visitor) -> None:
    response = await visitor.log_in()
    assert (response.status_code, response.headers["location"]) == (303, "/desk")
    assert await is_in(visitor)


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("desk", "wrong"),
        ("desk", ""),
        ("somebody", PASSWORD),
        ("", PASSWORD),
        ("desk\0", PASSWORD),
        ("desk", PASSWORD + "\0"),
        ("desk", "ä" * 1000),
    ],
)
async def test_a_wrong_name_or_password_is_refused_with_one_sentence(
    visitor: Visitor, user: str, password: str
) -> None:
    response = await visitor.log_in(password, user)
    assert response.status_code == 401
    assert "The name or the password is wrong." in response.text
    assert not await is_in(visitor)


async def test_after_five_wrong_passwords_the_right_one_has_to_wait(visitor: Visitor) -> None:
    for _ in range(5):
        assert (await visitor.log_in("wrong")).status_code == 401
    response = await visitor.log_in()
    assert response.status_code == 429
    assert "Too many wrong passwords. Wait 15 minutes and try again." in response.text
    assert not await is_in(visitor)


async def test_another_address_does_not_wait(visitors: Visitors) -> None:
    for _ in range(5):
        await visitors().log_in("wrong")
    assert (await visitors("192.0.2.2").log_in()).status_code == 303


async def test_after_too_many_wrong_passwords_in_all_every_address_waits(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_IN_ALL", 20)
    for number in range(20):
        await visitors(f"192.0.2.{number}").log_in("wrong")
    assert (await visitors("192.0.2.99").log_in()).status_code == 429


async def test_who_is_in_stays_in_while_others_guess(
    staff_member: Visitor, visitors: Visitors
) -> None:
    for number in range(20):
        await visitors(f"192.0.2.{number}").log_in("wrong")
    assert await is_in(staff_member)


async def test_the_right_password_forgets_the_wrong_ones(visitor: Visitor) -> None:
    for _ in range(4):
        await visitor.log_in("wrong")
    await visitor.log_in()
    await visitor.post("/desk/logout", token=await visitor.token())
    for _ in range(4):
        assert (await visitor.log_in("wrong")).status_code == 401


@pytest.mark.parametrize("over_tls", [True, False])
async def test_the_cookie_is_for_the_desk_alone_and_no_script_reads_it(
    database: Database, clock: HandClock, visitors: Visitors, over_tls: bool
) -> None:
    visitor = visitors(at=application(database, clock, over_tls=over_tls))
    response = await visitor.get("/desk/login")
    [cookie] = SimpleCookie(response.headers["set-cookie"]).values()
    assert cookie["path"] == "/desk"
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "strict"
    assert cookie["max-age"] == str(12 * 60 * 60)
    assert bool(cookie["secure"]) is over_tls


async def test_a_login_begins_another_session(visitor: Visitor) -> None:
    await visitor.get("/desk/login")
    before = visitor.http.cookies[COOKIE]
    await visitor.log_in()
    assert visitor.http.cookies[COOKIE] != before
    carry(visitor, before)
    assert not await is_in(visitor)


async def test_a_forged_cookie_opens_nothing(staff_member: Visitor) -> None:
    cookie = staff_member.http.cookies[COOKIE]
    changed = ("A" if cookie[0] != "A" else "B") + cookie[1:]
    carry(staff_member, changed)
    assert not await is_in(staff_member)


@pytest.mark.parametrize("salt", ["website-session", "desk-session"])
async def test_a_signature_for_another_use_opens_nothing(
    staff_member: Visitor, database: Database, salt: str
) -> None:
    session = Sessions(SECRET).start("desk", staff.password_hash_of(database, "desk") or "")
    carry(
        staff_member,
        str(URLSafeSerializer(SECRET, salt=salt).dumps([session.id, "desk", session.bound_to])),
    )
    assert not await is_in(staff_member)


@pytest.mark.parametrize(
    ("seconds", "opens"), [(SESSION_LASTS - 60, True), (SESSION_LASTS + 1, False)]
)
async def test_a_cookie_opens_the_desk_for_twelve_hours(
    visitor: Visitor,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    opens: bool,
) -> None:
    sessions = Sessions(SECRET)
    session = sessions.start("desk", staff.password_hash_of(database, "desk") or "")
    now = TimestampSigner.get_timestamp
    with monkeypatch.context() as then:
        then.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) - seconds)
        cookie = sessions.to_cookie(session)
    carry(visitor, cookie)
    assert await is_in(visitor) is opens


async def test_a_new_password_ends_old_sessions(staff_member: Visitor, database: Database) -> None:
    staff.set_password(database, "desk", "another one")
    assert not await is_in(staff_member)


async def test_logging_out_ends_the_session_of_this_browser(staff_member: Visitor) -> None:
    response = await staff_member.post("/desk/logout", token=await staff_member.token())
    assert (response.status_code, response.headers["location"]) == (303, "/desk/login")
    assert not await is_in(staff_member)


async def test_who_is_in_is_not_asked_again(staff_member: Visitor) -> None:
    assert (await staff_member.get("/desk/login")).headers["location"] == "/desk"


async def test_a_login_leads_to_the_desk_whatever_address_it_names(visitor: Visitor) -> None:
    token = await visitor.token("/desk/login?next=https://example.org")
    response = await visitor.post(
        "/desk/login?next=https://example.org",
        token=token,
        user="desk",
        password=PASSWORD,
        next="https://example.org",
    )
    assert response.headers["location"] == "/desk"


@pytest.mark.parametrize("token", ["", "another", "ä"])
async def test_a_form_without_the_sessions_token_changes_nothing(
    staff_member: Visitor, patients: Patients, database: Database, token: str
) -> None:
    patients.write_and_ask("A person, please")
    [request] = open_requests(database)
    for path in (f"/desk/requests/{request.id}/done", "/desk/logout"):
        assert (await staff_member.post(path, token=token)).status_code == 403
    assert len(open_requests(database)) == 1
    assert await is_in(staff_member)


async def test_the_token_of_another_session_is_none(
    staff_member: Visitor, visitors: Visitors, patients: Patients, database: Database
) -> None:
    patients.write_and_ask("A person, please")
    [request] = open_requests(database)
    colleague = visitors()
    await colleague.log_in()
    path = f"/desk/requests/{request.id}/done"
    response = await staff_member.post(path, token=await colleague.token())
    assert response.status_code == 403


async def test_a_login_without_a_token_says_that_the_page_was_too_old(visitor: Visitor) -> None:
    await visitor.get("/desk/login")
    response = await visitor.post("/desk/login", user="desk", password=PASSWORD)
    assert response.status_code == 403
    assert "This page was open for too long." in response.text
    assert Page(response.text).inputs["token"]


async def test_nothing_is_done_without_a_login(
    visitor: Visitor, patients: Patients, database: Database
) -> None:
    patients.write_and_ask("A person, please")
    [request] = open_requests(database)
    token = await visitor.token("/desk/login")
    response = await visitor.post(f"/desk/requests/{request.id}/done", token=token)
    assert response.headers["location"] == "/desk/login"
    assert len(open_requests(database)) == 1


@pytest.mark.parametrize("path", ["/desk/login", "/desk/logout", "/desk/requests/none/done"])
async def test_a_form_that_is_too_long_is_not_read(staff_member: Visitor, path: str) -> None:
    response = await staff_member.post(path, token="t" * LONGEST_FORM)
    assert response.status_code == 413


async def test_a_form_with_too_many_fields_is_not_read(visitor: Visitor) -> None:
    fields = {f"field {number}": "x" for number in range(11)}
    assert (await visitor.post("/desk/login", **fields)).status_code == 400


@pytest.mark.parametrize("path", ["/desk/logout", "/desk/requests/none/done"])
async def test_what_changes_something_cannot_be_followed_as_a_link(
    staff_member: Visitor, path: str
) -> None:
    assert (await staff_member.get(path)).status_code == 405


@pytest.mark.parametrize("path", ["/desk", "/desk/login"])
async def test_every_page_is_kept_nowhere_and_runs_nothing(
    staff_member: Visitor, visitor: Visitor, path: str
) -> None:
    for each in (staff_member, visitor):
        headers = (await each.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"


async def test_the_style_needs_no_login(visitor: Visitor) -> None:
    response = await visitor.get("/desk/desk.css")
    assert response.headers["content-type"].startswith("text/css")


async def test_no_password_and_no_name_stands_in_the_log(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await visitor.log_in("a-marked-password", "a-marked-name")
        await visitor.log_in()
    assert "a wrong name or password at the desk" in caplog.text
    assert "a-marked" not in caplog.text
    assert PASSWORD not in caplog.text
