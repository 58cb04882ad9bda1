"""Reads `data/nlu` as plain utterances and says what is wrong with them.

Kept apart from the test so that a writer of training data can run it on one file:
`python -m tests.data.training_data data/nlu/faq_basics.yml`.
"""

from __future__ import annotations

import sys
from functools import cache
from itertools import islice
from pathlib import Path

from spellchecker import SpellChecker

from bot.evaluation.wording import (
    ROMAN_HINDI,
    Compared,
    is_roman_hindi,
    utterances,
    words,
)

NLU_FOLDER = Path("data/nlu")
LEAST_UTTERANCES = 15
LEAST_UTTERANCES_OF_A_TASK = 25
TASKS = frozenset(
    """
    book_consultation ask_availability reschedule_consultation cancel_consultation
    check_consultation talk_to_staff start_suitability_check report_reaction emergency
    crisis distress ask_diagnosis complaint privacy_request stop_messages help_menu
    call_me_back running_late next_session other_service change_language payment_receipt
    inform
    """.split()
)


@cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language=["en"], distance=1)


# Right words of this field that a general dictionary lacks.
FIELD = frozenset(
    """
    exosome exosomes mnrf prp co2 microneedling melasma dermatologist retinol pih spf fda
    cdsco whatsapp botox keloid rosacea psoriasis pcos pcod gst emi upi ayurvedic rupees
    rs hifu iu ok okay hi pm am faq ai app selfie derma roller serum serums niacinamide
    sunscreen dermat rf isotretinoin minoxidil finasteride accutane ecosprin lidocaine
    g6pd hiv tb bmi mumbai bandra andheri pune thane vegan halal jain nanometres
    nanometers collagen vesicles regrow biotin dandruff telogen alopecia areata vitiligo
    lupus thyroid covid
    """.split()
)


def has_typo(text: str) -> bool:
    """Whether a misspelt Latin word stands there."""
    for word in words(text):
        if len(word) < 4 or not word.isascii() or not word.isalpha():
            continue
        if word in ROMAN_HINDI or word in FIELD or word.rstrip("s") in FIELD:
            continue
        if _is_misspelt(word):
            return True
    return False


@cache
def _is_misspelt(word: str) -> bool:
    """Whether it is nobody's word, but one letter from one, or two from a word of this field."""
    known = _dictionary()
    if not known.unknown([word]):
        return False
    if known.known(known.edit_distance_1(word)):
        return True
    return any(_within_two(word, field) for field in FIELD - {word})


def _within_two(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 2 or min(len(one), len(other)) < 4:
        return False
    before, row = [], list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
    return row[-1] <= 2


def faults_of_label(label: str, texts: list[str]) -> list[str]:
    """What a label's training utterances lack, one sentence a fault."""
    least = LEAST_UTTERANCES_OF_A_TASK if label in TASKS else LEAST_UTTERANCES
    counted = {
        f"{least} utterances": (len(texts), least),
        "3 of under 4 words": (sum(len(words(text)) < 4 for text in texts), 3),
        "2 of over 20 words": (sum(len(words(text)) > 20 for text in texts), 2),
        "3 with a typo": (sum(1 for _ in islice(filter(has_typo, texts), 3)), 3),
        "2 in Roman Hindi": (sum(is_roman_hindi(text) for text in texts), 2),
    }
    return [
        f"{label}: has {has}, needs at least {wanted}"
        for wanted, (has, least_) in counted.items()
        if has < least_
    ]


def too_alike(labelled: dict[str, list[str]]) -> list[str]:
    """Pairs of utterances that share 70 % of their words or more, whatever their labels."""
    flat = [(label, text) for label, texts in labelled.items() for text in texts]
    compared, found = Compared(), []
    for label, text in flat:
        for near, like in (flat[place] for place in compared.near(text)):
            found.append(f"{label}: {text!r} is too near {near}: {like!r}")
        compared.add(text)
    return found


def faults(files: list[Path]) -> list[str]:
    """Everything that is wrong with these files."""
    labelled = utterances(files)
    found = [fault for label, texts in labelled.items() for fault in faults_of_label(label, texts)]
    return found + too_alike(labelled)


if __name__ == "__main__":
    problems = faults([Path(name) for name in sys.argv[1:]] or sorted(NLU_FOLDER.glob("*.yml")))
    print("\n".join(problems) or "nothing wrong")
    sys.exit(bool(problems))
