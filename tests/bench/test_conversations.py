"""What the benchmark's patients say."""

from __future__ import annotations

import pytest

from bench.turns import KINDS, lines

# Rasa reads a conversation from its beginning at each turn, so both bots get short ones.
LONGEST = 10


@pytest.mark.parametrize("kind", [kind for kinds in KINDS.values() for kind in kinds])
def test_a_conversation_is_short_and_every_right_answer_is_known(kind: str) -> None:
    said = lines()[kind]
    assert 0 < len(said) <= LONGEST
    assert all(line.say and line.hears for line in said)
