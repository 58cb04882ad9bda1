"""Units of work on the people who may open the desk, and the file with the first password."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.private_file import write_private
from bot.store.database import Database
from bot.store.tables import StaffUser

FIRST_USER = "desk"
PASSWORD_FILE = "desk_password.txt"  # noqa: S105 - the name of a file
# What nobody misreads on paper: no 0 or o, no 1, i or l. Twenty of 31 are 99 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, LETTERS = 4, 5

# argon2id with the parameters that RFC 9106 (section 4) names second: 64 MiB, three passes.
_hasher = PasswordHasher()


def make_password() -> str:
    """A random password in groups that can be read out, such as `mk3p7-...`."""
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS)
    )


def make_first_user(database: Database, file: Path) -> bool:
    """Makes the user `desk` with a random password in `file`; false if anybody may log in yet.

    The file is readable by its owner only. It is written before the user is stored, so that
    nothing that breaks in between leaves a user whose password nobody knows.

    Raises:
        OSError: the file cannot be written; no user was made.
    """
    with database.work() as session:
        if _anybody(session):
            return False
    password = make_password()
    hashed = _hasher.hash(password)
    try:
        with database.work() as session:
            if _anybody(session):
                return False
            _put(session, FIRST_USER, hashed)
            write_private(file, f"{password}\n")
    except IntegrityError:
        # Another process started at the same moment and was first.
        return False
    return True


def renew_password(database: Database, file: Path) -> None:
    """Gives the user `desk` a new random password, written to `file`; old sessions end.

    Raises:
        OSError: the file cannot be written; the old password stays.
    """
    password = make_password()
    hashed = _hasher.hash(password)
    with database.work() as session:
        _put(session, FIRST_USER, hashed)
        write_private(file, f"{password}\n")


def set_password(database: Database, name: str, password: str) -> None:
    """Makes a user, or replaces the password of one."""
    hashed = _hasher.hash(password)
    with database.work() as session:
        _put(session, name, hashed)


def log_in(database: Database, name: str, password: str) -> bool:
    """Whether this is the user's password; takes as long for a user that is not there.

    It takes about 50 ms and 64 MiB on purpose: call it in a thread. A hash made with older
    parameters is made anew.
    """
    nobody = _nobodys_hash()
    # A null character cannot even be asked for on PostgreSQL.
    known = password_hash_of(database, name) if name.isprintable() else None
    try:
        _hasher.verify(known or nobody, password)
    except VerificationError:
        return False
    if known is None:
        return False
    if _hasher.check_needs_rehash(known):
        hashed = _hasher.hash(password)
        with database.work() as session:
            # Unless somebody has given a new password meanwhile.
            session.execute(
                update(StaffUser)
                .where(StaffUser.name == name, StaffUser.password_hash == known)
                .values(password_hash=hashed)
            )
    return True


def password_hash_of(database: Database, name: str) -> str | None:
    """The present hash of a user's password; None for a user that is not there."""
    with database.work() as session:
        found = session.get(StaffUser, name)
        return found.password_hash if found else None


def _anybody(session: Session) -> bool:
    return session.scalar(select(func.count()).select_from(StaffUser)) != 0


def _put(session: Session, name: str, hashed: str) -> None:
    found = session.get(StaffUser, name)
    if found is None:
        session.add(
            StaffUser(name=name, password_hash=hashed, created_at=datetime.now(timezone.utc))
        )
    else:
        found.password_hash = hashed
    session.flush()


@cache
def _nobodys_hash() -> str:
    """The hash of a password that nobody has."""
    return _hasher.hash(secrets.token_urlsafe())
