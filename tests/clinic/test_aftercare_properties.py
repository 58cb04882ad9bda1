"""Properties of device and day read from any text.

Apart from test_aftercare.py because that one also runs in the engine's environment, which has no
hypothesis.
"""

from __future__ import annotations

from datetime import date

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not in this environment")

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.data_files import DATA, read_yaml
from tests.clinic.test_aftercare import AFTERCARE, DEVICES

WORDS = read_yaml(DATA / "aftercare_words.yml")


def flat(content: object) -> list[str]:
    """Every word of the file, however deep."""
    if isinstance(content, dict):
        return [word for each in content.values() for word in flat(each)]
    if isinstance(content, list):
        return [word for each in content for word in flat(each)]
    return [str(content)]


PIECES = st.one_of(
    st.sampled_from(flat(WORDS)),
    st.sampled_from(flat(read_yaml(DATA / "times.yml"))),
    st.integers(0, 10**12).map(str),
    st.sampled_from([",", ".", "\n", "/", "-", "31", "0", "१२", "२९ feb", "last sunday"]),
    st.text(max_size=8),
)
MESSAGES = st.one_of(st.text(), st.lists(PIECES, max_size=14).map(" ".join))


@given(MESSAGES, st.dates())
@settings(max_examples=400, deadline=None)
def test_no_text_is_a_fault_and_no_day_negative(text: str, today: date) -> None:
    told = AFTERCARE.told(text, today)
    assert told.device in {*DEVICES, ""}
    if told.day is None:
        assert told.earliest is None
    else:
        assert told.day >= 0
        assert told.sign_days is None
        assert told.earliest is None or 0 <= told.earliest < told.day
    for topic in AFTERCARE.topics:
        if AFTERCARE.tells_more(told, topic):
            assert AFTERCARE.lines(told, topic)
