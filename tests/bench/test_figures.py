"""The benchmark's figures, on numbers that can be counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.datasets import OUT_OF_SCOPE
from bench.figures import auroc, best_known, percentile, threshold, understanding

CONFIDENCES = st.lists(st.integers(0, 20).map(lambda number: number / 20), min_size=1, max_size=30)


def test_the_first_label_that_the_data_set_knows_is_the_answer() -> None:
    ranking = [("nlu_fallback", 0.7), ("card_arrival", 0.2), ("top_up", 0.1)]
    assert best_known(ranking, frozenset({"card_arrival", "top_up"})) == ("card_arrival", 0.2)


def test_a_ranking_without_a_known_label_is_no_answer() -> None:
    assert best_known([("emergency", 1.0)], frozenset({"top_up"})) == ("", 0.0)


def test_the_threshold_refuses_just_the_share_that_it_may() -> None:
    confidences = [number / 100 for number in range(100)]
    limit = threshold(confidences, 0.05)
    assert sum(confidence < limit for confidence in confidences) == 5


@given(CONFIDENCES, st.floats(0, 0.99))
def test_no_threshold_refuses_more_than_the_share(confidences: list[float], share: float) -> None:
    limit = threshold(confidences, share)
    assert sum(each < limit for each in confidences) <= share * len(confidences)


@given(CONFIDENCES, CONFIDENCES)
def test_auroc_is_the_share_of_pairs_in_the_right_order(
    higher: list[float], lower: list[float]
) -> None:
    right = sum((up > down) + (up == down) / 2 for up in higher for down in lower)
    assert auroc(higher, lower) == pytest.approx(right / (len(higher) * len(lower)))


@given(CONFIDENCES, st.integers(1, 100))
def test_at_least_so_many_of_a_hundred_do_not_exceed_a_percentile(
    values: list[float], percent: int
) -> None:
    found = percentile(values, percent)
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_texts_out_of_scope_do_not_count_for_accuracy() -> None:
    intents = ["balance", "pin", OUT_OF_SCOPE]
    rankings = [[("balance", 0.9)], [("balance", 0.8)], [("pin", 0.5)]]
    assert understanding(intents, rankings).accuracy == 0.5


def test_what_is_out_of_scope_is_found_below_the_threshold_of_what_is_in_scope() -> None:
    intents = ["balance"] * 20 + [OUT_OF_SCOPE] * 2
    inside = [[("balance", 0.1)]] + [[("balance", 0.9)]] * 19
    found = understanding(intents, [*inside, [("balance", 0.5)], [("balance", 0.95)]])
    assert found.out_of_scope_recall == 0.5
    assert found.auroc == pytest.approx((19 / 20 + 0) / 2)


def test_a_data_set_without_texts_out_of_scope_has_no_figure_for_them() -> None:
    found = understanding(["balance"], [[("balance", 0.9)]])
    assert (found.out_of_scope_recall, found.auroc) == (None, None)
