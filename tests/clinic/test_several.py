from __future__ import annotations

import pytest

from bot.clinic.segments import Segment
from bot.clinic.several import Part, Several, Understood, is_topic, parts_of
from bot.data_files import DATA, button_labels, read_yaml

WORDS = read_yaml(DATA / "segments.yml")
SEVERAL = Several(WORDS)
UNCLEAR = Understood([("faq/price", 0.3), ("faq/pain", 0.25)], "faq/price")


def means(label: str, score: float = 0.9) -> Understood:
    return Understood([(label, score)], label)


def asked(text: str, *readings: Understood) -> tuple[Part, tuple[Understood, ...]]:
    return Part(True, (text,) * len(readings)), readings


def told(text: str, reading: Understood) -> tuple[Part, tuple[Understood, ...]]:
    return Part(False, (text,)), (reading,)


def labels(*parts: tuple[Part, tuple[Understood, ...]], whole: Understood = UNCLEAR) -> list[str]:
    text = ". ".join(part.texts[0] for part, _ in parts)
    return list(SEVERAL.questions(text, whole, parts))


PRICE = asked("how much is it", means("faq/price"))
PAIN = asked("does it hurt", means("faq/pain"))


def test_two_clear_questions_are_two_in_their_order() -> None:
    assert labels(PRICE, PAIN) == ["faq/price", "faq/pain"]
    assert labels(PAIN, PRICE) == ["faq/pain", "faq/price"]


def test_one_question_is_none_of_several() -> None:
    assert labels(PRICE) == []
    assert labels() == []


def test_the_same_question_twice_is_one() -> None:
    assert labels(PRICE, asked("what is the cost", means("faq/price"))) == []


def test_at_most_three_are_answered() -> None:
    more = [asked(topic, means(f"faq/{topic}")) for topic in ("downtime", "evidence")]
    assert labels(PRICE, PAIN, *more) == ["faq/price", "faq/pain", "faq/downtime"]


@pytest.mark.parametrize("label", ["greet", "thanks", "affirm", "deny", "inform", "out_of_scope"])
def test_small_talk_adds_nothing(label: str) -> None:
    assert labels(asked("hello", means(label)), PRICE) == []


def test_background_adds_nothing() -> None:
    assert labels(told("I have melasma", means("faq/treats_pigmentation")), PRICE) == []


def test_a_sign_after_treatment_is_no_background_and_comes_with_its_question() -> None:
    sign = told("my face is red since yesterday", means("report_reaction", 0.98))
    assert labels(sign, PRICE) == ["report_reaction", "faq/price"]


def test_a_sign_that_only_the_whole_shows_comes_first() -> None:
    whole = means("report_reaction", 0.6)
    assert labels(PRICE, PAIN, whole=whole) == ["report_reaction", "faq/price", "faq/pain"]


@pytest.mark.parametrize(
    "label", ["faq/suitable_pregnancy", "faq/suitable_medical_condition", "faq/suitable_medication"]
)
def test_a_condition_that_warns_is_never_left_out(label: str) -> None:
    whole = means(label, 0.85)
    assert labels(PRICE, PAIN, whole=whole) == [label, "faq/price", "faq/pain"]
    half_heard = told("I am five months along", means(label, 0.98))
    assert labels(half_heard, PRICE) == [label, "faq/price"]


def test_a_sign_asked_last_is_not_cut_off() -> None:
    more = asked("where are you", means("faq/clinic_location"))
    sign = asked("what do I do, my cheek is oozing", means("report_reaction"))
    found = labels(PRICE, PAIN, more, sign)
    assert found == ["faq/price", "faq/pain", "report_reaction"]


def test_a_wish_to_hear_no_more_is_not_lost_beside_questions() -> None:
    stop = told("stop sending me messages", means("stop_messages", 0.97))
    assert labels(stop, PRICE) == ["stop_messages", "faq/price"]


def test_an_unclear_part_counts_if_the_whole_holds_it_too() -> None:
    unclear = asked("pain is there", means("faq/pain", 0.3))
    assert labels(PRICE, unclear) == ["faq/price", "faq/pain"]
    assert labels(PRICE, unclear, whole=means("faq/price", 0.5)) == []


def test_a_clear_whole_is_not_cut_into_other_meanings() -> None:
    assert labels(PRICE, PAIN, whole=means("faq/consultation", 0.97)) == []


def test_the_better_reading_counts_with_or_without_what_was_told_before() -> None:
    alone, behind = means("faq/is_it_safe", 0.4), means("faq/suitable_medication", 0.9)
    assert labels(PRICE, asked("is that ok", alone, behind)) == [
        "faq/price",
        "faq/suitable_medication",
    ]


def test_an_answer_that_holds_another_stands_for_both() -> None:
    pregnant = asked("can I have it in pregnancy", means("faq/suitable_pregnancy"))
    assert labels(pregnant, asked("is it safe", means("faq/is_it_safe"))) == []


def test_a_question_about_skin_and_hair_is_two() -> None:
    both = asked("how many sessions for skin and hair", means("faq/sessions_skin"))
    assert labels(both, whole=means("faq/sessions_skin")) == [
        "faq/sessions_skin",
        "faq/sessions_hair",
    ]


def test_a_question_that_names_no_subject_is_about_that_of_the_message() -> None:
    first = asked("does it help hair fall", means("faq/treats_hair_loss"))
    second = asked("when do I see results", means("faq/results_skin"))
    assert labels(first, second) == ["faq/treats_hair_loss", "faq/results_hair"]


def test_background_is_read_with_the_question_behind_it() -> None:
    segments = [Segment("I take aspirin", False), Segment("is that ok?", True)]
    assert parts_of(segments) == [
        Part(False, ("I take aspirin",)),
        Part(True, ("is that ok?", "I take aspirin. is that ok?")),
    ]


def test_a_phone_number_says_nothing_of_what_is_wanted() -> None:
    (part,) = parts_of([Segment("call me on +91 99999 00001", True)])
    assert part.texts == ("call me on",)


def test_a_number_alone_stays() -> None:
    (part,) = parts_of([Segment("99999 00001", False)])
    assert part.texts == ("99999 00001",)


def test_topics_are_told_from_tasks() -> None:
    assert is_topic("faq/price")
    assert not is_topic("book_consultation")
    assert SEVERAL.is_told_first("report_reaction")
    assert not SEVERAL.is_told_first("book_consultation")


def test_the_tables_name_labels_that_exist() -> None:
    domain = read_yaml(DATA.parent / "domain.yml")
    known = {*button_labels(), *domain["intents"]}
    pairs = {*WORDS["of_hair"], *WORDS["of_hair"].values()}
    covers = {*WORDS["covers"], *(each for held in WORDS["covers"].values() for each in held)}
    listed = {
        each for key in ("adds_nothing", "stated", "before_topics") for each in WORDS[key].split()
    }
    assert pairs | covers | listed <= known
