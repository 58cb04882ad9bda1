"""What an edit of a doctor's, or a new text of ours, is told about itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.clinic.content import ContentItem
from bot.clinic.content_checks import Finding, TextChecks
from bot.clinic.reading_grade import reading_grade
from bot.clinic.text_checks import NeverSay
from bot.data_files import DATA, read_yaml

WORDS = read_yaml(DATA / "content.yml")["content"]["findings"]
RULES = {
    "patterns": {"V01": {"english": "guarantee"}},
    "exceptions": [
        {
            "rule": "V01",
            "sentence": "There is no guarantee of this in any of our texts here.",
            "where": ["faq/pain"],
            "reason": "denies it",
        }
    ],
}
ALLOWED = "There is no guarantee of this in any of our texts here."
ITEM = ContentItem(
    "faq/pain", "answer", "Does it hurt?", "It can sting. Call {front_desk}.", "",
    short_wording="It can sting.", source="Source: a trial", notice="A notice.", claims=("C1",),
)  # fmt: skip


@pytest.fixture
def checks() -> TextChecks:
    facts = ({"front_desk": "+91 99999 00001"}, {"front_desk": "the number on our website"})
    return TextChecks(NeverSay.from_mapping(RULES), reading_grade, facts)


def rules_of(found: list[Finding]) -> list[str]:
    return [each.rule for each in found]


def test_a_plain_short_answer_is_fine(checks: TextChecks) -> None:
    assert checks.of_item(ITEM) == []


@pytest.mark.parametrize(
    ("wording", "rule"),
    [
        ("It can sting. " * 60, "long"),
        ("It can sting.\n\nThat is all.", "blank_line"),
        ("It can sting.\n" * 8, "lines"),
        ("It can sting and burn and " * 4 + "more.", "sentence"),
        ("Immediate professional consultation is unconditionally recommended.", "grade"),
        ("We guarantee it.", "never_say"),
        ("Call {hotline}.", "placeholder"),
        (" \n", "empty"),
    ],
)
def test_an_edit_is_refused_for_one_clear_reason(
    checks: TextChecks, wording: str, rule: str
) -> None:
    found = checks.of_edit(ITEM, replace(ITEM, wording=wording))
    assert rule in rules_of(found)
    assert all("{" not in each.said(WORDS) or rule == "placeholder" for each in found)


def test_a_short_form_has_a_limit_of_its_own(checks: TextChecks) -> None:
    found = checks.of_edit(ITEM, replace(ITEM, short_wording="It can sting. " * 25))
    assert rules_of(found) == ["long_short"]


def test_a_short_form_may_not_be_emptied(checks: TextChecks) -> None:
    assert "empty" in rules_of(checks.of_edit(ITEM, replace(ITEM, short_wording="")))


def test_an_edit_may_drop_a_fact_and_add_none(checks: TextChecks) -> None:
    assert checks.of_edit(ITEM, replace(ITEM, wording="It can sting.")) == []
    found = checks.of_edit(ITEM, replace(ITEM, wording="Call {same_day}."))
    assert rules_of(found) == ["placeholder"]
    assert found[0].said(WORDS).startswith("{same_day} is no fact")


def test_the_longest_facts_count(checks: TextChecks) -> None:
    assert checks.length(ITEM) == len("It can sting. Call the number on our website.")
    assert checks.length_short(ITEM) == len("It can sting.")


def test_an_exception_holds_in_its_own_place(checks: TextChecks) -> None:
    item = replace(ITEM, wording=ALLOWED)
    assert checks.of_words(item) == []
    assert [each.reason for each in checks.exceptions(item)] == ["denies it"]
    assert rules_of(checks.of_words(replace(item, id="faq/price"))) == ["never_say"]


def test_an_exception_that_nothing_needs_is_named(checks: TextChecks) -> None:
    assert checks.unused([replace(ITEM, wording=ALLOWED)]) == []
    assert rules_of(checks.unused([ITEM])) == ["unused"]


@pytest.mark.parametrize(
    ("missing", "rule"), [("source", "no_source"), ("claims", "no_claims"), ("notice", "no_notice")]
)
def test_a_medical_answer_says_what_it_rests_on(
    checks: TextChecks, missing: str, rule: str
) -> None:
    item = replace(ITEM, **{missing: () if missing == "claims" else ""})
    assert rules_of(checks.of_item(item)) == [rule]
    assert checks.of_item(replace(item, medical=False)) == []
