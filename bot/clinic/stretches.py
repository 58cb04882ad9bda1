"""A long message cut into stretches, so that a sign hidden in one is not drowned by the rest."""

from __future__ import annotations

from collections.abc import Sequence

# Words up to which a message is one stretch, and those of a window over a longer sentence.
SHORT = 28
WINDOW = 18
STEP = 9
# So many stretches are read at the most, about 5 ms each; what is longer is read in longer windows.
MOST = 24
_ENDS = frozenset(".!?\u0964\u0965\n")


def stretches(words: Sequence[tuple[str, int, int]], text: str) -> list[str]:
    """The stretches of a message of more than `SHORT` words; none of a shorter one.

    `words`: each token with its first and last place in the text. Sentences of less than half a
    window are joined with the next one; a longer one is read in windows that overlap by half.
    """
    if len(words) <= SHORT:
        return []
    step = max(STEP, len(words) // MOST + 1)
    found: list[tuple[int, int]] = []
    begin = 0
    for place, (word, _, _) in enumerate(words):
        is_last = place == len(words) - 1
        if is_last or (word[-1:] in _ENDS and place + 1 - begin >= step):
            found += _windows(begin, place + 1, step)
            begin = place + 1
    return [text[words[first][1] : words[end - 1][2]] for first, end in found]


def _windows(begin: int, end: int, step: int) -> list[tuple[int, int]]:
    size = WINDOW * step // STEP
    if end - begin <= size:
        return [(begin, end)]
    starts = range(begin, end - size + step, step)
    return [(first, min(first + size, end)) for first in starts]
