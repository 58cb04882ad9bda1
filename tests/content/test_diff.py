"""A doctor sees word by word what changed since the last approval."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from bot.clinic.content import Decision
from bot.clinic.schema import read_clinic
from bot.content.diff import changed_texts, word_diff
from bot.content.project import Project, read_project
from bot.data_files import ROOT

WHEN = "faq/when_to_call"


def clinic(same_day: str = "+91 99999 00002") -> dict[str, object]:
    known = copy.deepcopy(read_clinic((ROOT / "clinic.yml").read_text("utf-8")))
    known["phones"]["same_day"] = same_day
    return known


@pytest.fixture(scope="module")
def project() -> Project:
    return read_project(clinic())


@pytest.fixture
def approval(project: Project) -> Decision:
    item = project.register.items[WHEN]
    return Decision(
        item.id, item.hash, "approved", item.whole, item.short, "", "", "", "Dr Test One",
        "TEST-1", "desk", datetime(2026, 11, 23, 6, 30, tzinfo=timezone.utc),
    )  # fmt: skip


def test_what_went_and_what_came_are_marked() -> None:
    assert word_diff("Call us today.", "Call us now.") == "Call us [-today.-]{+now.+}"
    assert word_diff("Call us", "Please call us") == "[-Call-]{+Please call+} us"
    assert word_diff("the same", "the same") == "the same"


def test_nothing_is_told_of_what_is_as_it_was_approved(
    project: Project, approval: Decision
) -> None:
    assert changed_texts(project.register, [approval]) == []


def test_a_changed_text_stands_beside_what_was_approved(approval: Decision) -> None:
    [told] = changed_texts(read_project(clinic("+91 99999 00042")).register, [approval])
    title, *lines = told.split("\n")
    assert title == f"{WHEN} (When to call), approved on 2026-11-23 by Dr Test One:"
    assert any("[-00002-]{+00042+}" in line for line in lines)


def test_a_change_is_told_against_the_last_approval(project: Project, approval: Decision) -> None:
    rejected = replace(approval, verdict="rejected", hash="of another wording", reason="no")
    assert changed_texts(project.register, [approval, rejected]) == []
    old = replace(approval, hash="of an old wording", text="Old.")
    assert changed_texts(project.register, [old, approval]) == []
    assert len(changed_texts(project.register, [approval, old])) == 1


def test_a_text_that_is_gone_is_not_told_of(project: Project, approval: Decision) -> None:
    assert changed_texts(project.register, [replace(approval, content_id="faq/gone")]) == []
