"""Puts several answers into one message, and the answers to questions beside a task.

Several questions get the short forms of their answers, one source line, one notice and a button to
each whole answer (clinical brief, 6.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Characters of several answers with source and notice (clinical brief, 6.1).
MOST_CHARACTERS = 1000
# WhatsApp: reply buttons and their titles; rows of a list (clinical brief, 6.1, W01 to W05).
MOST_BUTTONS, LONGEST_TITLE = 3, 20
MOST_ROWS = 10
# The later one tells more; an answer without a notice of its own needs none.
NOTICES = ("none", "information", "check")

Message = dict[str, Any]
Button = dict[str, str]


@dataclass(frozen=True)
class ShortAnswer:
    """The short form of one answer, filled, with what stands under it and on its button."""

    text: str
    source: str
    notice: str
    button: Button


def told_together(answers: Sequence[ShortAnswer], wording: Mapping[str, Any], unread: str) -> str:
    """The answers as paragraphs, over one source line and the most telling of their notices.

    `wording`: the content of `data/wording.yml`; `unread`: the line under a medical text that no
    doctor has read, or an empty string. What does not fit stays to its button.
    """
    text = ""
    for count in range(len(answers), 0, -1):
        text = _together(answers[:count], wording, unread)
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def _together(answers: Sequence[ShortAnswer], wording: Mapping[str, Any], unread: str) -> str:
    lines = ["\n\n".join(each.text for each in answers)]
    join = str(wording["sources_join"])
    sources = dict.fromkeys(
        source for each in answers for source in each.source.split(join) if source
    )
    if sources:
        lines.append(str(wording["source"]).format(source=join.join(sources)))
    notice = max((each.notice for each in answers), key=NOTICES.index)
    if notice != NOTICES[0]:
        lines += [str(wording["notices"][notice]), *([unread] if unread else [])]
    return "\n".join(lines)


def more_title(topic: str, patterns: Sequence[str]) -> str:
    """The title of the button to a whole answer: the first pattern that fits into 20 characters.

    `patterns` hold `{topic}`, the fullest first. A topic too long for all of them loses its last
    words.
    """
    titles = [pattern.format(topic=topic) for pattern in patterns]
    fitting = next((title for title in titles if len(title) <= LONGEST_TITLE), "")
    if fitting:
        return fitting
    return f"{topic[:LONGEST_TITLE].rpartition(' ')[0].rstrip(' ,;')}\u2026"


def beside_task(messages: Sequence[Message], beside: Mapping[str, Any] | None) -> list[Message]:
    """The messages of a task with what the same message asked or wished for beside it.

    `beside` is what the tracker keeps of such a message: `topics` (a message, or None), `is_after`
    (the task's own words come first, as for a sign after treatment) and `offered` (buttons to what
    was wished for too and is not begun). The topics stand in front of the task's first text, or
    come as a message of their own where both would be too long or have too many buttons.
    """
    if not beside or not messages:
        return list(messages)
    first, *rest = messages
    topics, offered = beside["topics"], beside["offered"]
    first = _with_buttons(first, offered, MOST_ROWS)
    if topics is None:
        return [first, *rest]
    if beside["is_after"]:
        return [first, topics, *rest]
    own, more = first.get("buttons", []), topics["buttons"]
    text = f"{topics['text']}\n\n{first['text']}"
    most = MOST_BUTTONS if len(own) <= MOST_BUTTONS else MOST_ROWS
    if len(text) > MOST_CHARACTERS or len(own) + len(more) > most:
        return [topics, first, *rest]
    return [{**first, "text": text, "buttons": [*own, *more]}, *rest]


def _with_buttons(message: Message, more: Sequence[Button], most: int) -> Message:
    """The message with more buttons behind its own, if no more than `most` come together."""
    buttons = [*message.get("buttons", []), *more]
    return {**message, "buttons": buttons} if more and len(buttons) <= most else message
