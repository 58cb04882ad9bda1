"""What must be true before any process serves patients, whoever starts it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.clinic.content import without_approval
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
    found = refusals(
        os.environ,
        clinic,
        example=example,
        unapproved=_count_unapproved(settings, clinic, today),
        today=today,
    )
    if found:
        raise StartError("\n".join(found))


def _count_unapproved(settings: Settings, clinic: Mapping[str, Any], today: date) -> int:
    """How many medical answers and safety texts no doctor has approved in their present wording."""
    # Imported here: in development no start has to wait for SQLAlchemy.
    from sqlalchemy.exc import SQLAlchemyError

    from bot.content.project import read_project
    from bot.content.standings import present_standings

    try:
        found = present_standings(settings, read_project(clinic), today)
    except (SQLAlchemyError, ImportError):
        raise StartError("The database cannot be opened: check DATABASE_URL and VAR_DIR.") from None
    return len(without_approval(found))
