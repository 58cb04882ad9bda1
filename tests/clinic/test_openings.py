"""What an opening message holds is read as a careful receptionist reads it.

The messages were written by somebody who had not seen the rules (openings.yml), and are not
edited to pass.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.clinic.details import DetailReader
from bot.clinic.hours import OpeningHours
from bot.clinic.times import TimeWords, read_times
from bot.data_files import DATA, ROOT, common_words, read_yaml

OPENINGS = yaml.safe_load((Path(__file__).parent / "openings.yml").read_text("utf-8"))
NOW = datetime(2026, 11, 23, 11, tzinfo=ZoneInfo("Asia/Kolkata"))
HOURS = OpeningHours.from_mapping(read_yaml(ROOT / "clinic.yml"))
TIME_WORDS = TimeWords(read_yaml(DATA / "times.yml"))
READER = DetailReader(read_yaml(DATA / "booking.yml"), common_words(), "IN")
# Minutes after midnight between which a part of the day may begin and end.
PARTS = {"morning": (0, 14 * 60), "afternoon": (12 * 60, 17 * 60), "evening": (16 * 60, 24 * 60)}


def read(text: str) -> dict[str, Any]:
    reading = read_times(text, NOW, HOURS, TIME_WORDS)
    wish = reading.wish
    details = READER.read(text, reading.covered)
    found: dict[str, Any] = {"concern": details.concern, "name": details.name}
    found |= {"phone": details.phone, "day": wish.days[0] if len(wish.days) == 1 else wish.days}
    if details.whom != "self":
        found["for"] = details.whom
    if wish.exact is not None:
        found["time"] = f"{wish.exact // 60:02}:{wish.exact % 60:02}"
    elif wish.earliest is not None or wish.latest is not None:
        low, high = wish.earliest or 0, wish.latest or 24 * 60
        found["part"] = next(
            (part for part, (first, last) in PARTS.items() if first <= low and high <= last), ""
        )
    return {key: value for key, value in found.items() if value}


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda opening: opening["say"][:40])
def test_every_fact_is_read_and_no_other(opening: dict[str, Any]) -> None:
    expected = {key: value for key, value in opening.items() if key != "say"}
    assert read(opening["say"]) == expected


def test_there_are_sixty_with_one_to_five_facts() -> None:
    assert len(OPENINGS) == 60
    counts = [len(set(each) & {"concern", "day", "name", "phone"}) for each in OPENINGS]
    counts = [
        count + ("time" in each or "part" in each)
        for count, each in zip(counts, OPENINGS, strict=True)
    ]
    assert set(counts) == {1, 2, 3, 4, 5}
