"""WhatsApp against a small Cloud API: the real door, database and routes, an engine as told."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.applications import Starlette

import bot.door.door
from bot.channels.whatsapp import (
    LARGEST_WEBHOOK,
    LONGEST_BODY,
    LONGEST_PAYLOAD,
    WhatsApp,
    calls_for,
    cut,
    judge,
    messages_in,
    read_message,
)
from bot.clinic.payloads import Press
from bot.data_files import DATA, ROOT, read_yaml
from bot.door.door import Delivery
from bot.encryption import Cipher
from bot.front import application
from bot.settings import SettingsError, WhatsAppSettings, read_settings
from bot.store.database import Database
from bot.store.messages import Outbound
from bot.store.requests import open_requests
from bot.store.tables import Conversation, InboundMessage, OutboundMessage
from tests.door.conftest import (
    PATIENCE,
    Reception,
    eventually,
    framing,
    notice,
    says,
    wordings,
    work_off,
)
from tests.fake_cloud_api import (
    APP_SECRET,
    DISCONNECTED,
    PHONE_NUMBER_ID,
    VERIFY_TOKEN,
    WEBHOOK,
    Fails,
    FakeCloudApi,
    batch,
    buttons_of,
    faults,
    image,
    message,
    pressed,
    signed,
    text,
    text_of,
    voice_note,
    webhook,
    with_code,
)
from tests.house import free_ports
from tests.store.databases import opened_database

ANNA, BERTA, CARLA = "919999900001", "919999900002", "12025550143"
HIDDEN = "US.13491208655302741918"
PRICE = '/faq{"topic":"price"}'
BREATHLESS = "I cannot breathe"
CHOOSE, OPEN = framing("choose_below"), framing("open_list")


class Line:
    """The clinic's number as a test uses it: what people write, and what reaches them."""

    def __init__(self, reception: Reception, cloud: FakeCloudApi) -> None:
        self.reception = reception
        self.cloud = cloud
        self.engine = reception.engine
        self.pushing: set[asyncio.Task[Any]] = set()
        settings = read_settings({**cloud.environment, "VAR_DIR": "nowhere", **SECRETS}).whatsapp
        assert settings is not None
        self.settings: WhatsAppSettings = settings
        self.open_with(reception.door)

    def open_with(self, door: bot.door.door.Door) -> None:
        """The channel at a door, as after a start."""
        self.channel = WhatsApp(door, self.settings, wordings().frame)
        transport = httpx.ASGITransport(Starlette(routes=self.channel.routes()))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://front")

    async def bring(self, body: Any) -> int:
        """A signed webhook; the HTTP status of the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = await self.http.post(WEBHOOK, content=raw, headers=signed(raw))
        return response.status_code

    async def write(self, *messages: dict[str, Any]) -> None:
        """One webhook with these messages, taken."""
        assert await self.bring(webhook(*messages)) == 200

    async def hears(self, address: str, *texts: str) -> None:
        """Waits until somebody has got exactly these texts."""
        await eventually(lambda: len(self.cloud.sent_to(address)) >= len(texts))
        assert self.cloud.texts_to(address) == list(texts)

    async def begin(self, *people: str) -> None:
        """Has the notice said, so that what follows are bare answers."""
        await self.write(*[text(person, "hello") for person in people])
        for person in people:
            await self.hears(person, f"{notice()}\n\nanswer to hello")
        await self.settled()
        self.cloud.sent.clear()
        self.cloud.calls.clear()
        self.engine.asked.clear()

    async def settled(self) -> None:
        """Waits until nothing is being answered or sent."""
        await eventually(lambda: not self.reception.door._background - self.pushing)

    @property
    def stored(self) -> list[tuple[str, str]]:
        """Kind and state of every stored message."""
        with self.reception.database.work() as session:
            rows = session.execute(
                select(InboundMessage.kind, InboundMessage.state).order_by(
                    InboundMessage.received_at, InboundMessage.position
                )
            )
            return [(kind, state) for kind, state in rows]

    @property
    def outbox(self) -> list[str]:
        """The states of the outbox."""
        with self.reception.database.work() as session:
            return list(session.scalars(select(OutboundMessage.state)))

    @property
    def tries(self) -> list[int]:
        """How often sending failed, lowest first."""
        with self.reception.database.work() as session:
            return sorted(session.scalars(select(OutboundMessage.attempts)))

    @property
    def next_tries(self) -> list[datetime | None]:
        """When the messages of the outbox are tried again."""
        with self.reception.database.work() as session:
            return list(session.scalars(select(OutboundMessage.next_try_at)))

    async def close(self) -> None:
        await self.http.aclose()
        await self.channel.close()


SECRETS = {
    "DATA_KEY": "one:key", "SECRET_KEY": "secret", "ENGINE_TOKEN": "token",
}  # fmt: skip


@pytest.fixture
def cloud() -> Iterator[FakeCloudApi]:
    started = FakeCloudApi()
    started.start()
    yield started
    started.stop()
    assert started.refused == []


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
async def line(database: Database, cloud: FakeCloudApi) -> AsyncIterator[Line]:
    reception = Reception(database)
    opened = Line(reception, cloud)
    yield opened
    reception.engine.let_go()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), PATIENCE)
    await opened.close()


@pytest.fixture
async def pushing_line(line: Line, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """The same while what is due is sent."""
    monkeypatch.setattr(bot.door.door, "PUSH_EVERY", 0.01)
    task = line.reception.door.in_background(line.reception.door.push())
    line.pushing = {task}
    yield line
    task.cancel()


# --- the handshake and the signature ------------------------------------------------------------


def handshake(**changed: str) -> dict[str, str]:
    asked = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "11582014"}
    return {f"hub.{name}": value for name, value in {**asked, **changed}.items()}


async def test_the_handshake_gives_the_challenge_back(line: Line) -> None:
    response = await line.http.get(WEBHOOK, params=handshake())
    assert (response.status_code, response.text) == (200, "11582014")


@pytest.mark.parametrize(
    "asked",
    [
        handshake(verify_token="another"),
        handshake(verify_token="ñ"),
        handshake(verify_token=""),
        handshake(mode="unsubscribe"),
        {},
    ],
)
async def test_a_handshake_that_is_not_ours_is_refused(line: Line, asked: dict[str, str]) -> None:
    response = await line.http.get(WEBHOOK, params=asked)
    assert (response.status_code, response.text) == (403, "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": b"sha256=\xe9\xff"},
        signed(json.dumps(webhook(text(ANNA, "hello", "wamid.1"))).encode(), "another secret"),
        signed(b"another body"),
    ],
)
async def test_a_webhook_without_the_right_signature_is_refused_and_not_stored(
    line: Line, headers: dict[str, Any]
) -> None:
    raw = json.dumps(webhook(text(ANNA, "hello", "wamid.1"))).encode()
    response = await line.http.post(WEBHOOK, content=raw, headers=headers)
    assert response.status_code == 401
    assert line.stored == []


async def test_the_signature_is_over_the_bytes_as_they_came(line: Line) -> None:
    raw = json.dumps(webhook(text(ANNA, "नमस्ते")), ensure_ascii=False, indent=3).encode()
    assert await line.bring(raw) == 200
    assert line.stored[0][0] == "text"


async def test_a_signature_in_capitals_is_none(line: Line) -> None:
    raw = json.dumps(webhook(text(ANNA, "hello"))).encode()
    headers = {name: value.upper() for name, value in signed(raw).items()}
    assert (await line.http.post(WEBHOOK, content=raw, headers=headers)).status_code == 401


async def test_a_body_larger_than_any_webhook_is_refused(line: Line) -> None:
    assert await line.bring(b" " * (LARGEST_WEBHOOK + 1)) == 413


async def test_the_largest_webhook_is_read(line: Line) -> None:
    raw = json.dumps(webhook(text(ANNA, "hello"))).encode()
    assert await line.bring(raw + b" " * (LARGEST_WEBHOOK - len(raw))) == 200
    assert len(line.stored) == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_what_is_signed_and_no_json_is_refused(line: Line, raw: bytes) -> None:
    assert await line.bring(raw) == 400


@pytest.mark.parametrize(
    "body",
    [
        None, [], 1, "text", {}, {"entry": None}, {"entry": [None, 1, {}]},
        {"entry": [{"changes": {}}]}, {"entry": [{"changes": [None, {"field": "messages"}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": {"metadata": 1}}]}]},
        webhook(number="another number"), {**webhook(), "entry": {}},
    ],
)  # fmt: skip
async def test_a_webhook_of_another_shape_is_taken_and_means_nothing(line: Line, body: Any) -> None:
    assert await line.bring(body) == 200
    assert line.stored == []


async def test_a_message_to_another_number_is_not_ours(line: Line) -> None:
    assert await line.bring(webhook(text(ANNA, "hello"), number="99")) == 200
    assert line.stored == []


async def test_statuses_and_errors_are_taken_and_ignored(line: Line) -> None:
    statuses = [{"id": "wamid.1", "status": "read", "recipient_id": ANNA}]
    assert await line.bring(webhook(statuses=statuses, errors=[{"code": 131051}])) == 200
    assert line.stored == []


# --- what comes in ------------------------------------------------------------------------------


async def test_a_message_is_answered(line: Line) -> None:
    await line.write(text(ANNA, "hello"))
    await line.hears(ANNA, f"{notice()}\n\nanswer to hello")
    await line.settled()
    assert line.stored == [("text", "done")]
    assert line.outbox == ["sent"]


async def test_a_message_is_stored_before_the_webhook_is_answered(line: Line) -> None:
    line.engine.hang("hello")
    await line.write(text(ANNA, "hello"))
    assert line.stored == [("text", "received")]


async def test_the_same_webhook_twice_is_answered_once(line: Line) -> None:
    body = webhook(text(ANNA, "hello"), text(ANNA, "price"))
    assert [await line.bring(body) for _ in range(2)] == [200, 200]
    await line.settled()
    assert await line.bring(body) == 200
    await line.settled()
    assert line.engine.texts == ["hello", "price"]
    await line.hears(ANNA, f"{notice()}\n\nanswer to hello", "answer to price")


async def test_the_same_emergency_twice_at_once_is_answered_once(line: Line) -> None:
    body = webhook(text(ANNA, BREATHLESS))
    assert await asyncio.gather(*[line.bring(body) for _ in range(4)]) == [200] * 4
    await line.settled()
    assert len(line.cloud.sent_to(ANNA)) == 1


async def test_a_batch_of_three_people_is_answered_to_each_in_order(line: Line) -> None:
    await line.begin(ANNA, BERTA, CARLA)
    people = {ANNA: "a", BERTA: "b", CARLA: "c"}
    changes = [[text(who, f"{name} {n}") for who, name in people.items()] for n in range(4)]
    assert await line.bring(batch(*changes)) == 200
    for who, name in people.items():
        await line.hears(who, *[f"answer to {name} {n}" for n in range(4)])


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        [],
        {},
        {"from": ANNA, "type": "text", "text": {"body": "no id"}},
        {"id": "wamid.1", "type": "text", "text": {"body": "no sender"}},
        {"id": 5, "from": ANNA, "type": "text"},
        {"id": "wamid.1", "from": "Xanthippe", "type": "text"},
        {"id": "\ud83d", "from": ANNA, "type": "text", "text": {"body": "half a character"}},
    ],
)
async def test_a_broken_item_of_a_batch_keeps_nobody_else_from_an_answer(
    line: Line, broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await line.begin(ANNA, BERTA)
    await line.write(text(ANNA, "one"), broken, text(BERTA, "two"))
    await line.hears(ANNA, "answer to one")
    await line.hears(BERTA, "answer to two")
    [logged] = [each for each in caplog.messages if "was not read" in each]
    assert re.search(r"error [0-9a-f]{8}:", logged)
    assert "Xanthippe" not in caplog.text


@pytest.mark.parametrize(
    ("kind", "part", "words", "known_as"),
    [
        ("text", {"body": "hello"}, "hello", "text"),
        ("button", {"payload": PRICE, "text": "Price"}, PRICE, "text"),
        ("image", {"id": "1"}, "", "image"),
        ("image", {"id": "1", "caption": "my cheek"}, "my cheek", "image"),
        ("video", {"id": "1", "caption": "my cheek"}, "my cheek", "video"),
        ("document", {"id": "1", "filename": "report.pdf"}, "", "document"),
        ("document", {"id": "1", "caption": None}, "", "document"),
        ("audio", {"id": "1", "voice": True}, "", "audio"),
        ("sticker", {"id": "1"}, "", "sticker"),
        ("location", {"latitude": 1.5, "longitude": 2}, "", "location"),
        ("reaction", {"message_id": "wamid.9", "emoji": "👍"}, "👍", "reaction"),
        ("reaction", {"message_id": "wamid.9", "emoji": ""}, "", "reaction"),
        ("reaction", {"message_id": "wamid.9"}, "", "reaction"),
        ("contacts", [{"name": {}}], "", "other"),
        ("order", {"catalog_id": "1"}, "", "other"),
        ("unsupported", {"type": "poll"}, "", "other"),
        ("a kind of tomorrow", {}, "", "other"),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": PRICE, "title": "Price"}},
            PRICE,
            "text",
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": PRICE, "title": "Price"}},
            PRICE,
            "text",
        ),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}, "", "other"),
        ("interactive", {}, "", "other"),
        ("interactive", None, "", "other"),
        ("text", {"body": None}, "", "other"),
        ("text", "hello", "", "other"),
        ("image", None, "", "other"),
        ("edit", {"message": {"type": "text", "text": {"body": "corrected"}}}, "corrected", "text"),
        (
            "edit",
            {"message": {"type": "image", "image": {"caption": "corrected"}}},
            "corrected",
            "image",
        ),
        ("edit", {}, "", "other"),
    ],
)
def test_every_kind_of_message_is_read(kind: str, part: Any, words: str, known_as: str) -> None:
    received = read_message(message(ANNA, kind, part), [])
    assert received is not None
    assert (received.text, received.kind) == (words, known_as)


def test_an_interactive_message_that_meta_could_not_read_is_one_without_words() -> None:
    broken = {"from": ANNA, "id": "wamid.1", "type": "interactive", "errors": [{"code": 131000}]}
    received = read_message(broken, [])
    assert received is not None
    assert (received.text, received.kind) == ("", "other")


@pytest.mark.parametrize("kind", ["system", "revoke"])
def test_an_event_of_the_chat_is_no_message(kind: str) -> None:
    assert read_message(message(ANNA, kind, {}), []) is None


@pytest.mark.parametrize(
    ("who", "contacts", "person", "address"),
    [
        ({"from": ANNA}, [], ANNA, ANNA),
        ({"from": ANNA, "from_user_id": HIDDEN}, [], HIDDEN, ANNA),
        ({"from_user_id": HIDDEN}, [], HIDDEN, HIDDEN),
        ({"from": ANNA}, [{"wa_id": ANNA, "user_id": HIDDEN}], HIDDEN, ANNA),
        ({"from": ANNA}, [{"wa_id": BERTA, "user_id": HIDDEN}], ANNA, ANNA),
        ({"from": ANNA}, [{"wa_id": ANNA, "profile": {}}], ANNA, ANNA),
    ],
)
def test_a_person_is_known_by_the_scoped_id_and_written_to_by_phone(
    who: dict[str, str], contacts: list[dict[str, Any]], person: str, address: str
) -> None:
    given = {"id": "wamid.1", "type": "text", "text": {"body": "hello"}, **who}
    received = read_message(given, contacts)
    assert received is not None
    assert (received.person, received.address) == (person, address)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "from", "type", "text", "image", "edit", "interactive"]), inner
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(["text", "button", "image", "audio", "interactive", "reaction", "edit"])


@given(kind=KINDS | st.text(max_size=5), part=JSON)
def test_whatever_stands_in_a_message_with_a_sender_it_is_read(kind: str, part: Any) -> None:
    if kind not in ("id", "from"):
        received = read_message(message(ANNA, kind, part), [])
        assert received is None or isinstance(received.text, str)


@given(body=JSON)
def test_whatever_a_webhook_holds_it_can_be_looked_through(body: Any) -> None:
    found = list(messages_in({"entry": [{"changes": [body]}, body]}, PHONE_NUMBER_ID))
    assert found == []


async def test_a_hidden_number_is_written_to_by_its_scoped_id(line: Line) -> None:
    await line.write(text(HIDDEN, "hello"))
    await line.hears(HIDDEN, f"{notice()}\n\nanswer to hello")
    [sent] = line.cloud.sent_to(HIDDEN)
    assert sent["recipient"] == HIDDEN
    assert "to" not in sent


async def test_a_pressed_button_is_a_press(line: Line) -> None:
    line.engine.answers["hello"] = says("Hello", buttons={"Price": PRICE})
    await line.write(text(ANNA, "hello"))
    await line.settled()
    [sent] = line.cloud.sent_to(ANNA)
    assert buttons_of(sent) == {"Price": PRICE}
    await line.write(pressed(ANNA, PRICE, "Price"))
    await line.settled()
    assert line.engine.asked[-1].press == Press("faq", {"topic": "price"})


async def test_a_pressed_row_is_a_press(line: Line) -> None:
    rows = {f"Row {n}": f'/faq{{"topic":"row_{n}"}}' for n in range(10)}
    line.engine.answers["menu"] = says("Menu", buttons=rows)
    await line.write(text(ANNA, "menu"))
    await line.settled()
    [sent] = line.cloud.sent_to(ANNA)
    assert buttons_of(sent) == rows
    await line.write(pressed(ANNA, rows["Row 7"], "Row 7", is_list=True))
    await line.settled()
    assert line.engine.asked[-1].press == Press("faq", {"topic": "row_7"})


async def test_an_id_that_was_not_offered_is_plain_text(line: Line) -> None:
    await line.write(pressed(ANNA, "/restart", "Restart"))
    await line.settled()
    [asked] = line.engine.asked
    assert (asked.text, asked.press) == ("restart", None)


# --- photos and voice notes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kind", "wording"),
    [
        (image(ANNA), "image", "cannot_see"),
        (message(ANNA, "video", {"id": "1"}), "video", "cannot_see"),
        (message(ANNA, "document", {"id": "1"}), "document", "cannot_see"),
        (voice_note(ANNA), "audio", "cannot_hear"),
    ],
)
async def test_what_nobody_here_can_look_at_is_told_so_and_goes_to_staff(
    line: Line, sent: dict[str, Any], kind: str, wording: str
) -> None:
    await line.begin(ANNA)
    await line.write(sent)
    await line.hears(ANNA, framing(wording))
    assert line.stored[-1] == (kind, "done")
    assert line.reception.requests == [("media", "routine", "")]
    assert line.engine.asked == []


@pytest.mark.parametrize("wording", ["cannot_see", "cannot_hear"])
def test_who_sent_something_unseen_is_told_of_a_person_and_of_emergencies(wording: str) -> None:
    phones = wordings().clinic["phones"]
    said = framing(wording)
    assert "agent" in said
    for number in (phones["same_day"], phones["after_hours"], phones["emergency"]):
        assert number in said


async def test_words_under_a_photo_are_answered_below_the_sentence_about_photos(line: Line) -> None:
    await line.begin(ANNA)
    await line.write(image(ANNA, "does it hurt"))
    await line.hears(ANNA, f"{framing('cannot_see')}\n\nanswer to does it hurt")
    assert line.reception.requests == [("media", "routine", "does it hurt")]


async def test_danger_under_a_photo_is_answered_as_danger_alone(line: Line) -> None:
    await line.write(image(ANNA, BREATHLESS))
    await eventually(lambda: len(line.cloud.sent_to(ANNA)) == 1)
    [said] = line.cloud.texts_to(ANNA)
    assert said.startswith("This could be an emergency. Call 112")
    assert framing("cannot_see") not in said
    assert sorted(line.reception.requests) == [
        ("emergency", "emergency", BREATHLESS),
        ("media", "emergency", BREATHLESS),
    ]


@pytest.mark.parametrize("kind", ["sticker", "location", "contacts", "unsupported"])
async def test_what_else_came_without_words_is_asked_for_words(line: Line, kind: str) -> None:
    await line.begin(ANNA)
    await line.write(message(ANNA, kind, {"id": "1"}))
    await line.hears(ANNA, framing("nothing_to_read"))
    assert line.reception.requests == []


@pytest.mark.parametrize("emoji", ["👍", ""])
async def test_a_reaction_is_stored_and_needs_no_answer(line: Line, emoji: str) -> None:
    await line.begin(ANNA)
    await line.write(message(ANNA, "reaction", {"message_id": "wamid.1", "emoji": emoji}))
    await line.settled()
    assert line.stored[-1] == ("reaction", "done")
    assert line.cloud.calls == []


# --- nobody's number or words where they do not belong ------------------------------------------


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_number_and_words_stand_nowhere_in_clear(
    line: Line, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    line.cloud.fail_next(with_code(131056), with_code(131047))
    await line.write(text(ANNA, "Xanthippe", f"wamid.{ANNA}"), text(HIDDEN, "Xanthippe"), None)  # type: ignore[arg-type]
    await line.settled()
    kept = b"".join(file.read_bytes() for file in files_in(tmp_path))
    logged = "".join(each.getMessage() for each in caplog.records if each.name.startswith("bot"))
    for secret in (ANNA, HIDDEN, "Xanthippe"):
        assert secret.encode() not in kept
        assert secret not in logged


async def test_the_address_is_kept_for_answers(line: Line) -> None:
    await line.write(text(ANNA, "hello"))
    with line.reception.database.work() as session:
        assert session.scalars(select(Conversation.address)).all() == [ANNA]


def test_a_message_that_was_read_shows_nothing_of_a_person() -> None:
    shown = repr(read_message(text(ANNA, "Xanthippe", f"wamid.{ANNA}"), []))
    assert ANNA not in shown
    assert "Xanthippe" not in shown


# --- when the database does not work ------------------------------------------------------------


async def test_what_could_not_be_stored_is_asked_for_again_and_apologised_for_once(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.begin(ANNA)
    body = webhook(text(ANNA, "price"))
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise OSError("disk full")

        broken.setattr("bot.store.messages.receive", fail)
        assert [await line.bring(body) for _ in range(3)] == [503] * 3
        await line.hears(ANNA, framing("not_stored"))
        await line.settled()
    assert await line.bring(body) == 200
    await line.hears(ANNA, framing("not_stored"), "answer to price")


# --- sending ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure", [with_code(131056), with_code(4), Fails(status=503), DISCONNECTED]
)
async def test_what_could_not_be_sent_is_sent_when_its_time_has_come(
    pushing_line: Line, failure: Fails
) -> None:
    line = pushing_line
    await line.begin(ANNA)
    line.cloud.fail_next(failure)
    await line.write(text(ANNA, "price"))
    await line.settled()
    assert line.cloud.texts_to(ANNA) == []
    line.reception.clock.pass_by(seconds=1)
    await line.hears(ANNA, "answer to price")


async def test_each_wait_is_four_times_as_long(pushing_line: Line) -> None:
    line = pushing_line
    await line.begin(ANNA)
    line.cloud.fail_next(*[with_code(131056)] * 4)
    await line.write(text(ANNA, "price"))
    for tries, seconds in enumerate((1, 4, 16, 64), 1):
        await eventually(lambda tries=tries: line.tries == [0, tries])  # type: ignore[misc]
        [waiting] = [each for each in line.next_tries if each]
        assert waiting == line.reception.clock.now() + timedelta(seconds=seconds)
        line.reception.clock.pass_by(seconds=seconds)
    await line.hears(ANNA, "answer to price")


async def test_no_wait_is_longer_than_an_hour(line: Line) -> None:
    assert bot.door.door._wait_after(1000) == bot.door.door.LONGEST_WAIT


async def test_a_later_answer_does_not_overtake_one_that_waits(pushing_line: Line) -> None:
    line = pushing_line
    await line.begin(ANNA, BERTA)
    line.cloud.fail_next(with_code(131056))
    await line.write(text(ANNA, "one"))
    await line.settled()
    await line.write(text(ANNA, "two"), text(BERTA, "three"))
    await line.hears(BERTA, "answer to three")
    assert line.cloud.texts_to(ANNA) == []
    line.reception.clock.pass_by(seconds=1)
    await line.hears(ANNA, "answer to one", "answer to two")


async def test_danger_is_answered_past_everything_that_waits(pushing_line: Line) -> None:
    line = pushing_line
    await line.begin(ANNA)
    line.cloud.fail_next(with_code(131056))
    await line.write(text(ANNA, "one"))
    await line.settled()
    await line.write(text(ANNA, BREATHLESS))
    await eventually(lambda: len(line.cloud.sent_to(ANNA)) == 1)
    assert line.cloud.texts_to(ANNA)[0].startswith("This could be an emergency")


async def test_danger_that_was_not_sent_is_tried_again_past_what_waits_longer(
    pushing_line: Line,
) -> None:
    line = pushing_line
    await line.begin(ANNA)
    line.cloud.fail_next(with_code(190), with_code(131056))
    await line.write(text(ANNA, "one"))
    await line.settled()
    await line.write(text(ANNA, BREATHLESS))
    await line.settled()
    line.reception.clock.pass_by(seconds=1)
    await eventually(lambda: len(line.cloud.sent_to(ANNA)) == 1)
    assert line.cloud.texts_to(ANNA)[0].startswith("This could be an emergency")


@pytest.mark.parametrize("code", [100, 131008, 131009, 131026, 131047, 131050, 132000, 999999])
async def test_what_cannot_be_delivered_goes_to_staff(pushing_line: Line, code: int) -> None:
    line = pushing_line
    await line.begin(ANNA)
    line.cloud.fail_next(with_code(code))
    await line.write(text(ANNA, "price"))
    await eventually(lambda: line.reception.requests == [("not_delivered", "routine", "price")])
    assert sorted(line.outbox) == ["failed", "sent"]
    await line.write(text(ANNA, "pain"))
    await line.hears(ANNA, "answer to pain")


async def test_danger_that_cannot_be_delivered_is_as_urgent_for_staff(line: Line) -> None:
    line.cloud.fail_next(with_code(131026))
    await line.write(text(ANNA, BREATHLESS))
    await line.settled()
    assert ("not_delivered", "emergency", BREATHLESS) in line.reception.requests


@pytest.mark.parametrize("failure", [with_code(190), with_code(10), with_code(100, 33)])
async def test_a_wrong_account_is_logged_told_to_staff_and_loses_nothing(
    pushing_line: Line, failure: Fails, caplog: pytest.LogCaptureFixture
) -> None:
    line = pushing_line
    await line.begin(ANNA)
    line.cloud.fail_next(failure)
    await line.write(text(ANNA, "price"))
    await eventually(lambda: line.reception.requests == [("not_delivered", "routine", "price")])
    assert [each.levelname for each in caplog.records if "refused" in each.message] == ["ERROR"]
    line.reception.clock.pass_by(minutes=10)
    await line.hears(ANNA, "answer to price")


async def test_a_restart_sends_what_waits(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await line.begin(ANNA)
    line.cloud.fail_next(with_code(190))
    await line.write(text(ANNA, "price"))
    await line.settled()
    assert sorted(line.outbox) == ["queued", "sent"]

    await line.close()
    door = line.reception.new_door()
    line.open_with(door)
    await work_off(door)
    pushing = door.in_background(door.push())
    await line.hears(ANNA, "answer to price")
    pushing.cancel()


async def test_a_message_in_two_parts_goes_on_where_it_stopped(pushing_line: Line) -> None:
    line = pushing_line
    await line.begin(ANNA)
    long = "A sentence of the clinic. " * 60
    line.engine.answers["price"] = says(long.strip(), buttons={"Menu": "/help_menu"})
    line.cloud.fail_next(None, Fails(status=503))
    await line.write(text(ANNA, "price"))
    await line.settled()
    await line.hears(ANNA, long.strip())
    line.reception.clock.pass_by(seconds=1)
    await line.hears(ANNA, long.strip(), CHOOSE)


def unasked(text: str = "Reminder", **more: Any) -> Outbound:
    """A message that nobody asked for, as the door hands it over."""
    content = {"text": text, **more}
    return Outbound("id", "conversation", "whatsapp", "person", content, ANNA, unasked=True)


@pytest.mark.parametrize("failure", [DISCONNECTED, Fails(status=503), Fails(status=504)])
async def test_what_nobody_asked_for_is_over_where_it_may_have_arrived(
    line: Line, failure: Fails
) -> None:
    line.cloud.fail_next(failure)
    assert await line.channel._send(unasked()) is Delivery.FAILED
    assert len(line.cloud.calls) == 1


@pytest.mark.parametrize("code", [4, 130429, 131016, 131056])
async def test_what_nobody_asked_for_is_tried_again_where_meta_refused_it(
    line: Line, code: int
) -> None:
    line.cloud.fail_next(with_code(code))
    assert await line.channel._send(unasked()) is Delivery.LATER
    assert await line.channel._send(unasked()) is Delivery.SENT


async def test_what_nobody_asked_for_is_tried_again_where_it_never_left(line: Line) -> None:
    [port] = free_ports(1)
    nowhere = replace(line.settings, api_base=f"http://127.0.0.1:{port}")
    channel = WhatsApp(line.reception.new_door(), nowhere, wordings().frame)
    assert await channel._send(unasked()) is Delivery.LATER
    await channel.close()


async def test_of_what_nobody_asked_for_no_part_is_sent_twice(line: Line) -> None:
    long = ("A sentence of the clinic. " * 60).strip()
    line.cloud.fail_next(None, with_code(131056))
    said = unasked(long, buttons=[{"title": "Menu", "payload": "/help_menu"}])
    assert await line.channel._send(said) is Delivery.FAILED


async def test_a_slow_network_does_not_keep_the_next_message_waiting(line: Line) -> None:
    await line.begin(ANNA)
    release = asyncio.Event()
    send = line.channel._call

    async def slow(outbound_id: str, body: Any) -> Delivery:
        await release.wait()
        return await send(outbound_id, body)

    line.channel._call = slow  # type: ignore[method-assign]
    await line.write(text(ANNA, "one"), text(ANNA, "two"))
    await eventually(lambda: line.engine.texts == ["one", "two"])
    release.set()
    await line.hears(ANNA, "answer to one", "answer to two")


@pytest.mark.parametrize(
    ("status", "code", "delivery"),
    [
        (200, None, Delivery.SENT),
        *[
            (400, code, Delivery.LATER)
            for code in (4, 80007, 130429, 131000, 131016, 131056, 131057)
        ],
        *[(status, None, Delivery.LATER) for status in (408, 429, 500, 502, 503, 504)],
        *[(400, code, Delivery.BLOCKED) for code in (0, 3, 10, 190, 200, 299, 368, 131031, 131042)],
        *[(status, None, Delivery.BLOCKED) for status in (401, 403)],
        *[
            (400, code, Delivery.FAILED)
            for code in (100, 131008, 131009, 131021, 131026, 131047, 131050, 131062, 130472)
        ],
        *[(status, None, Delivery.FAILED) for status in (301, 400, 404)],
    ],
)
def test_how_a_call_went(status: int, code: int | None, delivery: Delivery) -> None:
    assert judge(status, code) is delivery


# --- what goes out ------------------------------------------------------------------------------


def said(text_: str, **buttons: str) -> list[dict[str, Any]]:
    """The calls for a text with these titles and payloads, each as Meta takes it."""
    listed = [
        {"title": title.replace("_", " "), "payload": value} for title, value in buttons.items()
    ]
    calls = calls_for({"text": text_, "buttons": listed}, CHOOSE, OPEN)
    for call in calls:
        assert list(faults({"messaging_product": "whatsapp", "to": ANNA, **call})) == []
    return calls


def shapes(calls: list[dict[str, Any]]) -> list[str]:
    return [call["interactive"]["type"] if "interactive" in call else "text" for call in calls]


def test_a_text_without_buttons_is_a_text() -> None:
    assert said("Hello") == [{"type": "text", "text": {"preview_url": False, "body": "Hello"}}]


def test_up_to_three_short_buttons_stand_below_the_text() -> None:
    [call] = said("Hello", Price="/a", Menu="/b", Talk_to_our_team_now="/c")
    assert shapes([call]) == ["button"]
    assert text_of(call) == "Hello"
    assert buttons_of(call) == {"Price": "/a", "Menu": "/b", "Talk to our team now": "/c"}


def test_four_buttons_are_rows_of_a_list() -> None:
    [call] = said("Hello", One="/a", Two="/b", Three="/c", Four="/d")
    assert shapes([call]) == ["list"]
    assert list(buttons_of(call)) == ["One", "Two", "Three", "Four"]
    assert call["interactive"]["action"]["button"] == OPEN


def test_a_title_that_is_too_long_for_a_button_makes_a_list() -> None:
    [call] = said("Hello", **{"Talk to our whole team": "/a"})
    assert buttons_of(call) == {"Talk to our whole team": "/a"}
    assert shapes([call]) == ["list"]


def test_a_row_that_had_to_be_cut_is_written_out_below() -> None:
    title = "Talk to our whole team this afternoon"
    [call] = said("Hello", **{title: "/a"})
    [row] = call["interactive"]["action"]["sections"][0]["rows"]
    assert row == {"id": "/a", "title": "Talk to our whole team…", "description": title}


def test_two_buttons_of_one_title_are_rows() -> None:
    buttons = [{"title": "Price", "payload": "/a"}, {"title": "Price", "payload": "/b"}]
    [call] = calls_for({"text": "Hello", "buttons": buttons}, CHOOSE, OPEN)
    assert shapes([call]) == ["list"]


def test_past_ten_rows_another_list_follows() -> None:
    buttons = {f"Row {n}": f"/row_{n}" for n in range(23)}
    calls = said("Hello", **buttons)
    assert [text_of(call) for call in calls] == ["Hello", CHOOSE, CHOOSE]
    assert {title: value for call in calls for title, value in buttons_of(call).items()} == buttons


def test_a_text_that_is_too_long_for_buttons_goes_ahead() -> None:
    long = "word " * 300
    calls = said(long, Menu="/menu")
    assert shapes(calls) == ["text", "button"]
    assert [text_of(call) for call in calls] == [long.strip(), CHOOSE]


def test_the_longest_text_with_buttons_stays_one_message() -> None:
    assert shapes(said("a" * 1024, Menu="/menu")) == ["button"]
    assert shapes(said("a" * 1025, Menu="/menu")) == ["text", "button"]


def test_a_button_that_cannot_be_shown_is_left_out() -> None:
    [call] = said("Hello", **{"Too long": "/" * (LONGEST_PAYLOAD + 1), " ": "/b"})
    assert shapes([call]) == ["text"]


async def test_a_button_that_cannot_be_shown_is_an_error_in_the_log(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.engine.answers["hello"] = says("Hello", buttons={"Price": "/" * 201})
    await line.write(text(ANNA, "hello"))
    await line.settled()
    assert "cannot show" in caplog.text


def test_what_is_too_long_is_cut_after_a_sentence() -> None:
    assert cut("One two. Three four. Five.", 21) == ["One two. Three four.", "Five."]


def test_a_paragraph_is_cut_before_a_sentence_is() -> None:
    assert cut("One two\n\nthree four five six", 20) == ["One two", "three four five six"]


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    assert cut("one two three four", 9) == ["one two", "three", "four"]


def test_a_word_that_is_too_long_is_cut_anywhere() -> None:
    assert cut("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


@given(words=st.text(alphabet="ab .?!।\n…नक", max_size=120), limit=st.integers(1, 30))
def test_a_cut_loses_only_white_space(words: str, limit: int) -> None:
    parts = cut(words, limit)
    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(words.split())


BUTTON = st.fixed_dictionaries(
    {"title": st.text(max_size=90), "payload": st.text(min_size=1, max_size=240)}
)


@given(
    body=st.text(min_size=1).filter(lambda each: each.strip())
    | st.integers(1000, 1050).map("a".__mul__)
    | st.integers(4090, 9000).map("a b. ".__mul__),
    buttons=st.lists(BUTTON, max_size=25),
)
def test_every_limit_of_whatsapp_is_held_and_nothing_is_lost(
    body: str, buttons: list[dict[str, str]]
) -> None:
    calls = calls_for({"text": body, "buttons": buttons}, CHOOSE, OPEN)
    for call in calls:
        assert list(faults({"messaging_product": "whatsapp", "to": ANNA, **call})) == []
    offered = [
        row["id"]
        for call in calls
        if "interactive" in call
        for row in [
            *[each["reply"] for each in call["interactive"]["action"].get("buttons", [])],
            *[
                each
                for section in call["interactive"]["action"].get("sections", [])
                for each in section["rows"]
            ],
        ]
    ]
    fitting = {
        each["payload"]
        for each in buttons
        if each["title"].strip() and len(each["payload"]) <= LONGEST_PAYLOAD
    }
    assert sorted(offered) == sorted(fitting)
    texts = "".join(text_of(call) for call in calls if text_of(call) != CHOOSE)
    assert "".join(texts.split()) == "".join(body.split())


def test_every_reply_of_the_assistant_is_one_message() -> None:
    replies = [variation for [variation] in read_yaml(ROOT / "domain.yml")["responses"].values()]
    for file in (DATA / "answers").glob("*.yml"):
        replies += [variation for [variation] in read_yaml(file)["responses"].values()]
    assert len(replies) > 50
    for reply in replies:
        [call] = calls_for(reply, CHOOSE, OPEN)
        assert list(faults({"messaging_product": "whatsapp", "to": ANNA, **call})) == []
        assert list(buttons_of(call)) == [each["title"] for each in reply.get("buttons", [])]


def test_the_words_around_buttons_fit() -> None:
    assert len(OPEN) <= 20
    assert len(CHOOSE) <= LONGEST_BODY


# --- settings and the front ---------------------------------------------------------------------


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "VAR_DIR": str(tmp_path / "var"),
        "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "WHATSAPP_ACCESS_TOKEN": "token",
        "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
    }


def test_the_settings_of_a_number_are_read(environ: dict[str, str]) -> None:
    settings = read_settings(environ).whatsapp
    assert settings == WhatsAppSettings(
        phone_number_id=PHONE_NUMBER_ID,
        api_base="https://graph.facebook.com",
        api_version="v24.0",
        verify_token=VERIFY_TOKEN,
        app_secret=APP_SECRET,
        access_token="token",
    )


def test_without_a_number_there_is_no_whatsapp(tmp_path: Path) -> None:
    only_base = {"VAR_DIR": str(tmp_path), "WHATSAPP_API_BASE": "https://example.org"}
    assert read_settings(only_base).whatsapp is None


@pytest.mark.parametrize("name", ["VERIFY_TOKEN", "APP_SECRET", "ACCESS_TOKEN", "PHONE_NUMBER_ID"])
def test_half_a_number_is_refused_by_what_is_missing(environ: dict[str, str], name: str) -> None:
    del environ[f"WHATSAPP_{name}"]
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert str(caught.value) == f"WhatsApp is only partly set up: set WHATSAPP_{name} too."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHATSAPP_PHONE_NUMBER_ID", "+91"),
        ("WHATSAPP_API_BASE", "graph.example.org"),
        ("WHATSAPP_API_VERSION", "24"),
    ],
)
def test_a_wrong_value_is_refused_by_name(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} should "):
        read_settings({**environ, name: value})


def test_production_speaks_to_meta_over_tls_only(environ: dict[str, str]) -> None:
    production = {**environ, **SECRETS, "CLINIC_ENV": "production"}
    with pytest.raises(SettingsError, match="https://"):
        read_settings({**production, "WHATSAPP_API_BASE": "http://example.org"})


def test_the_secrets_of_a_number_are_not_shown(environ: dict[str, str]) -> None:
    shown = repr(read_settings({**environ, "WHATSAPP_ACCESS_TOKEN": "an-access-token"}))
    for secret in (VERIFY_TOKEN, APP_SECRET, "an-access-token"):
        assert secret not in shown


class Front:
    """The real front in this process, with no engine behind it."""

    def __init__(self, environment: dict[str, str]) -> None:
        front, engine = free_ports(2)
        ports = {"FRONT_PORT": str(front), "ENGINE_PORT": str(engine)}
        self.settings = read_settings({**environment, **ports})
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{front}")
        config = uvicorn.Config(application(self.settings), port=front, log_config=None)
        self._server = uvicorn.Server(config)

    async def __aenter__(self) -> Front:
        database = Database(self.settings.database_url, Cipher(self.settings.data_key))
        database.migrate()
        database.close()
        self._serving = asyncio.create_task(self._server.serve())
        await eventually(lambda: self._server.started)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        self._server.should_exit = True
        await self._serving


async def test_without_a_number_the_webhook_is_not_there(tmp_path: Path) -> None:
    async with Front({"VAR_DIR": str(tmp_path)}) as front:
        assert (await front.http.get(WEBHOOK, params=handshake())).status_code == 404
        assert (await front.http.post(WEBHOOK, content=b"{}")).status_code == 404


async def test_the_whole_front_answers_whatsapp_though_its_engine_is_down(
    tmp_path: Path, cloud: FakeCloudApi
) -> None:
    async with Front({"VAR_DIR": str(tmp_path), **cloud.environment}) as front:
        assert (await front.http.get(WEBHOOK, params=handshake())).text == "11582014"
        cloud.fail_next(DISCONNECTED)
        raw = json.dumps(webhook(text(ANNA, BREATHLESS))).encode()
        response = await front.http.post(WEBHOOK, content=raw, headers=signed(raw))
        assert response.status_code == 200
        await eventually(lambda: len(cloud.sent_to(ANNA)) == 1)
    assert cloud.texts_to(ANNA)[0].startswith("This could be an emergency. Call 112")
    database = Database(front.settings.database_url, Cipher(front.settings.data_key))
    assert [each.kind for each in open_requests(database)] == ["emergency"]
    database.close()
