from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from bot.encryption import Cipher, make_key
from bot.settings import (
    SECRETS,
    SettingsError,
    clock_offset,
    keep_clock_offset,
    read_settings,
)

GIVEN = {"DATA_KEY": f"one:{make_key()}", "SECRET_KEY": "secret", "ENGINE_TOKEN": "token"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What a development start has: a folder of its own."""
    return {"VAR_DIR": str(tmp_path / "var")}


@pytest.fixture
def production(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, **GIVEN, "CLINIC_ENV": "production"}


def test_without_any_setting_it_is_development_on_the_usual_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert not settings.is_production
    assert (settings.front_port, settings.actions_port, settings.engine_port) == (8000, 5055, 5005)
    assert settings.clinic_file == Path("clinic.yml")
    assert settings.var_dir == tmp_path / "var"
    assert settings.log_level == "INFO"


def test_the_database_is_a_file_in_var_dir(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    assert settings.database_url == f"sqlite:///{settings.var_dir / 'clinic.db'}"


def test_addresses_hang_on_the_ports(environ: dict[str, str]) -> None:
    ports = {"FRONT_PORT": "1000", "ACTIONS_PORT": "2000", "ENGINE_PORT": "3000"}
    settings = read_settings({**environ, **ports})
    assert settings.public_url == "http://localhost:1000"
    assert settings.actions_url == "http://127.0.0.1:2000"
    assert settings.engine_url == "http://127.0.0.1:3000"


def test_the_public_address_has_no_slash_at_its_end(environ: dict[str, str]) -> None:
    settings = read_settings({**environ, "PUBLIC_URL": "https://chat.example.org/"})
    assert settings.public_url == "https://chat.example.org"


def test_the_log_level_may_be_written_small(environ: dict[str, str]) -> None:
    assert read_settings({**environ, "LOG_LEVEL": "debug"}).log_level == "DEBUG"


@pytest.mark.parametrize("name", ["FRONT_PORT", "ACTIONS_PORT", "ENGINE_PORT"])
@pytest.mark.parametrize("value", ["", "0", "65536", "-1", "80.5", "http", " 80"])
def test_what_is_no_port_is_refused_by_name(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**environ, name: value})
    assert str(caught.value) == f"{name} should be a port number from 1 to 65535."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CLINIC_ENV", "staging", "CLINIC_ENV should be development or production."),
        ("CLINIC_ENV", "", "CLINIC_ENV should be development or production."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL should be one of DEBUG, INFO, WARNING, ERROR."),
    ],
)
def test_a_value_that_is_none_of_the_known_ones_is_refused(
    environ: dict[str, str], name: str, value: str, sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**environ, name: value})
    assert str(caught.value) == sentence


def test_production_with_its_secrets_is_read(production: dict[str, str]) -> None:
    settings = read_settings(production)
    assert settings.is_production
    assert settings.secret_key == "secret"


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", [None, ""])
def test_production_demands_every_secret(
    production: dict[str, str], name: str, value: str | None
) -> None:
    del production[name]
    with pytest.raises(SettingsError) as caught:
        read_settings(production if value is None else {**production, name: value})
    assert str(caught.value) == (
        f"{name} is not set: make one with `python -m bot make-key` and give it to every process."
    )


def test_production_makes_no_file(production: dict[str, str]) -> None:
    read_settings(production)
    assert not Path(production["VAR_DIR"]).exists()


def test_production_refuses_a_moved_clock(production: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**production, "CLINIC_NOW": "2026-11-23T10:00:00+05:30"})
    assert str(caught.value) == "CLINIC_NOW moves the clinic's clock: unset it in production."


def test_development_makes_its_secrets(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    assert Cipher(settings.data_key).encrypt("x").startswith("dev.")
    assert len(settings.secret_key) > 30
    assert len(settings.engine_token) > 30


def test_made_secrets_are_readable_by_their_owner_only(environ: dict[str, str]) -> None:
    file = read_settings(environ).var_dir / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_made_secrets_stay_the_same(environ: dict[str, str]) -> None:
    assert read_settings(environ) == read_settings(environ)


def test_two_folders_have_different_secrets(environ: dict[str, str], tmp_path: Path) -> None:
    other = read_settings({"VAR_DIR": str(tmp_path / "other")})
    settings = read_settings(environ)
    assert settings.data_key != other.data_key
    assert settings.secret_key != other.secret_key
    assert settings.engine_token != other.engine_token


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_is_given_stands_over_the_made_one(
    environ: dict[str, str], name: str
) -> None:
    settings = read_settings({**environ, name: GIVEN[name]})
    assert getattr(settings, name.lower()) == GIVEN[name]


def test_no_secret_stands_in_the_repr(production: dict[str, str]) -> None:
    address = "postgresql://clinic:very-secret@database/clinic"
    shown = repr(read_settings({**production, "DATABASE_URL": address}))
    for secret in (*GIVEN.values(), "very-secret"):
        assert repr(secret) not in shown
        assert f"={secret}" not in shown
    assert "very-secret" not in shown


def test_the_clock_runs_true_until_an_offset_is_kept(environ: dict[str, str]) -> None:
    assert clock_offset(read_settings(environ)) == timedelta()


def test_the_clocks_offset_is_kept(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    keep_clock_offset(settings, timedelta(days=-3, seconds=0.5))
    assert clock_offset(read_settings(environ)) == timedelta(days=-3, seconds=0.5)


def test_the_clocks_offset_is_kept_once(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    keep_clock_offset(settings, timedelta(days=1))
    keep_clock_offset(settings, timedelta(days=2))
    assert clock_offset(settings) == timedelta(days=1)


def test_an_offset_of_nothing_is_kept_too(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    keep_clock_offset(settings, timedelta())
    keep_clock_offset(settings, timedelta(days=2))
    assert clock_offset(settings) == timedelta()


def test_production_ignores_a_kept_offset(
    environ: dict[str, str], production: dict[str, str]
) -> None:
    keep_clock_offset(read_settings(environ), timedelta(days=1))
    assert clock_offset(read_settings(production)) == timedelta()
