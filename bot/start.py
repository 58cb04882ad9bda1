"""What must be true before any process serves patients, whoever starts it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.clinic.production import refusals
from bot.clinic.schema import ClinicFileError, read_clinic
from bot.data_files import ROOT, read_yaml
from bot.settings import Settings


class StartError(RuntimeError):
    """The start is refused; the message is one sentence, or several lines in production."""


def read_clinic_file(file: Path) -> dict[str, Any]:
    """The validated content of clinic.yml.

    Raises:
        StartError: the file cannot be read, or something in it is wrong.
    """
    try:
        return read_clinic(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise StartError(
            f"{file} cannot be read: set CLINIC_FILE to the clinic's own file."
        ) from None
    except ClinicFileError as error:
        raise StartError(str(error)) from None


def refuse_in_production(settings: Settings, clinic: Mapping[str, Any]) -> None:
    """Refuses to serve real patients while something would harm them.

    Raises:
        StartError: one line for each reason.
    """
    if not settings.is_production:
        return
    today = datetime.now(timezone.utc).astimezone(ZoneInfo(clinic["clinic"]["zone"])).date()
    example = read_yaml(ROOT / "clinic.yml")
    found = refusals(os.environ, clinic, example=example, approved=False, today=today)
    if found:
        raise StartError("\n".join(found))
