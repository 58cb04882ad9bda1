"""The reference of a booking: what a patient reads out on the phone and types to find it again."""

from __future__ import annotations

import re
import secrets
import unicodedata

# Left out is what is mistaken for another when it is read, written by hand or typed: 0 O Q,
# 1 I L, 2 Z, 5 S, 8 B, 6 G, U V. Without vowels, and without Y, no word comes out by chance.
# No letter stands for the one it is mistaken for, so a misread reference finds nothing rather
# than somebody else's booking.
ALPHABET = "CDFHJKMNPRTWX3479"
LENGTH = 8


def new_reference() -> str:
    """Eight random letters and digits, 33 bits; the database refuses one that is there already."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalised(text: str) -> str | None:
    """A reference as typed, in any case, with spaces, dashes or dots in it; None if it is none."""
    plain = unicodedata.normalize("NFKC", text).upper()
    reference = "".join(letter for letter in plain if letter.isalnum())
    if len(reference) != LENGTH or not set(reference) <= set(ALPHABET):
        return None
    return reference


def reference_in(text: str) -> str | None:
    """The first reference that stands in a message; None if there is none."""
    plain = unicodedata.normalize("NFKC", text)
    words = re.findall(r"[^\W_]+", plain)
    # Typed in pieces: "CDFH JKMN", "CD FH JK MN"; no letter alone, which may be a word.
    for size in (1, 2, 4):
        for first in range(len(words) - size + 1):
            pieces = words[first : first + size]
            if all(len(piece) == LENGTH // size for piece in pieces):
                found = normalised("".join(pieces))
                if found:
                    return found
    return None


def looks_like_one(text: str) -> bool:
    """Whether a message holds eight letters and digits together that are none of ours."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text))
    return reference_in(text) is None and any(
        len(word) == LENGTH and any(letter.isdigit() for letter in word) and not word.isdigit()
        for word in words
    )
