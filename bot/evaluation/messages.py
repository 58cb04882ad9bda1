"""Reads a set of messages with the labels that are right for each, from a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = ("text", "accept")
BETWEEN_LABELS = "|"
TOPIC = "faq/"


class MessagesError(ValueError):
    """A set cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Message:
    """What a patient wrote, and the labels that answer it: best first, topics in full."""

    text: str = field(repr=False)
    accept: tuple[str, ...]


def read_messages(file: Path, labels: Set[str]) -> list[Message]:
    """The messages of a CSV file with the columns `text` and `accept`; others are not read.

    `accept` holds labels separated by `|`, topics with or without `faq/`. `labels` are all that
    the assistant knows, topics in full.

    Raises:
        MessagesError: the file cannot be read, or a row of it cannot be used.
    """
    try:
        # Excel puts a byte order mark before UTF-8; the codec takes both.
        content = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MessagesError(f"{file} is not there.") from None
    except UnicodeDecodeError:
        raise MessagesError(
            f"{file} is not UTF-8: save it again as CSV with the encoding UTF-8."
        ) from None
    except OSError as error:
        raise MessagesError(f"{file} cannot be read ({error.strerror}).") from None
    rows = _rows(file, content)
    _, head = next(rows, (1, []))
    names = [name.strip() for name in head]
    missing = [name for name in COLUMNS if name not in names]
    if not content.strip():
        raise MessagesError(f"{file} is empty: it should hold the columns {' and '.join(COLUMNS)}.")
    if missing:
        raise MessagesError(
            f"{file} has no column {' and no column '.join(missing)}: the first line should name "
            "the columns, separated by commas."
        )
    messages = []
    for line, row in rows:
        cells = dict(zip(names, row, strict=False))
        text, accept = (cells.get(name, "").strip() for name in COLUMNS)
        messages.append(_message(file, line, text, accept, labels))
    if not messages:
        raise MessagesError(f"{file} holds no message below its first line.")
    return messages


def _rows(file: Path, content: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, each with the number of the line where it begins."""
    reader = csv.reader(io.StringIO(content), strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error:
        raise MessagesError(
            f"{file}, line {line}: this is not CSV (is a quotation mark open?)."
        ) from None


def _message(file: Path, line: int, text: str, accept: str, labels: Set[str]) -> Message:
    # Of a text that is only slashes the channel leaves nothing.
    if not text.lstrip("/").strip():
        raise MessagesError(f"{file}, line {line}: the text is empty.")
    names = [name.strip() for name in accept.split(BETWEEN_LABELS) if name.strip()]
    if not names:
        raise MessagesError(f"{file}, line {line}: the column accept is empty.")
    found = []
    for name in names:
        full = name if name in labels else TOPIC + name
        if full not in labels:
            raise MessagesError(
                f"{file}, line {line}: there is no label {name!r}; all labels stand in data/nlu."
            )
        found.append(full)
    return Message(text, tuple(dict.fromkeys(found)))
