"""Patients who write to a bot's REST route, one or many at once, and wait for each answer."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Barrier

# Seconds; far above anything that counts as an answer.
ANSWER_WITHIN = 60.0


@dataclass(frozen=True)
class Line:
    """What a patient says, and what the right answer holds."""

    say: str
    hears: str


@dataclass(frozen=True)
class Turns:
    """Times of turns in seconds, how many answers were right, and the wall time of it all."""

    times: list[float]
    right: int
    seconds: float


def converse(port: int, lines: Sequence[Line], *, patients: int, turns: int) -> Turns:
    """Has `patients` at once say `lines` in order, each conversation under a new sender's id.

    Together they take at least `turns` turns, in whole conversations.
    """
    each = -(-turns // (patients * len(lines)))
    together = Barrier(patients + 1)

    def patient() -> list[tuple[float, bool]]:
        connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
        try:
            connection.connect()
            together.wait()
            return [told for _ in range(each) for told in _conversation(connection, lines)]
        except BaseException:
            together.abort()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(patients) as threads:
        waiting = [threads.submit(patient) for _ in range(patients)]
        together.wait()
        began = time.perf_counter()
        told = [turn for one in waiting for turn in one.result()]
        seconds = time.perf_counter() - began
    return Turns([took for took, _ in told], sum(right for _, right in told), seconds)


def _conversation(connection: HTTPConnection, lines: Sequence[Line]) -> list[tuple[float, bool]]:
    sender = uuid.uuid4().hex
    told = []
    for line in lines:
        body = json.dumps({"sender": sender, "message": line.say}).encode()
        began = time.perf_counter()
        connection.request(
            "POST", "/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        content = response.read()
        took = time.perf_counter() - began
        said = json.loads(content) if response.status == 200 else []
        texts = " ".join(message.get("text", "") for message in said)
        told.append((took, bool(said) and line.hears in texts))
    return told
