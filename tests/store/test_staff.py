from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from argon2 import extract_parameters as parameters
from argon2.low_level import Type
from argon2.profiles import RFC_9106_LOW_MEMORY

from bot.store import staff
from bot.store.database import Database
from bot.store.staff import (
    ALPHABET,
    PASSWORD_FILE,
    log_in,
    make_first_user,
    password_hash_of,
    renew_password,
    set_password,
)

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes that cost nothing: a test that is about their cost takes them away."""
    monkeypatch.setattr(staff, "_hasher", CHEAP)
    staff._nobodys_hash.cache_clear()
    yield
    staff._nobodys_hash.cache_clear()


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    return tmp_path / "var" / PASSWORD_FILE


def password_in(file: Path) -> str:
    return file.read_text("utf-8").strip()


def test_the_first_password_is_in_a_file_that_only_its_owner_reads(
    database: Database, password_file: Path
) -> None:
    assert make_first_user(database, password_file)
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    assert log_in(database, "desk", password_in(password_file))


def test_nothing_else_is_left_beside_the_file(database: Database, password_file: Path) -> None:
    make_first_user(database, password_file)
    assert list(password_file.parent.iterdir()) == [password_file]


def test_the_first_password_is_long_and_can_be_read_out(
    database: Database, password_file: Path
) -> None:
    make_first_user(database, password_file)
    groups = password_in(password_file).split("-")
    assert [len(group) for group in groups] == [5, 5, 5, 5]
    assert set("".join(groups)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("0o1il")


def test_two_passwords_are_never_the_same() -> None:
    assert len({staff.make_password() for _ in range(1000)}) == 1000


def test_a_second_start_changes_nothing(database: Database, password_file: Path) -> None:
    make_first_user(database, password_file)
    before = password_in(password_file)
    assert not make_first_user(database, password_file)
    assert password_in(password_file) == before
    assert log_in(database, "desk", before)


def test_a_start_after_the_file_was_put_away_writes_none(
    database: Database, password_file: Path
) -> None:
    make_first_user(database, password_file)
    password_file.unlink()
    make_first_user(database, password_file)
    assert not password_file.exists()


def test_a_first_start_writes_over_the_file_of_another_database(
    database: Database, password_file: Path
) -> None:
    password_file.parent.mkdir()
    password_file.write_text("an old password\n", "utf-8")
    password_file.chmod(0o644)
    make_first_user(database, password_file)
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    assert log_in(database, "desk", password_in(password_file))


def test_of_eight_first_starts_at_once_one_makes_the_password(
    database: Database, password_file: Path
) -> None:
    barrier = Barrier(8)

    def start(_: int) -> bool:
        barrier.wait()
        return make_first_user(database, password_file)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(start, range(8))) == 1
    assert log_in(database, "desk", password_in(password_file))


def test_a_file_that_cannot_be_written_leaves_no_user(database: Database, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be", "utf-8")
    with pytest.raises(OSError):
        make_first_user(database, tmp_path / "var" / PASSWORD_FILE)
    assert password_hash_of(database, "desk") is None


def test_a_new_password_replaces_the_old_one(database: Database, password_file: Path) -> None:
    make_first_user(database, password_file)
    before = password_in(password_file)
    renew_password(database, password_file)
    assert not log_in(database, "desk", before)
    assert log_in(database, "desk", password_in(password_file))
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600


def test_a_new_password_that_cannot_be_written_leaves_the_old_one(
    database: Database, password_file: Path, tmp_path: Path
) -> None:
    make_first_user(database, password_file)
    (tmp_path / "other").write_text("a file where the folder should be", "utf-8")
    with pytest.raises(OSError):
        renew_password(database, tmp_path / "other" / PASSWORD_FILE)
    assert log_in(database, "desk", password_in(password_file))


@pytest.mark.parametrize("name", ["nobody", "", "desk\0", "Desk", "d" * 1000])
def test_a_user_that_is_not_there_cannot_log_in(database: Database, name: str) -> None:
    set_password(database, "desk", "right")
    assert not log_in(database, name, "right")


def test_an_unknown_user_costs_as_many_checks_as_a_known_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            checked.append(str(hash))
            return bool(super().verify(hash, password))

    monkeypatch.setattr(staff, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    set_password(database, "desk", "right")
    for name in ("desk", "nobody"):
        log_in(database, name, "wrong")
    known, unknown = checked
    assert parameters(known) == parameters(unknown)


def test_a_hash_is_argon2id_with_the_costs_of_the_rfc(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    set_password(database, "desk", "right")
    stored = password_hash_of(database, "desk") or ""
    found = parameters(stored)
    assert stored.startswith("$argon2id$")
    assert found.type is Type.ID
    assert (found.time_cost, found.memory_cost, found.parallelism) == (
        RFC_9106_LOW_MEMORY.time_cost,
        RFC_9106_LOW_MEMORY.memory_cost,
        RFC_9106_LOW_MEMORY.parallelism,
    )


def test_a_hash_with_other_costs_is_made_anew_at_the_next_login(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password(database, "desk", "right")
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(staff, "_hasher", dearer)
    assert not log_in(database, "desk", "wrong")
    assert dearer.check_needs_rehash(password_hash_of(database, "desk") or "")
    assert log_in(database, "desk", "right")
    assert not dearer.check_needs_rehash(password_hash_of(database, "desk") or "")
    assert log_in(database, "desk", "right")


def test_the_password_stands_nowhere_in_the_database(
    database: Database, password_file: Path, file: Path
) -> None:
    make_first_user(database, password_file)
    password = password_in(password_file).encode()
    stored = [each.read_bytes() for each in file.parent.glob("clinic.db*")]
    assert stored
    assert not any(password in content for content in stored)
