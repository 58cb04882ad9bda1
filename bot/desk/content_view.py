"""What the desk shows of the texts that a doctor answers for; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

from bot.clinic.content import APPROVED, EDITED, PENDING, REJECTED, ContentItem, Decision, Standing
from bot.clinic.content_checks import Finding, TextChecks
from bot.clinic.facts import facts, fill

ALL = "all"
# Characters of a text that stand in the list.
BEGINNING = 70
# What the list can be narrowed to, and the states that belong to each.
FILTERS: Mapping[str, tuple[str, ...]] = {
    PENDING: (PENDING,),
    APPROVED: (APPROVED, EDITED),
    REJECTED: (REJECTED,),
    ALL: (PENDING, APPROVED, EDITED, REJECTED),
}


@dataclass(frozen=True)
class Filter:
    """A link above the list."""

    name: str
    said: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """A text in the list."""

    id: str
    title: str
    state: str
    state_said: str
    # The first words of the text.
    begins: str
    # Why it is special, in words: what rests on habit alone, what is not medical.
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Doctor:
    """Somebody who may decide, as registered (clinic.yml)."""

    id: str
    name: str
    registration: str


@dataclass(frozen=True)
class Past:
    """A decision in the history of a text."""

    when: str
    said: str
    doctor: str
    by: str
    reason: str
    # What was decided on; shown where it is not the present wording.
    text: str
    short: str


@dataclass(frozen=True)
class ItemView:
    """A text with all that helps to judge it."""

    row: Row
    full: str
    short: str
    others: tuple[str, ...]
    # Name, id and what it is, of each source.
    sources: tuple[tuple[str, str, str], ...]
    claims: tuple[str, ...]
    buttons: tuple[str, ...]
    grade: float
    length: int
    length_short: int
    findings: tuple[str, ...]
    # What is allowed although a rule forbids it: rule, sentence, reason.
    exceptions: tuple[tuple[str, str, str], ...]
    history: tuple[Past, ...]
    # What a form sends back, so that nobody decides on what they did not see.
    hash: str
    seen: int
    wording: str
    short_wording: str
    is_editable: bool
    has_run_out: bool


class ContentView:
    """Puts the texts and the decisions on them into words."""

    def __init__(
        self,
        clinic: Mapping[str, Any],
        words: Mapping[str, Any],
        content: Mapping[str, Any],
        wording: Mapping[str, Any],
        sources: Mapping[str, Mapping[str, str]],
        checks: TextChecks,
    ) -> None:
        """Takes clinic.yml and what the files say.

        Args:
            clinic: clinic.yml, validated.
            words: the block `desk.content` of data/desk.yml.
            content: the block `content` of data/content.yml.
            wording: data/facts.yml.
            sources: data/sources.yml.
            checks: what a text is held to.
        """
        self._clinic = clinic
        self._words = words
        self._content = content
        self._wording = wording
        self._sources = sources
        self._checks = checks
        self._zone = ZoneInfo(clinic["clinic"]["zone"])

    @property
    def doctors(self) -> tuple[Doctor, ...]:
        """The clinic's doctors who have a registration number."""
        return tuple(
            Doctor(each["id"], each["name"], each["registration"])
            for each in self._clinic["doctors"]
            if each["registration"]
        )

    def filters(self, found: Sequence[Standing], chosen: str) -> list[Filter]:
        """The links above the list, each with how many texts it shows."""
        return [
            Filter(
                name,
                self._words["filters"][name],
                sum(each.state in states for each in found),
                name == chosen,
            )
            for name, states in FILTERS.items()
        ]

    def groups(self, found: Iterable[Standing], chosen: str) -> list[tuple[str, list[Row]]]:
        """The texts of a filter under the names of their groups; empty groups are left out."""
        by_kind: dict[str, list[Row]] = {kind: [] for kind in self._content["kinds"]}
        for each in found:
            if each.state in FILTERS[chosen]:
                by_kind[each.item.kind].append(self._row(each))
        return [(self._content["kinds"][kind], rows) for kind, rows in by_kind.items() if rows]

    def item(self, found: Standing, history: Sequence[Decision], now: datetime) -> ItemView:
        """One text as a patient reads it at this moment, and its history, the newest first."""
        shown = found.shown
        known = facts(self._clinic, self._wording, now)
        return ItemView(
            row=self._row(found),
            full="\n".join(
                part for part in (fill(shown.text, known), shown.source, shown.notice) if part
            ),
            short=fill(shown.short, known),
            others=tuple(fill(each, known) for each in shown.others),
            sources=tuple(self._source(each) for each in shown.sources),
            claims=shown.claims,
            buttons=shown.buttons,
            grade=self._checks.grade(shown),
            length=self._checks.length(shown),
            length_short=self._checks.length_short(shown),
            findings=tuple(map(self.said, self._checks.of_item(shown))),
            exceptions=tuple(
                (each.rule, each.sentence, each.reason) for each in self._checks.exceptions(shown)
            ),
            history=tuple(self._past(each, shown) for each in reversed(history)),
            hash=shown.hash,
            seen=len(history),
            wording=shown.wording,
            short_wording=shown.short_wording,
            is_editable=found.item.editable,
            has_run_out=found.state == PENDING and found.decision is not None,
        )

    def said(self, finding: Finding) -> str:
        """What is wrong with a text, as a sentence."""
        return finding.said(self._content["findings"])

    def refusal(self, why: str) -> str:
        """Why a form was not taken: a key of `refusals`."""
        return str(self._words["refusals"][why])

    def _row(self, found: Standing) -> Row:
        marks = [
            str(self._words["marks"][name])
            for name, holds in (
                ("not_medical", not found.item.medical),
                ("needs_doctor", found.item.medical and found.item.needs_doctor),
                ("always_served", found.item.always_served),
            )
            if holds
        ]
        said = str(self._words["states"][found.state])
        begins = shorten(found.shown.text, BEGINNING, placeholder="…")
        return Row(found.item.id, found.item.title, found.state, said, begins, tuple(marks))

    def _source(self, name: str) -> tuple[str, str, str]:
        known = self._sources.get(name, {})
        return str(known.get("shown_as", name)), name, str(known.get("work", "")).strip()

    def _past(self, decision: Decision, shown: ContentItem) -> Past:
        is_present = (decision.text, decision.short) == (shown.whole, shown.short)
        return Past(
            when=decision.at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M"),
            said=str(self._words["states"][decision.verdict]),
            doctor=f"{decision.doctor}, {decision.registration}",
            by=decision.by,
            reason=decision.reason,
            text="" if is_present else decision.text,
            short="" if is_present else decision.short,
        )
