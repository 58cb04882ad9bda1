"""What changed in a text since a doctor approved it, word by word, in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.clinic.content import REJECTED, ContentItem, Decision, Register

_TOKENS = re.compile(r"\s+|[^\s]+")


def changed_texts(register: Register, decisions: Sequence[Decision]) -> list[str]:
    """A paragraph for each text that is not what was approved last; `decisions`: newest last."""
    approved = {each.content_id: each for each in decisions if each.verdict != REJECTED}
    return [
        "\n".join(_told(register.items[item_id], decision))
        for item_id, decision in approved.items()
        if item_id in register.items and decision.hash != register.items[item_id].hash
    ]


def _told(item: ContentItem, decision: Decision) -> Iterator[str]:
    day = decision.at.date().isoformat()
    yield f"{item.id} ({item.title}), approved on {day} by {decision.doctor}:"
    for old, new in ((decision.text, item.whole), (decision.short, item.short)):
        if old != new:
            yield word_diff(old, new)


def word_diff(old: str, new: str) -> str:
    """The new text with what went in `[-...-]` and what came in `{+...+}`, as git shows words."""
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    parts = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        went, came = "".join(before[i1:i2]), "".join(after[j1:j2])
        if what == "equal":
            parts.append(came)
            continue
        parts.append(f"[-{went}-]" if went else "")
        parts.append(f"{{+{came}+}}" if came else "")
    return "".join(parts)
