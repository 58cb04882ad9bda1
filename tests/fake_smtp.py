"""A small mail server: keeps what it takes, refuses or hangs up when told, with or without TLS.

It speaks as much of RFC 5321 as a client of the clinic's needs, STARTTLS (RFC 3207) and AUTH PLAIN
(RFC 4954).
"""

from __future__ import annotations

import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Steps at which a refusal can come; TAKEN hangs up or refuses once the whole e-mail is there.
CONNECT, EHLO, TLS, AUTH, MAIL, RCPT, DATA, TAKEN, QUIT = (
    "CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "TAKEN", "QUIT",
)  # fmt: skip
# In place of a code: the connection ends without an answer.
HANG_UP = 0


@dataclass(frozen=True)
class Mail:
    """One e-mail that was taken."""

    sender: str
    recipient: str
    was_encrypted: bool
    message: EmailMessage

    @property
    def text(self) -> str:
        """What the recipient reads."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).strip()


class FakeSmtp(ThreadingTCPServer):
    """A mail server on this machine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        certificate: Path | None = None,
        *,
        is_tls: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        """Listens on a free port from `start` on.

        Args:
            certificate: key and certificate in one file; without, it knows no TLS.
            is_tls: TLS from the first byte on, else after STARTTLS.
            login: the user and password without whom it takes nothing.
        """
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.tls = None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(certificate)
        self.is_tls, self.login = is_tls, login
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        # Codes by address, for good.
        self.refused: dict[str, int] = {}
        self._next: dict[str, list[int]] = {}
        self._lock = Lock()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        """Takes e-mail from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Takes none any more."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """`SMTP_URL` of a clinic on this machine."""
        return f"smtp://127.0.0.1:{self.port}?from=desk@clinic.example"

    def refuse_next(self, step: str, *codes: int) -> None:
        """The next times that a conversation comes to a step, it is refused with these codes."""
        with self._lock:
            self._next.setdefault(step, []).extend(codes)

    def refusal(self, step: str) -> int | None:
        """The code with which this step is refused now; None if it is not."""
        with self._lock:
            waiting = self._next.get(step)
            return waiting.pop(0) if waiting else None

    def sent_to(self, address: str) -> list[Mail]:
        """What an address got, in order."""
        return [mail for mail in list(self.mails) if mail.recipient == address]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is no error here."""


@dataclass
class _Envelope:
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


class _EndError(Exception):
    """The conversation is over."""


class _Conversation(StreamRequestHandler):
    server: FakeSmtp

    def handle(self) -> None:
        self.envelope = _Envelope()
        self.is_encrypted = False
        self.is_known = self.server.login is None
        with suppress(_EndError, OSError):
            if self.server.is_tls:
                self._encrypt()
            self._step(CONNECT, "220 mail.example")
            while line := self.rfile.readline():
                command, _, rest = line.decode().strip().partition(" ")
                self.server.commands.append(command.upper())
                self._take(command.upper(), rest)

    def _take(self, command: str, rest: str) -> None:
        server = self.server
        if command == "EHLO":
            offers = ["STARTTLS"] if server.tls and not self.is_encrypted else []
            offers += ["AUTH PLAIN"] if server.login else []
            lines = ["mail.example", *offers]
            marks = ["-"] * (len(lines) - 1) + [" "]
            said = [f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True)]
            self._step(EHLO, "\r\n".join(said))
        elif command == "STARTTLS" and server.tls:
            self._step(TLS, "220 go ahead")
            self._encrypt()
        elif command == "AUTH" and server.login:
            given = base64.b64decode(rest.rsplit(maxsplit=1)[-1]).decode().split("\0")[1:]
            self.is_known = given == [*server.login]
            self._step(AUTH, "235 welcome" if self.is_known else "535 5.7.8 wrong")
        elif command == "MAIL":
            self.envelope = _Envelope(_address(rest))
            self._step(MAIL, "250 ok" if self.is_known else "530 5.7.0 who are you?")
        elif command == "RCPT":
            self._recipient(_address(rest))
        elif command == "DATA":
            self._step(DATA, "354 end with a dot")
            self._keep()
        elif command == "QUIT":
            self._step(QUIT, "221 bye")
            raise _EndError
        elif command in ("RSET", "NOOP"):
            self._say("250 ok")
        else:
            self._say("502 what?")

    def _recipient(self, address: str) -> None:
        code = self.server.refused.get(address)
        if code is not None:
            self._say(f"{code} <{address}> is not served")
            return
        self._step(RCPT, "250 ok", failed=f"<{address}> is not served")
        self.envelope.recipients.append(address)

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _EndError
            lines.append(line.removeprefix(b"."))
        message = message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(message, EmailMessage)
        code = self.server.refusal(TAKEN)
        if code is None or code == HANG_UP:
            self.server.mails += [
                Mail(self.envelope.sender, each, self.is_encrypted, message)
                for each in self.envelope.recipients
            ]
        if code == HANG_UP:
            raise _EndError
        self._say("250 kept" if code is None else f"{code} not kept")

    def _step(self, name: str, answer: str, failed: str = "refused") -> None:
        code = self.server.refusal(name)
        if code == HANG_UP:
            raise _EndError
        self._say(answer if code is None else f"{code} {failed}")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _encrypt(self) -> None:
        assert self.server.tls
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.is_encrypted = True

    def finish(self) -> None:
        """Closes the encrypted connection too."""
        with suppress(OSError, ValueError):
            super().finish()
        self.connection.close()


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def new_certificate(file: Path) -> Path:
    """Key and certificate of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
