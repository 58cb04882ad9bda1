"""A message cut into stretches, so that a sign hidden in one is not drowned by the rest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

# Words of a window over a longer sentence, and how far the next one begins.
WINDOW = 18
STEP = 9
# Words up to which a message without a full stop is one stretch.
SHORT = 28
# A sentence of fewer words says nothing alone and is joined with the next one.
LEAST = 3
# What introduces a sentence ("see this pic, ...", "for my cousin: ...") has no more words.
OPENING = 6
# So many stretches are read at the most, about 5 ms each; what is longer is read in longer windows.
MOST = 24
_ENDS = frozenset(".!?\u0964\u0965\n")
_INTRODUCES = frozenset(",;:\u2013\u2014-")

Words = Sequence[tuple[str, int, int]]


def stretches(words: Words, text: str) -> list[str]:
    """The sentences of a message, and each once more without a few words that introduce it.

    `words`: each token with its first and last place in the text. A sentence longer than a window
    is read in windows that overlap by half. What is one stretch anyway has none.
    """
    found = _cut(words, LEAST, STEP)
    found += [tail for tail in (_behind_opening(words, *each) for each in found) if tail]
    if len(found) > MOST:
        step = max(STEP, len(words) // MOST + 1)
        found = _cut(words, step, step)
    return [
        text[words[first][1] : words[end - 1][2]]
        for first, end in found
        if end - first < len(words)
    ]


def _cut(words: Words, least: int, step: int) -> list[tuple[int, int]]:
    """First word and end of each sentence of at least so many words, or of its windows."""
    ends = [place + 1 for place, (word, _, _) in enumerate(words[:-1]) if word[-1:] in _ENDS]
    begins = [0]
    for end in ends:
        if end - begins[-1] >= least:
            begins.append(end)
    sentences = pairwise([*begins, len(words)])
    whole = SHORT if len(begins) == 1 else WINDOW * step // STEP
    return [each for first, end in sentences for each in _windows(first, end, whole, step)]


def _windows(begin: int, end: int, whole: int, step: int) -> list[tuple[int, int]]:
    size = WINDOW * step // STEP
    if end - begin <= whole:
        return [(begin, end)] if end > begin else []
    starts = range(begin, end - size + step, step)
    return [(first, min(first + size, end)) for first in starts]


def _behind_opening(words: Words, first: int, end: int) -> tuple[int, int] | None:
    """What stands behind a short opening, if it says something alone."""
    for place in range(first + 1, min(first + OPENING + 1, end - LEAST)):
        if words[place][0] in _INTRODUCES:
            return place + 1, end
    return None
