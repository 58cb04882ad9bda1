"""Starts processes, and reads from Linux how long they took and how much memory they use."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Settings of whoever started the benchmark that must not change what is measured.
FOREIGN = (
    "CLINIC_ENV", "CLINIC_FILE", "CLINIC_NOW", "DATABASE_URL", "REDIS_URL", "DATA_KEY",
    "SECRET_KEY", "ENGINE_TOKEN", "PUBLIC_URL", "SMTP_URL", "VAR_DIR", "LOG_LEVEL",
    "ENGINE_TENSORFLOW", "PYTHONWARNINGS", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_APP_SECRET",
    "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_API_BASE",
    "WHATSAPP_API_VERSION",
)  # fmt: skip
LAST_LINES = 15


class ProcessError(RuntimeError):
    """A process failed; the message ends with the last lines that it wrote."""


@dataclass(frozen=True)
class Cost:
    """What a process took: wall time in seconds, and its largest resident memory in MB."""

    seconds: float
    peak_mb: float


def environment(**added: str) -> dict[str, str]:
    """The surroundings of a measured process."""
    return {
        **{name: value for name, value in os.environ.items() if name not in FOREIGN},
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONUNBUFFERED": "1",
        **added,
    }


def run(command: Sequence[str], folder: Path, env: Mapping[str, str], log: Path) -> Cost:
    """Runs a command to its end; what it says goes into `log`.

    Raises:
        ProcessError: it ended with another status than 0.
    """
    began = time.monotonic()
    with log.open("wb") as opened:
        process = subprocess.Popen(  # noqa: S603 - commands of our own
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=opened,
            stderr=subprocess.STDOUT,
        )
        try:
            # Unlike Popen.wait it tells what the process used.
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ProcessError(f"{command[0]} ended with {process.returncode}:\n{last_lines(log)}")
    # getrusage(2): ru_maxrss is in kilobytes.
    return Cost(seconds, used.ru_maxrss / 1024)


def last_lines(log: Path) -> str:
    """The end of a log."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:])
