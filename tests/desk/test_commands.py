"""How the clinic's technician gets the password, and where the desk is served."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import bot.__main__
from bot.data_files import ROOT
from bot.encryption import Cipher
from bot.front import application
from bot.run import migrate
from bot.settings import Settings, read_settings
from bot.store.database import Database
from bot.store.staff import PASSWORD_FILE, log_in
from tests.house import FOREIGN


@pytest.fixture
def set_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Sets the environment of a process and reads its settings."""
    for name in (*FOREIGN, "CLINIC_NOW", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)

    def set_and_read(**settings: str) -> Settings:
        standard = {"VAR_DIR": str(tmp_path / "var"), "CLINIC_FILE": str(ROOT / "clinic.yml")}
        for name, value in (standard | settings).items():
            monkeypatch.setenv(name, value)
        return read_settings()

    return set_and_read


def command(monkeypatch: pytest.MonkeyPatch, name: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bot", name])
    return bot.__main__.main()


def opens(settings: Settings, password: str) -> bool:
    database = Database(settings.database_url, Cipher(settings.data_key))
    try:
        return log_in(database, "desk", password)
    finally:
        database.close()


def test_the_step_that_makes_the_tables_makes_the_first_password_once(
    set_and_read: Callable[..., Settings],
) -> None:
    settings = set_and_read()
    file = settings.var_dir / PASSWORD_FILE
    migrate(settings)
    password = file.read_text("utf-8").strip()
    migrate(settings)
    assert file.read_text("utf-8").strip() == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert opens(settings, password)


def test_a_command_makes_a_new_password_and_says_where_it_is(
    set_and_read: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = set_and_read()
    file = settings.var_dir / PASSWORD_FILE
    assert command(monkeypatch, "migrate") == 0
    before = file.read_text("utf-8").strip()
    assert command(monkeypatch, "desk-password") == 0
    password = file.read_text("utf-8").strip()
    said = capsys.readouterr().out
    assert str(file) in said
    assert password not in said
    assert opens(settings, password)
    assert not opens(settings, before)


def test_a_password_for_a_database_without_tables_is_refused_with_one_sentence(
    set_and_read: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = set_and_read()
    settings.var_dir.mkdir(exist_ok=True)
    assert command(monkeypatch, "desk-password") == 1
    assert capsys.readouterr().err.startswith("The password was not changed: check DATABASE_URL")
    assert not (settings.var_dir / PASSWORD_FILE).exists()


async def test_the_front_serves_the_desk(set_and_read: Callable[..., Settings]) -> None:
    settings = set_and_read(PUBLIC_URL="https://chat.example.org")
    migrate(settings)
    transport = httpx.ASGITransport(application(settings))
    async with httpx.AsyncClient(transport=transport, base_url="https://chat.example.org") as http:
        assert (await http.get("/desk")).headers["location"] == "/desk/login"
        response = await http.get("/desk/login")
    assert response.status_code == 200
    assert "; Secure" in response.headers["set-cookie"]
