from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Barrier

import pytest

from bot.clinic.content import Decision
from bot.store.approvals import add_decision, count_decisions, decisions, has_history
from bot.store.database import Database
from tests.store.databases import opened

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc)
APPROVAL = Decision(
    "faq/pain", "a" * 64, "approved", "It can sting.", "Stings.", "", "", "", "Dr Test One",
    "TEST-1", "desk", NOW,
)  # fmt: skip


def test_a_decision_comes_back_as_it_was_made(database: Database) -> None:
    edit = replace(
        APPROVAL,
        verdict="edited",
        wording="It can sting. Call {front_desk}.",
        short_wording="दर्द हो सकता है।",
        reason="plainer",
    )
    assert add_decision(database, edit, seen=0)
    assert decisions(database) == [edit]


def test_the_newest_decision_comes_last_whatever_the_clock_says(database: Database) -> None:
    add_decision(database, APPROVAL, seen=0)
    rejection = replace(
        APPROVAL, verdict="rejected", reason="not so", at=NOW - timedelta(minutes=5)
    )
    add_decision(database, rejection, seen=1)
    assert [each.verdict for each in decisions(database)] == ["approved", "rejected"]


def test_the_history_of_one_text_holds_no_other(database: Database) -> None:
    add_decision(database, APPROVAL, seen=0)
    add_decision(database, replace(APPROVAL, content_id="faq/price"), seen=0)
    assert [each.content_id for each in decisions(database, "faq/price")] == ["faq/price"]
    assert len(decisions(database)) == 2


def test_the_number_of_decisions_grows_with_each(database: Database) -> None:
    assert count_decisions(database) == 0
    add_decision(database, APPROVAL, seen=0)
    assert count_decisions(database) == 1


def test_who_was_shown_an_older_history_decides_nothing(database: Database) -> None:
    add_decision(database, APPROVAL, seen=0)
    late = replace(APPROVAL, verdict="rejected", reason="not so")
    assert not add_decision(database, late, seen=0)
    assert [each.verdict for each in decisions(database)] == ["approved"]


def test_of_two_doctors_at_once_one_decides(database: Database) -> None:
    barrier = Barrier(2)

    def decide(verdict: str) -> bool:
        barrier.wait()
        return add_decision(database, replace(APPROVAL, verdict=verdict, reason="so"), seen=0)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, ["approved", "rejected"])) == [False, True]
    assert count_decisions(database) == 1


def test_a_rejection_needs_a_reason(database: Database) -> None:
    with pytest.raises(ValueError, match="reason"):
        add_decision(database, replace(APPROVAL, verdict="rejected", reason=" "), seen=0)
    assert count_decisions(database) == 0


def test_nobody_decides_anything_else(database: Database) -> None:
    with pytest.raises(ValueError, match="verdict"):
        add_decision(database, replace(APPROVAL, verdict="pending"), seen=0)


def test_a_database_without_tables_has_no_history(empty_url: str) -> None:
    with opened(empty_url) as database:
        assert not has_history(database)
        database.migrate()
        assert has_history(database)
