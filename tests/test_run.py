"""What a start refuses, each with one sentence; and when a model fits the present data."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import bot.run
from bot.data_files import ROOT
from bot.encryption import make_key
from bot.run import StartError, check, main, migrate, prepare, processes
from bot.settings import Settings, clock_offset, read_settings
from bot.training import INGREDIENTS, fingerprint, fitting_model
from tests.house import FOREIGN, free_ports


class Usage(NamedTuple):
    """What `shutil.disk_usage` gives, in bytes."""

    total: int
    used: int
    free: int


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Sets the environment of a start, on free ports, and reads its settings."""
    for name in (*FOREIGN, "CLINIC_NOW", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    # The environment of the engine is there once `make run` was run; this is not tested here.
    engine = tmp_path / "python"
    engine.touch()
    monkeypatch.setattr(bot.run, "ENGINE_PYTHON", engine)

    def set_and_read(**settings: str) -> Settings:
        front, actions, engine = (str(port) for port in free_ports(3))
        standard = {
            "VAR_DIR": str(tmp_path / "var"),
            "CLINIC_FILE": str(ROOT / "clinic.yml"),
            "FRONT_PORT": front,
            "ACTIONS_PORT": actions,
            "ENGINE_PORT": engine,
        }
        for name, value in (standard | settings).items():
            monkeypatch.setenv(name, value)
        return read_settings()

    return set_and_read


@pytest.fixture
def port_in_use() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def refusal(settings: Settings) -> str:
    with pytest.raises(StartError) as caught:
        check(settings)
    return str(caught.value)


def test_a_good_start_is_not_refused(environ: Callable[..., Settings]) -> None:
    check(environ())


@pytest.mark.parametrize("name", ["FRONT_PORT", "ACTIONS_PORT", "ENGINE_PORT"])
def test_a_port_in_use_is_named_with_its_setting(
    environ: Callable[..., Settings], port_in_use: int, name: str
) -> None:
    assert refusal(environ(**{name: str(port_in_use)})) == (
        f"Port {port_in_use} is in use: stop what uses it, or set {name} to another number."
    )


def test_two_ports_alike_are_refused(environ: Callable[..., Settings]) -> None:
    [port] = free_ports(1)
    settings = environ(FRONT_PORT=str(port), ENGINE_PORT=str(port))
    assert refusal(settings) == (
        "FRONT_PORT, ACTIONS_PORT and ENGINE_PORT should be three numbers."
    )


def test_a_missing_clinic_file_is_named(environ: Callable[..., Settings], tmp_path: Path) -> None:
    file = tmp_path / "ours.yml"
    assert refusal(environ(CLINIC_FILE=str(file))) == (
        f"{file} cannot be read: set CLINIC_FILE to the clinic's own file."
    )


def test_a_wrong_clinic_file_is_refused_with_the_line(
    environ: Callable[..., Settings], tmp_path: Path
) -> None:
    file = tmp_path / "ours.yml"
    lines = (ROOT / "clinic.yml").read_text("utf-8").splitlines()
    [wrong] = [number for number, line in enumerate(lines, 1) if line.startswith("example:")]
    lines[wrong - 1] = "example: perhaps"
    file.write_text("\n".join(lines), "utf-8")
    said = refusal(environ(CLINIC_FILE=str(file)))
    assert "\n" not in said
    assert f"line {wrong}" in said.lower()


def test_a_clinic_file_that_is_not_utf_8_is_refused_with_a_sentence(
    environ: Callable[..., Settings], tmp_path: Path
) -> None:
    file = tmp_path / "ours.yml"
    file.write_text("clinic: {name: Soigné}", "latin-1")
    assert str(file) in refusal(environ(CLINIC_FILE=str(file)))


def test_a_missing_engine_says_what_makes_it(
    environ: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = environ()
    monkeypatch.setattr(bot.run, "ENGINE_PYTHON", tmp_path / "nothing")
    assert refusal(settings) == "The engine's environment is missing: start with `make run`."


def test_a_nearly_full_disk_is_refused(
    environ: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = environ()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 1, 1))
    assert refusal(settings) == (
        f"The disk of {settings.var_dir} is nearly full: free at least 500 MB and start again."
    )


def test_a_disk_with_just_enough_is_not_refused(
    environ: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = environ()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, bot.run.LEAST_DISK))
    check(settings)


def test_production_refuses_the_example_with_a_sentence_for_each_reason(
    environ: Callable[..., Settings],
) -> None:
    settings = environ(
        CLINIC_ENV="production",
        DATA_KEY=f"one:{make_key()}",
        SECRET_KEY=make_key(),
        ENGINE_TOKEN=make_key(),
    )
    reasons = refusal(settings).splitlines()
    assert len(reasons) > 1
    assert all(reason[0].isupper() or reason[0].isalpha() for reason in reasons)
    assert any("example" in reason for reason in reasons)


def test_a_refused_start_writes_nothing_but_secrets(
    environ: Callable[..., Settings], port_in_use: int
) -> None:
    settings = environ(ENGINE_PORT=str(port_in_use))
    refusal(settings)
    assert [file.name for file in settings.var_dir.iterdir()] == ["secrets.json"]


def test_a_clinic_now_that_is_no_instant_is_refused(environ: Callable[..., Settings]) -> None:
    settings = environ(CLINIC_NOW="tomorrow")
    with pytest.raises(StartError, match=r"^CLINIC_NOW should be a date and time with its offset"):
        prepare(settings)


def test_migrating_makes_the_tables(environ: Callable[..., Settings]) -> None:
    settings = environ()
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings)
    assert (settings.var_dir / "clinic.db").exists()


def test_a_database_that_cannot_be_opened_is_one_sentence(
    environ: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = environ(DATABASE_URL=f"sqlite:///{tmp_path / 'nowhere' / 'clinic.db'}")
    with pytest.raises(StartError, match="check DATABASE_URL and VAR_DIR"):
        migrate(settings)


def test_preparing_keeps_the_clock(
    environ: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = environ(CLINIC_NOW="2036-11-23T10:00:00+05:30")
    model = tmp_path / "model.tar.gz"
    model.touch()
    monkeypatch.setattr(bot.run, "fitting_model", lambda: model)
    assert prepare(settings) == model
    assert clock_offset(settings).days > 365


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("FRONT_PORT", "none", "FRONT_PORT should be a port number from 1 to 65535.\n"),
        ("CLINIC_ENV", "production", "DATA_KEY is not set: make one with"),
        ("CLINIC_FILE", "nowhere.yml", "nowhere.yml cannot be read"),
    ],
)
def test_a_refused_start_is_one_sentence_and_a_status(
    environ: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    setting: str,
    value: str,
    sentence: str,
) -> None:
    environ()
    monkeypatch.setenv(setting, value)
    monkeypatch.setattr(bot.run.signal, "signal", lambda *_: None)
    assert main() == 1
    assert capfd.readouterr().err.startswith(sentence)


def test_a_wrong_data_key_is_one_sentence_without_the_key(
    environ: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    environ(DATA_KEY="a-key-without-an-id")
    monkeypatch.setattr(bot.run.signal, "signal", lambda *_: None)
    assert main() == 1
    said = capfd.readouterr().err
    assert said.startswith("DATA_KEY should be id:key")
    assert "a-key-without-an-id" not in said


def test_the_three_processes_answer_on_the_ports_of_the_settings(
    environ: Callable[..., Settings],
) -> None:
    settings = environ()
    found = {each.name: each for each in processes(settings, Path("models/a.tar.gz"))}
    assert found["engine"].health == f"http://127.0.0.1:{settings.engine_port}/front/health"
    assert found["actions"].health == f"http://127.0.0.1:{settings.actions_port}/health"
    assert found["front"].health == f"http://127.0.0.1:{settings.front_port}/health"
    assert found["engine"].command[-1] == "models/a.tar.gz"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a file for each ingredient of a model."""
    root = tmp_path / "project"
    for name in (
        "config.yml",
        "domain.yml",
        "data/nlu/faq.yml",
        "data/answers/clinic.yml",
        "data/facts.yml",
        "bot/clinic/hours.py",
        "bot/engine/train.py",
        "bot/data_files.py",
        "requirements-engine.txt",
        "bot/door/door.py",
        "README.md",
    ):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, "utf-8")
    return root


def test_the_same_content_has_the_same_fingerprint_whatever_its_dates(
    project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, copy_function=shutil.copyfile)
    for file in copy.rglob("*"):
        os.utime(file, (0, 0))
    assert fingerprint(copy) == fingerprint(project)


@pytest.mark.parametrize(
    "name",
    [
        "config.yml",
        "domain.yml",
        "data/nlu/faq.yml",
        "data/answers/clinic.yml",
        "bot/engine/train.py",
        "requirements-engine.txt",
    ],
)
def test_changed_content_has_another_fingerprint(project: Path, name: str) -> None:
    before = fingerprint(project)
    (project / name).write_text("changed", "utf-8")
    assert fingerprint(project) != before


def test_a_renamed_file_has_another_fingerprint(project: Path) -> None:
    before = fingerprint(project)
    (project / "data" / "nlu" / "faq.yml").rename(project / "data" / "nlu" / "other.yml")
    assert fingerprint(project) != before


def test_a_new_file_has_another_fingerprint(project: Path) -> None:
    before = fingerprint(project)
    (project / "data" / "nlu" / "more.yml").write_text("nlu: []", "utf-8")
    assert fingerprint(project) != before


@pytest.mark.parametrize("name", ["README.md", "bot/door/door.py", "data/facts.yml"])
def test_what_no_model_is_made_of_leaves_the_fingerprint(project: Path, name: str) -> None:
    before = fingerprint(project)
    (project / name).write_text("changed", "utf-8")
    assert fingerprint(project) == before


@pytest.mark.parametrize("pattern", INGREDIENTS)
def test_every_ingredient_is_there(pattern: str) -> None:
    assert list(ROOT.glob(pattern))


def test_the_fitting_model_is_named_by_the_fingerprint(project: Path) -> None:
    assert fitting_model(project) == project / "models" / f"{fingerprint(project)}.tar.gz"
