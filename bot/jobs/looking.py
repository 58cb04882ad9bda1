"""How a job looks for what is to be done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from bot import logs

logger = logging.getLogger(__name__)

# Seconds between two looks; what is looked for is hours away.
LOOK_EVERY = 10.0


class Job(Protocol):
    """Something that the front does by itself."""

    async def watch(self) -> None:
        """Works until it is cancelled."""


async def look_again_and_again(look: Callable[[], None], what: str) -> None:
    """Looks in a thread until it is cancelled; a look that fails does not end it.

    `what` is looked for, in the words of the log.
    """
    while True:
        try:
            await asyncio.to_thread(look)
        except Exception as error:
            logger.error(
                "looking for %s failed, error %s: %s",
                what,
                logs.new_error_id(),
                logs.describe(error),
            )
        await asyncio.sleep(LOOK_EVERY)
