"""Understands many texts with a trained model, without a server; runs beside Rasa.

`python -m bench.inside.predict MODEL TEXTS OUT`: TEXTS is a JSON list, OUT becomes a JSON list of
rankings, each a list of `[label, confidence]`, best first.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

from rasa.core.agent import Agent
from rasa.utils.log_utils import configure_structlog


async def rankings(model: str, texts: list[str]) -> list[list[tuple[str, float]]]:
    """What the model makes of each text."""
    agent = Agent.load(model)
    found = []
    for text in texts:
        parse = await agent.parse_message(text)
        found.append([(entry["name"], entry["confidence"]) for entry in parse["intent_ranking"]])
    return found


if __name__ == "__main__":
    configure_structlog(logging.WARNING)
    model, texts, out = sys.argv[1:]
    done = asyncio.run(rankings(model, json.loads(Path(texts).read_text("utf-8"))))
    Path(out).write_text(json.dumps(done), "utf-8")
