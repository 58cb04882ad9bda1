"""The judgement of a message with the day, the device and the model of signs in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.aftercare import Told
from bot.clinic.red_flags import DANGER, Judgement, RedFlags, Urgency
from bot.clinic.triage import (
    CONCERNS,
    EXPECTED_RATHER,
    LABEL_OF,
    NO_SIGN,
    REFUSED_LABELS,
    REPORT,
    SURE,
    SURE_ALTHOUGH_SET_ASIDE,
    SURE_BESIDE_A_REFUSAL,
    SURE_IN_A_STRETCH,
    SURE_OF_A_CONCERN,
    SURE_OF_NONE,
    Heard,
    Triage,
    Triaged,
    heard,
)
from bot.data_files import read_signs
from tests.clinic.test_aftercare import AFTERCARE, EXPECTED_UNTIL, LAST_DAYS, TODAY

FLAGS = RedFlags(read_signs())
TRIAGE = Triage(FLAGS, AFTERCARE)
ORDER = list(Urgency)
SIGNS = (
    *(f"E{number:02}" for number in range(1, 16)),
    *(f"D{number:02}" for number in range(1, 18)),
    *(f"X{number:02}" for number in range(1, 9)),
    *("CRISIS", "DISTRESS", NO_SIGN),
)
LABELS = ("faq", "emergency", "crisis", REPORT, "distress", "nlu_fallback", "")
# How the model hears a class of signs, and what it makes of it.
CLASSES = {
    "E": ("E05", Urgency.EMERGENCY),
    "C": ("CRISIS", Urgency.CRISIS),
    "D": ("D03", Urgency.SAME_DAY),
}
LITTLE = 0.01
DANGEROUS = {
    "I cannot breathe": Urgency.EMERGENCY,
    "my lips and tongue are swelling": Urgency.EMERGENCY,
    "saans nahi aa rahi hai": Urgency.EMERGENCY,
    "मला श्वास घेता येत नाही": Urgency.EMERGENCY,
    "I want to die": Urgency.CRISIS,
}
DENIED = "no chest pain, just asking the price"
ASKED = "what if I cannot breathe after it"
PUS = "there is pus on my face"
NAMELESS = "something is wrong since the session"


def judged(text: str, *, after_treatment: bool = False, today: date = TODAY) -> Judgement:
    return TRIAGE.judge(text, today, after_treatment=after_treatment).judgement


def chances(**told: float) -> dict[str, float]:
    """What the model says of one reading: these signs, and no sign for the rest."""
    rest = max(0.0, 1.0 - sum(told.values()))
    return {**dict.fromkeys(SIGNS, 0.0), NO_SIGN: rest, **told}


def raised(text: str, label: str = "faq", *readings: Mapping[str, float]) -> Judgement:
    """The whole judgement of a message that the engine has read like this."""
    by_patterns = TRIAGE.judge(text, TODAY, after_treatment=label == REPORT)
    return TRIAGE.raised(by_patterns, label, readings).judgement


# --- device and day -----------------------------------------------------------------------------


def expected(course: str) -> Judgement:
    return Judgement(Urgency.EXPECTED, "X01", "en", (course,))


@pytest.mark.parametrize(("course", "device", "last"), LAST_DAYS)
def test_on_its_last_day_a_sign_is_still_expected(course: str, device: str, last: int) -> None:
    assert TRIAGE.with_day(expected(course), Told(device, last)) == expected(course)


@pytest.mark.parametrize(("course", "device", "last"), LAST_DAYS)
def test_the_day_after_it_is_a_same_day_sign(course: str, device: str, last: int) -> None:
    found = TRIAGE.with_day(expected(course), Told(device, last + 1))
    past = EXPECTED_UNTIL[course][0]
    assert (found.urgency, found.sign, found.courses) == (Urgency.SAME_DAY, past, ())


@pytest.mark.parametrize("course", EXPECTED_UNTIL)
def test_for_an_unknown_device_no_device_has_a_smaller_number(course: str) -> None:
    _, lasts, unknown = EXPECTED_UNTIL[course]
    assert unknown == min(lasts)
    found = TRIAGE.with_day(expected(course), Told("", min(lasts) + 1))
    assert found.urgency is Urgency.SAME_DAY


@pytest.mark.parametrize("device", ["", "mnrf"])
@pytest.mark.parametrize("course", EXPECTED_UNTIL)
def test_without_a_day_a_sign_stays_expected_with_its_course(course: str, device: str) -> None:
    assert TRIAGE.with_day(expected(course), Told(device)) == expected(course)


def test_of_several_courses_the_first_that_is_past_its_day_decides() -> None:
    two = Judgement(Urgency.EXPECTED, "X01", "en", ("redness", "oozing"))
    found = TRIAGE.with_day(two, Told("mnrf", 2))
    assert (found.urgency, found.sign) == (Urgency.SAME_DAY, "D02")


def test_a_sign_for_which_no_day_decides_is_expected_on_any_day() -> None:
    slow = Judgement(Urgency.EXPECTED, "X08")
    assert TRIAGE.with_day(slow, Told("mnrf", 300)) == slow


@pytest.mark.parametrize(
    ("text", "urgency", "sign"),
    [
        ("my face is red after microneedling 3 days ago", Urgency.EXPECTED, "X01"),
        ("my face is red after microneedling 4 days ago", Urgency.SAME_DAY, "D13"),
        ("I had MNRF 5 days ago, my face is red", Urgency.EXPECTED, "X01"),
        ("I had MNRF 6 days ago, my face is red", Urgency.SAME_DAY, "D13"),
        ("my cheeks are red for 9 days since mnrf", Urgency.SAME_DAY, "D13"),
        ("my face is red since the treatment 3 days ago", Urgency.EXPECTED, "X01"),
        ("my face is red since the treatment 4 days ago", Urgency.SAME_DAY, "D13"),
        ("had mnrf today and it is oozing", Urgency.EXPECTED, ""),
        ("had mnrf 2 days ago and it is oozing", Urgency.SAME_DAY, "D02"),
    ],
)
def test_device_and_day_are_taken_from_the_message(text: str, urgency: Urgency, sign: str) -> None:
    found = judged(text)
    assert (found.urgency, found.sign) == (urgency, sign)


def test_the_day_is_counted_from_the_clinics_today() -> None:
    text = "mnrf was on 20 November and my face is red"
    assert judged(text, today=date(2026, 11, 25)).urgency is Urgency.EXPECTED
    assert judged(text, today=date(2026, 11, 26)).urgency is Urgency.SAME_DAY


def test_what_was_told_of_the_treatment_stands_beside_the_judgement() -> None:
    triaged = TRIAGE.judge("I had MNRF yesterday, my face is red", TODAY)
    assert (triaged.told.device, triaged.told.day) == ("mnrf", 1)


def test_redness_alone_is_no_sign_of_a_treatment() -> None:
    assert judged("my face is red").urgency is Urgency.NONE


def test_redness_of_somebody_known_to_be_treated_is_expected() -> None:
    found = judged("my face is red", after_treatment=True)
    assert (found.urgency, found.sign, found.courses) == (Urgency.EXPECTED, "X01", ("redness",))


@pytest.mark.parametrize(("text", "urgency"), DANGEROUS.items())
def test_danger_asks_for_no_day(text: str, urgency: Urgency) -> None:
    triaged = TRIAGE.judge(f"{text}, had MNRF yesterday", TODAY)
    assert triaged.judgement.urgency is urgency
    assert triaged.told == Told()


# --- what the model has heard -------------------------------------------------------------------


def test_of_several_stretches_the_one_counts_where_a_class_is_likeliest() -> None:
    found = heard([chances(E01=0.2, D03=0.6, X01=0.4), chances(E05=0.9), chances(X01=0.4)])
    assert found == {"E": Heard("E05", 0.9), "D": Heard("D03", 0.6), "X": Heard("X01", 0.4)}


def test_a_class_is_as_likely_as_its_signs_together() -> None:
    found = heard([chances(E01=0.25, E02=0.5)])
    assert found == {"E": Heard("E02", 0.75)}


def test_signs_of_different_stretches_are_not_added_up() -> None:
    assert heard([chances(E01=0.25), chances(E02=0.9)]) == {"E": Heard("E02", 0.9)}


@pytest.mark.parametrize("sign", [NO_SIGN, "DISTRESS"])
def test_low_mood_and_no_sign_are_no_class(sign: str) -> None:
    assert heard([{sign: 1.0}]) == {}


def test_a_crisis_is_a_class_of_its_own() -> None:
    assert heard([{"CRISIS": 0.8}]) == {"C": Heard("CRISIS", 0.8)}


def test_where_no_model_has_spoken_nothing_is_heard() -> None:
    assert heard([]) == {}


# --- what the model and the label add to the patterns -------------------------------------------


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("text", "urgency"), DANGEROUS.items())
def test_danger_by_pattern_stands_whatever_the_model_says(
    text: str, urgency: Urgency, label: str
) -> None:
    assert raised(text, label, chances(NONE=1.0)) == judged(text)
    assert judged(text).urgency is urgency


@pytest.mark.parametrize("kind", CLASSES)
def test_the_model_raises_where_it_is_just_sure_enough(kind: str) -> None:
    sign, urgency = CLASSES[kind]
    found = raised("these odd words", "faq", chances(**{sign: SURE[kind]}))
    assert (found.urgency, found.sign) == (urgency, sign)


@pytest.mark.parametrize("kind", CLASSES)
def test_below_that_the_model_raises_nothing(kind: str) -> None:
    sign, _ = CLASSES[kind]
    found = raised("these odd words", "faq", chances(**{sign: SURE[kind] - LITTLE}))
    assert found.urgency is Urgency.NONE


@pytest.mark.parametrize("kind", CLASSES)
def test_one_stretch_of_many_is_enough(kind: str) -> None:
    sign, urgency = CLASSES[kind]
    calm = chances(NONE=1.0)
    loud = chances(**{sign: SURE_IN_A_STRETCH[kind]})
    found = raised("these odd words", "faq", calm, loud, calm)
    assert found.urgency is urgency


@pytest.mark.parametrize("kind", CLASSES)
def test_a_stretch_must_not_sound_less_sure_than_a_whole_message(kind: str) -> None:
    sign, _ = CLASSES[kind]
    assert SURE_IN_A_STRETCH[kind] >= SURE[kind]
    below = chances(**{sign: SURE_IN_A_STRETCH[kind] - LITTLE})
    assert raised("these odd words", "faq", chances(NONE=1.0), below).urgency is Urgency.NONE


@pytest.mark.parametrize("text", [DENIED, ASKED])
@pytest.mark.parametrize("kind", CLASSES)
def test_what_the_patterns_set_aside_the_model_must_be_surer_of(kind: str, text: str) -> None:
    sign, urgency = CLASSES[kind]
    below = chances(**{sign: SURE_ALTHOUGH_SET_ASIDE - LITTLE})
    assert judged(text).set_aside
    assert raised(text, "faq", below).urgency is Urgency.NONE
    assert raised(text, "faq", chances(**{sign: SURE_ALTHOUGH_SET_ASIDE})).urgency is urgency


def test_a_set_aside_asks_for_more_than_a_sign_that_nobody_denied() -> None:
    assert max(SURE.values()) < SURE_ALTHOUGH_SET_ASIDE


@pytest.mark.parametrize("label", REFUSED_LABELS)
@pytest.mark.parametrize("kind", CLASSES)
def test_beside_what_is_refused_anyway_the_model_must_be_surer(kind: str, label: str) -> None:
    sign, urgency = CLASSES[kind]
    bound = SURE_ALTHOUGH_SET_ASIDE if kind == "D" else SURE_BESIDE_A_REFUSAL
    at, below = chances(**{sign: bound}), chances(**{sign: bound - LITTLE})
    assert raised("these odd words", label, at).urgency is urgency
    assert raised("these odd words", label, below).urgency is Urgency.NONE


@pytest.mark.parametrize("sign", CONCERNS)
def test_what_brings_people_here_is_a_sign_if_the_model_is_quite_sure(sign: str) -> None:
    at, below = (
        chances(**{sign: chance}) for chance in (SURE_OF_A_CONCERN, SURE_OF_A_CONCERN - LITTLE)
    )
    assert raised("these odd words", "faq", at).urgency is Urgency.SAME_DAY
    assert raised("these odd words", "faq", below).urgency is Urgency.NONE


@pytest.mark.parametrize("sign", CONCERNS)
@pytest.mark.parametrize(
    ("text", "label"), [("odd words since my MNRF", "faq"), ("these odd words", REPORT)]
)
def test_after_a_treatment_it_is_believed_like_any_sign(sign: str, text: str, label: str) -> None:
    assert raised(text, label, chances(**{sign: SURE["D"]})).urgency is Urgency.SAME_DAY


@pytest.mark.parametrize("urgency", DANGER)
def test_the_label_raises_although_the_model_doubts(urgency: Urgency) -> None:
    doubting = chances(NONE=SURE_OF_NONE - LITTLE)
    assert raised("these odd words", LABEL_OF[urgency], doubting).urgency is urgency


@pytest.mark.parametrize("urgency", DANGER)
def test_the_label_raises_where_no_model_has_spoken(urgency: Urgency) -> None:
    assert raised("these odd words", LABEL_OF[urgency]).urgency is urgency


@pytest.mark.parametrize("urgency", DANGER)
def test_the_label_raises_nothing_where_the_model_is_sure_of_none(urgency: Urgency) -> None:
    sure = chances(NONE=SURE_OF_NONE)
    assert raised("these odd words", LABEL_OF[urgency], sure).urgency is Urgency.NONE


@pytest.mark.parametrize("urgency", DANGER)
def test_the_model_must_be_sure_of_none_in_every_stretch(urgency: Urgency) -> None:
    readings = (chances(NONE=1.0), chances(NONE=SURE_OF_NONE - LITTLE))
    assert raised("these odd words", LABEL_OF[urgency], *readings).urgency is urgency


def test_of_a_crisis_and_an_emergency_the_crisis_is_answered() -> None:
    half = raised("these odd words", "faq", chances(CRISIS=0.6, E15=0.4))
    assert (half.urgency, half.sign) == (Urgency.CRISIS, "CRISIS")


def test_a_sign_of_danger_raises_what_was_expected() -> None:
    text = "I had MNRF yesterday, my face is red"
    found = raised(text, REPORT, chances(E07=SURE["E"]))
    assert (found.urgency, found.sign, found.courses) == (Urgency.EMERGENCY, "E07", ())


def test_a_same_day_sign_raises_what_was_expected() -> None:
    text = "I had MNRF yesterday, my face is red"
    found = raised(text, REPORT, chances(D04=SURE["D"]))
    assert (found.urgency, found.sign, found.courses) == (Urgency.SAME_DAY, "D04", ())


def test_a_same_day_sign_by_pattern_keeps_its_name() -> None:
    assert raised(PUS, REPORT, chances(D04=1.0)).sign == "D02"


@pytest.mark.parametrize("label", ["faq", REPORT])
def test_a_same_day_pattern_is_dropped_where_the_model_is_sure_of_none(label: str) -> None:
    found = raised(PUS, label, chances(NONE=SURE_OF_NONE))
    assert (found.urgency, found.sign, found.set_aside) == (Urgency.NONE, "", True)


@pytest.mark.parametrize("label", ["faq", REPORT])
def test_a_same_day_pattern_stands_where_the_model_doubts(label: str) -> None:
    assert raised(PUS, label, chances(NONE=SURE_OF_NONE - LITTLE)) == judged(PUS)


def test_a_same_day_pattern_stands_where_no_model_has_spoken() -> None:
    assert raised(PUS, "faq") == judged(PUS)


@pytest.mark.parametrize(
    "readings",
    [(), (chances(NONE=0.5),), (chances(NONE=SURE_OF_NONE - LITTLE, X01=LITTLE),)],
)
def test_a_report_that_nobody_can_name_is_a_same_day_sign(
    readings: Sequence[Mapping[str, float]],
) -> None:
    found = raised(NAMELESS, REPORT, *readings)
    assert (found.urgency, found.sign) == (Urgency.SAME_DAY, "")


def test_a_report_that_sounds_expected_is_expected_with_its_course() -> None:
    found = raised(NAMELESS, REPORT, chances(X03=EXPECTED_RATHER))
    assert (found.urgency, found.sign, found.courses) == (Urgency.EXPECTED, "X03", ("crusts",))


def test_a_report_that_hardly_sounds_expected_is_a_same_day_sign() -> None:
    found = raised(NAMELESS, REPORT, chances(X03=EXPECTED_RATHER - LITTLE))
    assert found.urgency is Urgency.SAME_DAY


def test_a_report_that_sounds_worse_than_expected_is_a_same_day_sign() -> None:
    text = f"no pus, but {NAMELESS}"
    usual, worse = chances(X03=0.6), chances(D04=0.87)
    assert judged(text, after_treatment=True).set_aside
    assert raised(text, REPORT, usual).urgency is Urgency.EXPECTED
    # Not sure enough for a name, as the patient denies a sign.
    assert raised(text, REPORT, usual, worse).urgency is Urgency.SAME_DAY


def test_what_no_day_decides_is_expected_without_a_course() -> None:
    found = raised(NAMELESS, REPORT, chances(X08=1.0))
    assert (found.urgency, found.sign, found.courses) == (Urgency.EXPECTED, "X08", ())


@pytest.mark.parametrize(("days", "urgency"), [(7, Urgency.EXPECTED), (8, Urgency.SAME_DAY)])
def test_a_sign_that_only_the_model_names_is_compared_with_the_day(
    days: int, urgency: Urgency
) -> None:
    text = f"I had MNRF {days} days ago and something looks odd"
    assert raised(text, REPORT, chances(X03=1.0)).urgency is urgency


def test_a_report_without_any_sign_is_none() -> None:
    assert raised(NAMELESS, REPORT, chances(NONE=SURE_OF_NONE)).urgency is Urgency.NONE


def test_an_expected_sign_that_only_the_model_hears_needs_a_report() -> None:
    assert raised("these odd words", "faq", chances(X01=1.0)).urgency is Urgency.NONE


SCORES = st.dictionaries(st.sampled_from(SIGNS), st.floats(0.0, 1.0))
TEXTS = st.sampled_from(
    [
        *DANGEROUS,
        *(DENIED, ASKED, PUS, NAMELESS, "hello", ""),
        "I had MNRF yesterday, my face is red",
        "I had MNRF 9 days ago, my face is red",
    ]
)


@given(TEXTS, st.sampled_from(LABELS), st.lists(SCORES, max_size=4))
def test_nothing_makes_danger_lower_than_the_patterns_say(
    text: str, label: str, readings: list[dict[str, float]]
) -> None:
    by_patterns = TRIAGE.judge(text, TODAY, after_treatment=label == REPORT)
    found = TRIAGE.raised(by_patterns, label, readings)
    if by_patterns.judgement.urgency in DANGER:
        assert found == by_patterns
    elif ORDER.index(found.judgement.urgency) < ORDER.index(by_patterns.judgement.urgency):
        # Only a same-day pattern can be a word in another sense.
        assert by_patterns.judgement.urgency is Urgency.SAME_DAY
        assert min(each.get(NO_SIGN, 0.0) for each in readings) >= SURE_OF_NONE


@given(TEXTS, st.sampled_from(LABELS), st.lists(SCORES, max_size=4))
def test_whatever_is_heard_the_language_of_the_message_stays(
    text: str, label: str, readings: list[dict[str, float]]
) -> None:
    by_patterns = TRIAGE.judge(text, TODAY, after_treatment=label == REPORT)
    found = TRIAGE.raised(by_patterns, label, readings)
    assert isinstance(found, Triaged)
    assert found.judgement.language == by_patterns.judgement.language
