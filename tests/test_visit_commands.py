"""`python -m bot block`, `misfits` and `export`, as a clinic's technician runs them."""

from __future__ import annotations

import csv
import json
import re
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml

import bot.__main__
from bot.clinic.availability import Availability
from bot.clinic.clock import Clock
from bot.data_files import ROOT, read_yaml
from bot.encryption import Cipher
from bot.front import _look_at_visits
from bot.settings import read_settings
from bot.store import bookings, messages
from bot.store.blocks import blocks_between
from bot.store.bookings import Booked, NewBooking, booking_with
from bot.store.changes import By
from bot.store.database import Database
from bot.store.ticks import busy
from bot.store.visits import set_status
from tests.house import FOREIGN
from tests.store.databases import migrated_file

# A Saturday; the clinic is open on the Monday after it.
NOW = "2026-11-28T10:00:00+05:30"
MONDAY = datetime(2026, 11, 30, 4, 30, tzinfo=timezone.utc)
NAME, PHONE = "Asha Rao", "+919999900001"
AVAILABILITY = Availability.from_mapping(read_yaml(ROOT / "clinic.yml"))


@pytest.fixture(autouse=True)
def clinic_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clinic's own file, which a test may change; the house is not running."""
    for name in (*FOREIGN, "CLINIC_NOW", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "clinic.yml"
    file.write_text((ROOT / "clinic.yml").read_text("utf-8"), "utf-8")
    folder = tmp_path / "var"
    folder.mkdir()
    migrated_file(folder / "clinic.db")
    for name, value in (
        ("VAR_DIR", str(folder)), ("CLINIC_FILE", str(file)), ("CLINIC_NOW", NOW),
        ("PUBLIC_URL", "https://chat.example.org"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    return file


@pytest.fixture
def database(clinic_file: Path) -> Iterator[Database]:
    settings = read_settings()
    opened = Database(settings.database_url, Cipher(settings.data_key))
    yield opened
    opened.close()


Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["bot", *words])
        return bot.__main__.main()

    return run


def book(database: Database, start: datetime = MONDAY) -> Booked:
    """A visit that somebody booked on Friday; at 10:00 with Dr Mehra."""
    at = MONDAY - timedelta(days=3)
    yes = messages.receive(
        database, "website", "person", start.isoformat(), "yes", at, timedelta(hours=12)
    )
    new = NewBooking(yes.conversation_id, yes.id, "consultation", "self", NAME, PHONE)
    taken = busy(database, *AVAILABILITY.window(at), at)
    options = AVAILABILITY.options_at("consultation", start, taken, at)
    return bookings.book(database, new, options, 9, "booked", (), at)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


LEAVE = ("block", "doctor:mehra", "2026-11-30T10:00", "2026-11-30T14:00", "--reason", "Leave")


def test_a_block_is_made_on_the_clinics_clock_and_listed_and_removed(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*LEAVE) == 0
    known = capsys.readouterr().out.strip()
    [block] = blocks_between(database, MONDAY, MONDAY + timedelta(hours=1))
    assert (block.id, block.resource, block.reason) == (known, "doctor:mehra", "Leave")
    assert (block.starts_at, block.ends_at) == (MONDAY, MONDAY + timedelta(hours=4))
    assert block.created_by == "command"

    assert command("block", "--list") == 0
    assert capsys.readouterr().out == (
        f"{known}  2026-11-30 10:00 to 2026-11-30 14:00  doctor:mehra  Leave\n"
    )
    assert command("block", "--remove", known) == 0
    assert command("block", "--list") == 0
    assert capsys.readouterr().out == ""
    assert command("block", "--remove", known) == 1
    assert capsys.readouterr().err == "There is no such block.\n"


def test_who_has_booked_that_time_already_is_named_without_a_word_of_them(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = book(database)
    assert command("block", "clinic", *LEAVE[2:]) == 0
    said = capsys.readouterr().out
    assert f"https://chat.example.org/desk/visits/{visit.id}" in said
    assert "2026-11-30 10:00" in said
    for secret in (NAME, PHONE, visit.reference):
        assert secret not in said
    assert booking_with(database, visit.id) == visit


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["doctor:house", "2026-11-30T10:00", "2026-11-30T14:00"],
         "doctor:house is nothing that can be blocked: there are clinic (everything), "
         "doctor:mehra, doctor:pinto, room:consulting_1, room:consulting_2, room:procedure_1, "
         "device:needling_1, device:mnrf_1."),
        (["doctor:mehra", "tomorrow", "2026-11-30T14:00"],
         "tomorrow is no time of the clinic's clock: write one like 2026-11-30T10:00."),
        (["doctor:mehra", "2026-11-30T14:00", "2026-11-30T10:00"],
         "The end of a block should be later than its beginning."),
        (["doctor:mehra", "2026-11-27T10:00", "2026-11-27T14:00"],
         "That time is over already: nothing is left to block."),
        (["clinic", "2026-12-01T10:00", "2027-02-01T10:00"],
         "A block lasts at most 31 days: for longer, write `closures`, or the doctor's `hours`, "
         "into clinic.yml."),
        (["doctor:mehra", "2026-11-30T14:00"],
         "Say what is blocked, from when and until when, like "
         "`block doctor:mehra 2026-11-30T10:00 2026-11-30T14:00`."),
    ],
)  # fmt: skip
def test_a_wrong_block_is_refused_with_one_sentence(
    database: Database,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    sentence: str,
) -> None:
    assert command("block", *words) == 1
    assert capsys.readouterr().err == f"{sentence}\n"
    assert blocks_between(database, MONDAY - timedelta(days=99), MONDAY + timedelta(days=99)) == []


@pytest.mark.parametrize("words", [["block", "--list"], ["misfits"]])
def test_without_tables_one_sentence_says_what_to_look_at(
    command: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: list[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert command(*words) == 1
    assert capsys.readouterr().err == (
        "The database cannot be opened: check DATABASE_URL and VAR_DIR.\n"
    )


def test_while_every_visit_fits_there_is_nothing_to_say(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    book(database)
    assert command("misfits") == 0
    assert capsys.readouterr().out == ""


def test_visits_that_no_longer_fit_are_named_with_the_reason_and_left_as_they_are(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str], clinic_file: Path
) -> None:
    visit, fitting = book(database), book(database, MONDAY + timedelta(hours=2))
    change(clinic_file, 'monday: ["10:00-14:00", "16:00-19:00"]', 'monday: ["11:00-14:00"]')
    assert command("misfits") == 1
    address = f"https://chat.example.org/desk/visits/{visit.id}"
    assert capsys.readouterr().out == (
        f"{visit.id}  2026-11-30 10:00  {address}  the clinic is closed then\n"
    )
    assert [booking_with(database, each.id) for each in (visit, fitting)] == [visit, fitting]


def test_a_visit_inside_a_block_no_longer_fits_and_a_cancelled_one_is_no_matter(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    visit = book(database)
    command("block", f"doctor:{visit.doctor}", *LEAVE[2:])
    capsys.readouterr()
    assert command("misfits") == 1
    assert capsys.readouterr().out.endswith("staff have blocked that time\n")
    set_status(database, visit.id, visit.sequence, "cancelled", By("staff"), MONDAY)
    assert command("misfits") == 0


@pytest.mark.parametrize("form", ["csv", "fhir"])
def test_visits_are_written_into_a_file_that_only_its_owner_reads(
    database: Database,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    form: str,
) -> None:
    visit = book(database)
    file = tmp_path / "visits"
    file.write_text("an older one that everybody reads", "utf-8")
    assert command("export", "visits", "--format", form, "--out", str(file)) == 0
    assert capsys.readouterr().out == f"1 visits in {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text("utf-8")
    assert visit.id in written
    for secret in (NAME, PHONE, visit.reference, visit.calendar_key):
        assert secret not in written


def test_names_are_written_when_asked_for_and_are_not_printed(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    visit = book(database)
    file = tmp_path / "visits.json"
    assert command("export", "visits", "--format", "fhir", "--out", str(file), "--with-names") == 0
    [entry] = json.loads(file.read_text("utf-8"))["entry"]
    assert entry["resource"]["contained"][0]["name"] == [{"text": NAME}]
    assert visit.reference not in file.read_text("utf-8")
    said = capsys.readouterr()
    assert NAME not in said.out + said.err


def test_the_days_are_the_clinics_and_both_are_included(
    database: Database, command: Command, tmp_path: Path
) -> None:
    evening = MONDAY.replace(hour=13, minute=0)
    visits = [book(database, start) for start in (MONDAY, evening, MONDAY + timedelta(days=1))]
    set_status(database, visits[1].id, visits[1].sequence, "cancelled", By("staff"), MONDAY)
    file = tmp_path / "visits.csv"

    def exported(*days: str) -> list[str]:
        assert command("export", "visits", "--format", "csv", "--out", str(file), *days) == 0
        with file.open(encoding="utf-8", newline="") as opened:
            return [row["id"] for row in csv.DictReader(opened)]

    ids = [each.id for each in visits]
    assert exported() == ids
    assert exported("--to", "2026-11-30") == ids[:2]
    assert exported("--from", "2026-12-01") == ids[2:]
    assert exported("--from", "2026-11-30", "--to", "2026-12-01") == ids
    assert exported("--to", "2026-11-29") == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--from", "monday"], "monday is no day: write one like 2026-11-30."),
        (["--to", "2026-11-31"], "2026-11-31 is no day: write one like 2026-11-30."),
        (["--from", "2026-12-02", "--to", "2026-12-01"], "The last day is before the first."),
    ],
)
def test_a_wrong_day_is_refused_and_nothing_is_written(
    command: Command,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
    sentence: str,
) -> None:
    file = tmp_path / "visits.csv"
    assert command("export", "visits", "--format", "csv", "--out", str(file), *words) == 1
    assert capsys.readouterr().err == f"{sentence}\n"
    assert not file.exists()


def test_a_place_that_cannot_be_written_is_named_and_no_part_is_left(
    database: Database, command: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    book(database)
    folder = tmp_path / "folder" / "inside"
    folder.mkdir(parents=True)
    words = ("export", "visits", "--format", "csv", "--with-names", "--out", str(folder))
    assert command(*words) == 1
    assert capsys.readouterr().err == f"{folder} cannot be written: name another with --out.\n"
    assert list(folder.parent.iterdir()) == [folder]


def test_a_start_of_the_front_logs_how_many_do_not_fit_and_counts_the_visits_of_a_limit(
    database: Database, clinic_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visit = book(database)
    clock = Clock(datetime.fromisoformat(NOW) - datetime.now(timezone.utc))
    clinic = yaml.safe_load(clinic_file.read_text("utf-8"))
    _look_at_visits(database, clinic, clock)
    assert caplog.messages == []

    clinic["hours"]["monday"] = ["11:00-14:00"]
    clinic["booking"]["visits_a_day"] = 1
    _look_at_visits(database, clinic, clock)
    [line] = caplog.messages
    assert re.fullmatch(rf"1 booked visit\(s\) no longer fit clinic.yml \(.*\): {visit.id}", line)
    taken = busy(database, MONDAY, MONDAY + timedelta(hours=1), MONDAY)
    assert taken["day:2026-11-30"] == {1}
