"""The register of texts that a doctor answers for, what was decided about each, what is served.

Pure: whoever calls it has read the files and the decisions. An approval is bound to a hash of the
text as a patient reads it, so one changed letter, or a changed fact of the clinic in it, makes the
text wait for a doctor again.
"""

from __future__ import annotations

import calendar
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from bot.clinic.aftercare import AfterCare
from bot.clinic.facts import OF_THE_HOUR, fill

# Kinds of item, as data/content.yml names them.
ANSWER, AFTERCARE, SAFETY, REPLY = "answer", "aftercare", "safety", "reply"
CHECK, BEFORE = "check", "before"
# Kinds whose words a doctor may change at the desk; the others are made of parts in files.
EDITABLE = (ANSWER, REPLY)
# What a doctor decides, and what an item is until one does.
APPROVED, EDITED, REJECTED, PENDING = "approved", "edited", "rejected", "pending"
VERDICTS = (APPROVED, EDITED, REJECTED)

_ENGLISH = "en"
_NO_NOTICE = "none"


@dataclass(frozen=True)
class ContentFiles:
    """The files that texts come from, read."""

    # data/content.yml, its block `content`.
    rules: Mapping[str, Any]
    # data/wording.yml.
    frame: Mapping[str, Any]
    # The responses of data/answers and of domain.yml, by name.
    answers: Mapping[str, Sequence[Mapping[str, Any]]]
    replies: Mapping[str, Sequence[Mapping[str, Any]]]
    # data/safety/texts.yml.
    safety: Mapping[str, Any]
    # With the clinic's own values in its lines.
    aftercare: AfterCare
    # data/suitability.yml and data/before_visit.yml.
    check: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True)
class ContentItem:
    """One text with all that a doctor needs to judge it."""

    id: str
    kind: str
    title: str
    # As its file or a doctor wrote it: names of facts in braces.
    wording: str
    # As a patient reads it; only what changes with the hour still stands in braces.
    text: str
    short_wording: str = ""
    short: str = ""
    # The same text in Roman Hindi, Hindi and Marathi; filled like `text`.
    others: tuple[str, ...] = ()
    # The lines beneath the text.
    source: str = ""
    notice: str = ""
    claims: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    medical: bool = True
    # Its facts rest on the habits of clinics alone (clinical brief, 0.1).
    needs_doctor: bool = False
    # To withhold it would harm more than to serve it.
    always_served: bool = False

    @property
    def hash(self) -> str:
        """Of all that a patient reads of it."""
        seen = [self.text, self.short, self.source, self.notice, *self.others]
        return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode()).hexdigest()

    @property
    def whole(self) -> str:
        """All that a patient reads of its full form, in every language."""
        parts = (self.text, *self.others, self.source, self.notice)
        return "\n".join(part for part in parts if part)

    @property
    def editable(self) -> bool:
        """Whether its words can be changed at the desk."""
        return self.kind in EDITABLE


class Register:
    """Every text that a doctor answers for, by id, filled with the facts of one clinic."""

    def __init__(self, files: ContentFiles, facts: Mapping[str, str]) -> None:
        """`facts`: every placeholder's phrase (`bot.clinic.facts.facts`), at any hour."""
        self._facts = {name: said for name, said in facts.items() if name not in OF_THE_HOUR}
        self.items: dict[str, ContentItem] = {}
        for of_kind in _KINDS:
            for item in of_kind(files):
                self.items[item.id] = self._filled(item)

    def edited(self, item: ContentItem, wording: str, short_wording: str) -> ContentItem:
        """The item in other words of a doctor's."""
        return self._filled(replace(item, wording=wording, short_wording=short_wording))

    def _filled(self, item: ContentItem) -> ContentItem:
        return replace(
            item,
            text=fill(item.wording, self._facts).strip(),
            short=fill(item.short_wording, self._facts).strip(),
            others=tuple(fill(each, self._facts) for each in item.others),
        )


def _answers(files: ContentFiles) -> Iterator[ContentItem]:
    administrative, always = set(files.rules["not_medical"]), set(files.rules["always_served"])
    for name, (answer, *_) in files.answers.items():
        topic = name.partition("/")[2]
        metadata = answer["metadata"]
        yield ContentItem(
            id=f"faq/{topic}",
            kind=ANSWER,
            title=metadata["label"],
            wording=answer["text"],
            text="",
            short_wording=metadata["short"],
            source=_source(metadata["source"], files.frame),
            notice=_notice(metadata["notice"], files.frame),
            claims=tuple(metadata["claims"]),
            sources=tuple(metadata["sources"]),
            buttons=tuple(button["title"] for button in answer.get("buttons", ())),
            medical=topic not in administrative,
            needs_doctor=metadata["needs_doctor"],
            always_served=topic in always,
        )


def _replies(files: ContentFiles) -> Iterator[ContentItem]:
    for name, entry in files.rules["replies"].items():
        [reply] = files.replies[name]
        yield ContentItem(
            id=f"response/{name}",
            kind=REPLY,
            title=entry["title"],
            wording=reply["text"],
            text="",
            buttons=tuple(button["title"] for button in reply.get("buttons", ())),
            always_served=entry["always_served"],
        )


def _safety(files: ContentFiles) -> Iterator[ContentItem]:
    sources = files.safety["metadata"]["sources"]
    for path, title in files.rules["safety"].items():
        names = path.split("/")
        part = files.safety
        for name in names:
            part = part[name]
        leaves = {"": part} if _ENGLISH in part else part
        for name, leaf in leaves.items():
            place = f"{path}/{name}" if name else path
            yield ContentItem(
                id=f"safety/{place}",
                kind=SAFETY,
                title=title.format(name=name),
                wording=leaf[_ENGLISH],
                text="",
                others=tuple(said for language, said in leaf.items() if language != _ENGLISH),
                sources=tuple(each for key in names for each in sources.get(key, ())),
                always_served=True,
            )


def _aftercare(files: ContentFiles) -> Iterator[ContentItem]:
    titles = files.rules["aftercare"]
    for line in files.aftercare.every_line():
        yield ContentItem(
            id=aftercare_line(line.name),
            kind=AFTERCARE,
            title=titles["line"].format(name=line.name.replace("_", " ")),
            wording=line.text,
            text="",
            sources=line.sources,
            needs_doctor=True,
        )
    for device in (*sorted(files.aftercare.devices), ""):
        name = files.aftercare.name_of(device) if device else titles["unknown"]
        yield ContentItem(
            id=aftercare_call(device),
            kind=AFTERCARE,
            title=titles["call"].format(name=name),
            wording=files.aftercare.call(device),
            text="",
            needs_doctor=True,
        )


def _check(files: ContentFiles) -> Iterator[ContentItem]:
    """The questions of the suitability check, each with all that is said of it."""
    for question, of_it in files.check["questions"].items():
        answers = of_it["answers"].values()
        said = [
            of_it["question"],
            of_it.get("item", ""),
            *(each.get("item", "") for each in answers),
            of_it.get("ask", ""),
            of_it.get("say", ""),
        ]
        yield ContentItem(
            id=f"check/{question}",
            kind=CHECK,
            title=f"{question}: {of_it['doctor']}",
            wording="\n".join(each for each in said if each),
            text="",
            buttons=tuple(each["title"] for each in (of_it, *answers) if each.get("title")),
            # A question that is left out leaves the doctor without an answer.
            always_served=True,
        )


def _before(files: ContentFiles) -> Iterator[ContentItem]:
    """What is said two days before a visit, part by part."""
    title = files.rules["before"]
    for block in ("preparation", "devices", "questions"):
        for name, said in files.before[block].items():
            yield ContentItem(
                id=f"before/{block}/{name}",
                kind=BEFORE,
                title=title.format(name=name.replace("_", " ")),
                wording=said,
                text="",
                always_served=True,
            )


# Who adds texts of another kind adds where they come from here.
_KINDS: tuple[Callable[[ContentFiles], Iterator[ContentItem]], ...] = (
    _safety,
    _answers,
    _aftercare,
    _replies,
    _check,
    _before,
)


def aftercare_line(name: str) -> str:
    """The id of a line of after-care."""
    return f"aftercare/{name}"


def aftercare_call(device: str) -> str:
    """The id of the line that says when to call; empty is a device that is not known."""
    return f"aftercare/call/{device or 'unknown'}"


def item_of(response: str) -> str:
    """The id of the item behind a response (`utter_faq/price` -> `faq/price`)."""
    name = response.removeprefix("utter_")
    return name if name.startswith("faq/") else f"response/{response}"


def _source(named: str, frame: Mapping[str, Any]) -> str:
    return str(frame["source"]).format(source=named) if named else ""


def _notice(name: str, frame: Mapping[str, Any]) -> str:
    return "" if name == _NO_NOTICE else str(frame["notices"][name])


@dataclass(frozen=True)
class Decision:
    """What a doctor decided about an item: one entry of a history that only grows."""

    content_id: str
    # Of the wording in the files that it was decided on.
    hash: str
    # approved, edited or rejected
    verdict: str
    # As it was shown, or as the doctor changed it (`ContentItem.whole`).
    text: str
    short: str
    # An edit's own words, with names of facts in braces; else empty.
    wording: str
    short_wording: str
    reason: str
    doctor: str
    registration: str
    # Who was logged in at the desk.
    by: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """How an item stands today."""

    # As its files hold it.
    item: ContentItem
    # As patients get it: with an edit in force.
    shown: ContentItem
    # approved, edited, rejected or pending
    state: str
    # The newest decision on this wording, also one that has run out.
    decision: Decision | None

    @property
    def is_approved(self) -> bool:
        """Whether a doctor stands behind what patients get."""
        return self.state in (APPROVED, EDITED)


def standing_of(
    register: Register,
    item: ContentItem,
    decisions: Sequence[Decision],
    today: date,
    months: int | None = None,
) -> Standing:
    """How an item stands, by the newest decision on its present wording.

    `decisions`: of this item, the newest last; `months`: after so many an approval runs out, and
    the item waits again in the words it had.
    """
    newest = next((each for each in reversed(decisions) if each.hash == item.hash), None)
    if newest is None:
        return Standing(item, item, PENDING, None)
    shown = item
    if newest.verdict == EDITED:
        shown = register.edited(item, newest.wording, newest.short_wording)
    state = newest.verdict
    if state != REJECTED and months and today >= _months_after(newest.at.date(), months):
        state = PENDING
    return Standing(item, shown, state, newest)


def standings(
    register: Register,
    decisions: Iterable[Decision],
    today: date,
    months: int | None = None,
) -> list[Standing]:
    """How every item stands; `decisions` of all of them, the newest last."""
    of_item: dict[str, list[Decision]] = {}
    for each in decisions:
        of_item.setdefault(each.content_id, []).append(each)
    return [
        standing_of(register, item, of_item.get(item.id, ()), today, months)
        for item in register.items.values()
    ]


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def unreviewed_until(clinic: Mapping[str, Any], today: date) -> date | None:
    """The last day on which this clinic serves what no doctor has approved; None if it does not."""
    waiver = (clinic.get("content") or {}).get("serve_unreviewed")
    if not waiver:
        return None
    until = date.fromisoformat(str(waiver["until"]))
    return until if until >= today else None


def without_approval(found: Iterable[Standing]) -> list[Standing]:
    """The medical answers and safety texts that no doctor has approved in their present wording."""
    return [each for each in found if each.item.medical and not each.is_approved]


def serving(
    found: Iterable[Standing], *, is_production: bool, serves_unreviewed: bool
) -> dict[str, Any]:
    """What is served otherwise than the files say, for the engine; only parts that hold something.

    `edited`: an item's words by its id (`text`, `short`); `withheld` and `unreviewed`: ids. A
    safety text is always served, a rejected one of the others never. In production a medical text
    without approval is withheld; where the clinic serves such texts for now it is marked instead,
    unless its facts rest on the habits of clinics alone (clinical brief, 0.1).
    """
    edited, withheld, unreviewed = {}, [], []
    for each in found:
        item = each.item
        is_open = is_production and item.medical and not each.is_approved
        if not item.always_served and (
            each.state == REJECTED or (is_open and (item.needs_doctor or not serves_unreviewed))
        ):
            withheld.append(item.id)
            continue
        if is_open and not item.always_served:
            unreviewed.append(item.id)
        if each.shown != item:
            edited[item.id] = {"text": each.shown.wording, "short": each.shown.short_wording}
    parts = {"edited": edited, "withheld": withheld, "unreviewed": unreviewed}
    return {name: part for name, part in parts.items() if part}


@dataclass(frozen=True)
class Served:
    """How texts are served in one turn, as `serving` says it and the engine reads it."""

    edited: Mapping[str, Mapping[str, str]]
    withheld: frozenset[str]
    unreviewed: frozenset[str]

    @classmethod
    def from_block(cls, block: Mapping[str, Any]) -> Served:
        """Reads what `serving` made; a part that is missing holds nothing."""
        return cls(
            block.get("edited", {}),
            frozenset(block.get("withheld", ())),
            frozenset(block.get("unreviewed", ())),
        )

    def withholds(self, *ids: str) -> bool:
        """Whether an answer made of these items is kept back: one part is enough."""
        return not self.withheld.isdisjoint(ids)

    def marks(self, *ids: str) -> bool:
        """Whether an answer made of these items says that no doctor has checked it."""
        return not self.unreviewed.isdisjoint(ids)

    def worded(self, item_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
        """A response in the words that a doctor gave it, if one did."""
        words = self.edited.get(item_id)
        if words is None:
            return dict(response)
        metadata = {**(response.get("metadata") or {}), "short": words["short"]}
        return {**response, "text": words["text"], "metadata": metadata}
