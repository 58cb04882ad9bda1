"""Messages as words: what is compared between sets, and which are Hindi in Latin letters."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
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


def near_copies(texts: Sequence[str], others: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a text and another one that share at least 70 % of all the words of both."""
    bags = [frozenset(words(other)) for other in others]
    by_word: dict[str, list[int]] = defaultdict(list)
    for place, bag in enumerate(bags):
        for word in bag:
            by_word[word].append(place)
    for text in texts:
        own = frozenset(words(text))
        shared = Counter(place for word in own for place in by_word.get(word, ()))
        for place, count in shared.items():
            if count >= LARGEST_SHARE_OF_WORDS * len(own | bags[place]):
                yield text, others[place]
