"""Notices to the clinic: real requests in a real database, and a mail server that refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bot.jobs.notices
from bot.channels.email import Mailer
from bot.data_files import DATA, ROOT, read_yaml
from bot.door.door import Delivery
from bot.jobs.notices import BUNDLE, URGENT, Notices
from bot.settings import read_settings
from bot.store import messages
from bot.store.database import Database
from bot.store.requests import add_request, close_request, waiting_requests
from tests.channels.test_whatsapp import Front
from tests.door.conftest import NOW, HandClock, eventually
from tests.fake_smtp import CONNECT, HANG_UP, MAIL, TAKEN, FakeSmtp
from tests.store.databases import opened_database

DESK, ON_CALL = "desk@example.org", "urgent@example.org"
RECIPIENTS = {"emails": [DESK], "urgent_emails": [ON_CALL]}
WORDS = read_yaml(DATA / "email.yml")["notice"]
URGENCIES = read_yaml(DATA / "desk.yml")["desk"]["urgencies"]
URL = "https://chat.clinic.example/desk"


class Clinic:
    """Requests that are made, and the job that tells of them."""

    def __init__(self, database: Database, smtp: FakeSmtp) -> None:
        self.database, self.smtp = database, smtp
        self.clock = HandClock()
        smtp_settings = read_settings({"SMTP_URL": smtp.url, "VAR_DIR": "nowhere", **SECRETS}).smtp
        assert smtp_settings
        self.mailer = Mailer(smtp_settings, self.clock)  # type: ignore[arg-type]
        self._count = 0
        self.restart()

    def restart(self, **recipients: list[str]) -> None:
        """The job as after a start: nothing in memory."""
        self.notices = Notices(
            self.database,
            self.clock,  # type: ignore[arg-type]
            self.mailer.send,
            {**RECIPIENTS, **recipients},
            WORDS,
            URGENCIES,
            URL,
        )

    def ask(self, urgency: str = "routine", text: str = "my scalp itches") -> None:
        """A patient's message that becomes a request."""
        self._count += 1
        at = self.clock.now()
        message = messages.receive(
            self.database, "website", "anna", f"id-{self._count}", text, at, timedelta(hours=12)
        )
        add_request(
            self.database,
            message.conversation_id,
            message.id,
            "talk_to_staff",
            urgency,
            at,
            {"phone": "+919999900001", "name": "Asha"},
        )

    async def look(self, **passed: float) -> None:
        """One look of the job, after some time has passed."""
        self.clock.pass_by(**passed)
        await self.notices.look()

    def subjects(self, address: str = DESK) -> list[str]:
        return [mail.message["Subject"] for mail in self.smtp.sent_to(address)]


SECRETS = {
    "DATA_KEY": "one:key", "SECRET_KEY": "secret", "ENGINE_TOKEN": "token",
}  # fmt: skip


def told(count: int, urgency: str = "routine") -> str:
    """The subject of a notice."""
    return str(WORDS["subject"]).format(count=count, urgency=URGENCIES[urgency])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    started = FakeSmtp()
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def clinic(database: Database, smtp: FakeSmtp) -> AsyncIterator[Clinic]:
    opened = Clinic(database, smtp)
    yield opened
    opened.mailer.close()


async def test_without_a_request_nobody_is_written_to(clinic: Clinic) -> None:
    await clinic.look()
    assert clinic.smtp.commands == []


async def test_a_request_is_told_to_the_desk(clinic: Clinic) -> None:
    clinic.ask()
    await clinic.look()
    [mail] = clinic.smtp.mails
    assert (mail.sender, mail.recipient) == ("desk@clinic.example", DESK)
    assert mail.message["Subject"] == told(1)
    assert URL in mail.text


async def test_a_request_is_told_once(clinic: Clinic) -> None:
    clinic.ask("emergency")
    for _ in range(3):
        await clinic.look(hours=1)
    assert len(clinic.subjects()) == 1


async def test_a_restart_tells_nothing_again(clinic: Clinic) -> None:
    clinic.ask("emergency")
    await clinic.look()
    clinic.restart()
    await clinic.look(hours=1)
    assert len(clinic.subjects()) == 1


async def test_a_restart_forgets_nothing(clinic: Clinic) -> None:
    clinic.ask()
    clinic.restart()
    await clinic.look()
    assert clinic.subjects() == [told(1)]


@pytest.mark.parametrize("urgency", URGENT)
async def test_an_urgent_request_is_told_to_who_is_on_call_too(
    clinic: Clinic, urgency: str
) -> None:
    clinic.ask(urgency)
    await clinic.look()
    assert clinic.subjects(DESK) == clinic.subjects(ON_CALL) == [told(1, urgency)]


async def test_a_routine_request_does_not_wake_who_is_on_call(clinic: Clinic) -> None:
    clinic.ask()
    await clinic.look()
    assert clinic.subjects(ON_CALL) == []


async def test_routine_requests_are_told_together_after_five_minutes(clinic: Clinic) -> None:
    clinic.ask()
    await clinic.look()
    clinic.ask()
    await clinic.look(minutes=2)
    clinic.ask()
    await clinic.look(minutes=2, seconds=59)
    assert clinic.subjects() == [told(1)]
    await clinic.look(seconds=1)
    assert clinic.subjects() == [told(1), told(3)]


async def test_routine_requests_wait_for_each_other_over_a_restart_too(clinic: Clinic) -> None:
    clinic.ask()
    await clinic.look()
    clinic.ask()
    clinic.restart()
    await clinic.look(seconds=1)
    assert clinic.subjects() == [told(1)]
    await clinic.look(seconds=BUNDLE.total_seconds())
    assert clinic.subjects() == [told(1), told(2)]


async def test_an_urgent_request_waits_for_nothing(clinic: Clinic) -> None:
    clinic.ask()
    await clinic.look()
    clinic.ask("same_day")
    await clinic.look(seconds=1)
    clinic.ask("crisis")
    await clinic.look(seconds=1)
    assert clinic.subjects() == [told(1), told(2, "same_day"), told(3, "crisis")]


async def test_what_was_told_together_with_an_urgent_request_is_not_told_again(
    clinic: Clinic,
) -> None:
    clinic.ask()
    clinic.ask("crisis")
    await clinic.look()
    await clinic.look(hours=1)
    assert clinic.subjects() == [told(2, "crisis")]


async def test_a_request_that_is_dealt_with_already_is_not_told(clinic: Clinic) -> None:
    clinic.ask("crisis")
    [request_id] = waiting_requests(clinic.database).new
    close_request(clinic.database, request_id, NOW)
    await clinic.look()
    assert clinic.smtp.mails == []


async def test_an_address_in_both_lists_is_told_once(clinic: Clinic) -> None:
    clinic.restart(urgent_emails=["Desk@example.org", ON_CALL])
    clinic.ask("crisis")
    await clinic.look()
    assert len(clinic.smtp.mails) == 2


async def test_without_an_address_nothing_is_sent(clinic: Clinic) -> None:
    clinic.restart(emails=[], urgent_emails=[])
    clinic.ask("crisis")
    await clinic.look()
    await clinic.notices.watch()
    assert clinic.smtp.mails == []


# --- when the mail server does not take it ------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "code"), [(CONNECT, 421), (MAIL, 421), (MAIL, 451), (CONNECT, HANG_UP), (TAKEN, 452)]
)
async def test_what_was_not_taken_is_told_later(clinic: Clinic, step: str, code: int) -> None:
    clinic.smtp.refuse_next(step, code)
    clinic.ask()
    await clinic.look()
    await clinic.look(seconds=1)
    assert clinic.subjects() == []
    await clinic.look(seconds=3)
    assert clinic.subjects() == [told(1)]


async def test_the_waits_grow_and_end_at_five_minutes(clinic: Clinic) -> None:
    clinic.smtp.refuse_next(CONNECT, *[421] * 6)
    clinic.ask()
    for seconds in (0, 4, 16, 64, 256, 300):
        await clinic.look(seconds=seconds)
        assert clinic.subjects() == []
    await clinic.look(seconds=299)
    assert clinic.subjects() == []
    await clinic.look(seconds=1)
    assert clinic.subjects() == [told(1)]


async def test_a_new_urgent_request_does_not_wait_for_a_later_try(clinic: Clinic) -> None:
    clinic.smtp.refuse_next(CONNECT, *[421] * 3)
    clinic.ask()
    await clinic.look()
    clinic.ask("crisis")
    await clinic.look()
    assert clinic.subjects() == []
    clinic.ask("emergency")
    await clinic.look(seconds=1)
    assert clinic.subjects() == [told(3, "crisis")]


async def test_who_was_reached_is_not_told_again_because_another_was_not(clinic: Clinic) -> None:
    clinic.smtp.refused[ON_CALL] = 450
    clinic.ask("crisis")
    await clinic.look()
    await clinic.look(minutes=1)
    del clinic.smtp.refused[ON_CALL]
    await clinic.look(minutes=1)
    assert clinic.subjects(DESK) == clinic.subjects(ON_CALL) == [told(1, "crisis")]


async def test_an_address_that_does_not_exist_keeps_the_others_from_nothing(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    clinic.smtp.refused[ON_CALL] = 550
    clinic.ask("crisis")
    await clinic.look()
    await clinic.look(hours=1)
    assert clinic.subjects(DESK) == [told(1, "crisis")]
    assert [each.levelname for each in caplog.records] == ["ERROR"]


async def test_while_nobody_can_be_reached_it_is_tried_again(clinic: Clinic) -> None:
    clinic.smtp.refused[DESK] = 550
    clinic.ask()
    await clinic.look()
    del clinic.smtp.refused[DESK]
    await clinic.look(minutes=1)
    assert clinic.subjects() == [told(1)]


async def test_a_notice_that_is_sent_again_has_the_same_id(clinic: Clinic) -> None:
    clinic.smtp.refuse_next(TAKEN, HANG_UP)
    clinic.ask()
    await clinic.look()
    clinic.restart()
    await clinic.look()
    first, second = clinic.smtp.mails
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_two_notices_have_two_ids(clinic: Clinic) -> None:
    for _ in range(2):
        clinic.ask("crisis")
        await clinic.look(hours=1)
    first, second = clinic.smtp.sent_to(DESK)
    assert first.message["Message-ID"] != second.message["Message-ID"]


# --- what a notice holds ------------------------------------------------------------------------


@given(text=st.text(), name=st.text(min_size=1))
@example(text="{desk}{0}%s", name="Subject: hello\r\nBcc: x@y.example")
@settings(deadline=None, max_examples=50)
def test_no_word_of_a_patients_changes_a_notice(text: str, name: str) -> None:
    sent: list[tuple[str, ...]] = []

    async def send(_: str, *parts: str) -> Delivery:
        sent.append(parts)
        return Delivery.SENT

    with TemporaryDirectory() as folder, opened_database(Path(folder) / "clinic.db") as database:
        clock: Any = HandClock()
        notices = Notices(database, clock, send, RECIPIENTS, WORDS, URGENCIES, URL)
        message = messages.receive(
            database, "website", name, "id", text, NOW, timedelta(), address=name
        )
        details = {"name": name, "phone": name}
        add_request(database, message.conversation_id, message.id, "media", "routine", NOW, details)
        asyncio.run(notices.look())
    values = {"count": 1, "new": 1, "urgency": URGENCIES["routine"], "desk": URL}
    assert sent == [(DESK, WORDS["subject"].format(**values), WORDS["body"].format(**values))]


def test_every_urgency_has_a_name_in_a_notice() -> None:
    assert set(URGENT) < set(URGENCIES)


# --- in the front -------------------------------------------------------------------------------


async def test_it_goes_on_after_a_look_that_failed(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bot.jobs.notices, "LOOK_EVERY", 0.01)
    send, clinic.notices._send = clinic.notices._send, None  # type: ignore[assignment]
    clinic.ask(text="my scalp itches")
    watching = asyncio.create_task(clinic.notices.watch())
    await eventually(lambda: "looking for who waits failed" in caplog.text)
    assert "itches" not in caplog.text
    clinic.notices._send = send
    await eventually(lambda: clinic.subjects() == [told(1)])
    watching.cancel()


async def test_the_front_tells_the_clinic_of_clinic_yml(tmp_path: Path, smtp: FakeSmtp) -> None:
    environment = {"VAR_DIR": str(tmp_path), "SMTP_URL": smtp.url}
    async with Front({**environment, "CLINIC_FILE": str(ROOT / "clinic.yml")}) as front:
        said = {"sender": "anna", "message": "I cannot breathe"}
        await front.http.post("/webhooks/rest/webhook", json=said)
        await eventually(lambda: len(smtp.mails) == 2)
    assert {mail.recipient for mail in smtp.mails} == {DESK, ON_CALL}
    assert {mail.message["Subject"] for mail in smtp.mails} == {told(1, "emergency")}
