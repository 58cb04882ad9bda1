from __future__ import annotations

import asyncio
import threading

import pytest

from bot.jobs import looking
from bot.jobs.looking import look_again_and_again


async def test_a_look_that_fails_does_not_end_the_looking(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(looking, "LOOK_EVERY", 0)
    looks: list[int] = []
    enough = threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise ValueError("Asha Rao")
        enough.set()

    task = asyncio.create_task(look_again_and_again(look, "visits"))
    assert await asyncio.to_thread(enough.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "looking for visits failed" in caplog.text
    assert "Asha" not in caplog.text
