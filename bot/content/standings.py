"""How the texts of one clinic stand today, by what doctors have decided at the desk."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.clinic.content import Decision, Standing, standings
from bot.content.project import Project
from bot.encryption import Cipher
from bot.settings import Settings
from bot.store.approvals import decisions, has_history
from bot.store.database import Database


def present_standings(settings: Settings, project: Project, today: date) -> list[Standing]:
    """How every text stands; before the first start, without a database, all of them wait.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
    """
    months = project.clinic["content"]["approval_months"]
    return standings(project.register, past_decisions(settings), today, months)


def past_decisions(settings: Settings) -> list[Decision]:
    """Every decision, the newest last; none before the first start.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
    """
    url = make_url(settings.database_url)
    # To look is not to make: SQLite would write a file that is not there.
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return []
    with closing(Database(settings.database_url, Cipher(settings.data_key))) as database:
        return decisions(database) if has_history(database) else []
