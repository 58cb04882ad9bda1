from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evaluation.metrics import (
    BINS,
    Outcome,
    Prediction,
    Share,
    calibration,
    calibration_error,
    confused_pairs,
    coverage_curve,
    figures,
    labels,
    read_prediction,
)

NAMES = ("faq/price", "faq/pain", "greet", "out_of_scope")


def outcome(accept: str, decided: str, confidence: float = 0.9, *others: str) -> Outcome:
    """One with the decided label first; a refusal is written "" and its candidates as others."""
    ranked = [name for name in (decided, *others) if name]
    ranking = tuple((name, confidence / (place + 1)) for place, name in enumerate(ranked))
    return Outcome(tuple(accept.split("|")), Prediction(decided, ranking))


def _outcome(accept: str, first: str, refused: bool, confidence: float) -> Outcome:
    return Outcome((accept,), Prediction("" if refused else first, ((first, confidence),)))


def outcomes() -> st.SearchStrategy[list[Outcome]]:
    """Any outcomes over a few labels, refusals among them."""
    name = st.sampled_from(NAMES)
    one = st.builds(_outcome, name, name, st.booleans(), st.floats(0, 1))
    return st.lists(one, min_size=1, max_size=12)


def parse(intent: str, *ranking: tuple[str, float], topic: str = "") -> dict[str, Any]:
    """A parse result as the engine gives it."""
    selector = {"faq": {"response": {"intent_response_key": topic}}} if topic else {}
    return {
        "intent": {"name": intent, "confidence": 0.8},
        "intent_ranking": [{"name": name, "confidence": score} for name, score in ranking],
        "response_selector": {"all_retrieval_intents": ["faq"], **selector},
    }


def test_a_topic_is_read_from_the_response_selector() -> None:
    found = read_prediction(parse("faq", ("faq/price", 0.8), topic="faq/price"))
    assert found == Prediction("faq/price", (("faq/price", 0.8),))


def test_an_intent_is_read_as_it_stands() -> None:
    assert read_prediction(parse("greet", ("greet", 0.8))).decided == "greet"


def test_a_message_not_understood_is_a_refusal_that_keeps_its_candidates() -> None:
    found = read_prediction(parse("nlu_fallback", ("greet", 0.2), ("faq/price", 0.1)))
    assert found == Prediction("", (("greet", 0.2), ("faq/price", 0.1)))
    assert found.confidence == 0.2


def test_a_refusal_is_neither_right_nor_wrong_but_may_offer_the_right_topic() -> None:
    refusal = outcome("faq/price", "", 0.2, "greet", "faq/pain", "faq/price")
    assert (refusal.right, refusal.wrong, refusal.refused) == (False, False, True)
    assert refusal.right_or_offered


def test_the_fourth_candidate_is_not_offered() -> None:
    assert not outcome("faq/price", "", 0.2, "greet", "a", "b", "faq/price").right_or_offered


def test_a_second_accepted_label_is_right_too() -> None:
    assert outcome("faq/price|faq/pain", "faq/pain").right


def test_the_interval_is_that_of_wilson() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    assert Share(81, 263).low == pytest.approx(0.2553, abs=5e-5)
    assert Share(81, 263).high == pytest.approx(0.3662, abs=5e-5)


@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_value_and_stays_a_share(counts: tuple[int, int]) -> None:
    share = Share(*counts)
    assert 0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1


def test_the_main_figures_count_what_their_names_say() -> None:
    found = figures([
        outcome("faq/price", "faq/price"),
        outcome("faq/price", "faq/pain", 0.9, "faq/price"),
        outcome("faq/price", "", 0.2, "greet"),
        outcome("out_of_scope", "out_of_scope"),
        outcome("out_of_scope", ""),
        outcome("greet", "out_of_scope"),
    ])  # fmt: skip
    assert (found.n, found.top_1.hits, found.top_3.hits) == (6, 2, 3)
    assert (found.refused.hits, found.wrong.hits) == (2, 2)
    assert found.right_if_answered == Share(2, 4)
    assert found.macro == pytest.approx((1 / 3 + 1 / 2 + 0) / 3)
    assert found.out_of_scope_recall == Share(1, 2)
    assert found.out_of_scope_kept_out == Share(2, 2)
    assert found.out_of_scope_precision == Share(1, 2)


def test_a_certain_decision_that_is_wrong_is_laid_to_the_rules() -> None:
    made = [outcome("greet", "emergency", 1.0), outcome("greet", "faq/pain"), outcome("greet", "")]
    assert figures(made).wrong_by_rule == Share(1, 2)


@given(outcomes())
def test_right_refused_and_wrong_are_everything(made: list[Outcome]) -> None:
    found = figures(made)
    assert found.top_1.hits + found.refused.hits + found.wrong.hits == found.n
    assert found.top_1.hits <= found.top_3.hits


def test_a_label_is_told_with_what_was_decided_instead() -> None:
    found = labels([
        outcome("faq/price", "faq/price"),
        outcome("faq/price", "faq/pain"),
        outcome("faq/price", "faq/pain"),
        outcome("faq/price", ""),
        outcome("faq/pain", "faq/pain"),
    ])  # fmt: skip
    price, pain = found
    assert (price.name, price.recall, price.precision) == ("faq/price", Share(1, 4), Share(1, 1))
    assert price.confusions == (("faq/pain", 2), ("", 1))
    assert price.f1 == pytest.approx(0.4)
    assert (pain.recall, pain.precision) == (Share(1, 1), Share(1, 3))


def test_confused_pairs_leave_refusals_out() -> None:
    made = [outcome("greet", "faq/pain"), outcome("greet", ""), outcome("greet", "faq/pain")]
    assert confused_pairs(made) == ((("greet", "faq/pain"), 2),)


def test_confidence_that_keeps_its_promise_has_no_error() -> None:
    made = [outcome("greet", "greet", 0.75)] * 3 + [outcome("faq/pain", "greet", 0.75)]
    assert calibration_error(calibration(made)) == pytest.approx(0)


def test_confidence_that_is_always_wrong_has_an_error_of_itself() -> None:
    made = [outcome("faq/pain", "greet", 0.95), outcome("faq/pain", "greet", 0.35)]
    assert calibration_error(calibration(made)) == pytest.approx((0.95 + 0.35) / 2)


@given(outcomes())
def test_every_message_lies_in_one_bin(made: list[Outcome]) -> None:
    bins = calibration(made)
    assert len(bins) == BINS
    assert sum(entry.right.of for entry in bins) == len(made)


@given(outcomes())
def test_the_curve_ends_with_every_message_answered(made: list[Outcome]) -> None:
    curve = coverage_curve(made)
    right = sum(one.best_candidate_right for one in made)
    assert curve[-1].coverage == 1
    assert curve[-1].accuracy == pytest.approx(right / len(made))


@given(outcomes())
def test_a_point_of_the_curve_is_what_its_threshold_gives(made: list[Outcome]) -> None:
    for point in coverage_curve(made):
        answered = [one for one in made if one.prediction.confidence >= point.threshold]
        assert point.coverage == pytest.approx(len(answered) / len(made))
        right = sum(one.best_candidate_right for one in answered)
        assert point.accuracy == pytest.approx(right / len(answered))
