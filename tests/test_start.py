"""Production starts when a doctor stands behind every medical text, or somebody answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.clinic.content import ContentItem, Decision
from bot.clinic.schema import read_clinic
from bot.content.project import read_project
from bot.data_files import ROOT
from bot.encryption import Cipher, make_key
from bot.settings import Settings, read_settings
from bot.start import StartError, refuse_in_production
from bot.store.approvals import add_decision
from bot.store.database import Database
from tests.clinic.test_production import real_clinic
from tests.house import FOREIGN
from tests.store.test_approvals import APPROVAL


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of production on an own database, which is not there yet."""
    for name in (*FOREIGN, "CLINIC_NOW"):
        monkeypatch.delenv(name, raising=False)
    given = {
        "CLINIC_ENV": "production",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'clinic.db'}",
        "DATA_KEY": f"one:{make_key()}",
        "SECRET_KEY": make_key(),
        "ENGINE_TOKEN": make_key(),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def clinic() -> dict[str, Any]:
    """A clinic of its own, as complete as the example."""
    example = read_clinic((ROOT / "clinic.yml").read_text("utf-8"))
    return {**example, **real_clinic()}


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url, Cipher(settings.data_key))
    database.migrate()
    yield database
    database.close()


def approve(database: Database, item: ContentItem) -> None:
    decision = Decision(
        item.id, item.hash, "approved", item.text, item.short, "", "", "", APPROVAL.doctor,
        APPROVAL.registration, "desk", APPROVAL.at,
    )  # fmt: skip
    assert add_decision(database, decision, seen=0)


def reasons(settings: Settings) -> list[str]:
    with pytest.raises(StartError) as refused:
        refuse_in_production(settings, clinic())
    return str(refused.value).splitlines()


def test_before_the_first_start_every_medical_text_waits(settings: Settings) -> None:
    medical = [i for i in read_project(clinic()).register.items.values() if i.medical]
    [reason] = reasons(settings)
    assert f"No doctor has approved {len(medical)} of the medical answers" in reason
    assert "/desk/content" in reason


def test_a_refused_start_makes_no_database(settings: Settings) -> None:
    reasons(settings)
    assert not (settings.var_dir / "clinic.db").exists()


def test_with_every_text_approved_but_one_it_is_refused(settings: Settings) -> None:
    with opened(settings) as database:
        for item in read_project(clinic()).register.items.values():
            if item.medical and item.id != "faq/pain":
                approve(database, item)
    [reason] = reasons(settings)
    assert "has approved 1 of the medical answers" in reason


def test_with_every_medical_text_approved_it_starts(settings: Settings) -> None:
    with opened(settings) as database:
        for item in read_project(clinic()).register.items.values():
            if item.medical:
                approve(database, item)
    refuse_in_production(settings, clinic())


def test_a_changed_fact_of_the_clinic_makes_what_names_it_wait(settings: Settings) -> None:
    with opened(settings) as database:
        for item in read_project(clinic()).register.items.values():
            approve(database, item)
    changed = clinic()
    changed["phones"]["same_day"] = "+1 202 555 0142"
    with pytest.raises(StartError, match="No doctor has approved"):
        refuse_in_production(settings, changed)


def test_a_database_that_cannot_be_opened_is_told_as_such(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "clinic.db").write_text("no database", "utf-8")
    assert reasons(settings) == ["The database cannot be opened: check DATABASE_URL and VAR_DIR."]
