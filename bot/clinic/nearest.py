"""Which topics to offer when a message was not understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

OFFERED = 3
# Every such offer also leads on: to everything else, and to a person (brief 6.6 and 7.2b).
WAYS_ON = ("help_menu", "talk_to_staff")


def nearest_buttons(ranking: Sequence[str], labels: Mapping[str, str]) -> list[dict[str, str]]:
    """Buttons for the three best labels of a ranking that have a button text, and the ways on.

    `ranking` holds labels (`faq/price`, `book_consultation`), best first; `labels` what their
    buttons say. Empty if the ranking offers nothing.
    """
    nearest = [label for label in ranking if label in labels and label not in WAYS_ON][:OFFERED]
    if not nearest:
        return []
    return [{"title": labels[label], "payload": payload(label)} for label in (*nearest, *WAYS_ON)]


def payload(label: str) -> str:
    """What a button to this label carries: ids only, never names or phones."""
    intent, _, topic = label.partition("/")
    return f'/{intent}{{"topic":"{topic}"}}' if topic else f"/{intent}"
