"""WhatsApp's channel: webhooks of the Business Cloud API in, its messages out.

The names of fields, the limits and the error codes are those of Meta's Cloud API reference:
webhooks, text messages, interactive reply buttons, interactive lists, error codes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import logs
from bot.door.door import REACTION, Delivery, Door, NotStoredError
from bot.settings import WhatsAppSettings
from bot.store.messages import TEXT, Outbound

logger = logging.getLogger(__name__)
CHANNEL = "whatsapp"
PATH = "/webhooks/whatsapp/webhook"
# The largest webhook that Meta sends, in bytes.
LARGEST_WEBHOOK = 3 * 1024 * 1024
LONGEST_WAMID = 1000
# Seconds for one call.
CALL_LIMIT, CONNECT_LIMIT = 15.0, 5.0
MOST_CALLS_AT_ONCE = 20

# Limits of a message, in characters.
LONGEST_TEXT = 4096
# Of buttons; a list may be longer, but not with every provider between Meta and a clinic.
LONGEST_BODY = 1024
MOST_BUTTONS, LONGEST_TITLE = 3, 20
MOST_ROWS, LONGEST_ROW, LONGEST_DESCRIPTION = 10, 24, 72
# Of a row; a button's may be longer.
LONGEST_PAYLOAD = 200

# Codes of errors after which another try may succeed: limits of calls and unavailability.
BUSY = {1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057}
# Codes that are about the clinic's account, number or token, with 200 to 299: nothing is wrong
# with the message, and somebody has to mend the account.
ACCOUNT = {0, 3, 10, 190, 368, 131005, 131031, 131042, 131045, 131048, 133010, 133016}
# Subcode of 100: the phone number's id is wrong or not the token's.
UNKNOWN_OBJECT = 33
TRY_AGAIN_STATUS = (408, 429)
# Errors before a request was sent; after any other one Meta may have it.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
ACCOUNT_STATUS = (401, 403)

PHONE = re.compile(r"[0-9]{5,20}")
# A business-scoped user id: country, dot, up to 128 letters and digits.
SCOPED_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}")
# Where the words of a message stand, and those that may come with something else.
WORDS = {"text": "body", "button": "payload"}
WORDS_BESIDE = {"image": "caption", "video": "caption", "document": "caption", REACTION: "emoji"}
WORDLESS = ("audio", "sticker", "location")
# About the chat itself: a number was changed, a message taken back. Nobody waits for an answer.
EVENTS = ("system", "revoke")
OTHER = "other"
SENTENCE_END = re.compile(r"\n+|(?<=[.!?।…])\s+")


@dataclass(frozen=True)
class Received:
    """One message as a webhook brought it."""

    id: str = field(repr=False)
    person: str = field(repr=False)
    address: str = field(repr=False)
    text: str = field(repr=False)
    kind: str


class WhatsApp:
    """The clinic's number: takes Meta's webhooks and sends what the door hands over."""

    def __init__(self, door: Door, settings: WhatsAppSettings, wording: Mapping[str, Any]) -> None:
        """`wording`: the content of `data/wording.yml`. Opens no connection yet."""
        self._door = door
        self._settings = settings
        self._choose = str(wording["choose_below"])
        self._open_list = str(wording["open_list"])
        # How many calls of a message succeeded before one did not.
        self._begun: dict[str, int] = {}
        self._client = httpx.AsyncClient(
            base_url=settings.api_base,
            headers={"Authorization": f"Bearer {settings.access_token}"},
            timeout=httpx.Timeout(CALL_LIMIT, connect=CONNECT_LIMIT, pool=None),
            limits=httpx.Limits(max_connections=MOST_CALLS_AT_ONCE),
        )
        door.add_channel(CHANNEL, self._send, pushes=True)

    def routes(self) -> list[Route]:
        """Where Meta verifies the webhook, and where it delivers."""
        return [
            Route(PATH, self._verify, methods=["GET"]),
            Route(PATH, self._deliver, methods=["POST"]),
        ]

    async def close(self) -> None:
        """Gives the connections back."""
        await self._client.aclose()

    async def _verify(self, request: Request) -> Response:
        """Meta's handshake: the challenge comes back if the token is ours."""
        query = request.query_params
        token = query.get("hub.verify_token", "").encode()
        is_ours = hmac.compare_digest(token, self._settings.verify_token.encode())
        if query.get("hub.mode") != "subscribe" or not is_ours:
            return Response(status_code=403)
        return PlainTextResponse(query.get("hub.challenge", ""))

    async def _deliver(self, request: Request) -> Response:
        """Stores every message of a webhook; 200 says that all are safe.

        503 has Meta bring the webhook again, which it does for days; what is stored already is
        known by its id.
        """
        raw = await _read(request)
        if raw is None:
            return Response(status_code=413)
        given = request.headers.get("X-Hub-Signature-256", "")
        if not _is_signed(raw, given, self._settings.app_secret):
            return Response(status_code=401)
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        taken = [
            await self._take(item, contacts)
            for item, contacts in messages_in(body, self._settings.phone_number_id)
        ]
        return Response(status_code=200 if all(taken) else 503)

    async def _take(self, item: Any, contacts: Sequence[Mapping[str, Any]]) -> bool:
        """Brings one message to the door; false if Meta should bring it again."""
        try:
            received = read_message(item, contacts)
            if received is not None:
                await self._door.receive(
                    CHANNEL,
                    received.person,
                    # WhatsApp's id of a message holds the number that wrote it, in base64.
                    self._door.person_key(CHANNEL, received.id),
                    received.text,
                    address=received.address,
                    kind=received.kind,
                )
        except NotStoredError:
            return False
        except Exception as error:
            logger.error(
                "an item of a webhook was not read, error %s: %s",
                logs.new_error_id(),
                logs.describe(error),
            )
        return True

    async def _send(self, outbound: Outbound) -> Delivery:
        """Says one message, in as many calls as it needs; goes on where it stopped before.

        What nobody asked for ends where nobody knows how far it came: it must not come twice.
        """
        if not outbound.address:
            logger.error("message %s has no address", outbound.id)
            return Delivery.FAILED
        buttons = outbound.content.get("buttons", [])
        if len(_fitting(buttons)) < len(buttons):
            logger.error("message %s has buttons that WhatsApp cannot show", outbound.id)
        calls = calls_for(outbound.content, self._choose, self._open_list)
        for number in range(self._begun.pop(outbound.id, 0), len(calls)):
            delivery = await self._call(outbound, {**_to(outbound.address), **calls[number]})
            if delivery is not Delivery.SENT:
                if outbound.unasked and number:
                    # A restart forgets that it was begun.
                    return Delivery.FAILED
                if delivery is not Delivery.FAILED:
                    self._begun[outbound.id] = number
                return delivery
        return Delivery.SENT

    async def _call(self, outbound: Outbound, body: Mapping[str, Any]) -> Delivery:
        settings = self._settings
        path = f"/{settings.api_version}/{settings.phone_number_id}/messages"
        try:
            response = await self._client.post(path, json=body)
        except httpx.HTTPError as error:
            logger.warning("message %s got no answer: %s", outbound.id, type(error).__name__)
            may_have_left = not isinstance(error, NOT_SENT)
            return Delivery.FAILED if outbound.unasked and may_have_left else Delivery.LATER
        code, subcode = _error_of(response)
        delivery = judge(response.status_code, code, subcode)
        if outbound.unasked and code is None and response.status_code >= 500:
            # Not Meta says so, but something on the way there or back.
            delivery = Delivery.FAILED
        if delivery is not Delivery.SENT:
            level = logging.WARNING if delivery is Delivery.LATER else logging.ERROR
            logger.log(
                level,
                "WhatsApp refused message %s: HTTP %s, code %s",
                outbound.id,
                response.status_code,
                code,
            )
        return delivery


async def _read(request: Request) -> bytes | None:
    """The raw body; None as soon as it is larger than any webhook of Meta's."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_WEBHOOK:
            return None
    return bytes(raw)


def _is_signed(raw: bytes, given: str, secret: str) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def messages_in(body: Any, phone_number_id: str) -> Iterator[tuple[Any, list[Mapping[str, Any]]]]:
    """Every message to one number in a webhook, with the contacts that came with it.

    A webhook holds up to 1,000 updates; statuses and errors among them are left out.
    """
    for entry in _objects(body, "entry"):
        for change in _objects(entry, "changes"):
            value = change.get("value")
            if change.get("field") != "messages" or not isinstance(value, dict):
                continue
            metadata = value.get("metadata")
            number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
            messages = value.get("messages")
            if number == phone_number_id and isinstance(messages, list):
                contacts = _objects(value, "contacts")
                for message in messages:
                    yield message, contacts


def _objects(holder: Any, name: str) -> list[Mapping[str, Any]]:
    """The JSON objects of a list; what has another shape is nothing."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def read_message(message: Any, contacts: Sequence[Mapping[str, Any]]) -> Received | None:
    """Who wrote what; None for what is no message of a patient's.

    A button's or a row's id is its text, as a button of the website sends its payload. What has
    no known shape is a message of another kind without words: it is answered too.

    Raises:
        ValueError: nobody could be answered, or it has no id.
    """
    if not isinstance(message, dict):
        raise ValueError("a message should be a JSON object")
    if message.get("type") in EVENTS:
        return None
    wamid = message.get("id")
    if not isinstance(wamid, str) or not 0 < len(wamid) <= LONGEST_WAMID:
        raise ValueError("the message has no id")
    phone = _matching(PHONE, message.get("from"))
    scoped = _matching(SCOPED_ID, message.get("from_user_id"))
    if phone and not scoped:
        theirs = [each for each in contacts if each.get("wa_id") == phone]
        scoped = _matching(SCOPED_ID, theirs[0].get("user_id")) if theirs else ""
    if not phone and not scoped:
        raise ValueError("the message has no sender")
    try:
        text, kind = _words(message)
    except (KeyError, TypeError, AttributeError):
        text, kind = "", OTHER
    if not isinstance(text, str):
        text, kind = "", OTHER
    return Received(wamid, scoped or phone, phone or scoped, text, kind)


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _words(message: Mapping[str, Any]) -> tuple[Any, str]:
    """The words of a message and its kind; it may have any shape."""
    kind = message["type"]
    part: Any = message.get(kind)
    if kind == "edit":
        # What a patient wrote instead is a message of its own, and judged like any other.
        return _words(part["message"])
    if kind == "interactive":
        return part[part["type"]]["id"], TEXT
    if kind in WORDS:
        return part[WORDS[kind]], TEXT
    if kind in WORDS_BESIDE:
        return part.get(WORDS_BESIDE[kind]) or "", kind
    return "", kind if kind in WORDLESS else OTHER


def _to(address: str) -> dict[str, Any]:
    """The frame of a call: a phone is written to by `to`, a business-scoped id by `recipient`."""
    whom = "to" if PHONE.fullmatch(address) else "recipient"
    return {"messaging_product": "whatsapp", "recipient_type": "individual", whom: address}


def calls_for(content: Mapping[str, Any], choose: str, open_list: str) -> list[dict[str, Any]]:
    """The bodies of the calls that say one message, in order, without whom they are for.

    Up to three short buttons stand below the text; more, or longer ones, are rows of a list, and
    past ten rows another list follows. A text that is too long for one message with buttons goes
    ahead by itself. Buttons without a title or with a payload over 200 characters are left out.

    Args:
        content: `{"text": ..., "buttons": [{"title": ..., "payload": ...}]}`; a `template` in it
            is sent instead: `{"name": ..., "language": ..., "values": [...], "payloads": [...]}`.
        choose: the text above buttons whose own text went ahead.
        open_list: what opens a list, at most 20 characters.
    """
    if "template" in content:
        return [_template(content["template"])]
    text = content["text"].strip()
    buttons = _fitting(content.get("buttons", []))
    has_room = bool(buttons) and 0 < len(text) <= LONGEST_BODY
    calls = [] if has_room else [_text(part) for part in cut(text, LONGEST_TEXT)]
    body = text if has_room else choose
    if _are_short(buttons):
        calls += [_reply_buttons(body, buttons)] if buttons else []
        return calls
    for first in range(0, len(buttons), MOST_ROWS):
        calls.append(_list(body, buttons[first : first + MOST_ROWS], open_list))
        body = choose
    return calls


def _template(template: Mapping[str, Any]) -> dict[str, Any]:
    """A message outside the 24 hours, in the words that Meta has approved."""
    values = [{"type": "text", "text": _in_a_row(each)} for each in template["values"]]
    buttons = [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(place),
            "parameters": [{"type": "payload", "payload": payload}],
        }
        for place, payload in enumerate(template["payloads"])
    ]
    return {
        "type": "template",
        "template": {
            "name": template["name"],
            "language": {"code": template["language"]},
            "components": [{"type": "body", "parameters": values}, *buttons],
        },
    }


def _in_a_row(text: str) -> str:
    """A value as Meta takes it: no line breaks, no tabs, no gaps."""
    return " ".join(text.split())


def _fitting(buttons: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The buttons that can be shown; of two with one payload the first."""
    found: dict[str, Mapping[str, str]] = {}
    for button in buttons:
        payload = button["payload"]
        if button["title"].strip() and 0 < len(payload) <= LONGEST_PAYLOAD:
            found.setdefault(payload, button)
    return list(found.values())


def _are_short(buttons: Sequence[Mapping[str, str]]) -> bool:
    titles = {button["title"].strip() for button in buttons}
    return len(titles) == len(buttons) <= MOST_BUTTONS and all(
        len(title) <= LONGEST_TITLE for title in titles
    )


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"preview_url": False, "body": text}}


def _reply_buttons(text: str, buttons: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": each["payload"], "title": each["title"].strip()}}
        for each in buttons
    ]
    action = {"buttons": replies}
    interactive = {"type": "button", "body": {"text": text}, "action": action}
    return {"type": "interactive", "interactive": interactive}


def _list(text: str, buttons: Sequence[Mapping[str, str]], label: str) -> dict[str, Any]:
    action = {"button": label, "sections": [{"rows": [_row(each) for each in buttons]}]}
    interactive = {"type": "list", "body": {"text": text}, "action": action}
    return {"type": "interactive", "interactive": interactive}


def _row(button: Mapping[str, str]) -> dict[str, str]:
    """A row; a title that had to be cut stands in full below itself."""
    title = button["title"].strip()
    row = {"id": button["payload"], "title": _shortened(title, LONGEST_ROW)}
    if len(title) > LONGEST_ROW:
        row["description"] = _shortened(title, LONGEST_DESCRIPTION)
    return row


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def cut(text: str, limit: int) -> list[str]:
    """A text in parts of at most `limit` characters, cut where a line or a sentence ends.

    A sentence that is longer is cut between words, and a word that is longer anywhere. Only
    white space is lost.
    """
    parts = []
    rest = text.strip()
    while len(rest) > limit:
        # One more character is looked at: the end may be just there.
        window = rest[: limit + 1]
        ends = [found.start() for found in SENTENCE_END.finditer(window) if found.start()]
        end = ends[-1] if ends else max(window.rfind(" "), window.rfind("\n"))
        end = end if end > 0 else limit
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts


def _error_of(response: httpx.Response) -> tuple[int | None, int | None]:
    """Code and subcode of Meta's error; None where there is none."""
    try:
        error = response.json()["error"]
        code, subcode = error.get("code"), error.get("error_subcode")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None
    return (
        code if isinstance(code, int) else None,
        subcode if isinstance(subcode, int) else None,
    )


def judge(status: int, code: int | None, subcode: int | None = None) -> Delivery:
    """How a call went, by its HTTP status and the code of its error (Meta's error codes)."""
    is_account = code in ACCOUNT or (code is not None and 200 <= code <= 299)
    if code is None and 200 <= status <= 299:
        return Delivery.SENT
    if code in BUSY or status in TRY_AGAIN_STATUS:
        return Delivery.LATER
    if is_account or (code == 100 and subcode == UNKNOWN_OBJECT):
        return Delivery.BLOCKED
    if status >= 500:
        return Delivery.LATER
    return Delivery.BLOCKED if status in ACCOUNT_STATUS else Delivery.FAILED
