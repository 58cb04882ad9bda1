"""The doctor's brief of a visit, and the word for its check that stands on the day list.

A check is shown with its own visit only, and with none that somebody else comes to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.clinic.booking.draft import GIVEN
from bot.clinic.suitability.check import (
    CHANGED,
    LESION,
    LONGEST_WORDS,
    Check,
    Finding,
    findings,
    label_of,
    not_answered,
)
from bot.clinic.suitability.questions import UNKNOWN_DEVICE, Catalogue
from bot.desk.view import Mark, View, VisitView
from bot.store.bookings import SELF, Booked, booking_with
from bot.store.brief import Background, KeptConsent, Sign, background_of
from bot.store.changes import Change
from bot.store.checks import FINISHED, STOPPED, StoredCheck, check_for
from bot.store.database import Database

# So much of a message, and so many reports of signs, leave the brief on one page.
LONGEST_WRITTEN = 160
MOST_SIGNS = 5
# Purpose of a consent that tells of the health of who booked.
HEALTH = "health"


@dataclass(frozen=True)
class Reason:
    """One answer of the check."""

    asked: str = field(repr=False)
    # What follows from this answer alone; "" for a flag, which changes no label.
    label: str = field(repr=False)
    is_lesion: bool = field(repr=False)
    is_flag: bool = field(repr=False)
    is_news: bool = field(repr=False)
    answer: str = field(repr=False)
    words: str = field(repr=False)
    # The question at which the same words are quoted already.
    quoted_at: str = field(repr=False)


@dataclass(frozen=True)
class CheckView:
    """The check of a visit; its `times` are sentences."""

    reasons: tuple[Reason, ...] = field(repr=False)
    # What the doctor still has to ask; `open_words` is a sentence where that is everything.
    open_questions: tuple[str, ...] = field(repr=False)
    open_words: str
    times: tuple[str, ...]


@dataclass(frozen=True)
class Dated:
    """Something with its time."""

    when: str
    what: str
    words: str = field(repr=False)


@dataclass(frozen=True)
class ConsentView:
    """One consent in words."""

    purpose: str
    version: str
    answer: str


@dataclass(frozen=True)
class Past:
    """One line of a visit's history."""

    when: str
    by: str
    what: str


@dataclass(frozen=True)
class HistoryView:
    """What became of a visit until now, the newest first, and what its patient agreed to."""

    lines: tuple[Past, ...]
    confirmed: str
    rules: str


@dataclass(frozen=True)
class Brief:
    """One visit as the doctor reads it. `check` and `signs` are None where another person comes."""

    made_at: str
    when: str
    device: str
    visit: VisitView
    # Why health is not spoken of, or whose words these may be too; "" where there is no doubt.
    caution: str
    check: CheckView | None
    signs: tuple[Dated, ...] | None = field(repr=False)
    # How many more were reported before those shown; "" for none.
    more_signs: str
    consents: tuple[ConsentView, ...]
    written: tuple[Dated, ...] = field(repr=False)


def brief_of(database: Database, view: BriefView, visit_id: str, now: datetime) -> Brief | None:
    """The brief of a visit as of now; None if there is no such visit."""
    visit = booking_with(database, visit_id)
    if visit is None:
        return None
    return view.brief(visit, check_for(database, visit_id), background_of(database, visit), now)


class BriefView(View):
    """Adds to the words of the lists what a check says; it decides nothing."""

    def __init__(
        self,
        clinic: Mapping[str, Any],
        words: Mapping[str, Any],
        times: Mapping[str, Any],
        catalogue: Catalogue,
    ) -> None:
        """Takes what `View` takes, and the check's questions."""
        super().__init__(clinic, words, times)
        self._brief = words["brief"]
        self._catalogue = catalogue
        self._devices = {each["id"]: each for each in clinic["devices"]}

    def marks(self, visits: Sequence[Booked], checks: Mapping[str, StoredCheck]) -> dict[str, Mark]:
        """What the day list says of each visit's check; `checks` by the visit's id."""
        return {each.id: self._mark(each, checks.get(each.id)) for each in visits}

    def brief(
        self, visit: Booked, stored: StoredCheck | None, known: Background, now: datetime
    ) -> Brief:
        """The page for the doctor; `stored` is the check of this visit."""
        is_own = visit.patient_is == SELF
        signs = known.signs[:MOST_SIGNS]
        more = len(known.signs) - len(signs)
        return Brief(
            made_at=self._moment(now),
            when=self._hours.say_moment(visit.starts_at, self._times),
            device=str(self._devices.get(visit.device, {}).get("name", visit.device)),
            visit=self._visit(visit, now, self._mark(visit, stored)),
            caution=self._caution(visit, known),
            check=self._check(visit, stored) if is_own else None,
            signs=tuple(map(self._sign, signs)) if is_own else None,
            more_signs=self._brief["more_signs"].format(count=more) if more else "",
            consents=tuple(
                self._consent(each) for each in known.consents if is_own or each.purpose != HEALTH
            ),
            written=tuple(
                Dated(self._moment(each.at), "", _short(each.words, LONGEST_WRITTEN))
                for each in known.written
                if is_own
            ),
        )

    def history(self, visit: Booked, changes: Sequence[Change]) -> HistoryView:
        """What happened to a visit; `changes`: the oldest first."""
        words = self._words["history"]
        told = [each for each in changes if each.policy]
        confirmed = "confirmed" if visit.confirmed_at else "not_confirmed"
        return HistoryView(
            lines=tuple(self._past(each) for each in reversed(changes)),
            confirmed=words[confirmed].format(
                at=self._moment(visit.confirmed_at) if visit.confirmed_at else ""
            ),
            rules=words["rules" if told else "no_rules"].format(
                version=told[-1].policy if told else "",
                at=self._moment(told[-1].at) if told else "",
            ),
        )

    def _past(self, change: Change) -> Past:
        words = self._words["history"]
        by = words["by"].get(change.by, change.by)
        before, after = (
            self._said("statuses", each) for each in (change.status_before, change.status_after)
        )
        starts = self._moment(change.starts_after)
        if change.starts_before is None:
            said = [words["made"].format(after=after, starts=starts)]
        else:
            said = []
            if change.status_before != change.status_after:
                said.append(words["became"].format(before=before, after=after))
            if change.starts_before != change.starts_after:
                was = self._moment(change.starts_before)
                said.append(words["moved"].format(was=was, starts=starts))
        return Past(
            when=self._moment(change.at),
            by=by.format(user=change.staff_user),
            # A change of nothing is the patient's word that they come.
            what=" ".join(said) or str(words["comes"]),
        )

    def _mark(self, visit: Booked, stored: StoredCheck | None) -> Mark:
        labels = self._brief["labels"]
        if visit.patient_is != SELF:
            return Mark(labels["not_asked"])
        if stored is None:
            return Mark(labels["none"])
        check = Check.from_json(stored.content)
        label = label_of(check, self._catalogue, self._kind_of(visit))
        return Mark(
            labels[label.value],
            any(each.question == LESION for each in self._findings(check, visit)),
        )

    def _caution(self, visit: Booked, known: Background) -> str:
        if visit.patient_is != SELF:
            return str(self._brief["caution"][visit.patient_is])
        return str(self._brief["caution"]["shared"]) if known.is_shared else ""

    def _check(self, visit: Booked, stored: StoredCheck | None) -> CheckView:
        if stored is None:
            return CheckView((), (), self._brief["nothing_asked"], ())
        check = Check.from_json(stored.content)
        nothing = self._brief["nothing_answered"] if not check.answers else ""
        return CheckView(
            reasons=tuple(self._reasons(self._findings(check, visit))),
            open_questions=() if nothing else tuple(self._open_questions(check)),
            open_words=nothing,
            times=tuple(self._check_times(check, stored)),
        )

    def _findings(self, check: Check, visit: Booked) -> Sequence[Finding]:
        """A lesion first, then the strictest, and what is only a note at the end."""
        found = findings(check, self._catalogue, self._kind_of(visit))
        return sorted(found, key=lambda each: (each.question != LESION, each.is_flag))

    def _kind_of(self, visit: Booked) -> str:
        return str(self._devices.get(visit.device, {}).get("kind", UNKNOWN_DEVICE))

    def _reasons(self, found: Iterable[Finding]) -> Iterable[Reason]:
        """Words that answered several questions are quoted once."""
        quoted: dict[str, str] = {}
        for each in found:
            words = _short(each.words, LONGEST_WORDS)
            quoted_at = quoted.get(words, "")
            quoted.setdefault(words, each.asked)
            yield Reason(
                asked=each.asked,
                label="" if each.is_flag else str(self._brief["labels"][each.label.value]),
                is_lesion=each.question == LESION,
                is_flag=each.is_flag,
                is_news=each.is_news,
                answer=str(self._brief["answers"].get(each.answer, each.answer)),
                words="" if quoted_at else words,
                quoted_at=quoted_at if words else "",
            )

    def _open_questions(self, check: Check) -> Iterable[str]:
        """What was named without its answer or answered both ways, then what was not answered."""
        asked = {id_: each.doctor for id_, each in self._catalogue.questions.items()}
        doubtful = dict.fromkeys(check.unclear, "named")
        if check.again:
            doubtful[check.again] = "both"
        for question, why in doubtful.items():
            yield self._brief["open"][why].format(asked=asked[question])
        named = {asked[question] for question in doubtful}
        yield from (each for each in not_answered(check, self._catalogue) if each not in named)

    def _check_times(self, check: Check, stored: StoredCheck) -> Iterable[str]:
        moments = {
            "begun": self._moment(stored.started_at),
            "heard": self._moment(stored.updated_at),
        }
        words = self._brief["times"]
        if stored.finished_at is None:
            how = "stopped" if stored.state == STOPPED else "open"
            yield words[how if check.consent == GIVEN else "unconsented"].format(**moments)
            return
        yield words["finished"].format(at=self._moment(stored.finished_at))
        if stored.renewed_at is not None:
            yield words["renewed"].format(at=self._moment(stored.renewed_at))
        if check.kind == CHANGED and stored.state != FINISHED:
            yield words["renewal_open"].format(**moments)
        elif stored.renewed_at is None:
            yield words["not_renewed"]

    def _sign(self, sign: Sign) -> Dated:
        words = _short(sign.words, LONGEST_WORDS)
        return Dated(self._moment(sign.at), self._said("kinds", sign.kind), words)

    def _consent(self, kept: KeptConsent) -> ConsentView:
        how = "withdrawn" if kept.withdrawn_at else "given" if kept.given else "refused"
        answer = self._brief["consent"][how].format(
            at=self._moment(kept.at),
            withdrawn=self._moment(kept.withdrawn_at) if kept.withdrawn_at else "",
        )
        return ConsentView(
            str(self._brief["purposes"].get(kept.purpose, kept.purpose)), kept.version, answer
        )

    def _moment(self, at: datetime) -> str:
        """With its year and without "today": paper is read later."""
        local = self._local(at)
        return str(self._brief["moment"]).format(
            date=self._hours.say_date(local.date(), self._times),
            year=local.year,
            time=f"{local:%H:%M}",
        )


def _short(text: str, longest: int) -> str:
    """A message as one line of so many characters; what is cut ends in an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
