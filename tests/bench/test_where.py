"""How the time of a turn is shared out among its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.inside import timed
from bench.where import NETWORK, Span, parts_of


class Clinic:
    def price(self) -> str:
        return "free"

    async def answer(self) -> str:
        return self.price()

    @contextmanager
    def work(self) -> Iterator[str]:
        yield self.price()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, float, float, float]]:
    monkeypatch.setattr(timed, "spans", [])
    for method in ("price", "answer", "work"):
        # Put back at the end of the test.
        monkeypatch.setattr(Clinic, method, getattr(Clinic, method))
        timed.timed(Clinic, method, method)
    return timed.spans


async def test_a_span_inside_another_counts_once(
    spans: list[tuple[str, str, float, float, float]],
) -> None:
    with timed.span(timed.FRONT):
        assert await Clinic().answer() == "free"
    assert [name for name, *_ in spans] == ["price", "answer", timed.FRONT]
    whole = spans[-1][3]
    assert sum(own for *_, own in spans) == pytest.approx(whole)


def test_a_context_manager_gives_what_it_gave(
    spans: list[tuple[str, str, float, float, float]],
) -> None:
    with timed.span(timed.FRONT), Clinic().work() as given:
        assert given == "free"
    assert {root for _, root, *_ in spans} == {timed.FRONT}


def test_work_outside_a_request_has_no_root(
    spans: list[tuple[str, str, float, float, float]],
) -> None:
    Clinic().price()
    assert [root for _, root, *_ in spans] == [""]


def test_the_parts_of_a_turn_add_up_to_what_the_patient_waited() -> None:
    spans = [
        Span("front", timed.FRONT, timed.FRONT, 0.001, 0.030, 0.010),
        Span("front", timed.CALL_OF_ENGINE, timed.FRONT, 0.005, 0.020, 0.020),
        Span("engine", timed.ENGINE, timed.ENGINE, 0.006, 0.015, 0.007),
        Span("engine", "RulePolicy", timed.ENGINE, 0.007, 0.003, 0.003),
        Span("engine", timed.CALL_OF_ACTIONS, timed.ENGINE, 0.010, 0.005, 0.005),
        Span("actions", timed.ACTIONS, timed.ACTIONS, 0.011, 0.004, 0.004),
    ]
    parts = parts_of(spans, 0.032, 1)
    assert sum(parts.values()) == pytest.approx(32.0)
    assert parts[timed.CALL_OF_ENGINE] == pytest.approx(5.0)
    assert parts[timed.CALL_OF_ACTIONS] == pytest.approx(1.0)
    assert parts[NETWORK] == pytest.approx(2.0)
    assert parts["policies"] == pytest.approx(3.0)


def test_what_no_patient_waited_for_is_left_out() -> None:
    spans = [
        Span("front", timed.FRONT, timed.FRONT, 0.0, 0.010, 0.010),
        Span("front", timed.DATABASE, "", 0.002, 0.5, 0.5),
        Span("engine", timed.ENGINE, timed.ENGINE, 0.003, 0.5, 0.5),
    ]
    assert sum(parts_of(spans, 0.010, 1).values()) == pytest.approx(10.0)


def test_parts_are_those_of_one_turn() -> None:
    span = Span("front", timed.FRONT, timed.FRONT, 0.0, 0.1, 0.1)
    assert list(parts_of([span], 0.1, 10).values()) == [pytest.approx(10.0)]
