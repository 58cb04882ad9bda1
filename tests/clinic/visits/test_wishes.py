"""The wait list: which times fit, who comes first, and what is offered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.payloads import read_payload
from bot.clinic.times import TimeWish
from bot.clinic.visits.ways import WHATSAPP, WINDOW
from bot.clinic.visits.wishes import (
    TEAM,
    WEBSITE,
    TimeOffer,
    fits,
    is_over,
    turns,
    waiting_for,
    way_to,
)
from bot.data_files import DATA, ROOT, read_yaml

ZONE = ZoneInfo("Asia/Kolkata")
# A Monday, 12:00 in Mumbai.
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)
# On Tuesday at 17:00 in Mumbai.
FIVE = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
FIVE_PM = 17 * 60

OFFER = TimeOffer(
    read_yaml(ROOT / "clinic.yml"),
    read_yaml(DATA / "wishes.yml")["offer"],
    read_yaml(DATA / "facts.yml")["times"],
)
DAYS = st.dates(date(2026, 11, 20), date(2026, 12, 20))
MINUTES = st.none() | st.integers(0, 24 * 60 - 1)
WISHES = st.builds(
    TimeWish,
    days=st.lists(DAYS, max_size=4).map(tuple),
    not_days=st.lists(DAYS, max_size=2).map(tuple),
    exact=MINUTES,
    earliest=MINUTES,
    latest=MINUTES,
)


@dataclass(frozen=True)
class Left:
    """A wish that was left."""

    id: str
    wish: TimeWish = field(default_factory=TimeWish)
    minutes: int = 0
    visit: str = "consultation"

    @property
    def created_at(self) -> datetime:
        return NOW + timedelta(minutes=self.minutes)


@pytest.mark.parametrize(
    "wish",
    [
        TimeWish(),
        TimeWish(any_day=True, any_time=True),
        TimeWish(days=(WEDNESDAY, TUESDAY)),
        TimeWish(not_days=(WEDNESDAY,)),
        TimeWish(days=(TUESDAY,), exact=FIVE_PM),
        TimeWish(earliest=FIVE_PM),
        TimeWish(latest=FIVE_PM),
        TimeWish(earliest=FIVE_PM - 60, latest=FIVE_PM + 60),
    ],
)
def test_a_time_that_was_wished_fits(wish: TimeWish) -> None:
    assert fits(FIVE, wish, ZONE)


@pytest.mark.parametrize(
    "wish",
    [
        TimeWish(days=(WEDNESDAY,)),
        TimeWish(not_days=(TUESDAY,)),
        TimeWish(days=(TUESDAY,), not_days=(TUESDAY,)),
        TimeWish(exact=FIVE_PM + 15),
        TimeWish(earliest=FIVE_PM + 1),
        TimeWish(latest=FIVE_PM - 1),
        TimeWish(days=(TUESDAY,), latest=12 * 60),
    ],
)
def test_another_time_does_not_fit(wish: TimeWish) -> None:
    assert not fits(FIVE, wish, ZONE)


def test_the_day_of_a_time_is_that_of_the_clinic() -> None:
    just_after_midnight = datetime(2026, 11, 24, 18, 45, tzinfo=UTC)
    assert fits(just_after_midnight, TimeWish(days=(WEDNESDAY,), exact=15), ZONE)


def test_a_wish_ends_with_the_last_of_its_days() -> None:
    wish = TimeWish(days=(WEDNESDAY, TUESDAY))
    assert not is_over(wish, WEDNESDAY)
    assert is_over(wish, WEDNESDAY + timedelta(days=1))


def test_a_wish_for_no_certain_day_does_not_end() -> None:
    assert not is_over(TimeWish(not_days=(TUESDAY,)), date(2030, 1, 1))


@given(WISHES, DAYS, st.integers(0, 24 * 60 - 1))
def test_what_is_over_fits_no_time_to_come(wish: TimeWish, day: date, minute: int) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    assert not (is_over(wish, day) and fits(midnight + timedelta(minutes=minute), wish, ZONE))


@given(st.lists(st.tuples(WISHES, st.integers(0, 3)), max_size=8))
def test_everybody_whom_a_time_suits_is_in_the_order_in_which_they_came(
    left: list[tuple[TimeWish, int]],
) -> None:
    wishes = [Left(str(number), *each) for number, each in enumerate(left)]
    found = waiting_for(FIVE, "consultation", wishes, ZONE)
    assert {each.id for each in found} == {
        each.id for each in wishes if fits(FIVE, each.wish, ZONE)
    }
    assert found == sorted(found, key=lambda each: (each.created_at, each.id))


def test_a_time_suits_nobody_who_waits_for_another_kind_of_visit() -> None:
    other = Left("a", visit="review")
    mine = Left("b", minutes=5)
    assert waiting_for(FIVE, "consultation", [other, mine], ZONE) == [mine]


@pytest.mark.parametrize(
    ("channel", "ago", "may_write", "has_whatsapp", "way"),
    [
        (WHATSAPP, timedelta(), True, True, WHATSAPP),
        (WHATSAPP, WINDOW - timedelta(seconds=1), True, True, WHATSAPP),
        (WHATSAPP, WINDOW, True, True, TEAM),
        (WHATSAPP, timedelta(), True, False, TEAM),
        (WHATSAPP, timedelta(), False, True, TEAM),
        (WEBSITE, timedelta(days=9), True, False, WEBSITE),
        (WEBSITE, timedelta(), False, True, TEAM),
        ("rest", timedelta(), True, True, TEAM),
    ],
)
def test_by_which_way_a_time_is_offered(
    channel: str, ago: timedelta, may_write: bool, has_whatsapp: bool, way: str
) -> None:
    found = way_to(channel, NOW - ago, NOW, may_write=may_write, has_whatsapp=has_whatsapp)
    assert found == way


def test_an_offer_names_the_visit_and_the_time_and_can_be_taken_or_declined() -> None:
    content = OFFER.content("w00", "consultation", FIVE)
    assert "Consultation, Tuesday 24 Nov 2026 at 17:00." in content["text"]
    assert content["wish"] == "w00"
    assert [each["title"] for each in content["buttons"]] == ["Take it", "No, thank you"]
    assert [each["payload"] for each in content["buttons"]] == [
        '/book_consultation{"start":"2026-11-24T11:30:00+00:00","wish":"w00"}',
        '/book_consultation{"start":"2026-11-24T11:30:00+00:00","wish":"w00","then":"stop"}',
    ]


def test_what_an_offer_carries_can_be_read_back_and_fits_into_a_button() -> None:
    for button in OFFER.content("0" * 32, "consultation", FIVE)["buttons"]:
        press = read_payload(button["payload"])
        assert press is not None
        assert press.entities["wish"] == "0" * 32
        assert len(button["payload"]) <= 255
        assert len(button["title"]) <= 20


# --- a time that was given back


@dataclass(frozen=True)
class Span:
    """Half an hour from five, given back now."""

    at: datetime = NOW
    starts: datetime = FIVE
    ends: datetime = FIVE + timedelta(minutes=30)


def asked(start: datetime, *wishes: Left, offered: frozenset[tuple[str, datetime]]) -> list[str]:
    return [each.id for each in turns(Span(), start, "consultation", wishes, offered, ZONE)]


def test_who_wished_before_it_was_given_back_is_asked_in_turn() -> None:
    first, second = Left("a", minutes=-60), Left("b", minutes=-59)
    assert asked(FIVE, second, first, offered=frozenset()) == ["a", "b"]


def test_who_wished_when_it_was_free_is_not_asked() -> None:
    assert asked(FIVE, Left("a", minutes=0), Left("b", minutes=60), offered=frozenset()) == []


def test_nobody_is_asked_about_the_same_span_twice() -> None:
    wish, quarter_past = Left("a", minutes=-60), FIVE + timedelta(minutes=15)
    offered = frozenset({("a", FIVE)})
    assert asked(FIVE, wish, offered=offered) == []
    assert asked(quarter_past, wish, offered=offered) == []
    an_hour_before = frozenset({("a", FIVE - timedelta(hours=1))})
    assert asked(FIVE, wish, offered=an_hour_before) == ["a"]


@pytest.mark.parametrize("minutes", [-5, 30])
def test_a_time_beside_the_span_was_not_given_back(minutes: int) -> None:
    start = FIVE + timedelta(minutes=minutes)
    assert asked(start, Left("a", minutes=-60), offered=frozenset()) == []


def test_an_offer_that_ends_says_when() -> None:
    said = OFFER.content("w", "consultation", FIVE, NOW + timedelta(minutes=30))["text"]
    assert "Please answer until Monday 23 Nov 2026 at 12:30." in said
    assert "Please answer" not in OFFER.content("w", "consultation", FIVE)["text"]
