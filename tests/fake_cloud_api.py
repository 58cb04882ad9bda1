"""A small WhatsApp Business Cloud API: takes messages, refuses what Meta refuses, sends webhooks.

It knows the contract by itself and imports nothing of the channel. The limits are those of Meta's
pages on text messages, interactive reply buttons, interactive lists and error codes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import httpx

PHONE_NUMBER_ID = "11223344"
VERIFY_TOKEN = "a-verify-token-of-the-tests"
APP_SECRET = "an-app-secret-of-the-tests"
ACCESS_TOKEN = "an-access-token-of-the-tests"
VERSION = "v24.0"
WEBHOOK = "/webhooks/whatsapp/webhook"

# HTTP statuses of error codes, as Meta gives them.
STATUS = {
    0: 401, 3: 500, 4: 400, 10: 403, 190: 401, 200: 403,
    80007: 400, 130429: 400, 131000: 500, 131016: 500, 131057: 500,
}  # fmt: skip


@dataclass(frozen=True)
class Fails:
    """The next call fails: with a code of Meta's, a bare HTTP status, or no answer at all."""

    code: int | None = None
    status: int = 400
    subcode: int | None = None

    @property
    def is_silent(self) -> bool:
        """Whether the connection ends without an answer."""
        return not self.status


DISCONNECTED = Fails(status=0)


def with_code(code: int, subcode: int | None = None) -> Fails:
    """A failure by a code of Meta's, with the HTTP status that comes with it."""
    return Fails(code, STATUS.get(code, 400), subcode)


class FakeCloudApi(ThreadingHTTPServer):
    """Meta's side: keeps what was sent to people, and delivers what people write."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listens on a free port from `start` on."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self._failures: list[Fails | None] = []
        self._lock = Lock()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        """Takes calls from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Takes none any more."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The base of the API."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a clinic whose number this is."""
        return {
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
            "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "WHATSAPP_API_BASE": self.url,
            "WHATSAPP_API_VERSION": VERSION,
        }

    def fail_next(self, *failures: Fails | None) -> None:
        """The next calls fail, one after the other; None lets one pass."""
        with self._lock:
            self._failures += failures

    def sent_to(self, address: str) -> list[dict[str, Any]]:
        """What a phone or a business-scoped id was sent, in order."""
        with self._lock:
            return [
                each for each in self.sent if address in (each.get("to"), each.get("recipient"))
            ]

    def texts_to(self, address: str) -> list[str]:
        """The texts that somebody was sent, in order."""
        return [text_of(each) for each in self.sent_to(address)]

    def take(self, path: str, token: str, body: dict[str, Any]) -> Fails | dict[str, Any]:
        """Judges one call and keeps what is right."""
        with self._lock:
            self.calls.append(body)
            failure = self._failures.pop(0) if self._failures else None
            if failure:
                return failure
            if token != f"Bearer {ACCESS_TOKEN}":
                return with_code(190)
            if path != f"/{VERSION}/{PHONE_NUMBER_ID}/messages":
                return with_code(100, 33)
            wrong = list(faults(body))
            if wrong:
                self.refused += wrong
                return with_code(131009)
            self.sent.append(body)
        address = body.get("to") or body.get("recipient")
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": address, "wa_id": body.get("to")}],
            "messages": [{"id": f"wamid.{uuid.uuid4().hex}"}],
        }

    @staticmethod
    def deliver(client: httpx.Client, *messages: dict[str, Any]) -> httpx.Response:
        """Brings a signed webhook with these messages to a front."""
        raw = json.dumps(webhook(*messages)).encode()
        return client.post(WEBHOOK, content=raw, headers=signed(raw))


class _Handler(BaseHTTPRequestHandler):
    server: FakeCloudApi

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.take(self.path, self.headers.get("Authorization", ""), body)
        if not isinstance(answer, Fails):
            self._answer(200, answer)
        elif not answer.is_silent:
            error = {"message": "refused", "code": answer.code, "error_subcode": answer.subcode}
            self._answer(answer.status, {} if answer.code is None else {"error": error})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


# --- what Meta refuses --------------------------------------------------------------------------


def faults(body: dict[str, Any]) -> Iterator[str]:
    """Every way in which a message breaks the contract."""
    if body.get("messaging_product") != "whatsapp":
        yield "messaging_product is not whatsapp"
    if bool(body.get("to")) == bool(body.get("recipient")):
        yield "neither or both of to and recipient"
    if not str(body.get("to", "0")).isdecimal():
        yield "to is no phone in digits"
    if body.get("type") == "text":
        yield from _wrong_length("text.body", body["text"]["body"], 4096)
    elif body.get("type") == "interactive":
        yield from _interactive_faults(body["interactive"])
    elif body.get("type") == "template":
        yield from _template_faults(body["template"])
    else:
        yield "unknown type"


def _template_faults(template: dict[str, Any]) -> Iterator[str]:
    """Meta's 132000 to 132018: names, counts and the letters of a value."""
    if not re.fullmatch(r"[a-z0-9_]{1,512}", template["name"]):
        yield "template.name is none"
    if not template["language"]["code"]:
        yield "template.language is missing"
    for component in template["components"]:
        for parameter in component["parameters"]:
            text = parameter.get("text", parameter.get("payload", ""))
            yield from _wrong_length("parameter", text, 1024)
            if re.search(r"[\n\t]| {5}", text):
                yield "a value holds a line break, a tab or a gap"


def _interactive_faults(interactive: dict[str, Any]) -> Iterator[str]:
    yield from _wrong_length("body.text", interactive["body"]["text"], 1024)
    action = interactive["action"]
    if interactive["type"] == "button":
        replies = [each["reply"] for each in action["buttons"]]
        if not 1 <= len(replies) <= 3:
            yield "not one to three buttons"
        yield from _repeated("title", replies)
        yield from _repeated("id", replies)
        for reply in replies:
            yield from _wrong_length("reply.title", reply["title"], 20)
            yield from _wrong_length("reply.id", reply["id"], 256)
    elif interactive["type"] == "list":
        rows = [row for section in action["sections"] for row in section["rows"]]
        yield from _wrong_length("action.button", action["button"], 20)
        if not 1 <= len(action["sections"]) <= 10 or not 1 <= len(rows) <= 10:
            yield "not one to ten rows"
        yield from _repeated("id", rows)
        for row in rows:
            yield from _wrong_length("row.title", row["title"], 24)
            yield from _wrong_length("row.id", row["id"], 200)
            if "description" in row:
                yield from _wrong_length("row.description", row["description"], 72)
    else:
        yield "unknown type of interactive"


def _wrong_length(name: str, value: str, most: int) -> Iterator[str]:
    if not value.strip() or len(value) > most:
        yield f"{name} is not 1 to {most} characters long"


def _repeated(name: str, holders: Sequence[dict[str, str]]) -> Iterator[str]:
    if len({each[name] for each in holders}) < len(holders):
        yield f"{name} is not unique"


# --- what a patient sees ------------------------------------------------------------------------


def text_of(body: dict[str, Any]) -> str:
    """What a patient reads of a message."""
    return str(
        body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"]
    )


def buttons_of(body: dict[str, Any]) -> dict[str, str]:
    """Titles and ids of a message's buttons or rows."""
    if body["type"] != "interactive":
        return {}
    action = body["interactive"]["action"]
    if "buttons" in action:
        return {each["reply"]["title"]: each["reply"]["id"] for each in action["buttons"]}
    return {row["title"]: row["id"] for section in action["sections"] for row in section["rows"]}


# --- webhooks -----------------------------------------------------------------------------------


def signed(raw: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The headers with which Meta delivers a body."""
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def webhook(*messages: Any, number: str = PHONE_NUMBER_ID, **more: Any) -> dict[str, Any]:
    """A webhook with these messages in one change; `more` stands beside them in its value."""
    return batch([*messages], number=number, **more)


def batch(*changes: list[Any], number: str = PHONE_NUMBER_ID, **more: Any) -> dict[str, Any]:
    """A webhook with an entry for each list of messages."""
    return {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": "a-business-account", "changes": [{"field": "messages", "value": value}]}
            for messages in changes
            for value in [
                {
                    "messaging_product": "whatsapp",
                    "metadata": {"display_phone_number": "number", "phone_number_id": number},
                    "messages": messages,
                    **more,
                }
            ]
        ],
    }


def message(sender: str, kind: str, part: Any, wamid: str = "") -> dict[str, Any]:
    """A message of any kind; a sender that is no phone is a business-scoped id."""
    who = {"from": sender} if sender.isdecimal() else {"from_user_id": sender}
    wamid = wamid or f"wamid.{uuid.uuid4().hex}"
    return {**who, "id": wamid, "timestamp": "1697", "type": kind, kind: part}


def text(sender: str, body: str, wamid: str = "") -> dict[str, Any]:
    """Words."""
    return message(sender, "text", {"body": body}, wamid)


def pressed(sender: str, row_id: str, title: str, *, is_list: bool = False) -> dict[str, Any]:
    """A button or a row that somebody pressed."""
    kind = "list_reply" if is_list else "button_reply"
    return message(sender, "interactive", {"type": kind, kind: {"id": row_id, "title": title}})


def image(sender: str, caption: str = "") -> dict[str, Any]:
    """A photo, with or without words."""
    part = {"mime_type": "image/jpeg", "sha256": "4654+8g=", "id": "65463453"}
    return message(sender, "image", {**part, "caption": caption} if caption else part)


def voice_note(sender: str) -> dict[str, Any]:
    """A recording."""
    part = {"mime_type": "audio/ogg; codecs=opus", "sha256": "4654+8g=", "id": "1", "voice": True}
    return message(sender, "audio", part)
