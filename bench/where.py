"""Where a turn of ours spends its time: the house with timers, one patient at a time."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import turns
from bench.inside import timed
from bench.patients import converse
from bench.processes import run
from bench.projects import ENGINE_PYTHON, OURS
from bench.servers import House, answers, our_model
from bot.data_files import ROOT

# Components of the engine under the name of what they are for; others keep their own name.
PARTS = {
    "BundledSpacyNLP": "spaCy",
    "SpacyTokenizer": "spaCy",
    "SentenceEncoderFeaturizer": "encoder",
    "FlatClassifier": "classifier",
    "Certain": "red flags and commands",
    "RulePolicy": "policies",
    "MemoizationPolicy": "policies",
    "DefaultPolicyPredictionEnsemble": "policies",
    "DomainProvider": "Rasa's other nodes",
    "NLUMessageConverter": "Rasa's other nodes",
    "RegexMessageHandler": "Rasa's other nodes",
    "RuleOnlyDataProvider": "Rasa's other nodes",
    timed.PARSE: "understanding, the rest",
    timed.FRONT: "front, the rest",
    timed.ENGINE: "engine, the rest",
    timed.ACTIONS: "actions, the rest",
}
NETWORK = "client and network"


@dataclass(frozen=True)
class Span:
    """One timed call: its process, name, outermost span, start, seconds, and own seconds."""

    process: str
    name: str
    root: str
    start: float
    seconds: float
    own: float


class TimedHouse(House):
    """The three processes under `bench.inside.timed`, which `python -m bot run` cannot start."""

    def start(self) -> None:
        """Migrates, starts the three, and returns when all are healthy."""
        env = self.environment()
        run([sys.executable, "-m", "bot", "migrate"], ROOT, env, self.folder / "migrate.log")
        actions, engine = self._others
        python = {timed.ENGINE: str(ENGINE_PYTHON)}
        for process, words in (
            (timed.ENGINE, ["bot.engine", str(our_model())]),
            (timed.ACTIONS, ["actions"]),
            (timed.FRONT, ["bot", "front"]),
        ):
            self.spawn(
                [
                    python.get(process, sys.executable), "-m", "bench.inside.timed",
                    str(self._out(process)), *words,
                ],
                ROOT,
                env,
            )  # fmt: skip
        for url in (
            f"http://127.0.0.1:{actions}/health",
            f"http://127.0.0.1:{engine}/front/health",
            f"http://127.0.0.1:{self.port}/health",
        ):
            self.wait_until(lambda url=url: answers(url))  # type: ignore[misc]

    def spans(self) -> list[Span]:
        """What the processes have timed; ends them, because they tell at their end."""
        self.end()
        return [
            Span(process, *told)
            for process in (timed.FRONT, timed.ENGINE, timed.ACTIONS)
            for told in json.loads(self._out(process).read_text("utf-8"))
        ]

    def _out(self, process: str) -> Path:
        return self.folder / f"{process}.json"


def measure(sizes: turns.Sizes) -> dict[str, dict[str, float]]:
    """For each kind of turn of ours its parts in ms, the mean of a turn; together its whole.

    Raises:
        ProcessError: a process of the house could not be started.
    """
    said = turns.lines()
    windows = {}
    with TimedHouse() as house:
        for kind in turns.KINDS[OURS]:
            converse(house.port, said[kind], patients=1, turns=turns.WARM_UP)
            began = time.monotonic()
            took = converse(house.port, said[kind], patients=1, turns=sizes.alone)
            windows[kind] = (began, time.monotonic(), sum(took.times), len(took.times))
        spans = house.spans()
    return {
        kind: parts_of([span for span in spans if start <= span.start < end], seconds, count)
        for kind, (start, end, seconds, count) in windows.items()
    }


def parts_of(spans: Sequence[Span], seconds: float, turns_count: int) -> dict[str, float]:
    """What a turn's mean time in ms is made of, largest part first.

    `spans` are those of `turns_count` turns, one after the other, for which the patient waited
    `seconds` in all. A call to another process counts without what that process did. What nobody
    waited for is left out.
    """
    own: defaultdict[str, float] = defaultdict(float)
    whole: defaultdict[str, float] = defaultdict(float)
    for span in _waited_for(spans):
        own[_part(span)] += span.own
        if span.name == span.root:
            whole[span.process] += span.seconds
    own[timed.CALL_OF_ENGINE] -= whole[timed.ENGINE]
    own[timed.CALL_OF_ACTIONS] -= whole[timed.ACTIONS]
    own[NETWORK] = seconds - whole[timed.FRONT]
    parts = sorted(own.items(), key=lambda part: -part[1])
    return {name: total * 1000 / turns_count for name, total in parts if total}


def _waited_for(spans: Sequence[Span]) -> list[Span]:
    """The spans of requests, and in engine and actions only while such a request called them."""
    found = [span for span in spans if span.process == timed.FRONT and span.root]
    for process, call in (
        (timed.ENGINE, timed.CALL_OF_ENGINE),
        (timed.ACTIONS, timed.CALL_OF_ACTIONS),
    ):
        calls = [(span.start, span.start + span.seconds) for span in found if span.name == call]
        found += [
            span
            for span in spans
            if span.process == process
            and span.root
            and any(start <= span.start <= end for start, end in calls)
        ]
    return found


def _part(span: Span) -> str:
    if span.name in (timed.DATABASE, timed.TRACKERS):
        return f"{span.name} ({span.process})"
    return PARTS.get(span.name, span.name)
