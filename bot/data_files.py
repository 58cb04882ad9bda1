"""Reads the YAML files of `data/` and `clinic.yml`, in both runtimes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
# The lists of signs, the most urgent first.
SIGNS = ("danger.yml", "same_day.yml", "expected.yml")
WORDINGS = DATA / "safety" / "wordings"

# A name in the training data, which must not make it an ordinary word.
_NAMED = re.compile(r"\b(?:name is|name:|name|naam) +\w+(?: +\w+)?", re.IGNORECASE)

# libyaml's loader is ten times as fast; a Python built without it still works.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file holds no mapping or is no YAML.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not valid YAML.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} should hold a mapping.")
    return content


def read_signs(data: Path = DATA) -> dict[str, Any]:
    """What `bot.clinic.red_flags` looks for: how messages are read, and the signs in order."""
    folder = data / "safety"
    signs = {**read_yaml(folder / "language.yml"), **read_yaml(folder / "harmless.yml")}
    signs["signs"] = [each for name in SIGNS for each in read_yaml(folder / name)["signs"]]
    return signs


def read_wordings(folder: Path = WORDINGS) -> list[tuple[str, str]]:
    """How patients tell signs, for learning: each text with its sign, NONE where it has none."""
    return [
        (text, sign)
        for file in sorted(folder.glob("*.yml"))
        for sign, texts in read_yaml(file).items()
        for text in texts
    ]


def aftercare_parts(clinic: Mapping[str, Any], data: Path = DATA) -> tuple[Any, ...]:
    """What `bot.clinic.aftercare.AfterCare` is made of: its tables, and the clinic's own values."""
    return (
        read_yaml(data / "aftercare.yml"),
        read_yaml(data / "aftercare_words.yml"),
        read_yaml(data / "times.yml"),
        clinic.get("protocol"),
        read_yaml(data / "facts.yml")["defaults"],
    )


def button_labels(data: Path = DATA) -> dict[str, str]:
    """What a button to each label says (`faq/price` -> "Price"), at most 24 characters."""
    labels: dict[str, str] = {}
    for file in sorted((data / "answers").glob("*.yml")):
        for name, variations in read_yaml(file)["responses"].items():
            labels[name.removeprefix("utter_")] = variations[0]["metadata"]["label"]
    labels.update(read_yaml(data / "button_labels.yml"))
    return labels


def common_words(data: Path = DATA) -> frozenset[str]:
    """Words of the training data that are no names: those of at least five utterances.

    Bare answers (`inform`) are left out, because they are where the names stand.
    """
    counted: Counter[str] = Counter()
    for file in sorted((data / "nlu").glob("*.yml")):
        for entry in read_yaml(file)["nlu"]:
            if entry.get("intent") != "inform":
                for line in _NAMED.sub(" ", str(entry["examples"])).splitlines():
                    counted.update(set(re.findall(r"[^\W\d_][\w'’]*", line.casefold())))
    return frozenset(word for word, count in counted.items() if count > 4)


def booked_responses(domain: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What a patient is told of what they booked or changed, by response, from domain.yml."""
    names = [
        f"utter_booking_{status}{whose}"
        for status in ("booked", "pending")
        for whose in ("", "_self")
    ]
    changes = ("moved", "moved_pending", "cancelled", "confirmed")
    names += [f"utter_visit_{change}" for change in changes]
    return {name: domain["responses"][name][0] for name in names}
