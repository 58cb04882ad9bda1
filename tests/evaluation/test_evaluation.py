from __future__ import annotations

from bot.evaluation.evaluation import groups_of_labels, points_lost, slices, worst
from bot.evaluation.metrics import Share
from tests.evaluation.fake_reader import GROUPS, MESSAGES, small


def test_every_label_has_a_group() -> None:
    groups = groups_of_labels()
    assert len(groups) >= 100
    assert groups["faq/price"] == "clinic"
    assert groups["emergency"] == "tasks"
    assert groups["out_of_scope"] == "social"
    assert len(set(groups.values())) == 11


def test_the_parts_of_every_division_make_up_the_set() -> None:
    for parts in slices(small(), GROUPS).values():
        assert sum(share.of for share in parts.values()) == len(MESSAGES)


def test_parts_are_counted_apart() -> None:
    found = slices(small(), GROUPS)
    assert found["language"] == {"Roman Hindi": Share(0, 1), "other": Share(2, 4)}
    assert found["accepted labels"] == {"one": Share(2, 4), "two or more": Share(0, 1)}
    assert found["group"] == {
        "clinic": Share(1, 2), "procedure": Share(0, 2), "social": Share(1, 1),
    }  # fmt: skip


def test_points_are_lost_where_faults_make_a_right_answer_wrong() -> None:
    # In capitals no word is known any more: two of five were right.
    assert points_lost(small("upper case"), "upper case") == 40


def test_the_worst_are_sure_and_wrong_then_refused() -> None:
    assert [(case.outcome.refused, case.outcome.label) for case in worst(small(), 9)] == [
        (False, "faq/pain"), (False, "faq/pain"), (True, "faq/price"),
    ]  # fmt: skip
    assert len(worst(small(), 1)) == 1
