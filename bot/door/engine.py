"""The front's side of the engine's channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.clinic.payloads import Press

# The door bounds a turn; this only ends calls that nobody waits for any more. In seconds.
CALL_LIMIT = httpx.Timeout(60.0, connect=2.0)
HEALTH_LIMIT = httpx.Timeout(2.0)
# Seconds: the engine's server closes an idle connection after 5, perhaps just as we use it.
KEPT_OPEN = 2.0


class EngineError(RuntimeError):
    """The engine is down, slow or failed; the message holds no words of a patient's."""


@dataclass(frozen=True)
class Turn:
    """What the engine made of one message."""

    messages: list[dict[str, Any]] = field(repr=False)
    intent: str
    urgency: str
    # Whether an answer was kept back that no doctor has approved: the team has to answer it.
    withheld: bool = False


Content = Callable[[], Awaitable[Mapping[str, Any]]]


async def _as_in_the_files() -> Mapping[str, Any]:
    return {}


class Engine:
    """Calls the engine on loopback with the shared token."""

    def __init__(self, url: str, token: str, content: Content = _as_in_the_files) -> None:
        """Opens no connection yet; `content` says how texts are served (`ServedContent.block`)."""
        self._url = url
        self._content = content
        self._headers = {"Authorization": f"Bearer {token}"}
        # Not a client: cookies, redirects and merging of settings cost as much as the call.
        self._transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(keepalive_expiry=KEPT_OPEN))

    async def turn(
        self,
        conversation_id: str,
        message_id: str,
        text: str,
        press: Press | None,
        *,
        again: bool,
        angry: bool,
    ) -> Turn:
        """Has a message understood, judged and answered.

        `again`: it may have been answered before a crash; then the first answer comes back.
        `angry`: it sounds so; it is taken for a complaint unless it is something worse.

        Raises:
            EngineError: no answer, or an empty one (the actions are down).
        """
        body = await self._post(
            "/front/turn",
            {
                "conversation": conversation_id,
                "message": message_id,
                "text": text,
                "press": press and {"intent": press.intent, "entities": dict(press.entities)},
                "again": again,
                "angry": angry,
                "content": dict(await self._content()),
            },
        )
        try:
            turn = Turn(
                body["messages"],
                body["intent"],
                body["judgement"]["urgency"],
                bool(body.get("withheld")),
            )
        except (KeyError, TypeError):
            raise EngineError("the engine's answer has another shape") from None
        if not turn.messages:
            raise EngineError("the engine answered nothing: are the actions down?")
        return turn

    async def record(self, conversation_id: str, message_id: str, text: str, reply: str) -> None:
        """Puts a message that was answered without the engine into the tracker.

        Raises:
            EngineError: it could not be put there.
        """
        await self._post(
            "/front/record",
            {
                "conversation": conversation_id,
                "message": message_id,
                "text": text,
                "reply": reply,
            },
        )

    async def is_ready(self) -> bool:
        """Whether the engine answers and has a model."""
        try:
            response = await self._call("GET", "/front/health", HEALTH_LIMIT)
        except httpx.HTTPError:
            return False
        return response.status_code == httpx.codes.OK

    async def close(self) -> None:
        """Gives the connections back."""
        await self._transport.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._call("POST", path, CALL_LIMIT, body)
        except httpx.HTTPError as error:
            raise EngineError(f"no answer from the engine: {type(error).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise EngineError(f"the engine answered {response.status_code}")
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            raise EngineError("the engine's answer has another shape") from None
        return answer

    async def _call(
        self, method: str, path: str, limit: httpx.Timeout, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        request = httpx.Request(
            method,
            f"{self._url}{path}",
            headers=self._headers,
            json=body,
            extensions={"timeout": limit.as_dict()},
        )
        response = await self._transport.handle_async_request(request)
        await response.aread()
        return response
