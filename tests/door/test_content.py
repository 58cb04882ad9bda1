"""The front knows what is served, sees an approval at once, and another front's soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.clinic.clock import Clock
from bot.clinic.content import ContentItem, Decision
from bot.clinic.schema import read_clinic
from bot.content.project import Project, read_project
from bot.data_files import ROOT
from bot.door.content import LOOKS_EVERY, ServedContent
from bot.store.approvals import add_decision
from bot.store.database import Database
from tests.store.databases import opened_database

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
PAIN = "faq/pain"
Content = Callable[..., ServedContent]


@cache
def project() -> Project:
    return read_project(read_clinic((ROOT / "clinic.yml").read_text("utf-8")))


class Moments(Clock):
    """The clinic's clock and the seconds between looks, turned by hand."""

    moment = NOW
    seconds = 100.0

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def time() -> Moments:
    return Moments()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
def served(database: Database, time: Moments) -> Content:
    """The content of a front; `rules` stand under `content` of clinic.yml."""

    def made(*, is_production: bool = True, **rules: Any) -> ServedContent:
        clinic = {**project().clinic, "content": {**project().clinic["content"], **rules}}
        return ServedContent(
            database,
            project().register,
            clinic,
            time,
            is_production=is_production,
            now=lambda: time.seconds,
        )

    return made


def approve(database: Database, item: ContentItem, at: datetime = NOW) -> None:
    decision = Decision(
        item.id, item.hash, "approved", item.text, item.short, "", "", "", "Dr Test One",
        "TEST-1", "desk", at,
    )  # fmt: skip
    assert add_decision(database, decision, seen=0)


async def test_in_development_nothing_is_said_of_the_texts(served: Content) -> None:
    assert await served(is_production=False).block() == {}


async def test_an_approval_is_seen_by_the_next_turn(served: Content, database: Database) -> None:
    content = served()
    assert PAIN in (await content.block())["withheld"]
    approve(database, project().register.items[PAIN])
    content.renew()
    assert PAIN not in (await content.block())["withheld"]


async def test_another_fronts_approval_is_seen_within_seconds(
    served: Content, database: Database, time: Moments
) -> None:
    content = served()
    await content.block()
    approve(database, project().register.items[PAIN])
    assert PAIN in (await content.block())["withheld"]
    time.seconds += LOOKS_EVERY
    assert PAIN not in (await content.block())["withheld"]


async def test_an_approval_that_runs_out_while_serving_is_withheld(
    served: Content, database: Database, time: Moments
) -> None:
    content = served(approval_months=6)
    approve(database, project().register.items[PAIN])
    assert PAIN not in (await content.block())["withheld"]
    time.moment += timedelta(days=190)
    time.seconds += LOOKS_EVERY
    assert PAIN in (await content.block())["withheld"]


async def test_what_is_served_unreviewed_is_withheld_after_the_last_day(
    served: Content, time: Moments
) -> None:
    plain = "faq/what_are_exosomes"
    content = served(serve_unreviewed={"by": "Dr Test One", "until": "2026-11-24"})
    assert plain in (await content.block())["unreviewed"]
    # Midnight at the clinic, not in UTC.
    time.moment = datetime(2026, 11, 24, 18, 31, tzinfo=timezone.utc)
    time.seconds += LOOKS_EVERY
    block = await content.block()
    assert plain in block["withheld"]
    assert "unreviewed" not in block


async def test_a_doctors_own_words_are_there_for_who_asks_without_a_turn(
    served: Content, database: Database
) -> None:
    content, item = served(), project().register.items[PAIN]
    assert content.edited() == {}
    edit = Decision(
        item.id, item.hash, "edited", "It can sting.", "It stings.", "It can sting.", "It stings.",
        "", "Dr Test One", "TEST-1", "desk", NOW,
    )  # fmt: skip
    assert add_decision(database, edit, seen=0)
    content.renew()
    assert content.edited() == {PAIN: {"text": "It can sting.", "short": "It stings."}}
