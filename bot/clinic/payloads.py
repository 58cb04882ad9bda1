"""What a button carries, read and written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PAYLOAD = re.compile(r"/([a-z_]+)(\{.*\})?", re.DOTALL)


@dataclass(frozen=True)
class Press:
    """A pressed button: the intent it stands for and its ids, such as `topic`."""

    intent: str
    entities: Mapping[str, str] = field(repr=False)


def read_payload(text: str) -> Press | None:
    """The press that a payload such as `/faq{"topic":"price"}` means; None if it is none.

    Whether this conversation was offered it is another question, which the door asks.
    """
    found = _PAYLOAD.fullmatch(text)
    if not found:
        return None
    try:
        entities = json.loads(found.group(2) or "{}")
    except (json.JSONDecodeError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in entities.values()):
        return None
    return Press(found.group(1), entities)


def write_payload(press: Press) -> str:
    """The payload that `read_payload` reads; ids only, never a name or a phone."""
    entities = json.dumps(dict(press.entities), separators=(",", ":")) if press.entities else ""
    return f"/{press.intent}{entities}"


def as_plain_text(text: str) -> str:
    """Text that Rasa cannot take for a command: without leading slashes and control characters.

    Lines stay apart: a patient often writes one question a line.
    """
    printable = "".join(
        letter if letter.isprintable() or letter == "\n" else " " for letter in text
    )
    return printable.strip().lstrip("/ \n").strip()
