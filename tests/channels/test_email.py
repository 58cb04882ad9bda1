"""E-mail against a small mail server: the real door, outbox and bookings, TLS and all."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.headerregistry import Address
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select, update

import bot.door.door
from bot.channels.email import Email, EmailWordings, Mailer, judge
from bot.clinic.availability import Option
from bot.clinic.clock import Clock
from bot.clinic.facts import unfilled
from bot.data_files import DATA, read_yaml
from bot.door.door import Delivery
from bot.encryption import Cipher
from bot.settings import PLAIN, STARTTLS, TLS, SettingsError, SmtpSettings, read_settings
from bot.store import bookings, messages
from bot.store.bookings import Booked, NewBooking
from bot.store.changes import By
from bot.store.database import Database
from bot.store.messages import FAILED, SENDING, SENT, Inbound, Outbound
from bot.store.tables import Booking, OutboundMessage
from bot.store.visits import move_visit
from tests import fake_smtp
from tests.channels.test_whatsapp import Front
from tests.door.conftest import NOW, PATIENCE, Reception, eventually, notice, says, told, wordings
from tests.fake_smtp import CONNECT, HANG_UP, MAIL, QUIT, RCPT, TAKEN, FakeSmtp, Mail
from tests.fake_smtp import DATA as DATA_STEP
from tests.house import free_ports
from tests.store.databases import opened_database

ADDRESS, OTHER = "asha@patient.example", "ravi@patient.example"
SENDER = "desk@clinic.example"
LETTERS = read_yaml(DATA / "email.yml")
# Tomorrow at 16:30 in Mumbai.
STARTS = datetime.fromisoformat("2026-11-24T11:00:00+00:00")
MEDICAL = (
    "skin", "hair", "scalp", "clinic", "doctor", "dermat", "treatment", "consult", "exosome",
    "acne", "laser", "session", "patient",
)  # fmt: skip
SECRETS = {
    "DATA_KEY": "one:key", "SECRET_KEY": "secret", "ENGINE_TOKEN": "token",
}  # fmt: skip


def smtp_settings(url: str, **environment: str) -> SmtpSettings | None:
    return read_settings({"VAR_DIR": "nowhere", **SECRETS, "SMTP_URL": url, **environment}).smtp


def book(
    database: Database,
    message: Inbound,
    address: str = ADDRESS,
    status: str = "booked",
    days: int = 0,
    at: datetime = NOW,
) -> Booked:
    """Books a visit for a message that is not answered yet, with a confirmation by e-mail."""
    start = STARTS + timedelta(days=days)
    ticks = (("doctor:mehra", int(start.timestamp()) // 300),)
    return bookings.book(
        database,
        NewBooking(
            message.conversation_id,
            message.id,
            "consultation",
            "self",
            name="Asha Rao",
            phone="+919999900001",
            concern="hair fall",
            reminders="email",
            email=address,
        ),
        [Option(start, start + timedelta(minutes=20), "mehra", "consulting_1", "", ticks)],
        9,
        status,
        (),
        at,
        mails=True,
    )


class Post:
    """The clinic's e-mail as a test uses it: who booked, and what reached them."""

    def __init__(self, reception: Reception, smtp: FakeSmtp) -> None:
        self.reception, self.smtp, self.clock = reception, smtp, reception.clock
        self.database = reception.database
        settings = smtp_settings(smtp.url)
        assert settings
        self.mailer = Mailer(settings, self.clock)  # type: ignore[arg-type]
        self.open_with(reception.door)
        self._pushing: set[asyncio.Task[None]] = set()

    def open_with(self, door: bot.door.door.Door) -> None:
        """The channel at a door, as after a start."""
        letters = EmailWordings(
            wordings().clinic,
            wordings().facts,
            LETTERS,
            read_yaml(DATA / "booking.yml")["calendar"],
        )
        Email(door, self.database, self.mailer, letters, told(), self.clock)  # type: ignore[arg-type]
        self.door = door

    def push(self) -> None:
        """From now on what is due is sent."""
        self._pushing.add(asyncio.create_task(self.door.push()))

    async def restart(self) -> None:
        """A new door at the same database."""
        for each in self._pushing:
            each.cancel()
        door = self.reception.new_door()
        await door.leftovers()
        self.open_with(door)
        self.push()

    def said_yes(self, person: str = "anna", external_id: str = "yes") -> Inbound:
        """A patient's message that was stored and not answered."""
        return messages.receive(
            self.database, "website", person, external_id, "yes", NOW, timedelta(hours=12)
        )

    async def hears(self, address: str = ADDRESS) -> Mail:
        """Waits until somebody has got one e-mail and the outbox knows it."""
        await eventually(lambda: SENT in self.states())
        [mail] = self.smtp.sent_to(address)
        return mail

    def states(self) -> list[str]:
        """The states of the e-mails in the outbox."""
        with self.database.work() as session:
            emails = select(OutboundMessage.state).where(OutboundMessage.channel == "email")
            return list(session.scalars(emails))

    def attempts(self) -> list[int]:
        """How often sending each failed."""
        with self.database.work() as session:
            emails = select(OutboundMessage.attempts).where(OutboundMessage.channel == "email")
            return list(session.scalars(emails))

    def close(self) -> None:
        for each in self._pushing:
            each.cancel()
        self.mailer.close()


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    yield from running(FakeSmtp())


def running(server: FakeSmtp) -> Iterator[FakeSmtp]:
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
async def post(
    database: Database, smtp: FakeSmtp, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Post]:
    monkeypatch.setattr(bot.door.door, "PUSH_EVERY", 0.01)
    opened = Post(Reception(database), smtp)
    yield opened
    opened.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), PATIENCE)


# --- the confirmation ---------------------------------------------------------------------------


async def test_a_booking_is_confirmed_by_email(post: Post) -> None:
    booked = book(post.database, post.said_yes())
    post.push()
    mail = await post.hears()
    assert (mail.sender, mail.message["From"], mail.message["To"]) == (SENDER, SENDER, ADDRESS)
    assert "Tuesday 24 Nov 2026 at 16:30" in mail.text
    assert booked.reference in mail.text
    assert wordings().clinic["clinic"]["address"] in mail.text
    assert wordings().clinic["phones"]["front_desk"] in mail.text
    assert f"/visits/{booked.calendar_key}.ics" in mail.text
    assert unfilled(mail.text) == set()


async def test_it_is_sent_once(post: Post) -> None:
    book(post.database, post.said_yes())
    post.push()
    await post.hears()
    await post.restart()
    book(post.database, post.said_yes("berta", "another"), OTHER, days=1)
    await eventually(lambda: len(post.smtp.sent_to(OTHER)) == 1)
    assert len(post.smtp.mails) == 2


async def test_the_calendar_file_comes_with_it(post: Post) -> None:
    booked = book(post.database, post.said_yes())
    post.push()
    [file] = (await post.hears()).message.iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert file["Content-Type"].params["method"] == "PUBLISH"
    assert file.get_filename() == "appointment.ics"
    [event] = Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert event["UID"] == f"{booked.id}@front-desk"
    assert event.start == STARTS


async def test_a_subject_says_nothing_of_medicine_or_the_patient(post: Post) -> None:
    book(post.database, post.said_yes())
    post.push()
    message = (await post.hears()).message
    assert message["Subject"] == "Your appointment"
    assert "Asha" not in message.as_string()
    assert "hair fall" not in message.as_string()


@pytest.mark.parametrize(
    "letter",
    [
        *LETTERS["visits"].values(),
        *(LETTERS[name] for name in ("reminder", "before_visit", "notice")),
    ],
)
def test_no_subject_holds_a_word_of_medicine(letter: dict[str, str]) -> None:
    assert not any(word in letter["subject"].casefold() for word in MEDICAL)


async def test_nobodys_absence_note_answers_it(post: Post) -> None:
    book(post.database, post.said_yes())
    post.push()
    assert (await post.hears()).message["Auto-Submitted"] == "auto-generated"


async def test_a_booking_that_staff_confirm_says_so(post: Post) -> None:
    book(post.database, post.said_yes(), status="pending")
    post.push()
    mail = await post.hears()
    assert "still has to confirm" in mail.text
    assert "Your appointment is on" not in mail.text


async def test_a_visit_that_moved_is_told_with_its_new_time(post: Post) -> None:
    booked = book(post.database, post.said_yes())
    start = STARTS + timedelta(days=1)
    ticks = (("doctor:mehra", int(start.timestamp()) // 300),)
    option = Option(start, start + timedelta(minutes=20), "mehra", "consulting_1", "", ticks)
    staff = By("staff", staff_user="desk")
    move_visit(post.database, booked.id, 0, [option], "booked", staff, NOW, mails=True)
    post.push()
    await eventually(lambda: post.states() == [SENT, SENT])
    first, second = post.smtp.sent_to(ADDRESS)
    # Each is rendered when it is sent, as the visit stands then.
    assert first.message["Subject"] == LETTERS["visits"]["booked"]["subject"]
    assert second.message["Subject"] == LETTERS["visits"]["moved"]["subject"]
    for mail in (first, second):
        assert "Wednesday 25 Nov 2026 at 16:30" in mail.text


async def test_a_visit_that_was_given_back_before_it_was_sent_is_told_as_cancelled(
    post: Post,
) -> None:
    booked = book(post.database, post.said_yes())
    with post.database.work() as session:
        session.execute(update(Booking).where(Booking.id == booked.id).values(status="cancelled"))
    post.push()
    mail = await post.hears()
    assert mail.message["Subject"] == LETTERS["visits"]["cancelled"]["subject"]
    [file] = mail.message.iter_attachments()
    assert file["Content-Type"].params["method"] == "CANCEL"
    assert "METHOD:CANCEL" in file.get_content()


async def test_the_patient_gets_the_answer_of_the_chat_and_the_email(post: Post) -> None:
    reception = post.reception
    await reception.begin()
    reception.engine.hang("yes")
    answering = await reception.bring("yes")
    await eventually(lambda: "yes" in reception.engine.texts)
    [message] = messages.unanswered(post.database)
    booked = book(post.database, message)
    reception.engine.answers["yes"] = says("all done")
    post.push()
    await post.hears()
    reception.engine.let_go()
    [answer] = await asyncio.wait_for(answering, PATIENCE)
    assert booked.reference in answer.content["text"]
    assert [each.channel for each in reception.sent] == ["website"]
    assert len(post.smtp.mails) == 1


# --- when it is not taken -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "code"),
    [(CONNECT, 421), (CONNECT, HANG_UP), (MAIL, 451), (RCPT, 450), (RCPT, 421), (TAKEN, 452)],
)
async def test_what_was_not_taken_is_sent_later(post: Post, step: str, code: int) -> None:
    post.smtp.refuse_next(step, code)
    book(post.database, post.said_yes())
    post.push()
    await eventually(lambda: post.attempts() == [1])
    assert post.smtp.mails == []
    post.clock.pass_by(seconds=1)
    await post.hears()
    assert post.reception.requests == []


async def test_a_mail_server_that_is_down_is_tried_later(database: Database) -> None:
    [port] = free_ports(1)
    settings = smtp_settings(f"smtp://127.0.0.1:{port}?from={SENDER}")
    assert settings
    mailer = Mailer(settings, Clock())
    assert await mailer.send("id", ADDRESS, "subject", "body") is Delivery.LATER
    mailer.close()


async def sent_once(post: Post) -> Delivery:
    """How a letter went that nobody asked for."""
    letter = {"letter": {"subject": "Your appointment", "body": "Reminder"}}
    outbound = Outbound("id", "conversation", "email", "person", letter, ADDRESS, unasked=True)
    return await post.door._hand_over(outbound)


async def test_what_nobody_asked_for_is_over_where_it_may_have_arrived(post: Post) -> None:
    post.smtp.refuse_next(TAKEN, HANG_UP)
    assert await sent_once(post) is Delivery.FAILED
    assert len(post.smtp.mails) == 1


@pytest.mark.parametrize(
    ("step", "code"),
    [(CONNECT, HANG_UP), (MAIL, HANG_UP), (RCPT, HANG_UP), (DATA_STEP, 451), (TAKEN, 452)],
)
async def test_what_nobody_asked_for_is_tried_again_where_it_was_not_taken(
    post: Post, step: str, code: int
) -> None:
    post.smtp.refuse_next(step, code)
    assert await sent_once(post) is Delivery.LATER
    assert post.smtp.mails == []
    assert await sent_once(post) is Delivery.SENT


@pytest.mark.parametrize("step", [RCPT, TAKEN])
async def test_what_is_refused_for_good_is_failed_and_told_to_staff(post: Post, step: str) -> None:
    post.smtp.refuse_next(step, 550)
    book(post.database, post.said_yes())
    post.push()
    await eventually(lambda: post.states() == [FAILED])
    assert post.reception.requests == [("not_delivered", "routine", "yes")]


async def test_a_refusal_of_the_clinics_own_account_is_told_to_staff_and_tried_again(
    post: Post,
) -> None:
    post.smtp.refuse_next(MAIL, 550)
    book(post.database, post.said_yes())
    post.push()
    await eventually(lambda: post.attempts() == [1])
    assert post.reception.requests == [("not_delivered", "routine", "yes")]
    post.clock.pass_by(minutes=10)
    await post.hears()


async def test_an_email_that_is_sent_again_has_the_same_id(post: Post) -> None:
    post.smtp.refuse_next(TAKEN, HANG_UP)
    book(post.database, post.said_yes())
    post.push()
    await eventually(lambda: post.attempts() == [1])
    await post.restart()
    await eventually(lambda: post.states() == [SENT])
    first, second = post.smtp.mails
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_a_rude_goodbye_sends_nothing_again(post: Post) -> None:
    post.smtp.refuse_next(QUIT, 421)
    book(post.database, post.said_yes())
    post.push()
    await post.hears()
    assert post.attempts() == [0]


async def test_one_patients_wrong_address_keeps_nobody_from_theirs(post: Post) -> None:
    post.smtp.refused[ADDRESS] = 550
    book(post.database, post.said_yes())
    book(post.database, post.said_yes("berta", "another"), OTHER, days=1)
    post.push()
    await eventually(lambda: sorted(post.states()) == [FAILED, SENT])
    assert len(post.smtp.sent_to(OTHER)) == 1


async def test_email_that_waits_keeps_the_patient_from_no_answer(post: Post) -> None:
    post.smtp.refuse_next(CONNECT, *[421] * 50)
    await post.reception.begin()
    book(post.database, post.said_yes())
    post.push()
    await eventually(lambda: post.attempts() == [1])
    assert await post.reception.say("price") == ["answer to price"]
    assert post.reception.sent_texts == ["answer to price"]


async def test_a_mail_server_that_hangs_keeps_the_patient_from_no_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.door.door, "PUSH_EVERY", 0.01)
    # It listens and says nothing until it is started.
    server = FakeSmtp()
    post = Post(Reception(database), server)
    book(database, post.said_yes())
    post.push()
    await eventually(lambda: post.states() == [SENDING])
    answered = await post.reception.say("price")
    still = post.states()
    server.start()
    await post.hears()
    post.close()
    server.stop()
    assert answered == [f"{notice()}\n\nanswer to price"]
    assert still == [SENDING]


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b@c", "asha@\npatient.example", "आशा@patient.example", "<>", "a b@c.example"],
)
async def test_what_is_no_address_is_failed_and_told_to_staff(post: Post, address: str) -> None:
    message = post.said_yes()
    booked = book(post.database, message)
    with post.database.work() as session:
        session.execute(update(OutboundMessage).values(address=address))
    post.push()
    await eventually(lambda: post.states() == [FAILED])
    assert post.smtp.commands == []
    assert [kind for kind, _, _ in post.reception.requests] == ["not_delivered"]
    assert booked.status == "booked"


async def test_no_address_and_no_words_stand_in_the_log(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.smtp.refuse_next(RCPT, 450, 550)
    book(post.database, post.said_yes())
    post.push()
    await eventually(lambda: post.attempts() == [1])
    post.clock.pass_by(seconds=1)
    await eventually(lambda: post.states() == [FAILED])
    assert [each.getMessage().rpartition("code ")[2] for each in caplog.records] == ["450", "550"]
    assert not any(word in caplog.text for word in ("asha", "Asha", "patient.example", SENDER))


@given(address=st.text(max_size=30) | st.emails())
@example(address=ADDRESS)
@example(address='"Asha Rao"@patient.example')
@example(address=f"{ADDRESS}>\r\nRCPT TO:<{OTHER}")
@example(address=f"{ADDRESS}, {OTHER}")
@hypothesis_settings(deadline=None)
def test_an_address_is_one_address_or_none(address: str) -> None:
    settings = SmtpSettings("127.0.0.1", 1, PLAIN, SENDER, user="", password="")
    mailer = Mailer(settings, Clock())
    taken: list[tuple[str, bytes]] = []
    mailer._deliver = lambda *sent: taken.append(sent)  # type: ignore[method-assign]
    delivery = asyncio.run(mailer.send("id", address, "subject", "body"))
    mailer.close()
    assert delivery in (Delivery.SENT, Delivery.FAILED)
    assert (delivery is Delivery.SENT) == bool(taken)
    for recipient, message in taken:
        assert Address(addr_spec=recipient).addr_spec.isascii()
        assert message.count(b"\r\nTo: ") == 1
        assert b"\nBcc:" not in message


# --- protection ---------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return fake_smtp.new_certificate(tmp_path / "certificate.pem")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


LOGIN = ("desk", "a-password")


@pytest.fixture
def starttls_server(certificate: Path) -> Iterator[FakeSmtp]:
    yield from running(FakeSmtp(certificate, login=LOGIN))


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[FakeSmtp]:
    yield from running(FakeSmtp(certificate, is_tls=True, login=LOGIN))


async def sent_by(server: FakeSmtp, protection: str, login: tuple[str, str] = LOGIN) -> Delivery:
    """How one e-mail to a server went."""
    user, password = login
    settings = SmtpSettings(
        "127.0.0.1", server.port, protection, SENDER, user=user, password=password
    )
    mailer = Mailer(settings, Clock())
    try:
        return await mailer.send("id", ADDRESS, "subject", "body")
    finally:
        mailer.close()


async def test_with_starttls_password_and_words_are_encrypted(
    trusted: Path, starttls_server: FakeSmtp
) -> None:
    assert await sent_by(starttls_server, STARTTLS) is Delivery.SENT
    assert [mail.was_encrypted for mail in starttls_server.mails] == [True]
    assert starttls_server.commands[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


async def test_with_tls_everything_is_encrypted(trusted: Path, tls_server: FakeSmtp) -> None:
    assert await sent_by(tls_server, TLS) is Delivery.SENT
    assert [mail.was_encrypted for mail in tls_server.mails] == [True]


async def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    starttls_server: FakeSmtp, tls_server: FakeSmtp
) -> None:
    assert await sent_by(starttls_server, STARTTLS) is Delivery.BLOCKED
    assert await sent_by(tls_server, TLS) is Delivery.BLOCKED
    assert "AUTH" not in [*starttls_server.commands, *tls_server.commands]


async def test_a_server_without_tls_gets_no_password(smtp: FakeSmtp) -> None:
    smtp.login = LOGIN
    assert await sent_by(smtp, STARTTLS) is Delivery.BLOCKED
    assert "AUTH" not in smtp.commands


async def test_a_wrong_password_is_for_the_clinic_to_mend(
    trusted: Path, tls_server: FakeSmtp
) -> None:
    assert await sent_by(tls_server, TLS, ("desk", "another")) is Delivery.BLOCKED
    assert tls_server.mails == []


async def test_a_login_that_is_missing_is_for_the_clinic_to_mend(smtp: FakeSmtp) -> None:
    smtp.login = LOGIN
    assert await sent_by(smtp, PLAIN, ("", "")) is Delivery.BLOCKED


@pytest.mark.parametrize(
    ("error", "delivery"),
    [
        (smtplib.SMTPConnectError(421, b""), Delivery.LATER),
        (smtplib.SMTPConnectError(554, b""), Delivery.BLOCKED),
        (smtplib.SMTPHeloError(550, b""), Delivery.BLOCKED),
        (smtplib.SMTPAuthenticationError(454, b""), Delivery.LATER),
        (smtplib.SMTPAuthenticationError(535, b""), Delivery.BLOCKED),
        (smtplib.SMTPSenderRefused(553, b"", SENDER), Delivery.BLOCKED),
        (smtplib.SMTPRecipientsRefused({ADDRESS: (551, b"")}), Delivery.FAILED),
        (smtplib.SMTPRecipientsRefused({ADDRESS: (530, b"")}), Delivery.BLOCKED),
        (smtplib.SMTPRecipientsRefused({}), Delivery.LATER),
        (smtplib.SMTPDataError(554, b""), Delivery.FAILED),
        (smtplib.SMTPDataError(-1, b""), Delivery.LATER),
        (smtplib.SMTPServerDisconnected(""), Delivery.LATER),
        (smtplib.SMTPNotSupportedError(""), Delivery.BLOCKED),
        (smtplib.SMTPException("No suitable authentication method found."), Delivery.BLOCKED),
        (ssl.SSLCertVerificationError(), Delivery.BLOCKED),
        (ssl.SSLEOFError(), Delivery.LATER),
        (TimeoutError(), Delivery.LATER),
        (ConnectionRefusedError(), Delivery.LATER),
    ],
)
def test_an_error_asks_for_what_can_help(error: Exception, delivery: Delivery) -> None:
    assert judge(error) is delivery


# --- settings -----------------------------------------------------------------------------------


def test_the_settings_of_a_mail_server_are_read() -> None:
    url = f"smtp://desk%40clinic.example:p%3Ass%2Fw@mail.example.org:2525?from={SENDER}"
    assert smtp_settings(url) == SmtpSettings(
        "mail.example.org", 2525, STARTTLS, SENDER, user="desk@clinic.example", password="p:ss/w"
    )


@pytest.mark.parametrize(
    ("url", "environment", "port", "protection"),
    [
        ("smtp://mail.example.org", "production", 587, STARTTLS),
        ("smtps://mail.example.org", "production", 465, TLS),
        ("smtp://localhost:25", "production", 25, STARTTLS),
        ("smtp://localhost:2525", "development", 2525, PLAIN),
        ("smtp://[::1]:2525", "development", 2525, PLAIN),
        ("smtps://localhost", "development", 465, TLS),
        ("smtp://mail.example.org", "development", 587, STARTTLS),
    ],
)
def test_only_a_development_machine_is_spoken_to_in_clear(
    url: str, environment: str, port: int, protection: str
) -> None:
    settings = smtp_settings(f"{url}?from={SENDER}", CLINIC_ENV=environment)
    assert settings
    assert (settings.port, settings.protection) == (port, protection)


@pytest.mark.parametrize("environ", [{}, {"SMTP_URL": ""}])
def test_without_a_mail_server_there_is_no_email(environ: dict[str, str], tmp_path: Path) -> None:
    assert read_settings({"VAR_DIR": str(tmp_path), **environ}).smtp is None


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org?from=desk@clinic.example",
        "smtp://?from=desk@clinic.example",
        "smtp://mail.example.org",
        "smtp://mail.example.org?from=",
        "smtp://mail.example.org?from=desk",
        "smtp://mail.example.org?from=a@b.example&from=c@d.example",
        "smtp://mail.example.org?from=Desk <desk@clinic.example>",
        "smtp://mail.example.org:0?from=desk@clinic.example",
        "smtp://mail.example.org:70000?from=desk@clinic.example",
        "smtp://mail.example.org:port?from=desk@clinic.example",
        "smtp://[::1?from=desk@clinic.example",
        "smtp://mail.example.org/path?from=desk@clinic.example",
        "smtp://a-user@mail.example.org?from=desk@clinic.example",
        "smtp://:a-password@mail.example.org?from=desk@clinic.example",
        "smtp://a-user:p%C3%A4ss@mail.example.org?from=desk@clinic.example",
    ],
)
def test_another_shape_is_refused_with_one_sentence(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        smtp_settings(url)
    assert str(caught.value) == (
        "SMTP_URL should look like "
        "smtp://user:password@mail.example.org:587?from=desk@example.org, or begin with smtps://."
    )


def test_the_login_is_not_shown() -> None:
    shown = repr(smtp_settings(f"smtp://a-user:a-password@mail.example.org?from={SENDER}"))
    assert "a-user" not in shown
    assert "a-password" not in shown


# --- the front ----------------------------------------------------------------------------------


async def test_the_whole_front_sends_a_confirmation(tmp_path: Path, smtp: FakeSmtp) -> None:
    async with Front({"VAR_DIR": str(tmp_path), "SMTP_URL": smtp.url}) as front:
        database = Database(front.settings.database_url, Cipher(front.settings.data_key))
        message = messages.receive(
            database, "website", "anna", "yes", "yes", NOW, timedelta(hours=12)
        )
        booked = book(database, message)
        await eventually(lambda: len(smtp.sent_to(ADDRESS)) == 1)
        database.close()
    assert booked.reference in smtp.sent_to(ADDRESS)[0].text


async def test_without_a_mail_server_the_front_says_nothing_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Front({"VAR_DIR": str(tmp_path)}) as front:
        said = {"sender": "anna", "message": "I cannot breathe"}
        assert (await front.http.post("/webhooks/rest/webhook", json=said)).status_code == 200
    assert "mail" not in caplog.text
