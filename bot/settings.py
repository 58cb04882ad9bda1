"""Typed settings from the environment: a wrong one stops the start with one clear sentence."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

DEVELOPMENT = "development"
PRODUCTION = "production"
SECRETS = ("DATA_KEY", "SECRET_KEY", "ENGINE_TOKEN")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
CLOCK_FILE = "clock_offset"
# The number of the Cloud API and the three secrets around it: all four, or WhatsApp is off.
WHATSAPP = (
    "WHATSAPP_VERIFY_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID",
)
# How a connection to the mail server is protected.
PLAIN, STARTTLS, TLS = "plain", "starttls", "tls"
# Ports of message submission: with STARTTLS (RFC 6409), and with TLS from the start (RFC 8314).
SUBMISSION, SUBMISSIONS = 587, 465
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class SettingsError(ValueError):
    """A setting is missing or wrong; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class WhatsAppSettings:
    """The clinic's number on the WhatsApp Business Cloud API."""

    phone_number_id: str
    api_base: str
    api_version: str
    verify_token: str = field(repr=False)
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)


@dataclass(frozen=True)
class SmtpSettings:
    """The server that takes the clinic's e-mail, and the address it comes from."""

    host: str
    port: int
    # plain, starttls or tls
    protection: str
    sender: str
    # Empty where the server asks for none.
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """What one process needs to know of its surroundings. Secrets stay out of its `repr`."""

    environment: str
    front_port: int
    actions_port: int
    engine_port: int
    clinic_file: Path
    var_dir: Path
    public_url: str
    clinic_now: str
    log_level: str
    data_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    engine_token: str = field(repr=False)
    database_url: str = field(repr=False)
    # None while WhatsApp is not set up.
    whatsapp: WhatsAppSettings | None
    # None while e-mail is not set up.
    smtp: SmtpSettings | None

    @property
    def is_production(self) -> bool:
        """Whether patients are real and every refusal counts."""
        return self.environment == PRODUCTION

    @property
    def engine_url(self) -> str:
        """Where the engine listens; loopback only."""
        return f"http://127.0.0.1:{self.engine_port}"

    @property
    def actions_url(self) -> str:
        """Where the actions listen; loopback only."""
        return f"http://127.0.0.1:{self.actions_port}"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    In development, secrets that are not set are made once and kept in `VAR_DIR/secrets.json`,
    readable by its owner only.

    Raises:
        SettingsError: a value has the wrong shape, or production lacks a secret.
    """
    env = os.environ if environ is None else environ
    environment = env.get("CLINIC_ENV", DEVELOPMENT)
    if environment not in (DEVELOPMENT, PRODUCTION):
        raise SettingsError(f"CLINIC_ENV should be {DEVELOPMENT} or {PRODUCTION}.")
    level = env.get("LOG_LEVEL", "INFO").upper()
    if level not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL should be one of {', '.join(LOG_LEVELS)}.")
    if env.get("CLINIC_NOW") and environment == PRODUCTION:
        raise SettingsError("CLINIC_NOW moves the clinic's clock: unset it in production.")
    var_dir = Path(env.get("VAR_DIR", "var")).absolute()
    known = _secrets(env, var_dir, environment)
    front_port = _port(env, "FRONT_PORT", 8000)
    return Settings(
        environment=environment,
        front_port=front_port,
        actions_port=_port(env, "ACTIONS_PORT", 5055),
        engine_port=_port(env, "ENGINE_PORT", 5005),
        clinic_file=Path(env.get("CLINIC_FILE", "clinic.yml")),
        var_dir=var_dir,
        public_url=env.get("PUBLIC_URL", f"http://localhost:{front_port}").rstrip("/"),
        clinic_now=env.get("CLINIC_NOW", ""),
        log_level=level,
        data_key=known["DATA_KEY"],
        secret_key=known["SECRET_KEY"],
        engine_token=known["ENGINE_TOKEN"],
        database_url=env.get("DATABASE_URL", f"sqlite:///{var_dir / 'clinic.db'}"),
        whatsapp=_whatsapp(env, environment),
        smtp=_smtp(env, environment),
    )


def _whatsapp(env: Mapping[str, str], environment: str) -> WhatsAppSettings | None:
    missing = [name for name in WHATSAPP if not env.get(name)]
    if len(missing) == len(WHATSAPP):
        return None
    if missing:
        raise SettingsError(f"WhatsApp is only partly set up: set {', '.join(missing)} too.")
    number, base, version = (
        env["WHATSAPP_PHONE_NUMBER_ID"],
        env.get("WHATSAPP_API_BASE") or "https://graph.facebook.com",
        env.get("WHATSAPP_API_VERSION") or "v24.0",
    )
    if not re.fullmatch(r"[0-9]{1,32}", number):
        raise SettingsError("WHATSAPP_PHONE_NUMBER_ID should be the number's id in digits.")
    # Only the stand-in of a development machine may be spoken to in clear.
    scheme = "https" if environment == PRODUCTION else "https?"
    if not re.fullmatch(rf"{scheme}://[^\s?#]+", base):
        raise SettingsError("WHATSAPP_API_BASE should be an address that begins with https://.")
    if not re.fullmatch(r"v[0-9]+\.[0-9]+", version):
        raise SettingsError("WHATSAPP_API_VERSION should look like v24.0.")
    return WhatsAppSettings(
        phone_number_id=number,
        api_base=base.rstrip("/"),
        api_version=version,
        verify_token=env["WHATSAPP_VERIFY_TOKEN"],
        app_secret=env["WHATSAPP_APP_SECRET"],
        access_token=env["WHATSAPP_ACCESS_TOKEN"],
    )


def _smtp(env: Mapping[str, str], environment: str) -> SmtpSettings | None:
    """The mail server of `SMTP_URL`, whose user and password are percent-encoded (RFC 3986)."""
    url = env.get("SMTP_URL")
    if not url:
        return None
    wrong = SettingsError(
        "SMTP_URL should look like "
        "smtp://user:password@mail.example.org:587?from=desk@example.org, or begin with smtps://."
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    senders = parse_qs(parts.query).get("from", [])
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if (
        parts.scheme not in ("smtp", "smtps")
        or not parts.hostname
        or port == 0
        or parts.path not in ("", "/")
        or len(senders) != 1
        or not re.fullmatch(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+", senders[0])
        or bool(user) != bool(password)
        # The names and passwords of SMTP, and our own address, are sent as they are.
        or not (senders[0] + user + password).isascii()
    ):
        raise wrong
    protection = _protection(parts, environment)
    return SmtpSettings(
        host=parts.hostname,
        port=port or (SUBMISSIONS if protection == TLS else SUBMISSION),
        protection=protection,
        sender=senders[0],
        user=user,
        password=password,
    )


def _protection(parts: SplitResult, environment: str) -> str:
    if parts.scheme == "smtps":
        return TLS
    # Only the stand-in of a development machine may be spoken to in clear.
    is_near = environment == DEVELOPMENT and parts.hostname in THIS_MACHINE
    return PLAIN if is_near else STARTTLS


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise SettingsError(f"{name} should be a port number from 1 to 65535.")
    return int(value)


def _secrets(env: Mapping[str, str], var_dir: Path, environment: str) -> dict[str, str]:
    known = {name: env[name] for name in SECRETS if env.get(name)}
    missing = [name for name in SECRETS if name not in known]
    if not missing:
        return known
    if environment == PRODUCTION:
        raise SettingsError(
            f"{missing[0]} is not set: make one with `python -m bot make-key` "
            "and give it to every process."
        )
    return {**_development_secrets(var_dir), **known}


def _development_secrets(var_dir: Path) -> dict[str, str]:
    file = var_dir / "secrets.json"
    try:
        if not file.exists():
            var_dir.mkdir(parents=True, exist_ok=True)
            _write_once(file, json.dumps(_new_secrets()))
        return {name: str(value) for name, value in json.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        raise SettingsError(
            f"{file} cannot be written or read: set VAR_DIR to a folder with room, or delete it."
        ) from None


def _new_secrets() -> dict[str, str]:
    return {
        "DATA_KEY": f"dev:{_fernet_key()}",
        "SECRET_KEY": secrets.token_urlsafe(32),
        "ENGINE_TOKEN": secrets.token_urlsafe(32),
    }


def _write_once(file: Path, content: str) -> None:
    """Writes a file that only its owner reads, whole or not at all; the first writer wins."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(content)
        os.link(part, file)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def clock_offset(settings: Settings) -> timedelta:
    """How far the clinic's clock is from the real one; zero but in development with CLINIC_NOW.

    The first start on an empty `VAR_DIR` keeps the difference there (`keep_clock_offset`), and
    every process and restart adds it.
    """
    file = settings.var_dir / CLOCK_FILE
    if settings.is_production or not file.exists():
        return timedelta()
    return timedelta(seconds=float(file.read_text("utf-8")))


def keep_clock_offset(settings: Settings, offset: timedelta) -> None:
    """Stores the difference of CLINIC_NOW to the real clock, unless one is stored already."""
    file = settings.var_dir / CLOCK_FILE
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(str(offset.total_seconds()), "utf-8")
