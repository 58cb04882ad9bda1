"""`python -m bot.evaluation.safety [CSV …]`: what the judgement of safety misses and imagines.

Reads the held-out sets of `tests/safety/heldout`, each wording as it stands and in nine made
forms, and says for each id and form how many were answered by the right class, with 95 %
intervals: by the whole judgement and, for danger, by the patterns alone, which answer with the
engine down. CSV files (a column `text`) are ordinary texts, of which hardly any may raise an alarm.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.clinic.red_flags import RedFlags, Urgency
from bot.data_files import ROOT, read_signs, read_yaml
from bot.evaluation.__main__ import quieten
from bot.evaluation.metrics import Share
from bot.evaluation.safety_forms import Forms
from bot.training import fitting_model, train

HELDOUT = ROOT / "tests" / "safety" / "heldout"
FORMS = ROOT / "tests" / "safety" / "forms.yml"
REPORT = ROOT / "results" / "safety"
AS_IT_STANDS = "as it stands"
ORDER = list(Urgency)
# What a wording of an id has to be answered by, at least (brief, part 5). An emergency and a crisis
# count for each other: both give the number to call, and doubt between them is no harm.
LEAST = {"E": Urgency.EMERGENCY, "C": Urgency.EMERGENCY, "D": Urgency.SAME_DAY}

Judge = Callable[[Sequence[str]], list[Urgency]]


@dataclass(frozen=True)
class Wording:
    """One held-out text of an id, in one form."""

    sign: str
    form: str
    text: str

    @property
    def kind(self) -> str:
        """E, C (crisis), D, X, or `DISTRESS`."""
        return self.sign if self.sign == "DISTRESS" else self.sign[0]


def wordings(forms: Forms, names: Iterable[str] | None = None) -> list[Wording]:
    """Every held-out wording, as it stands and in the named forms (all of them by default)."""
    made = list(forms.by_name) if names is None else list(names)
    found = []
    for file in ("danger.yml", "same_day.yml"):
        for sign, texts in read_yaml(HELDOUT / file).items():
            for each in texts:
                text, language = str(each["text"]), str(each["language"])
                found.append(Wording(sign, AS_IT_STANDS, text))
                found += [Wording(sign, name, forms.made(text, language, name)) for name in made]
    return found


def near_misses() -> list[str]:
    """The harmless texts that sound near a sign."""
    lines = (HELDOUT / "near_misses.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip()]


def ordinary(files: Iterable[Path]) -> list[str]:
    """The texts of CSV files; rows whose labels tell a sign are left out."""
    texts = []
    for file in files:
        with file.open(encoding="utf-8", newline="") as opened:
            for row in csv.DictReader(opened):
                if not SAFETY_LABELS & set((row.get("accept") or "").split("|")):
                    texts.append(row["text"])
    return texts


SAFETY_LABELS = {"emergency", "crisis", "report_reaction", "distress"}


def is_answered(wording: Wording, urgency: Urgency) -> bool:
    """Whether a wording got at least the class that its id asks for."""
    return ORDER.index(urgency) >= ORDER.index(LEAST[wording.kind])


def shares(
    judged: Sequence[tuple[Wording, Urgency]], by: Callable[[Wording], str]
) -> dict[str, Share]:
    """How many were answered by the right class, in groups."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for wording, urgency in judged:
        if wording.kind in LEAST:
            groups[by(wording)].append(is_answered(wording, urgency))
    return {name: Share(sum(hits), len(hits)) for name, hits in groups.items()}


def told(share: Share) -> str:
    """A share with its interval, in per cent."""
    return (
        f"{share.hits} of {share.of}, {100 * share.value:.1f} % "
        f"({100 * share.low:.1f} to {100 * share.high:.1f})"
    )


def class_of(wording: Wording) -> str:
    """The class over which a bar stands."""
    return {"E": "emergency", "C": "crisis", "D": "same day"}[wording.kind]


def report(
    judged: Sequence[tuple[Wording, Urgency]], alone: Sequence[tuple[Wording, Urgency]]
) -> list[str]:
    """The tables as Markdown."""
    lines = ["| class | whole judgement | patterns alone |", "|---|---|---|"]
    whole, patterns = shares(judged, class_of), shares(alone, class_of)
    lines += [
        f"| {name} | {told(share)} | {told(patterns[name])} |" for name, share in whole.items()
    ]
    for title, by in (("id", lambda w: w.sign), ("form", lambda w: f"{class_of(w)}, {w.form}")):
        whole, patterns = shares(judged, by), shares(alone, by)
        lines += ["", f"| {title} | whole judgement | patterns alone |", "|---|---|---|"]
        lines += [
            f"| {name} | {told(share)} | {told(patterns[name])} |" for name, share in whole.items()
        ]
    return lines


def expected_lines(judged: Sequence[tuple[Wording, Urgency]]) -> list[str]:
    """How expected signs are answered: none may be missed, few should alarm."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for wording, urgency in judged:
        if wording.kind in ("X", "DISTRESS") and wording.form == AS_IT_STANDS:
            counts[wording.sign][urgency.value] += 1
    lines = ["| id | answered as |", "|---|---|"]
    for sign, answered in counts.items():
        told_as = ", ".join(f"{name} {count}" for name, count in sorted(answered.items()))
        lines.append(f"| {sign} | {told_as} |")
    return lines


def alarms(texts: Sequence[str], urgencies: Sequence[Urgency]) -> list[tuple[str, str]]:
    """The texts that raised a false alarm, with its class."""
    return [
        (urgency.value, text)
        for text, urgency in zip(texts, urgencies, strict=True)
        if ORDER.index(urgency) >= ORDER.index(Urgency.SAME_DAY)
    ]


def by_patterns(texts: Sequence[str]) -> list[Urgency]:
    """The judgement that needs no model."""
    red_flags = RedFlags(read_signs())
    return [red_flags.judge(text).urgency for text in texts]


def answered_as(parse: Mapping[str, Any]) -> Urgency:
    """The class by which a parsed message is answered."""
    return Urgency(parse["judgement"]["urgency"])


def whole_judge() -> Judge:
    """The judgement of the trained model with everything in it, as the running system gives it."""
    model = fitting_model()
    if not model.exists():
        _say("no model fits the present data: training one, some minutes")
        train()
    quieten()
    from bot.engine.reading import read
    from bot.evaluation.engine import load

    agent = load(model)

    async def judge_all(texts: Sequence[str]) -> list[Urgency]:
        found = []
        for done, text in enumerate(texts, 1):
            found.append(answered_as(await read(agent, text.lstrip("/"))))
            if done % 1000 == 0:
                _say(f"{done} of {len(texts)}")
        return found

    return lambda texts: asyncio.run(judge_all(texts))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures, and writes them with every miss to `results/safety`."""
    parser = argparse.ArgumentParser(prog="python -m bot.evaluation.safety", description=__doc__)
    parser.add_argument("csv", type=Path, nargs="*", help="ordinary texts, a column text")
    options = parser.parse_args(arguments)
    harmless = ordinary(options.csv)
    judge = whole_judge()
    every = wordings(Forms.from_data(FORMS))
    texts = [each.text for each in every]
    judged = list(zip(every, judge(texts), strict=True))
    alone = list(zip(every, by_patterns(texts), strict=True))
    lines = [*report(judged, alone), "", *expected_lines(judged)]
    false: dict[str, list[tuple[str, str]]] = {}
    for name, some in (("near misses", near_misses()), ("ordinary texts", harmless)):
        if some:
            false[name] = alarms(some, judge(some))
            share = Share(len(false[name]), len(some))
            per_thousand = 1000 * share.value
            lines += ["", f"False alarms on {name}: {told(share)}: {per_thousand:.1f} per 1,000."]
    print("\n".join(lines))
    REPORT.mkdir(parents=True, exist_ok=True)
    (REPORT / "figures.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    missed = [
        {"sign": each.sign, "form": each.form, "answered": urgency.value, "text": each.text}
        for each, urgency in judged
        if each.kind in LEAST and not is_answered(each, urgency)
    ]
    kept = {"missed": missed, "false": false}
    (REPORT / "misses.json").write_text(
        json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    print(f"\nThe misses: {REPORT / 'misses.json'}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
