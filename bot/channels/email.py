"""E-mail: how it leaves, and the confirmation of a visit to patients who asked for it.

Nobody writes to the assistant by e-mail; this channel only sends. An e-mail that is sent again
has the same Message-ID, by which mail programs know it.
"""

from __future__ import annotations

import asyncio
import logging
import smtplib
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from bot.clinic.clock import Clock
from bot.clinic.facts import facts, fill
from bot.clinic.told import ToldBooking
from bot.clinic.visit_calendar import visit_calendar
from bot.clinic.visits.statuses import GIVEN_BACK
from bot.door.door import Delivery, Door
from bot.settings import STARTTLS, TLS, SmtpSettings
from bot.store.bookings import Booked, booking_with
from bot.store.database import Database
from bot.store.messages import EMAIL, Outbound

logger = logging.getLogger(__name__)

# Seconds for each step of the conversation with the mail server.
STEP_LIMIT = 10.0
# E-mails at once; a server that hangs must not hold the threads that answer patients.
MOST_AT_ONCE = 4
# Answers about our login, whatever was asked (RFC 4954, section 6).
LOGIN = (530, 534, 535, 538)
# Lines are encoded so that every server can take them (RFC 5321 without 8BITMIME).
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class CalendarFile:
    """A calendar file beside an e-mail."""

    name: str
    content: bytes
    # PUBLISH or CANCEL, as in the file (RFC 6047, section 2.4)
    method: str


class MaybeTakenError(OSError):
    """The server was given the whole e-mail, or part of it, and said nothing of it."""


class _Server(smtplib.SMTP):
    """Knows whether it was given an e-mail: that does not show in an error."""

    was_given = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        """`DATA` and what follows (RFC 5321, section 4.1.1.4)."""
        self.was_given = True
        return super().data(msg)


class _TlsServer(_Server, smtplib.SMTP_SSL):
    """The same with TLS from the first byte on."""


class Mailer:
    """Hands e-mails to the clinic's mail server, one connection each."""

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        """Opens no connection yet."""
        self._settings = settings
        self._clock = clock
        self._domain = settings.sender.rpartition("@")[2]
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="email")

    async def send(
        self,
        mail_id: str,
        address: str,
        subject: str,
        body: str,
        calendar: CalendarFile | None = None,
        *,
        once: bool = False,
    ) -> Delivery:
        """Sends one e-mail to one address and says how it went.

        Args:
            mail_id: random, stays when the same e-mail is sent again; may stand in logs.
            address: whom to.
            subject: one line.
            body: plain text.
            calendar: a file beside it.
            once: it is not to be sent again where nobody knows whether it was taken.
        """
        try:
            message = self._message(mail_id, address, subject, body, calendar)
        except (MessageError, ValueError, IndexError) as error:
            logger.error("e-mail %s cannot be addressed: %s", mail_id, type(error).__name__)
            return Delivery.FAILED
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._deliver, address, bytes(message))
        except (smtplib.SMTPException, OSError) as error:
            is_over = once and isinstance(error, MaybeTakenError)
            delivery = Delivery.FAILED if is_over else judge(error)
            level = logging.WARNING if delivery is Delivery.LATER else logging.ERROR
            # What the server said may quote the address.
            logger.log(
                level,
                "e-mail %s was not taken: %s, code %s",
                mail_id,
                type(error).__name__,
                code_of(error),
            )
            return delivery
        return Delivery.SENT

    def close(self) -> None:
        """Takes no e-mail any more; one that is on its way is not cut off."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _message(
        self, mail_id: str, address: str, subject: str, body: str, calendar: CalendarFile | None
    ) -> EmailMessage:
        """The e-mail; raises ValueError or another error of `email` for what is no address."""
        if not address.isascii():
            raise ValueError("the address is not written in ASCII")
        message = EmailMessage(policy=_POLICY)
        message["From"] = Address(addr_spec=self._settings.sender)
        message["To"] = Address(addr_spec=address)
        message["Subject"] = subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail_id}@{self._domain}>"
        # Nobody's absence note should answer it (RFC 3834, section 5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        if calendar:
            message.add_attachment(
                calendar.content.decode(),
                subtype="calendar",
                charset="utf-8",
                # Keeps the file's long lines and line ends as they are.
                cte="base64",
                filename=calendar.name,
                params={"method": calendar.method},
            )
        return message

    def _deliver(self, address: str, message: bytes) -> None:
        """One conversation with the server.

        Raises:
            smtplib.SMTPException, OSError: the e-mail was not taken.
            MaybeTakenError: nobody can know.
        """
        settings = self._settings
        with closing(self._connected()) as server:
            if settings.protection == STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if settings.user:
                server.login(settings.user, settings.password)
            try:
                server.sendmail(settings.sender, [address], message)
            except OSError as error:
                if server.was_given and code_of(error) is None:
                    raise MaybeTakenError from error
                raise
            # It is taken: how the server says goodbye changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connected(self) -> _Server:
        where = (self._settings.host, self._settings.port)
        # We introduce ourselves by the clinic's domain: this machine's name is nobody's business.
        if self._settings.protection == TLS:
            return _TlsServer(
                *where,
                local_hostname=self._domain,
                timeout=STEP_LIMIT,
                context=ssl.create_default_context(),
            )
        return _Server(*where, local_hostname=self._domain, timeout=STEP_LIMIT)


def code_of(error: Exception) -> int | None:
    """The reply code of the server (RFC 5321, section 4.2); None where it gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _ in error.recipients.values()), None)
    code = getattr(error, "smtp_code", None)
    return code if isinstance(code, int) and code > 0 else None


def judge(error: Exception) -> Delivery:
    """What an error of the conversation with the mail server asks for.

    A code 4xx is a refusal for now and 5xx for good (RFC 5321, section 4.2.1): of the recipient or
    of the e-mail, or of the clinic's account, when it came before either was named.
    """
    code = code_of(error)
    if code is None:
        is_no_certificate = isinstance(error, ssl.SSLError) and not isinstance(
            error, ssl.SSLEOFError | ssl.SSLZeroReturnError
        )
        # The server cannot do TLS or none of our ways to log in.
        is_unable = type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError)
        return Delivery.BLOCKED if is_no_certificate or is_unable else Delivery.LATER
    if 400 <= code <= 499:
        return Delivery.LATER
    about_this = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    return Delivery.FAILED if about_this and code not in LOGIN else Delivery.BLOCKED


@dataclass(frozen=True)
class EmailWordings:
    """The data that an e-mail to a patient speaks from."""

    clinic: Mapping[str, Any]
    # The contents of data/facts.yml and data/email.yml.
    facts: Mapping[str, Any]
    email: Mapping[str, Any]
    # The block `calendar` of data/booking.yml.
    calendar: Mapping[str, Any]


class Email:
    """The outbox's way by e-mail: what is told of a visit, with its calendar file."""

    def __init__(
        self,
        door: Door,
        database: Database,
        mailer: Mailer,
        wordings: EmailWordings,
        told: ToldBooking,
        clock: Clock,
    ) -> None:
        """Registers with the door, which sends what waits and tries again."""
        self._database, self._mailer, self._clock = database, mailer, clock
        self._wordings, self._told = wordings, told
        door.add_channel(EMAIL, self._send, pushes=True)

    async def _send(self, outbound: Outbound) -> Delivery:
        letter = outbound.content.get("letter")
        if letter and outbound.address:
            return await self._mailer.send(
                outbound.id,
                outbound.address,
                letter["subject"],
                letter["body"],
                once=outbound.unasked,
            )
        booked = await asyncio.to_thread(
            booking_with, self._database, outbound.content.get("booking", "")
        )
        if booked is None or not outbound.address:
            logger.error("message %s has no booking or no address", outbound.id)
            return Delivery.FAILED
        subject, body = self._told_of(booked, moved="moved" in outbound.content)
        return await self._mailer.send(
            outbound.id,
            outbound.address,
            subject,
            body,
            self._calendar_of(booked),
            once=outbound.unasked,
        )

    def _told_of(self, booked: Booked, *, moved: bool) -> tuple[str, str]:
        """Subject and body for the visit as it stands now, which may not be as it was booked."""
        known = facts(self._wordings.clinic, self._wordings.facts, self._clock.now())
        words = self._wordings.email["visits"][_standing(booked, moved=moved)]
        return words["subject"], fill(words["body"], {**known, **self._told.values(booked)})

    def _calendar_of(self, booked: Booked) -> CalendarFile:
        return CalendarFile(
            self._wordings.email["calendar_file"],
            visit_calendar(booked, self._wordings.clinic, self._wordings.calendar),
            "CANCEL" if booked.status in GIVEN_BACK else "PUBLISH",
        )


def _standing(booked: Booked, *, moved: bool) -> str:
    """Which of the letters tells of a visit."""
    if booked.status in GIVEN_BACK:
        return "cancelled"
    if booked.status == "pending":
        return "pending"
    return "moved" if moved else "booked"
