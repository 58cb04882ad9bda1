from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.visits.policy import ChangePolicy
from bot.data_files import DATA, ROOT, read_yaml

CLINIC = read_yaml(ROOT / "clinic.yml")
WORDS = read_yaml(DATA / "visits.yml")["policy"]
TIMES = read_yaml(DATA / "facts.yml")["times"]
# Wednesday 17:00 in Mumbai.
VISIT = datetime(2026, 11, 25, 11, 30, tzinfo=timezone.utc)
EARLY, LATE = VISIT - timedelta(days=2), VISIT - timedelta(hours=3)


def policy(zone: str = "Asia/Kolkata", **rules: Any) -> ChangePolicy:
    clinic = {
        **CLINIC,
        "clinic": {**CLINIC["clinic"], "zone": zone},
        "booking": {**CLINIC["booking"], "cancel": {"free_hours": 24, "fee": "", **rules}},
    }
    return ChangePolicy(clinic, WORDS, TIMES)


def test_a_change_is_free_until_so_many_hours_before_to_the_second() -> None:
    until = policy().free_until(VISIT)
    assert until == VISIT - timedelta(hours=24)
    assert not policy().is_late(VISIT, until)
    assert policy().is_late(VISIT, until + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("now", "is_booked", "said"),
    [
        (EARLY, True, "Free until Tuesday 24 Nov 2026 at 17:00."),
        (LATE, True, "The time for a free change ended on Tuesday 24 Nov 2026 at 17:00."),
        (EARLY, False, "To move or cancel it is free until Tuesday 24 Nov 2026 at 17:00."),
        (LATE, False, "A visit so soon is moved or cancelled by our team."),
    ],
)
def test_the_rule_is_said_with_its_day_and_hour(now: datetime, is_booked: bool, said: str) -> None:
    assert policy().say(VISIT, now, is_booked=is_booked) == said


def test_a_fee_is_the_clinics_own_sentence_and_without_one_no_word_of_it_is_said() -> None:
    assert policy(fee="half the price.").say(VISIT, EARLY).endswith("After that: half the price.")
    assert "After that" not in policy().say(VISIT, EARLY)


def test_another_rule_another_fee_or_another_wording_is_another_version() -> None:
    other = ChangePolicy(CLINIC, {**WORDS, "free": "Until {until}. {fee}"}, TIMES)
    versions = {
        policy().version,
        policy(free_hours=48).version,
        policy(fee="half").version,
        other.version,
    }
    assert len(versions) == 4
    assert policy().version == policy().version


@given(
    starts_at=st.datetimes(
        datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(timezone.utc)
    ),
    hours=st.integers(0, 96),
    zone=st.sampled_from(
        ["Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York"]
    ),
)
def test_what_is_said_is_what_is_decided_over_clock_changes(
    starts_at: datetime, hours: int, zone: str
) -> None:
    rules = policy(zone, free_hours=hours)
    until = rules.free_until(starts_at)
    assert starts_at - until == timedelta(hours=hours)
    assert until.astimezone(ZoneInfo(zone)).strftime("%H:%M") in rules.say(starts_at, until)
