"""Which topics to offer when a message was not understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

OFFERED = 3


def nearest_buttons(
    ranking: Sequence[str], labels: Mapping[str, str], offered: int = OFFERED
) -> list[dict[str, str]]:
    """Buttons for the best labels of a ranking that have a button text, best first.

    `ranking` holds labels (`faq/price`, `book_consultation`), `labels` what their buttons say.
    """
    known = [label for label in ranking if label in labels]
    return [{"title": labels[label], "payload": payload(label)} for label in known[:offered]]


def payload(label: str) -> str:
    """What a button to this label carries: ids only, never names or phones."""
    intent, _, topic = label.partition("/")
    return f'/{intent}{{"topic":"{topic}"}}' if topic else f"/{intent}"
