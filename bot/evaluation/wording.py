"""Messages as words: what is compared between sets, and which are Hindi in Latin letters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from pathlib import Path

from bot.data_files import read_yaml

# From here on two messages are near copies; training data and held-out sets both keep below it.
LARGEST_SHARE_OF_WORDS = 0.70

# Words that mark Hindi written in Latin letters; none is an English word patients use here.
ROMAN_HINDI = frozenset(
    """
    hai hain hoga hogi honge hota hoti hote tha thi kya kyun kyu kaise kaisa kaisi kab
    kahan kaha kaun kaunsa kitna kitni kitne mera meri mere mujhe mujhko main mein hum
    humko aap aapka aapki aapke aapko ka ki ke ko se par nahi nahin mat aur ya lekin agar
    toh phir abhi aaj kal parso karna karne karni karo karte karta karti karwana karwani
    karwane kar kiya raha rahi rahe chahiye chahta chahti sakta sakti sakte lagta lagti
    lag laga lagega baad pehle din mahine saal wala wali wale liye saath kuch koi sab
    bahut zyada jyada kam thoda accha acha achha theek thik batao bataiye bata dijiye dena
    dedo karein karenge ho hona ji haan han na bhai didi dard baal balon chehra chehre
    tvacha daag dhabbe garmi jalan khujli khoon dawai dawa doctor sahab paisa paise
    kharcha samay ghar pe isse iska iski uska uski yeh ye woh wo jo bolo sun suno milega
    milegi milna band khula kidhar idhar udhar shukriya dhanyavaad namaste alvida bas ruko
    rukiye saans aana jana jaun jaana
    """.split()
)


def words(text: str) -> list[str]:
    """The words of an utterance, lower case, without punctuation."""
    return re.findall(r"[a-z0-9']+|[^\W\d_a-z]+", text.lower())


def is_roman_hindi(text: str) -> bool:
    """Whether at least two words (or half of a short text) are Hindi in Latin letters."""
    found = [word for word in words(text) if word in ROMAN_HINDI]
    return len(found) >= 2 or (bool(found) and len(found) * 2 >= len(words(text)))


def utterances(files: Iterable[Path]) -> dict[str, list[str]]:
    """Every training utterance by its label (`faq/price`, `greet`), entities unmarked.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is no YAML.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for block in read_yaml(file).get("nlu", []):
            if "intent" not in block:
                continue
            for line in block["examples"].splitlines():
                text = re.sub(r"\[([^\]]+)\](\([^)]*\)|\{[^}]*\})", r"\1", line.strip()[1:].strip())
                if text:
                    found[block["intent"]].append(text)
    return dict(found)


class Compared:
    """Texts, found again by another one that shares at least 70 % of all the words of both."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Takes the first ones."""
        self._bags: list[frozenset[str]] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Takes one more; texts are numbered from 0."""
        bag = frozenset(words(text))
        for word in bag:
            self._by_word[word].append(len(self._bags))
        self._bags.append(bag)

    def near(self, text: str) -> list[int]:
        """The numbers of those that are near copies."""
        own = frozenset(words(text))
        # A near copy shares all but so few of the own words that it holds one of the rarest.
        fewest = ceil(LARGEST_SHARE_OF_WORDS * len(own))
        found = {word: self._by_word.get(word, []) for word in own}
        rarest = sorted(found.values(), key=len)[: len(own) - fewest + 1]
        return [
            place
            for place in sorted({place for places in rarest for place in places})
            if len(own & self._bags[place]) >= LARGEST_SHARE_OF_WORDS * len(own | self._bags[place])
        ]


def near_copies(texts: Sequence[str], others: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a text and another one that is a near copy."""
    compared = Compared(others)
    for text in texts:
        for place in compared.near(text):
            yield text, others[place]
