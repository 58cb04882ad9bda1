from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.follow_ups import OWN, Asked, FollowUps, Ranking
from bot.data_files import DATA, button_labels, read_yaml

CONTENT = read_yaml(DATA / "follow_ups.yml")
NAMES = button_labels()
TOPICS = sorted(label for label in NAMES if label.startswith("faq/"))
RULES = FollowUps(CONTENT, NAMES)
# What the classifier says of a text that it makes nothing of.
NOTHING: Ranking = [("inform", 0.2), ("affirm", 0.1)]


def after(topic: str, asked_with: str = "") -> list[Asked]:
    return [Asked(f"faq/{topic}", asked_with)]


def meant(text: str, topic: str, own: Ranking = NOTHING, asked_with: str = "") -> Any:
    """The topics that a text means after a topic, without `faq/`; None if the words do not tell."""
    found = RULES.meaning(text, after(topic, asked_with), own)
    return None if found is None else tuple(label.removeprefix("faq/") for label in found)


# Another subject


@pytest.mark.parametrize(
    ("topic", "text", "expected"),
    [
        ("sessions_skin", "And for the scalp?", "sessions_hair"),
        ("sessions_hair", "aur chehre ke liye", "sessions_skin"),
        ("downtime", "same for hair?", "downtime_hair"),
        ("results_hair", "how about skin", "results_skin"),
        ("aftercare_skin", "and if it’s the scalp", "aftercare_hair"),
        ("treats_hair_loss", "and wrinkles", "treats_ageing"),
        ("treats_ageing", "neck also?", "other_areas"),
        ("makeup_after", "and the gym?", "sun_exercise_after"),
        ("compare_prp", "and vs laser?", "compare_other"),
        ("compare_other", "what about prp", "compare_prp"),
        ("combine_treatments", "with fillers?", "combine_treatments"),
    ],
)
def test_a_question_is_taken_over_for_another_subject(topic: str, text: str, expected: str) -> None:
    assert meant(text, topic) == (expected,)


@pytest.mark.parametrize("topic", ["price", "pain", "session_length", "evidence"])
def test_one_answer_for_the_whole_body_is_given_again(topic: str) -> None:
    assert meant("and for hair?", topic) == (topic,)


def test_a_concern_of_the_skin_has_the_skins_form() -> None:
    assert meant("and for acne scars?", "sessions_hair") == ("sessions_skin",)


def test_a_subject_after_a_topic_that_knows_none_stands_for_itself() -> None:
    assert meant("and for hair?", "clinic_hours") == ("treats_hair_loss",)


def test_another_treatment_after_a_question_about_ours_is_asked_back() -> None:
    assert meant("and prp?", "price") == ("price", "compare_prp")


def test_a_whole_sentence_about_a_subject_keeps_its_clear_meaning() -> None:
    sure = [("faq/treats_hair_loss", 0.9)]
    assert meant("does it do something for hair", "price", sure) == ()


# Details, why and more


@pytest.mark.parametrize(
    ("topic", "text", "expected"),
    [
        ("downtime", "how long does it stay", "downtime"),
        ("results_skin", "and how long does that last", "results_duration"),
        ("side_effects", "how long do they last?", "downtime"),
        ("treats_hair_loss", "when will i see it", "results_hair"),
        ("treats_acne_scars", "how many would i need", "sessions_skin"),
        ("sessions_skin", "how far apart", "sessions_skin"),
        ("sessions_hair", "and how long does one take", "session_length"),
        ("hair_wash_colour_oil", "kitne din baad?", "hair_wash_colour_oil"),
        ("results_skin", "baalon ke liye kitna time", "results_hair"),
        ("preparation", "when can i use it again", "skincare_actives_after"),
        ("procedure_steps", "who does it", "doctor_credentials"),
        ("allergic_reaction", "what should i do then", "when_to_call"),
        ("price", "why?", "price"),
        ("sessions_hair", "itne kyu", "sessions_hair"),
        ("maintenance", "but why", "results_duration"),
        ("evidence", "aur batao", "evidence"),
        ("is_it_safe", "really?", "is_it_safe"),
        ("pain", "tell me more", "pain"),
    ],
)
def test_a_detail_belongs_to_the_topic_before(topic: str, text: str, expected: str) -> None:
    assert meant(text, topic) == (expected,)


def test_a_detail_is_read_by_its_words_however_sure_the_classifier_is() -> None:
    sure = [("faq/results_duration", 0.96)]
    assert meant("how long does it stay", "downtime", sure) == ("downtime",)


def test_how_long_after_the_number_of_sessions_can_be_two_things() -> None:
    assert meant("how long", "sessions_hair") == ("session_length", "results_hair")


def test_why_with_a_subject_is_no_bare_why() -> None:
    sure = [("faq/compare_prp", 0.9)]
    assert meant("why not just use prp", "price", sure) == ()


# A meaning of its own


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("and the price?", [("faq/price", 0.8)]),
        ("ok thank you", [("thanks", 0.95)]),
        ("and can I book for Friday", [("book_consultation", 0.9)]),
        ("then cancel it", [("cancel_consultation", 0.35)]),
        ("sure, why not, do it", [("affirm", 0.9)]),
        ("yes", [("affirm", 1.0)]),
        ("what about your timings", [("faq/clinic_hours", 0.28)]),
        ("and my brother flew home from Delhi yesterday", [("out_of_scope", 0.2)]),
    ],
)
def test_a_message_with_a_meaning_of_its_own_keeps_it(text: str, own: Ranking) -> None:
    assert meant(text, "sessions_hair", own) == ()


@pytest.mark.parametrize("text", ["cost?", "where is the clinic", "my name is Asha", "", "  ", "?"])
def test_a_message_that_leans_on_nothing_is_not_looked_at(text: str) -> None:
    assert not RULES.can_lean(text, NOTHING)


def test_a_long_message_says_itself_what_it_is_about() -> None:
    text = "and what about it, I have been thinking of this for weeks now"
    assert not RULES.can_lean(text, NOTHING)


# Skin or hair


PLAIN = [("faq/downtime", 0.9)]


def test_a_question_that_names_no_part_is_about_the_one_talked_of() -> None:
    assert meant("how long is the recovery", "sessions_hair", PLAIN) == ("downtime_hair",)
    assert meant("how long is the recovery", "sessions_skin", PLAIN) == ()


def test_the_part_may_have_been_named_in_the_words_only() -> None:
    asked_with = "how much is it for my scalp"
    assert meant("how long is the recovery", "price", PLAIN, asked_with) == ("downtime_hair",)


def test_the_part_may_have_been_named_before_the_last_topic() -> None:
    before = [Asked("faq/price", "how much is it"), Asked("faq/treats_hair_loss", "hair fall")]
    found = RULES.meaning("how long is the recovery", before, PLAIN)
    assert found == ("faq/downtime_hair",)


def test_where_nobody_has_named_a_part_it_is_asked_back() -> None:
    assert meant("how long is the recovery", "price", PLAIN) == ("downtime", "downtime_hair")


def test_a_question_that_only_skin_can_ask_is_not_asked_back() -> None:
    assert meant("how long does the redness on my cheeks last", "price", PLAIN) == ()
    assert meant("recovery after peeling", "price", PLAIN) == ()


# Which of two that were offered


BETWEEN = ["faq/sessions_skin", "faq/sessions_hair"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hair", "faq/sessions_hair"),
        ("for my face please", "faq/sessions_skin"),
        ("acne scars", "faq/sessions_skin"),
        ("the first one", "faq/sessions_skin"),
        ("2", "faq/sessions_hair"),
        ("dusra wala", "faq/sessions_hair"),
    ],
)
def test_one_of_two_is_picked_by_its_part_or_its_place(text: str, expected: str) -> None:
    assert RULES.chosen(text, BETWEEN) == (expected,)


@pytest.mark.parametrize("text", ["yes", "laser", "why", "the first or the second", "hair colour"])
def test_what_picks_none_of_two_is_read_as_any_other_message(text: str) -> None:
    assert RULES.chosen(text, BETWEEN) == OWN


# Weighed by the classifier


def test_words_of_its_own_that_are_not_clear_are_weighed() -> None:
    own = [("faq/price", 0.32), ("faq/insurance_payment", 0.25)]
    assert meant("is that with tax", "price", own) is None


def test_what_is_classified_is_the_message_without_and_with_its_context() -> None:
    assert RULES.texts_to_read("And with tax?", after("price")) == ("tax?", "Price, And with tax?")


def test_the_topic_before_holds_where_the_context_speaks_for_it() -> None:
    own = [("faq/sessions_skin", 0.3), ("faq/price", 0.22)]
    found = RULES.weighed(after("price"), own, own, [("faq/price", 0.99)])
    assert found == ("faq/price",)


def test_a_message_that_is_clear_without_its_opener_means_that() -> None:
    rest = [("faq/clinic_location", 0.74)]
    found = RULES.weighed(after("price"), [("faq/clinic_location", 0.4)], rest, rest)
    assert found == ("faq/clinic_location",)


def test_a_message_that_fits_nothing_before_keeps_its_own_meaning() -> None:
    assert RULES.weighed(after("price"), NOTHING, NOTHING, [("faq/price", 0.5)]) == OWN
    assert RULES.weighed(after("price"), NOTHING, [], []) == OWN


def test_a_sign_after_treatment_that_is_half_heard_is_left_alone() -> None:
    own = [("faq/pain", 0.2), ("report_reaction", 0.15)]
    assert RULES.meaning("and if it gets bigger?", after("pain"), own) == OWN


@pytest.mark.parametrize(
    ("text", "heard", "topic"),
    [
        ("my lips too", "report_reaction", "treats_hair_loss"),
        ("why me", "distress", "treats_hair_loss"),
        ("when can i get it done", "book_consultation", "results_skin"),
    ],
)
def test_the_tables_take_no_sign_and_no_sure_task_for_a_topic(
    text: str, heard: str, topic: str
) -> None:
    assert meant(text, topic, [(heard, 0.9)]) == OWN


def test_two_as_likely_are_asked_back() -> None:
    own = [("faq/regulatory_approval", 0.42)]
    in_context = [("faq/injection_vs_topical", 0.89), ("faq/regulatory_approval", 0.09)]
    found = RULES.weighed(after("injection_vs_topical"), own, own, in_context)
    assert set(found) == {"faq/regulatory_approval", "faq/injection_vs_topical"}


def test_only_a_topic_is_taken_over() -> None:
    own = [("help_menu", 0.29), ("affirm", 0.28)]
    found = RULES.weighed(after("infection_risk"), own, own, [("faq/infection_risk", 0.9)])
    assert found == ("faq/infection_risk",)


# The data


def labels_in(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    values = value.values() if isinstance(value, dict) else value
    return {label for each in values for label in labels_in(each)}  # type: ignore[attr-defined]


def test_every_topic_of_the_tables_exists() -> None:
    known = {label.removeprefix("faq/") for label in TOPICS}
    rows = CONTENT["rows"]
    words = {"same", "own", *rows}
    for row in rows.values():
        forms = {name: topic for name, topic in row.items() if name not in ("of", "asked_by")}
        assert forms.keys() <= CONTENT["subjects"].keys()
        assert labels_in(forms) | set(row["of"]) <= known
    for detail in CONTENT["details"]:
        after_topics = detail.get("after", {})
        assert set(after_topics) <= known | set(rows), detail["name"]
        assert labels_in([after_topics, detail["otherwise"]]) <= known | words, detail["name"]
    for subject in CONTENT["subjects"].values():
        assert subject.get("alone", "price") in known
    for group in ("about_hair", "whole_body", "every_device"):
        assert set(CONTENT[group]) <= known, group


def test_a_topic_stands_in_one_row_only() -> None:
    topics = [topic for row in CONTENT["rows"].values() for topic in row["of"]]
    assert len(topics) == len(set(topics))


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from("and what about hair it long how why is laser more then ok kitna".split()),
        max_size=8,
    ).map(" ".join),
)


@given(TEXTS, st.sampled_from(TOPICS), st.floats(0.0, 1.0))
def test_whatever_is_written_means_at_most_two_topics_that_exist(
    text: str, topic: str, confidence: float
) -> None:
    own = [("faq/downtime", confidence), ("thanks", confidence / 2)]
    found = RULES.meaning(text, [Asked(topic, text)], own)
    if found is None:
        found = RULES.weighed([Asked(topic, text)], own, own, [(topic, confidence)])
    assert len(set(found)) == len(found) <= 2
    assert set(found) <= set(TOPICS)


def test_no_words_of_a_patient_stand_in_a_repr() -> None:
    text = "and for zqxmarked?"
    assert "zqxmarked" not in repr(Asked("faq/price", text))
    assert "zqxmarked" not in repr(RULES.words_of(text))
