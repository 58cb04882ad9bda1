"""The tables of the benchmark."""

from __future__ import annotations

from bench.report import at_least, compared, comparison, in_markdown, on_screen


def test_a_figure_of_ours_is_held_against_its_bar() -> None:
    _, line = comparison([at_least("accuracy", 0.665, 0.87, "%", 0.865)])
    assert line == ["accuracy", "66.5 %", "87.0 %", "1.31", "≥ 86.5 %", "yes"]


def test_a_figure_can_be_held_against_stocks() -> None:
    _, line = comparison([compared("median", 34.0, 18.0, "ms", at_most=0.5)])
    assert line == ["median", "34.0 ms", "18.0 ms", "0.529", "≤ 0.5 of stock", "NO"]


def test_a_bar_can_be_a_number_of_times() -> None:
    _, line = comparison([compared("throughput", 30.0, 75.0, "turns/s", at_least_times=2.5)])
    assert line[3:] == ["2.5", "≥ 2.5 times stock", "yes"]


def test_what_was_not_measured_reaches_nothing_and_misses_nothing() -> None:
    _, line = comparison([compared("training", None, 9.0, "s", at_most=1 / 12)])
    assert line == ["training", "–", "9.0 s", "–", "≤ 0.0833 of stock", ""]


def test_the_columns_of_the_screen_stand_under_each_other() -> None:
    assert (
        on_screen([["what", "ours"], ["a long name", "1"]]) == "what         ours\na long name  1"
    )


def test_markdown_has_a_line_under_the_head() -> None:
    assert in_markdown([["what", "ours"], ["name", "1"]]) == (
        "| what | ours |\n| --- | --- |\n| name | 1 |"
    )
