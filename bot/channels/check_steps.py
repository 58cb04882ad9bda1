"""The check behind a link: what `actions/check.py` does for messages, done for forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.clinic.booking.draft import GIVEN, Heard
from bot.clinic.clock import Clock
from bot.clinic.red_flags import Judgement, Urgency
from bot.clinic.suitability.check import CHANGED, Check
from bot.clinic.suitability.dialogue import About, Outcome, Verdict
from bot.clinic.suitability.rules import CheckRules, taken_up
from bot.clinic.visits import statuses
from bot.door.door import REPORT
from bot.store import bookings, checks, conversations, messages
from bot.store.bookings import Booked
from bot.store.checks import FINISHED, OPEN, STOPPED, Link, StoredCheck
from bot.store.consents import add_consent, has_consent
from bot.store.database import Database
from bot.store.messages import Answer
from bot.store.requests import add_request

# So long the browser that finished the check can read its outcome again: a second tap on the
# last button must not hide "please do not come before our team has spoken to you".
READABLE = timedelta(minutes=30)

Change = Callable[[Check, About], Outcome]


@dataclass(frozen=True)
class Standing:
    """How the check behind a link stands; nothing is stored before the patient agreed."""

    stored: StoredCheck | None
    check: Check
    visit: Booked | None
    about: About

    @property
    def state(self) -> str:
        """One of the states of a stored check."""
        return self.stored.state if self.stored else OPEN


class CheckSteps:
    """Reads and changes it, and tells the team what they should learn."""

    def __init__(
        self, database: Database, clock: Clock, rules: CheckRules, silence_hours: float
    ) -> None:
        """`silence_hours`: after so many without a message a new conversation begins."""
        self._database, self._clock, self.rules = database, clock, rules
        self._silence = timedelta(hours=silence_hours)

    def standing(self, link: Link) -> Standing:
        """How it stands now."""
        now = self._clock.now()
        found = bookings.booking_with(self._database, link.booking_id) if link.booking_id else None
        visit = found if found and found.status in statuses.OPEN else None
        stored = checks.latest_check(self._database, link.conversation_id, link.booking_id, now)
        check = Check.from_json(stored.content) if stored else Check()
        return Standing(stored, check, visit, self.rules.about(visit, now))

    def begin(self, link: Link) -> None:
        """When a link is opened: a check that stands is gone on with, or asked for news."""
        now, standing = self._clock.now(), self.standing(link)
        if standing.stored is not None:
            check = taken_up(
                standing.check,
                self.rules.dialogue.catalogue,
                standing.check.heard,
                is_over=standing.stored.is_over(now),
                is_old=standing.stored.is_old(now),
            )
            self._keep(standing.stored, check, OPEN)
        elif has_consent(
            self._database, link.conversation_id, "health", self.rules.consent_version
        ):
            self._store(link, standing)

    def consent(self, link: Link, key: str, *, agreed: bool) -> bool:
        """The yes or no to health questions; true where a no has ended the check and its link.

        An old form does not take back a yes: that is said where messages are read.
        """
        standing, now = self.standing(link), self._clock.now()
        if standing.check.consent == GIVEN:
            return False
        add_consent(
            self._database,
            link.conversation_id,
            link.message_id,
            "health",
            self.rules.consent_version,
            agreed,
            now,
        )
        if not agreed:
            if standing.stored is not None:
                checks.drop_check(self._database, standing.stored.id)
            checks.end_link(self._database, key, now)
        elif standing.stored is None:
            self._store(link, standing)
        else:
            self._keep(standing.stored, replace(standing.check, consent=GIVEN), OPEN)
        return not agreed

    def change(self, link: Link, key: str, change: Change) -> Verdict:
        """What a form changes in the check. Without consent, or after its end, nothing."""
        standing, now = self.standing(link), self._clock.now()
        if standing.stored is None or standing.check.consent != GIVEN:
            return Verdict.NOT_MINE
        if standing.state == FINISHED:
            return Verdict.FINISHED
        # The form before this one has shown the support that was to be offered.
        before = replace(standing.check, offers_support=False)
        outcome = change(before, standing.about)
        if outcome.verdict is Verdict.NOT_MINE:
            return outcome.verdict
        # Before the check is kept: what is stored twice is one request, what is lost is none.
        for kind, urgency in self.rules.staff_learn(before, outcome, standing.visit, now):
            add_request(self._database, link.conversation_id, link.message_id, kind, urgency, now)
        if outcome.verdict is Verdict.MINOR:
            checks.drop_check(self._database, standing.stored.id, forgets_words=True)
            checks.end_link(self._database, key, now)
            return outcome.verdict
        states = {Verdict.STOPPED: STOPPED, Verdict.FINISHED: FINISHED}
        if not self._keep(standing.stored, outcome.check, states.get(outcome.verdict, OPEN)):
            # Somebody has changed it meanwhile, in another tab or in the chat.
            return self.change(link, key, change)
        if outcome.verdict is Verdict.FINISHED:
            checks.end_link(self._database, key, now + READABLE)
        return outcome.verdict

    def is_sign(self, link: Link, words: str) -> bool:
        """Whether a sign that needs a call today is more than an answer: "fever" is asked for."""
        standing = self.standing(link)
        return self.rules.dialogue.is_sign(standing.check, Heard("", words), standing.about)

    def tell_sign(self, link: Link, key: str, words: str, judgement: Judgement) -> None:
        """A sign that was typed into a form is a message like any other, which staff read.

        It is stored once, however often the form comes, and marks the conversation: after danger
        nothing unasked goes out.
        """
        now, theirs = self._clock.now(), conversations.whose(self._database, link.conversation_id)
        inbound = messages.receive(
            self._database,
            theirs.channel,
            theirs.person,
            f"check:{self._database.cipher.search_hash(f'{key}:{words}')}",
            words,
            now,
            self._silence,
            theirs.address,
        )
        is_today = judgement.urgency is Urgency.SAME_DAY
        kind = REPORT if is_today else judgement.urgency.value
        answer = Answer([], urgency=judgement.urgency.value, request_kind=kind)
        messages.finish(self._database, inbound.id, answer, now)

    def is_after_crisis(self, link: Link) -> bool:
        """Whether nobody should be asked about a visit now (brief 5.5, rule 6)."""
        newest = conversations.whose(self._database, link.conversation_id).conversation_id
        return conversations.standing(self._database, newest, self._clock.now()).after_crisis

    def _store(self, link: Link, standing: Standing) -> None:
        now = self._clock.now()
        concern = standing.visit.concern if standing.visit else ""
        check = Check(consent=GIVEN, concern=concern, kept_at=now.isoformat())
        checks.begin_check(
            self._database, link.conversation_id, link.booking_id, check.to_json(), now
        )

    def _keep(self, stored: StoredCheck, check: Check, state: str) -> bool:
        now = self._clock.now()
        if check == Check.from_json(stored.content) and state == stored.state:
            return True
        content = replace(check, kept_at=now.isoformat()).to_json()
        is_renewal = check.kind == CHANGED
        return checks.write_check(
            self._database, stored, content, state, now, is_renewal=is_renewal
        )
