"""The judgement of a message with the day and the device of a treatment in it (brief, part 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.clinic.aftercare import AfterCare, Told
from bot.clinic.red_flags import DANGER, Judgement, RedFlags, Urgency

REPORT = "report_reaction"
# What is refused anyway, with when to call: "how many tablets?", "which disease is it?". There the
# model has to be surer of danger, and of a same-day sign as sure as of one that is denied.
REFUSED_LABELS = ("ask_diagnosis", "out_of_scope")
SURE_BESIDE_A_REFUSAL = 0.6
# What brings people to a dermatologist anyway: a rash, dark marks, pimples. Where no treatment is
# named, the model has to be this sure to make a same-day sign of them.
CONCERNS = ("D07", "D12", "D15")
SURE_OF_A_CONCERN = 0.98
# The label of the classifier for each urgency.
LABEL_OF = {
    Urgency.EMERGENCY: "emergency",
    Urgency.CRISIS: "crisis",
    Urgency.SAME_DAY: REPORT,
    Urgency.EXPECTED: REPORT,
}
# How likely a class of signs must be before it is believed without any pattern. Measured on
# tests/safety/heldout: lower for danger, because doubt goes to the higher class.
SURE = {"C": 0.6, "E": 0.3, "D": 0.4}
# ... where the patterns found a sign and set it aside as denied, asked or past.
SURE_ALTHOUGH_SET_ASIDE = 0.9
# Where the model of signs is so sure that there is none, the classifier's label alone raises no
# alarm, and a same-day pattern is taken for a word in another sense. Danger told by a pattern
# stands whatever the model says.
SURE_OF_NONE = 0.9
NO_SIGN = "NONE"
# Redness, crusts or flaking past its day (brief 5.3).
LASTS = "D13"
# A report on a treatment is taken for expected where that is likelier than a same-day sign.
EXPECTED_RATHER = 0.5


@dataclass(frozen=True)
class Heard:
    """What the model of signs makes of a message: the likeliest sign of a class, and how likely."""

    sign: str
    chance: float


_NOTHING = Heard("", 0.0)


# How likely a class must be in a stretch of a message to be heard at all: cut out of a story, what
# is harmless sounds worse than it is.
SURE_IN_A_STRETCH = {"C": 0.8, "E": 0.6, "D": 0.4, "X": 0.85}


def _kind(sign: str) -> str:
    """E, C for crisis, D or X; empty for low mood and for no sign."""
    return sign[0] if sign == "CRISIS" or sign[1:].isdigit() else ""


def heard(readings: Sequence[Mapping[str, float]]) -> dict[str, Heard]:
    """The classes (E, C for crisis, D, X) of a message, each where it is likeliest."""
    found: dict[str, Heard] = {}
    for place, chances in enumerate(readings):
        for kind in "ECDX":
            of_kind = {sign: chance for sign, chance in chances.items() if _kind(sign) == kind}
            if place and sum(of_kind.values()) < SURE_IN_A_STRETCH[kind]:
                continue
            if of_kind and sum(of_kind.values()) > found.get(kind, _NOTHING).chance:
                found[kind] = Heard(max(of_kind, key=of_kind.__getitem__), sum(of_kind.values()))
    return found


@dataclass(frozen=True)
class Triaged:
    """A judgement beside what it rests on."""

    judgement: Judgement
    told: Told = field(default_factory=Told)
    # Whether the patient speaks of a treatment that was done.
    is_treated: bool = False


class Triage:
    """Judges by the patterns, and compares what usually passes with the day (brief 5.4b)."""

    def __init__(self, red_flags: RedFlags, aftercare: AfterCare) -> None:
        """Takes compiled rules."""
        self._red_flags = red_flags
        self._aftercare = aftercare

    def judge(self, text: str, today: date, *, after_treatment: bool = False) -> Triaged:
        """The judgement of a message on a day at the clinic.

        `after_treatment`: the patient is known to speak of a treatment that was done.
        """
        judgement = self._red_flags.judge(text)
        if judgement.urgency in DANGER:
            return Triaged(judgement)
        told = self._aftercare.told(text, today)
        is_treated = bool(told.device) or self._red_flags.mentions_treatment(text)
        if not after_treatment and (told.day is not None or told.sign_days is not None):
            after_treatment = is_treated
        if after_treatment:
            judgement = self._red_flags.judge(text, after_treatment=True)
        return Triaged(self.with_day(judgement, told), told, is_treated)

    def with_day(self, judgement: Judgement, told: Told) -> Judgement:
        """The judgement once the day is known: past it, what was expected is a same-day sign."""
        for course in judgement.courses:
            if self._aftercare.still_expected(course, told) is False:
                sign = self._aftercare.past_sign(course)
                return replace(judgement, urgency=Urgency.SAME_DAY, sign=sign, courses=())
        return judgement

    def raised(
        self, triaged: Triaged, label: str, readings: Sequence[Mapping[str, float]]
    ) -> Triaged:
        """The judgement with what the classifier's label and the model of signs have heard more.

        Danger is never lowered: doubt goes to the higher class (brief 5.1). A same-day pattern is,
        where the model is sure that its words stand for something else.
        """
        judgement = triaged.judgement
        if judgement.urgency in DANGER:
            return triaged
        found = heard(self._less_the_day(judgement, readings))
        whole = readings[0].get(NO_SIGN, 0.0) if readings else 0.0
        none = min((chances.get(NO_SIGN, 0.0) for chances in readings), default=0.0)
        surer = SURE_ALTHOUGH_SET_ASIDE if judgement.set_aside else 0.0
        if label in REFUSED_LABELS:
            surer = max(surer, SURE_BESIDE_A_REFUSAL)
        for kind, urgency in (("C", Urgency.CRISIS), ("E", Urgency.EMERGENCY)):
            one = found.get(kind, _NOTHING)
            is_labelled = label == LABEL_OF[urgency] and none < SURE_OF_NONE
            if is_labelled or one.chance >= max(SURE[kind], surer):
                return Triaged(replace(judgement, urgency=urgency, sign=one.sign, courses=()))
        same_day = found.get("D", _NOTHING)
        if same_day.sign in CONCERNS and not triaged.is_treated and label != REPORT:
            surer = SURE_OF_A_CONCERN
        elif label in REFUSED_LABELS and not triaged.is_treated:
            surer = SURE_ALTHOUGH_SET_ASIDE
        is_heard = same_day.chance >= max(SURE["D"], surer)
        if judgement.urgency is not Urgency.SAME_DAY and is_heard:
            worse = replace(judgement, urgency=Urgency.SAME_DAY, sign=same_day.sign, courses=())
            return replace(triaged, judgement=worse)
        if judgement.urgency is Urgency.SAME_DAY and none >= SURE_OF_NONE:
            calm = replace(judgement, urgency=Urgency.NONE, sign="", set_aside=True)
            return replace(triaged, judgement=calm)
        # The label is of the whole message, so it is the whole that must sound like no report.
        if judgement.urgency is Urgency.NONE and label == REPORT and whole < SURE_OF_NONE:
            reported = self._reported(judgement, same_day, found.get("X", _NOTHING))
            return replace(triaged, judgement=self.with_day(reported, triaged.told))
        return triaged

    def _less_the_day(
        self, judgement: Judgement, readings: Sequence[Mapping[str, float]]
    ) -> Sequence[Mapping[str, float]]:
        """The readings without what only the day can tell: redness or crusts that last too long."""
        past = {self._aftercare.past_sign(course) for course in judgement.courses} & {LASTS}
        return [{sign: p for sign, p in each.items() if sign not in past} for each in readings]

    def _reported(self, judgement: Judgement, same_day: Heard, usual: Heard) -> Judgement:
        """A report on a treatment in which no pattern finds a sign."""
        if usual.chance < max(EXPECTED_RATHER, same_day.chance):
            # What nobody can name is looked at today.
            return replace(judgement, urgency=Urgency.SAME_DAY)
        course = self._red_flags.course_of(usual.sign)
        courses = (course,) if course else ()
        return replace(judgement, urgency=Urgency.EXPECTED, sign=usual.sign, courses=courses)
