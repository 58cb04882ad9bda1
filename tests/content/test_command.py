"""`make content` and `python -m bot content diff`, as a clinic's writer runs them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bot.__main__
from bot.clinic.content import Decision
from bot.clinic.schema import read_clinic
from bot.content.project import Project, read_project
from bot.data_files import ROOT
from bot.encryption import Cipher
from bot.settings import read_settings
from bot.store.approvals import add_decision
from bot.store.database import Database
from tests.house import FOREIGN
from tests.store.test_approvals import NOW

Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `python -m bot content` in a folder of its own."""
    for name in (*FOREIGN, "CLINIC_NOW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("CLINIC_FILE", str(ROOT / "clinic.yml"))

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["bot", "content", *arguments])
        return bot.__main__.main()

    return run


@pytest.fixture(scope="module")
def project() -> Project:
    return read_project(read_clinic((ROOT / "clinic.yml").read_text("utf-8")))


def approve(project: Project, item_id: str, **changes: str) -> None:
    """A doctor's approval in the database of the command."""
    settings = read_settings()
    database = Database(settings.database_url, Cipher(settings.data_key))
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    database.migrate()
    item = project.register.items[item_id]
    seen = {"hash": item.hash, "text": item.whole, "short": item.short} | changes
    decision = Decision(
        content_id=item_id, verdict="approved", wording="", short_wording="", reason="",
        doctor="Dr Test One", registration="TEST-1", by="desk", at=NOW, **seen,
    )  # fmt: skip
    assert add_decision(database, decision, seen=0)
    database.close()


def test_every_text_stands_on_one_page_that_needs_nothing_else(
    command: Command, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "texts.html"
    assert command("--out", str(file)) == 0
    assert capsys.readouterr().out == f"{file}\n"
    page = file.read_text("utf-8")
    assert all(f"{item_id}, <strong>" in page for item_id in project.register.items)
    assert not re.search(r"<(script|link|img)|src=|href=\"(?!#)", page)


def test_the_page_needs_no_database_and_makes_none(command: Command, tmp_path: Path) -> None:
    command("--out", str(tmp_path / "texts.html"))
    assert not (tmp_path / "var" / "clinic.db").exists()


def test_the_page_names_who_approved_a_text(
    command: Command, project: Project, tmp_path: Path
) -> None:
    approve(project, "faq/pain")
    command("--out", str(tmp_path / "texts.html"))
    page = (tmp_path / "texts.html").read_text("utf-8")
    assert "faq/pain, <strong>Approved</strong> by Dr Test One, TEST-1, 2026-11-23" in page


def test_the_page_names_the_facts_that_the_clinic_has_not_told(
    command: Command, tmp_path: Path
) -> None:
    command("--out", str(tmp_path / "texts.html"))
    page = (tmp_path / "texts.html").read_text("utf-8")
    assert "<dt>makeup_after</dt><dd>is told as: 24 to 48 hours</dd>" in page
    assert "<dt>front_desk</dt>" not in page


def test_a_broken_rule_is_one_line_and_a_status(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clinic = (ROOT / "clinic.yml").read_text("utf-8")
    (tmp_path / "clinic.yml").write_text(
        clinic.replace('photos: ""', "photos: We guarantee results."), "utf-8"
    )
    monkeypatch.setenv("CLINIC_FILE", str(tmp_path / "clinic.yml"))
    assert command("--out", str(tmp_path / "texts.html")) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("faq/before_after_photos: “guarantee”") for line in lines)


def test_a_page_that_cannot_be_written_is_one_sentence(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--out", str(tmp_path)) == 1
    assert capsys.readouterr().err == f"{tmp_path} cannot be written: name another with --out.\n"


def test_the_diff_says_when_nothing_changed(
    command: Command, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(project, "faq/pain")
    assert command("diff") == 0
    assert capsys.readouterr().out == "No text has changed since its last approval.\n"


def test_the_diff_shows_what_changed(
    command: Command, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    short = project.register.items["faq/pain"].short
    approve(project, "faq/pain", hash="of an old wording", short=f"{short} Really.")
    assert command("diff") == 0
    said = capsys.readouterr().out
    assert said.startswith("faq/pain (Does it hurt?), approved on 2026-11-23 by Dr Test One:\n")
    assert "[- Really.-]" in said
