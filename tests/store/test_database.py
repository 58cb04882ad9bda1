from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from bot.encryption import Cipher, DataKeyError, make_key
from bot.store import messages
from bot.store.database import MIGRATIONS, Database, lost_a_race
from bot.store.messages import Answer
from bot.store.requests import open_requests
from bot.store.tables import Base, Conversation, Draft, StaffRequest
from bot.store.unasked import claim_unasked
from tests.postgresql import PostgreSQL
from tests.store.conftest import NOW, Receive
from tests.store.databases import opened

WORDS = "my scalp itches since yesterday"
REPLY = "Please call the clinic today"


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """The database at an address, read with connections of our own."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    yield engine
    engine.dispose()


@pytest.fixture
def tables(url: str) -> Iterator[Engine]:
    with connected(url) as engine:
        yield engine


def alembic_config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


@pytest.fixture
def older(empty_url: str) -> Iterator[Database]:
    """This version at a database that a test brings to an older one."""
    with opened(empty_url) as database:
        yield database


def stored(file: Path) -> bytes:
    """Every byte on disk: the database with its write-ahead log."""
    return b"".join(each.read_bytes() for each in file.parent.glob("clinic.db*"))


def test_the_migrations_make_exactly_the_tables_of_the_code(
    database: Database, tables: Engine
) -> None:
    with tables.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_migrations_make_every_table_of_the_code(database: Database, tables: Engine) -> None:
    assert set(Base.metadata.tables) < set(inspect(tables).get_table_names())


def test_the_migrations_go_down_to_nothing_and_up_again(empty_url: str) -> None:
    with connected(empty_url) as tables:
        config = alembic_config(tables)
        command.upgrade(config, "head")
        command.downgrade(config, "base")
        assert inspect(tables).get_table_names() == ["alembic_version"]

        command.upgrade(config, "head")
        with tables.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_what_an_older_version_has_stored_is_served_by_this_one(
    empty_url: str, older: Database
) -> None:
    row = {"at": "2026-11-22 06:30:00", "words": older.cipher.encrypt(WORDS)}
    with connected(empty_url) as tables:
        command.upgrade(alembic_config(tables), "0001")
        with tables.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO conversations (id, channel, person, opened_at, last_message_at)"
                    " VALUES ('c', 'website', 'p', :at, :at)"
                ),
                row,
            )
            connection.execute(
                text(
                    "INSERT INTO inbound_messages (id, conversation_id, channel, external_id,"
                    " position, text, received_at, state, urgency)"
                    " VALUES ('m', 'c', 'website', 'e', 1, :words, :at, 'received', 'none')"
                ),
                row,
            )
        command.upgrade(alembic_config(tables), "head")
    [left] = messages.unanswered(older)
    assert (left.text, left.kind) == (WORDS, messages.TEXT)
    [out] = messages.finish(older, "m", Answer([{"text": REPLY}]), NOW)
    assert (out.content["text"], out.attempts) == (REPLY, 0)


OUT = {"one": "whatsapp", "two": "email", "three": None}


def test_what_an_older_version_put_out_by_itself_is_known_as_unasked(
    empty_url: str, older: Database
) -> None:
    said = older.cipher.encrypt(json.dumps({"text": REPLY}))
    row = {"at": "2026-11-22 06:30:00", "words": older.cipher.encrypt(WORDS), "said": said}
    with connected(empty_url) as tables:
        command.upgrade(alembic_config(tables), "0005")
        with tables.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO conversations (id, channel, person, opened_at, last_message_at)"
                    " VALUES ('c', 'whatsapp', 'p', :at, :at)"
                ),
                row,
            )
            connection.execute(
                text(
                    "INSERT INTO inbound_messages (id, conversation_id, channel, external_id,"
                    " position, text, received_at, state, urgency, kind)"
                    " VALUES ('m', 'c', 'whatsapp', 'e', 1, :words, :at, 'done', 'none', 'text')"
                ),
                row,
            )
            for position, (name, channel) in enumerate(OUT.items()):
                connection.execute(
                    text(
                        "INSERT INTO outbound_messages (id, conversation_id, reply_to, position,"
                        " content, created_at, state, attempts, channel)"
                        " VALUES (:id, 'c', 'm', :position, :said, :at, 'queued', 0, :channel)"
                    ),
                    {**row, "id": name, "position": position, "channel": channel},
                )
        command.upgrade(alembic_config(tables), "head")
    waiting = [
        each
        for channel, whose in messages.due(older, ["whatsapp", "email"], NOW)
        for each in messages.unsent(older, channel, whose)
    ]
    assert {each.id: each.unasked for each in waiting} == {
        "one": True,
        "two": False,
        "three": False,
    }
    assert claim_unasked(older, "one", NOW)


def test_migrating_a_second_time_loses_nothing(database: Database, receive: Receive) -> None:
    first = receive(WORDS)
    database.migrate()
    assert [each.id for each in messages.unanswered(database)] == [first.id]


def test_a_unit_of_work_that_fails_leaves_nothing_behind(
    database: Database, tables: Engine
) -> None:
    with pytest.raises(RuntimeError), database.work() as session:
        session.add(
            Conversation(
                id="one", channel="website", person="p", opened_at=NOW, last_message_at=NOW
            )
        )
        session.flush()
        raise RuntimeError

    with tables.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM conversations")) == 0


@pytest.mark.parametrize(
    "column", ["opened_at", "last_message_at", "closed_at", "notice_given_at", "crisis_at"]
)
def test_a_moment_without_a_zone_is_refused(database: Database, column: str) -> None:
    moments = {"opened_at": NOW, "last_message_at": NOW, column: NOW.replace(tzinfo=None)}
    with (
        pytest.raises(Exception, match="a moment without a time zone cannot be stored"),
        database.work() as session,
    ):
        session.add(Conversation(id="one", channel="website", person="p", **moments))


def test_a_moment_comes_back_as_the_same_instant(database: Database) -> None:
    with database.work() as session:
        session.add(
            Conversation(
                id="one", channel="website", person="p", opened_at=NOW, last_message_at=NOW
            )
        )
    with database.work() as session:
        assert session.get_one(Conversation, "one").opened_at == NOW


def test_a_patients_words_are_not_in_clear_on_disk(
    database: Database, receive: Receive, file: Path
) -> None:
    receive(WORDS)
    assert WORDS.encode() not in stored(file)


def test_the_words_of_an_answer_are_not_in_clear_on_disk(
    database: Database, receive: Receive, file: Path
) -> None:
    messages.finish(database, receive(WORDS).id, Answer([{"text": REPLY}]), NOW)
    assert REPLY.encode() not in stored(file)


def test_ids_are_in_clear_on_disk_so_that_the_test_above_would_see_words(
    database: Database, receive: Receive, file: Path
) -> None:
    assert receive(WORDS).id.encode() in stored(file)


def test_an_old_value_is_readable_after_a_new_key_was_put_in_front(file: Path) -> None:
    old = f"old:{make_key()}"
    before = Database(f"sqlite:///{file}", Cipher(old))
    before.migrate()
    message = messages.receive(before, "website", "person", "id", WORDS, NOW, NOW - NOW)
    messages.finish(before, message.id, Answer([{"text": REPLY}], request_kind="unanswered"), NOW)
    before.close()

    after = Database(f"sqlite:///{file}", Cipher(f"new:{make_key()},{old}"))
    try:
        assert [request.text for request in open_requests(after)] == [WORDS]
        assert [each.content["text"] for each in messages.answers_to(after, message.id)] == [REPLY]
    finally:
        after.close()


def test_a_value_is_not_readable_when_its_key_is_gone(file: Path) -> None:
    before = Database(f"sqlite:///{file}", Cipher(f"old:{make_key()}"))
    before.migrate()
    messages.receive(before, "website", "person", "id", WORDS, NOW, NOW - NOW)
    before.close()

    after = Database(f"sqlite:///{file}", Cipher(f"new:{make_key()}"))
    try:
        with pytest.raises(DataKeyError, match="lacks the key 'old'"):
            messages.unanswered(after)
    finally:
        after.close()


def add_if_missing(database: Database, barrier: Barrier) -> None:
    """What most units of work do: look for a row, and add it when it is not there."""
    barrier.wait()
    with database.work() as session:
        if session.get(Conversation, "one") is None:
            session.add(
                Conversation(
                    id="one", channel="website", person="p", opened_at=NOW, last_message_at=NOW
                )
            )


def test_units_of_work_wait_for_each_other(database: Database) -> None:
    barrier = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(add_if_missing, database, barrier) for _ in range(8)]:
            done.result(10)


def test_on_postgresql_a_concurrent_unit_of_work_waits_for_none(postgresql: PostgreSQL) -> None:
    with (
        postgresql.shared_database() as url,
        opened(url) as database,
        database.work(),
        database.work(concurrent=True) as session,
    ):
        assert session.scalars(select(Conversation)).all() == []


def test_a_row_that_is_there_already_is_a_lost_race(database: Database, receive: Receive) -> None:
    message = receive()
    with pytest.raises(IntegrityError) as caught, database.work() as session:
        for number in ("1", "2"):
            session.add(
                StaffRequest(
                    id=number,
                    conversation_id=message.conversation_id,
                    message_id=message.id,
                    kind="complaint",
                    urgency="routine",
                    created_at=NOW,
                )
            )
    assert lost_a_race(caught.value)


def test_a_row_that_points_at_nothing_is_refused_and_no_lost_race(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.work() as session:
        session.add(Draft(conversation_id="none", kind="booking", content="{}", updated_at=NOW))
    assert not lost_a_race(caught.value)


def test_a_deadlock_is_a_lost_race(postgresql: PostgreSQL) -> None:
    barrier = Barrier(2)

    def lock(database: Database, first: int, second: int) -> bool:
        try:
            with database.work(concurrent=True) as session:
                session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
                session.execute(select(func.pg_advisory_xact_lock(first)))
                barrier.wait()
                session.execute(select(func.pg_advisory_xact_lock(second)))
        except OperationalError as error:
            return lost_a_race(error)
        return False

    with (
        postgresql.shared_database() as url,
        opened(url) as database,
        ThreadPoolExecutor(2) as pool,
    ):
        locks = [pool.submit(lock, database, *order) for order in ((11, 12), (12, 11))]
        assert any(each.result(10) for each in locks)


class Lost(Exception):  # noqa: N818 - what happened, not a fault
    """Another one came first each time."""


def collide(session: Session, conversation: str) -> None:
    """Adds a row twice, which looks as if somebody else had come first."""
    for _ in range(2):
        session.execute(
            insert(Draft).values(
                conversation_id=conversation, kind="booking", content="{}", updated_at=NOW
            )
        )


def test_who_lost_a_race_tries_anew_in_another_unit_of_work(
    database: Database, receive: Receive
) -> None:
    conversation = receive().conversation_id
    found: list[int] = []

    def work(session: Session) -> str:
        found.append(session.scalar(select(func.count()).select_from(Draft)) or 0)
        if len(found) < 3:
            collide(session, conversation)
        return "done"

    assert database.race(work, Lost) == "done"
    assert found == [0, 0, 0]


def test_who_loses_each_race_gives_up(database: Database, receive: Receive) -> None:
    conversation = receive().conversation_id
    with pytest.raises(Lost):
        database.race(lambda session: collide(session, conversation), Lost)


def test_what_is_no_lost_race_is_not_tried_again(database: Database) -> None:
    with pytest.raises(IntegrityError):
        database.race(lambda session: collide(session, "none"), Lost)


def test_a_look_sees_what_is_stored_while_somebody_writes(
    database: Database, receive: Receive
) -> None:
    first = receive(WORDS)
    with database.work() as session:
        session.execute(text("UPDATE inbound_messages SET kind = 'image'"))
        with database.look() as connection:
            kinds = connection.execute(text("SELECT id, kind FROM inbound_messages")).all()
    assert kinds == [(first.id, "text")]


def test_a_note_is_kept(database: Database, receive: Receive) -> None:
    receive(WORDS)
    with database.note() as connection:
        connection.execute(text("UPDATE inbound_messages SET kind = 'image'"))
    with database.look() as connection:
        assert connection.execute(text("SELECT kind FROM inbound_messages")).all() == [("image",)]


def test_only_a_note_does_not_wait_for_the_disk(database: Database, file: Path) -> None:
    """2 is FULL, 1 is NORMAL (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    pragma = text("PRAGMA synchronous")
    for _ in range(2):
        with database.note() as connection:
            assert connection.execute(pragma).scalar() == 1
        with database.work() as session:
            assert session.execute(pragma).scalar() == 2
