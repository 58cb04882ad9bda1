"""The front's side of the engine's channel, against a real server that speaks it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from bot.clinic.payloads import Press
from bot.door.engine import Engine, EngineError, Turn
from tests.house import free_ports

TOKEN = "a-token-of-the-test"
ANSWER = {
    "messages": [{"text": "Hello"}],
    "intent": "greet",
    "judgement": {"urgency": "none", "sign": "", "language": "en"},
}


class FakeEngine(ThreadingHTTPServer):
    """Answers every call alike and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.answer: bytes = json.dumps(ANSWER).encode()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.tokens: list[str | None] = []


class _Handler(BaseHTTPRequestHandler):
    server: FakeEngine

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: dict[str, Any]) -> None:
        self.server.calls.append((self.command, self.path, body))
        self.server.tokens.append(self.headers["Authorization"])
        if not self.server.status:
            return  # the connection ends without an answer
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def server() -> Iterator[FakeEngine]:
    started = FakeEngine()
    thread = Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield started
    started.shutdown()
    started.server_close()
    thread.join()


@pytest.fixture
async def engine(server: FakeEngine) -> AsyncIterator[Engine]:
    opened = Engine(f"http://127.0.0.1:{server.server_port}", TOKEN)
    yield opened
    await opened.close()


async def turn(engine: Engine, press: Press | None = None, again: bool = False) -> Turn:
    return await engine.turn(
        "conversation-1", "message-1", "Hello there", press, again=again, angry=False
    )


async def test_a_turn_sends_the_message_with_its_ids(server: FakeEngine, engine: Engine) -> None:
    await turn(engine)
    sent = {
        "conversation": "conversation-1",
        "message": "message-1",
        "text": "Hello there",
        "press": None,
        "again": False,
        "angry": False,
        "content": {},
    }
    assert server.calls == [("POST", "/front/turn", sent)]


async def test_every_call_carries_the_token(server: FakeEngine, engine: Engine) -> None:
    await turn(engine)
    await engine.record("conversation-1", "message-1", "help", "Call 112")
    assert server.tokens == [f"Bearer {TOKEN}"] * 2


async def test_a_press_is_sent_as_intent_and_ids(server: FakeEngine, engine: Engine) -> None:
    await turn(engine, Press("faq", {"topic": "price"}), again=True)
    [(_, _, sent)] = server.calls
    assert sent["press"] == {"intent": "faq", "entities": {"topic": "price"}}
    assert sent["again"] is True


async def test_a_turn_gives_what_the_engine_made_of_it(engine: Engine) -> None:
    assert await turn(engine) == Turn([{"text": "Hello"}], "greet", "none")


async def test_a_turn_says_how_texts_are_served(server: FakeEngine) -> None:
    async def content() -> dict[str, list[str]]:
        return {"withheld": ["faq/pain"]}

    engine = Engine(f"http://127.0.0.1:{server.server_port}", TOKEN, content)
    await turn(engine)
    [(_, _, sent)] = server.calls
    assert sent["content"] == {"withheld": ["faq/pain"]}
    await engine.close()


async def test_a_turn_tells_that_an_answer_was_withheld(server: FakeEngine, engine: Engine) -> None:
    server.answer = json.dumps({**ANSWER, "withheld": True}).encode()
    assert (await turn(engine)).withheld


async def test_a_turn_shows_no_words_in_a_traceback(engine: Engine) -> None:
    assert "Hello" not in repr(await turn(engine))


async def test_an_empty_answer_is_an_error(server: FakeEngine, engine: Engine) -> None:
    server.answer = json.dumps({**ANSWER, "messages": []}).encode()
    with pytest.raises(EngineError, match="answered nothing"):
        await turn(engine)


@pytest.mark.parametrize("status", [401, 404, 500, 503])
async def test_a_refusal_is_an_error_that_names_the_status(
    server: FakeEngine, engine: Engine, status: int
) -> None:
    server.status = status
    with pytest.raises(EngineError, match=f"^the engine answered {status}$"):
        await turn(engine)


async def test_a_connection_that_breaks_off_is_an_error(server: FakeEngine, engine: Engine) -> None:
    server.status = 0
    with pytest.raises(EngineError, match=r"^no answer from the engine: RemoteProtocolError$"):
        await turn(engine)


async def test_an_engine_that_is_down_is_an_error() -> None:
    [port] = free_ports(1)
    engine = Engine(f"http://127.0.0.1:{port}", TOKEN)
    with pytest.raises(EngineError, match=r"^no answer from the engine: ConnectError$"):
        await turn(engine)
    assert not await engine.is_ready()
    await engine.close()


@pytest.mark.parametrize("answer", [b"<html>", b"{}"])
async def test_an_answer_of_another_shape_is_an_error(
    server: FakeEngine, engine: Engine, answer: bytes
) -> None:
    server.answer = answer
    with pytest.raises(EngineError):
        await turn(engine)


async def test_a_record_sends_words_and_reply(server: FakeEngine, engine: Engine) -> None:
    await engine.record("conversation-1", "message-1", "I cannot breathe", "Call 112")
    sent = {
        "conversation": "conversation-1",
        "message": "message-1",
        "text": "I cannot breathe",
        "reply": "Call 112",
    }
    assert server.calls == [("POST", "/front/record", sent)]


async def test_a_record_that_fails_is_an_error_without_words(
    server: FakeEngine, engine: Engine
) -> None:
    server.status = 500
    with pytest.raises(EngineError) as caught:
        await engine.record("conversation-1", "message-1", "I cannot breathe", "Call 112")
    assert str(caught.value) == "the engine answered 500"


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
async def test_the_engine_is_ready_when_its_health_says_so(
    server: FakeEngine, engine: Engine, status: int, ready: bool
) -> None:
    server.status = status
    assert await engine.is_ready() is ready
    assert server.calls == [("GET", "/front/health", {})]
