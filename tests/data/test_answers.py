"""Every answer of `data/answers` keeps the format, the lengths and the never-say rules."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clinic.content_checks import (
    CLINIC_LISTS,
    HIGHEST_GRADE,
    MOST_CHARACTERS,
    MOST_CHARACTERS_SHORT,
    MOST_LINES,
    MOST_WORDS_A_SENTENCE,
)
from bot.clinic.reading_grade import reading_grade
from bot.clinic.text_checks import longest_sentence_words
from bot.data_files import DATA, read_yaml
from tests.data.answer_files import (
    TOPICS,
    TOPICS_BY_GROUP,
    Answer,
    answer_files,
    answers,
    both_fillings,
    never_say,
)

MOST_CHARACTERS_LABEL = 24
MOST_CHARACTERS_BUTTON = 20
MOST_CHARACTERS_SOURCE = 80
MOST_CHARACTERS_SOURCE_AND_NOTICE = 120
MOST_BUTTONS = 3
MOST_BULLETS = 5

CLAIM_IDS = {f"C{number}" for number in range(1, 51)} | {f"N{number}" for number in range(1, 13)}
TASK_PAYLOADS = {
    "/book_consultation",
    "/check_consultation",
    "/bot_challenge",
    "/start_suitability_check",
    "/talk_to_staff",
}
NOT_MEDICAL = set(read_yaml(DATA / "content.yml")["content"]["not_medical"])
METADATA_KEYS = {"label", "short", "source", "notice", "claims", "sources", "needs_doctor"}
EVERY_ANSWER = pytest.mark.parametrize("answer", answers(), ids=lambda answer: answer.topic)


@cache
def sources() -> dict[str, dict[str, Any]]:
    """The known sources by id."""
    content = yaml.safe_load(Path("data/sources.yml").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def source_names(answer: Answer) -> list[str]:
    """The names in the answer's source line."""
    line = answer.metadata["source"]
    known = {source["shown_as"] for source in sources().values()}
    # One name holds a comma ("HELLO! India, 2025") and none a semicolon, which parts them.
    names = [name.strip() for name in line.split(";")] if line else []
    assert set(names) <= known, f"no such name in data/sources.yml: {set(names) - known}"
    return names


def test_every_topic_has_exactly_one_answer() -> None:
    topics = [answer.topic for answer in answers()]
    assert sorted(topics) == sorted(TOPICS)


@pytest.mark.parametrize("path", answer_files(), ids=lambda path: path.stem)
def test_a_file_holds_the_topics_of_its_group_in_order(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(content) == {"version", "responses"}
    assert content["version"] == "3.1"
    assert list(content["responses"]) == [
        f"utter_faq/{topic}" for topic in TOPICS_BY_GROUP[path.stem].split()
    ]


@EVERY_ANSWER
def test_the_format_is_complete(answer: Answer) -> None:
    assert set(answer.content) == {"text", "buttons", "metadata"}
    assert set(answer.metadata) == METADATA_KEYS
    for key in ("label", "short", "source"):
        assert isinstance(answer.metadata[key], str), key
    assert answer.metadata["notice"] in {"information", "check", "none"}
    assert isinstance(answer.metadata["needs_doctor"], bool)
    assert 0 < len(answer.metadata["label"]) <= MOST_CHARACTERS_LABEL
    assert set(answer.metadata["claims"]) <= CLAIM_IDS
    assert set(answer.metadata["sources"]) <= set(sources())


@EVERY_ANSWER
def test_buttons_fit_and_lead_somewhere(answer: Answer) -> None:
    buttons = answer.content["buttons"]
    assert len(buttons) <= MOST_BUTTONS
    assert len(set(answer.button_titles)) == len(buttons)
    for button in buttons:
        assert set(button) == {"title", "payload"}
        assert 0 < len(button["title"]) <= MOST_CHARACTERS_BUTTON
        topic = re.fullmatch(r'/faq\{"topic":"(\w+)"\}', button["payload"])
        if topic:
            assert topic[1] in TOPICS
            assert topic[1] != answer.topic, "a button leads back to its own answer"
        else:
            assert button["payload"] in TASK_PAYLOADS


def test_a_button_title_leads_to_the_same_place_everywhere() -> None:
    pairs = {
        (button["title"], button["payload"])
        for answer in answers()
        for button in answer.content["buttons"]
    }
    titles = [title for title, _ in pairs]
    assert {title for title in titles if titles.count(title) > 1} == set()


@EVERY_ANSWER
def test_the_length_is_kept(answer: Answer) -> None:
    assert "\n\n" not in answer.text, "a blank line would make two messages"
    assert answer.text == answer.text.strip()
    assert len(answer.text.splitlines()) <= MOST_LINES
    assert answer.text.count("• ") <= MOST_BULLETS
    if not CLINIC_LISTS.search(answer.text):
        for filled_in in both_fillings(answer.text):
            assert len(filled_in) <= MOST_CHARACTERS
    if not CLINIC_LISTS.search(answer.short):
        for filled_in in both_fillings(answer.short):
            assert 0 < len(filled_in) <= MOST_CHARACTERS_SHORT


@EVERY_ANSWER
@pytest.mark.parametrize("form", ["text", "short"])
def test_no_sentence_is_long(answer: Answer, form: str) -> None:
    # A list of the clinic is no sentence of ours: left out, as in the grade below.
    own = CLINIC_LISTS.sub("", getattr(answer, form))
    for filled_in in both_fillings(own):
        assert longest_sentence_words(filled_in) <= MOST_WORDS_A_SENTENCE


@EVERY_ANSWER
@pytest.mark.parametrize("form", ["text", "short"])
def test_it_reads_at_grade_seven_or_below(answer: Answer, form: str) -> None:
    own = CLINIC_LISTS.sub("", getattr(answer, form))
    for filled_in in both_fillings(own):
        assert reading_grade(filled_in) <= HIGHEST_GRADE


@EVERY_ANSWER
def test_every_placeholder_is_filled(answer: Answer) -> None:
    for form in (answer.text, answer.short):
        for filled_in in both_fillings(form):
            assert "{" not in filled_in
            assert "}" not in filled_in


@EVERY_ANSWER
def test_source_and_notice_stand_beside_medical_content(answer: Answer) -> None:
    names = source_names(answer)
    assert len(names) <= 2
    assert len(answer.metadata["source"]) <= MOST_CHARACTERS_SOURCE
    if answer.topic not in NOT_MEDICAL:
        assert names, "a medical answer names its source"
        assert answer.metadata["notice"] != "none"


@EVERY_ANSWER
def test_source_and_notice_stay_short_together(answer: Answer) -> None:
    wording = yaml.safe_load(Path("data/wording.yml").read_text(encoding="utf-8"))
    source, notice = answer.metadata["source"], answer.metadata["notice"]
    lines = [wording["source"].format(source=source)] if source else []
    lines += [] if notice == "none" else [wording["notices"][notice]]
    assert len("\n".join(lines)) <= MOST_CHARACTERS_SOURCE_AND_NOTICE


@EVERY_ANSWER
def test_a_named_source_is_one_the_answer_rests_on(answer: Answer) -> None:
    # N1 to N12 are what the article does not say: they never make it the source.
    rests_on = {sources()[each]["shown_as"] for each in answer.metadata["sources"]}
    if any(claim.startswith("C") for claim in answer.metadata["claims"]):
        rests_on.add(sources()["A1"]["shown_as"])
    if answer.metadata["needs_doctor"]:
        rests_on.add("clinic practice")
    assert set(source_names(answer)) <= rests_on


@EVERY_ANSWER
def test_what_rests_on_habit_alone_says_so(answer: Answer) -> None:
    if answer.metadata["needs_doctor"] and answer.topic not in NOT_MEDICAL:
        assert "clinic practice" in source_names(answer)


@EVERY_ANSWER
def test_nothing_forbidden_is_said(answer: Answer) -> None:
    found = [
        breach for text, where in answer.places() for breach in never_say().breaches(text, where)
    ]
    assert not found, "\n".join(map(str, found))


@EVERY_ANSWER
def test_the_article_is_never_our_source_and_its_errors_stay_out(answer: Answer) -> None:
    for text, _ in answer.places():
        assert not re.search(r"our source|millimet|revolution|game[- ]changer", text, re.I)
        assert not re.search(r"Agarwal", text), "the article never says where she works"


def test_no_exception_is_left_over() -> None:
    """Those of the other places, buttons among them: tests/data/test_content.py."""
    texts = [place for answer in answers() for place in answer.places()]
    assert never_say().unused(texts, "faq/") == []
