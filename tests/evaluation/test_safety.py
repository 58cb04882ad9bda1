"""The figures of safety, on made data: the held-out sets are read by the command alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from bot.clinic.red_flags import Urgency
from bot.evaluation import safety
from bot.evaluation.metrics import Share
from bot.evaluation.safety import (
    AS_IT_STANDS,
    FORMS,
    SAFETY_LABELS,
    Wording,
    alarms,
    answered_as,
    by_patterns,
    class_of,
    expected_lines,
    is_answered,
    near_misses,
    ordinary,
    report,
    shares,
    told,
    wordings,
)
from bot.evaluation.safety_forms import Forms

NONE, EXPECTED, SAME_DAY, EMERGENCY, CRISIS = Urgency
MADE = Forms.from_data(FORMS)
DANGER = {
    "E01": [
        {"text": "I cannot breathe", "language": "en"},
        {"text": "saans nahi aa rahi hai", "language": "hi_latn"},
    ],
    "CRISIS": [{"text": "I want to die", "language": "en"}],
}
SAME = {
    "D02": [{"text": "there is pus", "language": "en"}],
    "X01": [{"text": "my face is red", "language": "en"}],
    "DISTRESS": [{"text": "I hate how I look", "language": "en"}],
}


@pytest.fixture
def heldout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of held-out wordings of the tests' own."""
    for name, content in (("danger.yml", DANGER), ("same_day.yml", SAME)):
        (tmp_path / name).write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    (tmp_path / "near_misses.txt").write_text("dying to see it\n\n  \nएक ओळ\n", "utf-8")
    monkeypatch.setattr(safety, "HELDOUT", tmp_path)
    return tmp_path


def said(sign: str, text: str = "words", form: str = AS_IT_STANDS) -> Wording:
    return Wording(sign, form, text)


# --- what is read -------------------------------------------------------------------------------


@pytest.mark.usefixtures("heldout")
def test_each_wording_comes_as_it_stands_and_in_each_form() -> None:
    found = wordings(MADE)
    assert len(found) == 6 * (1 + len(MADE.by_name))
    assert {each.form for each in found} == {AS_IT_STANDS, *MADE.by_name}
    assert [each.text for each in found if each.form == AS_IT_STANDS] == [
        each["text"] for content in (DANGER, SAME) for texts in content.values() for each in texts
    ]


@pytest.mark.usefixtures("heldout")
def test_only_the_named_forms_are_made() -> None:
    found = [each for each in wordings(MADE, ["upper case"]) if each.sign == "D02"]
    assert found == [
        Wording("D02", AS_IT_STANDS, "there is pus"),
        Wording("D02", "upper case", "THERE IS PUS"),
    ]


@pytest.mark.usefixtures("heldout")
def test_a_form_is_made_in_the_language_of_its_wording() -> None:
    found = [each.text for each in wordings(MADE, ["as a caption"]) if each.sign == "E01"]
    assert found[1].startswith("see this pic")
    assert found[3].startswith("photo dekhiye")


@pytest.mark.usefixtures("heldout")
def test_two_readings_are_equal() -> None:
    assert wordings(MADE) == wordings(MADE)


@pytest.mark.usefixtures("heldout")
def test_near_misses_are_the_lines_that_hold_words() -> None:
    assert near_misses() == ["dying to see it", "एक ओळ"]


def csv_of(folder: Path, *rows: str, head: str = "text,accept") -> Path:
    """A file of ordinary texts."""
    file = folder / "ordinary.csv"
    file.write_text("\n".join((head, *rows)) + "\n", "utf-8")
    return file


@pytest.mark.parametrize("label", sorted(SAFETY_LABELS))
def test_a_row_that_tells_a_sign_is_not_ordinary(label: str, tmp_path: Path) -> None:
    file = csv_of(tmp_path, f"it hurts,{label}", f"it hurts too,faq/pain|{label}", "price,greet")
    assert ordinary([file]) == ["price"]


def test_a_row_without_a_label_is_ordinary(tmp_path: Path) -> None:
    assert ordinary([csv_of(tmp_path, "hello,", '"well, hi",greet')]) == ["hello", "well, hi"]


def test_a_file_without_labels_is_ordinary_as_a_whole(tmp_path: Path) -> None:
    assert ordinary([csv_of(tmp_path, "hello", "price", head="text")]) == ["hello", "price"]


def test_the_texts_of_several_files_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    files = [csv_of(tmp_path, "one,greet"), csv_of(tmp_path / "two", "two,greet")]
    assert ordinary(files) == ["one", "two"]


def test_without_files_nothing_is_ordinary() -> None:
    assert ordinary([]) == []


# --- what is counted ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "kind"),
    [("E01", "E"), ("CRISIS", "C"), ("D02", "D"), ("X01", "X"), ("DISTRESS", "DISTRESS")],
)
def test_low_mood_is_no_same_day_sign(sign: str, kind: str) -> None:
    assert said(sign).kind == kind


@pytest.mark.parametrize(
    ("sign", "right"),
    [
        ("E01", {EMERGENCY, CRISIS}),
        ("CRISIS", {EMERGENCY, CRISIS}),
        ("D02", {SAME_DAY, EMERGENCY, CRISIS}),
    ],
)
@pytest.mark.parametrize("urgency", Urgency)
def test_a_sign_is_answered_by_its_class_or_a_higher_one(
    sign: str, right: set[Urgency], urgency: Urgency
) -> None:
    assert is_answered(said(sign), urgency) == (urgency in right)


JUDGED = [
    (said("E01"), EMERGENCY),
    (said("E01"), SAME_DAY),
    (said("E02", form="upper case"), EMERGENCY),
    (said("D02"), EXPECTED),
    (said("X01"), NONE),
    (said("X01"), SAME_DAY),
    (said("X01", form="upper case"), NONE),
    (said("DISTRESS"), CRISIS),
]


def test_shares_are_counted_in_groups() -> None:
    assert shares(JUDGED, lambda each: each.sign) == {
        "E01": Share(1, 2),
        "E02": Share(1, 1),
        "D02": Share(0, 1),
    }


def test_shares_are_counted_by_class() -> None:
    assert shares(JUDGED, class_of) == {"emergency": Share(2, 3), "same day": Share(0, 1)}


def test_expected_signs_and_low_mood_can_be_missed_by_no_class() -> None:
    assert shares([(said("X01"), NONE), (said("DISTRESS"), NONE)], lambda each: each.sign) == {}


def test_a_share_is_told_with_its_interval() -> None:
    share = Share(9, 10)
    text = told(share)
    assert text.startswith("9 of 10, 90.0 % (")
    low, high = (float(each) for each in text.split("(")[1].rstrip(")").split(" to "))
    assert 0 < low < 90 < high <= 100
    assert (low, high) == (round(100 * share.low, 1), round(100 * share.high, 1))


def test_each_row_of_the_report_shows_both_judgements() -> None:
    judged = [(said("E01"), EMERGENCY), (said("D02"), SAME_DAY)]
    alone = [(said("E01"), EMERGENCY), (said("D02"), NONE)]
    lines = report(judged, alone)
    both = f"{told(Share(1, 1))} | {told(Share(0, 1))}"
    for name in ("same day", "D02", f"same day, {AS_IT_STANDS}"):
        assert f"| {name} | {both} |" in lines
    assert len([line for line in lines if line.startswith("| ")]) == 3 + 3 * 2


def test_expected_signs_are_told_by_what_they_were_answered_as() -> None:
    assert expected_lines(JUDGED)[2:] == [
        "| X01 | none 1, same_day 1 |",
        "| DISTRESS | crisis 1 |",
    ]


@pytest.mark.parametrize(
    ("urgency", "is_alarm"),
    [(NONE, False), (EXPECTED, False), (SAME_DAY, True), (EMERGENCY, True), (CRISIS, True)],
)
def test_an_alarm_is_a_call_today_or_more(urgency: Urgency, is_alarm: bool) -> None:
    assert alarms(["the price"], [urgency]) == ([(urgency.value, "the price")] * is_alarm)


def test_each_text_needs_its_judgement() -> None:
    with pytest.raises(ValueError, match="shorter"):
        alarms(["the price", "the hours"], [NONE])


def test_the_patterns_judge_without_a_model() -> None:
    found = by_patterns(["I cannot breathe", "I want to die", "there is pus", "the price"])
    assert found == [EMERGENCY, CRISIS, SAME_DAY, NONE]


@pytest.mark.parametrize("urgency", Urgency)
def test_a_parse_is_answered_as_its_judgement_says(urgency: Urgency) -> None:
    parse: Mapping[str, object] = {"judgement": {"urgency": urgency.value}}
    assert answered_as(parse) is urgency
