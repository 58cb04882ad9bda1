"""`python -m bot content`: the page of all texts with their checks, and what changed since when."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.content.diff import changed_texts
from bot.content.page import page_of
from bot.content.project import Project, read_project
from bot.content.standings import past_decisions, present_standings
from bot.settings import Settings, clock_offset


def write_page(settings: Settings, clinic: Mapping[str, Any], file: Path) -> int:
    """Writes the page and prints where; status 1, with a line for each, where a rule is broken.

    Raises:
        OSError: the page cannot be written.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
    """
    project = read_project(clinic)
    now = datetime.now(timezone.utc) + clock_offset(settings)
    found = present_standings(settings, project, _day(project, now))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page_of(project, found, now), "utf-8")
    print(file.resolve())
    broken = project.breaches()
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


def show_diff(settings: Settings, clinic: Mapping[str, Any]) -> int:
    """Prints each text that changed since a doctor approved it last, word by word.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
    """
    changed = changed_texts(read_project(clinic).register, past_decisions(settings))
    print("\n\n".join(changed) or "No text has changed since its last approval.")
    return 0


def _day(project: Project, now: datetime) -> date:
    return now.astimezone(ZoneInfo(project.clinic["clinic"]["zone"])).date()
