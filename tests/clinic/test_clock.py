from datetime import datetime, timedelta, timezone

import pytest

from bot.clinic.clock import Clock, offset_for

REAL_NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def test_the_clock_is_the_real_one_without_an_offset() -> None:
    before = datetime.now(timezone.utc)
    now = Clock().now()

    assert before <= now <= datetime.now(timezone.utc)
    assert now.utcoffset() == timedelta()


def test_the_clock_runs_ahead_by_its_offset() -> None:
    before = datetime.now(timezone.utc)

    assert Clock(timedelta(days=3)).now() - before >= timedelta(days=3)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_no_clinic_now_is_no_offset(text: str | None) -> None:
    assert offset_for(text, REAL_NOW) == timedelta()


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-11-23T12:00:00Z", timedelta(days=1)),
        ("2026-11-23T12:00:00z", timedelta(days=1)),
        ("2026-11-23T12:00:00+00:00", timedelta(days=1)),
        ("2026-11-22T18:30:00+05:30", timedelta(hours=1)),
        ("2026-11-22T06:00:00-05:00", timedelta(hours=-1)),
    ],
)
def test_the_offset_is_the_difference_to_the_real_clock(text: str, offset: timedelta) -> None:
    assert offset_for(text, REAL_NOW) == offset


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match=r"CLINIC_NOW .* found '2026-11-23T10:00' without"):
        offset_for("2026-11-23T10:00", REAL_NOW)


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T10:00:00Z", "10:00"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"like 2026-11-23T10:00:00.05:30, found '{text}'"):
        offset_for(text, REAL_NOW)


def test_a_real_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        offset_for("2026-11-23T10:00:00Z", REAL_NOW.replace(tzinfo=None))
