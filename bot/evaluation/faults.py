"""Made faults: the same message as a hurried thumb, a shouting or a chatting patient types it.

Each form is a pure function of the message and of a random generator; what a message becomes does
not depend on the messages beside it.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

SEED = 0
# Neighbours on a QWERTY keyboard, which phones in India show too.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Whole words only: letters beside digits are codes and doses.
_LONG_WORD = re.compile(r"(?<![^\W_])[A-Za-z]{4,}(?![^\W_])")
_WORD = re.compile(r"(?<![^\W_])[A-Za-z]{2,}(?![^\W_])")
_VOWELS = "aeiouy"
_FILLERS = (
    "hi doctor pls {}",
    "hello mam, {} thx",
    "umm ok so {}",
    "sir actually i wanted to ask {}",
    "good morning, {} pls tell",
    "hey just a quick one, {}",
)
_SHORT = {
    "about": "abt",
    "and": "n",
    "appointment": "appt",
    "are": "r",
    "because": "bcoz",
    "before": "b4",
    "can": "cn",
    "doctor": "dr",
    "for": "fr",
    "give": "gv",
    "have": "hv",
    "message": "msg",
    "much": "mch",
    "okay": "ok",
    "please": "pls",
    "problem": "prblm",
    "thanks": "thx",
    "that": "dat",
    "the": "d",
    "this": "dis",
    "today": "2day",
    "tomorrow": "tmrw",
    "want": "wnt",
    "what": "wat",
    "when": "wen",
    "with": "wid",
    "you": "u",
    "your": "ur",
}
_EMOJI = ("🙏", "😊", "😟", "👍", "❤️", "🤔")

Form = Callable[[str, random.Random], str]


def _neighbours() -> dict[str, str]:
    """The keys left and right of each letter, and those that touch it above and below."""
    found = dict.fromkeys("".join(_ROWS), "")
    for height, row in enumerate(_ROWS):
        for place, letter in enumerate(row):
            # Each row is shifted to the right by about half a key against the row above.
            for up, across in ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0)):
                other, at = height + up, place + across
                if 0 <= other < len(_ROWS) and 0 <= at < len(_ROWS[other]):
                    found[letter] += _ROWS[other][at]
    return found


_NEIGHBOURS = _neighbours()


def with_faults(text: str, form: str, seed: int = SEED) -> str:
    """The message in one of `FORMS`; the same message and seed give the same faults."""
    # Not for secrets: the choice must be the same each time.
    return FORMS[form](text, random.Random(f"{seed} {form} {text}"))  # noqa: S311


def character_errors(text: str, chooser: random.Random, count: int = 1) -> str:
    """Makes errors of one character in words of at least four letters, each in another word.

    With fewer such words than errors some words get more than one; without any the text stays.
    """
    found = list(_LONG_WORD.finditer(text))
    if not found:
        return text
    struck = chooser.sample(found, min(count, len(found)))
    struck += chooser.choices(found, k=count - len(struck))
    # From the end, so that the places before stay right.
    for match in sorted(set(struck), key=lambda match: -match.start()):
        word = match[0]
        for _ in range(struck.count(match)):
            word = _misspelt(word, match[0], chooser)
        text = text[: match.start()] + word + text[match.end() :]
    return text


def _misspelt(word: str, meant: str, chooser: random.Random) -> str:
    """One more error in a word; two of them never make the meant word again."""
    while True:
        place = chooser.randrange(len(word))
        before, letter, after = word[:place], word[place], word[place + 1 :]
        near = chooser.choice(_NEIGHBOURS[letter.lower()])
        near = near.upper() if letter.isupper() else near
        made = {
            "swap": before + after[:1] + letter + after[1:],
            "drop": before + after,
            "double": before + letter + letter + after,
            "neighbour": before + near + after,
            "insert": before + letter + near + after,
        }[chooser.choice(("swap", "drop", "double", "neighbour", "insert"))]
        if made not in (word, meant):
            return made


def two_character_errors(text: str, chooser: random.Random) -> str:
    """Two errors of one character, in two words where there are two of four letters."""
    return character_errors(text, chooser, 2)


def upper_case(text: str, _: random.Random) -> str:
    """Everything in capitals."""
    return text.upper()


def without_punctuation(text: str, _: random.Random) -> str:
    """No punctuation but between digits (5:30); a text of nothing else stays."""
    kept = []
    for place, letter in enumerate(text):
        between = (
            text[max(0, place - 1) : place].isdigit() and text[place + 1 : place + 2].isdigit()
        )
        if between or not unicodedata.category(letter).startswith("P"):
            kept.append(letter)
        elif letter not in "'’":
            kept.append(" ")
    return " ".join("".join(kept).split()) or text


def with_fillers(text: str, chooser: random.Random) -> str:
    """Polite and idle words around the message."""
    return chooser.choice(_FILLERS).format(text)


def with_repeated_letters(text: str, chooser: random.Random) -> str:
    """One word is drawn out: so becomes sooo."""
    found = list(_WORD.finditer(text))
    if not found:
        return text
    match = chooser.choice(found)
    vowels = [at for at in range(match.start(), match.end()) if text[at].lower() in _VOWELS]
    place = vowels[-1] if vowels else match.end() - 1
    return text[:place] + text[place] * 3 + text[place + 1 :]


def with_short_forms(text: str, _: random.Random) -> str:
    """Every word that has one in its short form of the chat: u, r, pls."""
    return _WORD.sub(lambda match: _SHORT.get(match[0].lower(), match[0]), text)


def with_emoji(text: str, chooser: random.Random) -> str:
    """An emoji behind the message."""
    return f"{text} {chooser.choice(_EMOJI)}"


# In the order of the report.
FORMS: dict[str, Form] = {
    "one character error": character_errors,
    "two character errors": two_character_errors,
    "upper case": upper_case,
    "no punctuation": without_punctuation,
    "filler words": with_fillers,
    "repeated letters": with_repeated_letters,
    "short forms": with_short_forms,
    "an emoji": with_emoji,
}
