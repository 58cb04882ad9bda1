"""What is wrong with a text before a patient reads it: lengths, grade, forbidden words, gaps.

The limits are those of the clinical brief, 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.clinic.content import AFTERCARE, ANSWER, CHECK, SAFETY, ContentItem
from bot.clinic.facts import fill, unfilled
from bot.clinic.text_checks import Exemption, NeverSay, longest_sentence_words

MOST_CHARACTERS = 750
MOST_CHARACTERS_SHORT = 280
MOST_WORDS_A_SENTENCE = 20
MOST_LINES = 7
HIGHEST_GRADE = 7.0
# A list or address the clinic writes itself: no wording of ours can make it shorter or plainer.
CLINIC_LISTS = re.compile(r"\{(prices|doctors|clinic_hours|payment|clinic_address|clinic_map)\}")
# Places of exceptions whose texts are all in the register.
COVERED = ("faq/", "button", "response/", "red_flags/", "check/", "before/")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a key of `findings` in data/content.yml with its values."""

    rule: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def said(self, words: Mapping[str, str]) -> str:
        """The finding as a sentence; `words` are the block `findings`."""
        return str(words[self.rule]).format(**self.values)


class TextChecks:
    """Checks items as patients of one clinic, and of one that has told nothing, would get them."""

    def __init__(
        self,
        never_say: NeverSay,
        grade: Callable[[str], float],
        fillings: Sequence[Mapping[str, str]],
    ) -> None:
        """`fillings`: the sets of facts with which every text has to keep the rules."""
        self._never_say = never_say
        self._grade = grade
        self._fillings = fillings

    def of_words(self, item: ContentItem) -> list[Finding]:
        """What is wrong with the words: all that an edit is held to."""
        found = [*self._of_form(item)]
        found += [
            Finding("never_say", {"rule": breach.rule, "found": breach.found, "sentence": said})
            for text, place in self._places(item)
            for breach in self._never_say.breaches(text, place)
            for said in (breach.sentence,)
        ]
        # What differs only in the facts that are filled in is one finding.
        return list({(each.rule, str(each.values)): each for each in found}.values())

    def of_item(self, item: ContentItem) -> list[Finding]:
        """What is wrong with the words, and what is missing beneath them."""
        found = self.of_words(item)
        if item.kind == ANSWER and item.medical:
            found += [
                Finding(rule)
                for rule, has in (
                    ("no_source", item.source),
                    ("no_claims", item.claims or item.sources),
                    ("no_notice", item.notice),
                )
                if not has
            ]
        return found

    def of_edit(self, before: ContentItem, after: ContentItem) -> list[Finding]:
        """What is wrong with new words of an item; `before` is the item as its file holds it.

        An edit may name no fact that the text did not: a change of any fact in it has to make it
        wait for a doctor again.
        """
        known = unfilled(before.wording) | unfilled(before.short_wording)
        new = unfilled(after.wording) | unfilled(after.short_wording)
        found = [Finding("placeholder", {"found": f"{{{name}}}"}) for name in sorted(new - known)]
        if not after.wording.strip() or (before.short_wording and not after.short_wording.strip()):
            found.append(Finding("empty"))
        return found + self.of_words(after)

    def grade(self, item: ContentItem) -> float:
        """The highest grade of the full form: of the body only, and of no list of the clinic's."""
        own = CLINIC_LISTS.sub("", item.wording)
        return max(self._grade(filled) for filled in self._filled(own))

    def length(self, item: ContentItem) -> int:
        """Characters of the full form at the longest."""
        return max(map(len, self._filled(item.wording)))

    def length_short(self, item: ContentItem) -> int:
        """Characters of the short form at the longest."""
        return max(map(len, self._filled(item.short_wording)))

    def exceptions(self, item: ContentItem) -> list[Exemption]:
        """The listed exceptions that allow what this item says."""
        used = {
            each for text, place in self._places(item) for each in self._never_say.used(text, place)
        }
        return sorted(used, key=lambda each: (each.rule, each.where, each.sentence))

    def unused(self, items: Iterable[ContentItem]) -> list[Finding]:
        """Exceptions that none of all the items needs."""
        texts = [place for item in items for place in self._places(item)]
        return [
            Finding("unused", {"rule": each.rule, "sentence": each.sentence})
            for within in COVERED
            for each in self._never_say.unused(texts, within)
        ]

    def _of_form(self, item: ContentItem) -> Iterator[Finding]:
        if item.kind == SAFETY:
            return
        if "\n\n" in item.wording.strip():
            yield Finding("blank_line")
        lines = len(item.wording.strip().splitlines())
        if lines > MOST_LINES:
            yield Finding("lines", {"found": lines, "most": MOST_LINES})
        for rule, text, most in (
            ("long", item.wording, MOST_CHARACTERS),
            ("long_short", item.short_wording, MOST_CHARACTERS_SHORT),
        ):
            longest = max(map(len, self._filled(text)))
            if longest > most and not CLINIC_LISTS.search(text):
                yield Finding(rule, {"found": longest, "most": most})
        for text in (item.wording, item.short_wording):
            for filled in self._filled(CLINIC_LISTS.sub("", text)):
                yield from self._of_sentences(filled, item.kind)

    def _of_sentences(self, text: str, kind: str) -> Iterator[Finding]:
        words, grade = longest_sentence_words(text), self._grade(text)
        if words > MOST_WORDS_A_SENTENCE:
            yield Finding("sentence", {"found": words, "most": MOST_WORDS_A_SENTENCE})
        # In a question of the check the names of illnesses make the grade, and cannot be plainer.
        if grade > HIGHEST_GRADE and kind != CHECK:
            yield Finding("grade", {"found": grade, "most": HIGHEST_GRADE})

    def _places(self, item: ContentItem) -> Iterator[tuple[str, str]]:
        """Everything a patient reads of it, with the place that data/never_say.yml names."""
        place = _place(item.id)
        for filled in self._filled(item.wording):
            yield filled, place
        for filled in self._filled(item.short_wording):
            yield filled, f"{place}/short"
        for other in item.others:
            yield other, place
        if item.kind == ANSWER:
            yield item.title, f"{place}/label"
        for button in item.buttons:
            yield button, "button"

    def _filled(self, text: str) -> set[str]:
        return {fill(text, known).strip() for known in self._fillings}


def _place(item_id: str) -> str:
    """`safety/emergency/extra/E12` is `red_flags/E12` to the exceptions."""
    group, _, rest = item_id.partition("/")
    if group == "safety":
        return f"red_flags/{rest.rpartition('/')[2]}"
    return AFTERCARE if group == AFTERCARE else item_id
