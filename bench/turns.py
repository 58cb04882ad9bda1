"""A turn of both bots through their running servers: time, throughput, start and memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import cache
from bench.figures import middle, percentile
from bench.patients import Line, converse
from bench.projects import OURS, STOCK
from bench.servers import House, Server, Stock, our_model, stock_bot
from bot.data_files import ROOT, read_yaml
from bot.training import fingerprint

CONVERSATIONS = Path(__file__).parent / "conversations.yml"
QUESTION = "question"
# What each bot is asked; the first is what the two are compared by.
KINDS = {STOCK: (STOCK,), OURS: (QUESTION, "action", "emergency")}
AT_ONCE = (1, 8, 32)
WARM_UP = 30
ROUNDS = (STOCK, OURS, STOCK, OURS)


@dataclass(frozen=True)
class Sizes:
    """How many turns a round takes: one patient at a time for each kind, and with many at once."""

    alone: int = 200
    many: int = 640


def lines() -> dict[str, list[Line]]:
    """The conversations by kind."""
    return {
        kind: [Line(**line) for line in said] for kind, said in read_yaml(CONVERSATIONS).items()
    }


def measure(sizes: Sizes) -> dict[str, Any]:
    """All rounds, the two bots in turns and never both up; what was measured before is kept.

    Raises:
        ProcessError: a bot could not be trained or started.
    """
    # Training counts for no start.
    stock_bot()
    our_model()
    folder = _folder(sizes)
    rounds = []
    for number, bot in enumerate(ROUNDS, 1):
        file = folder / f"round-{number}-{bot}.json"
        known = cache.read_json(file)
        if known is None:
            known = _round(Stock() if bot == STOCK else House(), sizes)
            cache.write_json(file, known)
        rounds.append(known)
    return {bot: _together([each for each in rounds if each["bot"] == bot]) for bot in KINDS}


def _round(server: Server, sizes: Sizes) -> dict[str, Any]:
    said = lines()
    first = KINDS[server.name][0]
    with server:
        converse(server.port, said[first], patients=1, turns=WARM_UP)
        kinds = {}
        for kind in KINDS[server.name]:
            took = converse(server.port, said[kind], patients=1, turns=sizes.alone)
            kinds[kind] = {"times": took.times, "right": took.right}
        many = {}
        for patients in AT_ONCE:
            turns = sizes.alone if patients == 1 else sizes.many
            took = converse(server.port, said[first], patients=patients, turns=turns)
            many[str(patients)] = {
                "turns": len(took.times), "right": took.right, "seconds": took.seconds,
            }  # fmt: skip
        return {
            "bot": server.name,
            "ready": server.ready_after,
            "memory": server.memory(),
            "kinds": kinds,
            "many": many,
        }


def _together(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures over all rounds of a bot: times in ms, memory in MB, throughput in turns/s."""
    kinds = {}
    for kind in rounds[0]["kinds"]:
        times = [took * 1000 for each in rounds for took in each["kinds"][kind]["times"]]
        kinds[kind] = {
            "turns": len(times),
            "right": sum(each["kinds"][kind]["right"] for each in rounds) / len(times),
            "median": middle(times),
            "p95": percentile(times, 95),
        }
    many = {}
    for patients in rounds[0]["many"]:
        parts = [each["many"][patients] for each in rounds]
        turns = sum(part["turns"] for part in parts)
        many[patients] = {
            "turns": turns,
            "right": sum(part["right"] for part in parts) / turns,
            "per_second": turns / sum(part["seconds"] for part in parts),
        }
    return {
        "kinds": kinds,
        "many": many,
        "ready": middle([each["ready"] for each in rounds]),
        "memory": {
            name: middle([each["memory"][name] for each in rounds]) for name in rounds[0]["memory"]
        },
    }


def _folder(sizes: Sizes) -> Path:
    """Where the rounds are kept; another one as soon as code, data or what is said changes."""
    code = [file for part in ("bot", "actions") for file in sorted((ROOT / part).rglob("*.py"))]
    code += sorted((ROOT / "data").rglob("*.yml"))
    parts: list[str | bytes] = [fingerprint(), repr(sizes), CONVERSATIONS.read_bytes()]
    return cache.CACHE / f"turns-{cache.key_of(parts + [file.read_bytes() for file in code])}"
