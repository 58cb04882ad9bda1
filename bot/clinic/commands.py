"""Whole messages that are a command, whatever the classifier thinks (brief 6.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


class Commands:
    """Knows the words that always work: agent, person, human, menu, stop and the like.

    Only the whole message counts: "won't stop bleeding" is no STOP.
    """

    def __init__(self, wordings: Mapping[str, Sequence[str]]) -> None:
        """`wordings`: intent -> messages, as in `data/commands.yml`."""
        self._intents = {
            _plain(wording): intent for intent, texts in wordings.items() for wording in texts
        }

    def intent_of(self, text: str) -> str:
        """The intent that the whole text commands, or an empty string."""
        return self._intents.get(_plain(text), "")


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower().replace("'", "").replace("’", "")))
