"""Rasa's REST contract, for development: through the same door as everything else."""

from __future__ import annotations

import uuid
from json import JSONDecodeError

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.door.door import Delivery, Door
from bot.store.messages import Outbound

CHANNEL = "rest"
LONGEST_NAME = 200


def rest_route(door: Door) -> Route:
    """`POST /webhooks/rest/webhook` with `{"sender": ..., "message": ...}`."""

    async def send(_: Outbound) -> Delivery:
        return Delivery.SENT

    async def webhook(request: Request) -> JSONResponse:
        try:
            body = await request.json()
            sender, text = body["sender"], body["message"]
        except (JSONDecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
            return _refused()
        if not isinstance(text, str) or not _is_name(sender):
            return _refused()
        given = body.get("message_id")
        message_id = given if _is_name(given) else uuid.uuid4().hex
        external_id = door.person_key(CHANNEL, f"{sender}:{message_id}")
        answered = await (await door.receive(CHANNEL, sender, external_id, text))
        return JSONResponse([{"recipient_id": sender, **outbound.content} for outbound in answered])

    door.add_channel(CHANNEL, send)
    return Route("/webhooks/rest/webhook", webhook, methods=["POST"])


def _is_name(value: object) -> bool:
    """Whether a value can name a sender or a message: a short text of whole characters."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refused() -> JSONResponse:
    return JSONResponse(
        {"error": 'the body should be {"sender": "...", "message": "..."}'}, status_code=400
    )
