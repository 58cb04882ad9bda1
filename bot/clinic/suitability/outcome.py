"""What a finished check leads to: what the patient is told, and what staff learn (brief 4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clinic.suitability.check import CHANGED, LESION, Check, label_of
from bot.clinic.suitability.questions import NO, UNKNOWN_DEVICE, Catalogue, Label

# What staff should read before the visit is read today.
_SOON = timedelta(days=1)


@dataclass(frozen=True)
class Visit:
    """The visit that a check is for. `when`: as a patient reads it."""

    when: str
    starts_at: datetime
    is_treatment: bool
    device: str = UNKNOWN_DEVICE


def outcome_responses(check: Check, catalogue: Catalogue, visit: Visit | None) -> list[str]:
    """The responses of domain.yml that tell what happens next, in order.

    A changing mole comes before any other outcome. In the second round only what is new counts.
    """
    told = [_for_visit("utter_check_lesion", visit, treatment="booked")]
    lesion = told if _has_lesion(check) else []
    label = _label(check, catalogue, visit)
    if check.kind == CHANGED and label is Label.ROUTINE:
        return [*lesion, "utter_check_noted" if check.news else "utter_check_unchanged"]
    name = f"utter_check_{label.value.lower()}"
    is_plain = label in (Label.ROUTINE, Label.INCOMPLETE)
    return [*lesion, name if is_plain else _for_visit(name, visit)]


def stopped_responses(check: Check, catalogue: Catalogue, visit: Visit | None) -> list[str]:
    """What a check says that was stopped: what was named counts all the same (brief 4.1)."""
    said = outcome_responses(check, catalogue, visit)
    quiet = {f"utter_check_{each}" for each in ("routine", "incomplete", "unchanged", "noted")}
    return [*(each for each in said if each not in quiet), "utter_check_incomplete"]


def what_staff_learn(
    before: Check,
    after: Check,
    catalogue: Catalogue,
    visit: Visit | None,
    now: datetime,
    *,
    is_over: bool,
) -> list[tuple[str, str]]:
    """Kind and urgency of each request that one more answer makes.

    A changing mole is told when it is named. A talk needs no more: the doctor reads the answers
    before it. Before a treatment staff learn of them when the check is over, and of what is new
    shortly before a visit at once: nobody may come back to end the questions.
    """
    requests = [("lesion", "routine")] if _has_lesion(after) and not _has_lesion(before) else []
    is_renewal = after.kind == CHANGED
    is_time = after.news != before.news if is_renewal else is_over
    is_for_staff = visit is not None and (visit.is_treatment or is_renewal)
    quiet = (Label.ROUTINE, Label.INCOMPLETE)
    if is_time and is_for_staff and _label(after, catalogue, visit) not in quiet:
        is_soon = visit is not None and visit.starts_at - now <= _SOON
        requests.append(("check_answers", "same_day" if is_soon else "routine"))
    return requests


def _has_lesion(check: Check) -> bool:
    return _counts(check, LESION) and check.answers.get(LESION, NO) != NO


def _label(check: Check, catalogue: Catalogue, visit: Visit | None) -> Label:
    device = visit.device if visit else UNKNOWN_DEVICE
    if check.kind != CHANGED:
        return label_of(check, catalogue, device)
    return catalogue.strictest(
        catalogue.label_of(question, check.answers[question], device) for question in _news(check)
    )


def _news(check: Check) -> Iterable[str]:
    return (question for question in check.news if question in check.answers)


def _counts(check: Check, question: str) -> bool:
    """Whether an answer was given in this round."""
    return check.kind != CHANGED or question in check.news


def _for_visit(name: str, visit: Visit | None, treatment: str = "treatment") -> str:
    if visit is None:
        return name
    return f"{name}_{treatment if visit.is_treatment else 'booked'}"
