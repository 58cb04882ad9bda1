"""The script behind `make train`, on a world of two intents."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Train = Callable[[str], None]

TINY = {
    "config.yml": """
        recipe: default.v1
        assistant_id: tiny
        language: en
        pipeline:
        - name: KeywordIntentClassifier
        policies:
        - name: RulePolicy
        """,
    "domain.yml": """
        version: "3.1"
        intents: [greet, goodbye]
        responses:
          utter_greet:
          - text: Hello.
        """,
    "data/nlu.yml": """
        version: "3.1"
        nlu:
        - intent: greet
          examples: |
            - hello
            - good morning
        - intent: goodbye
          examples: |
            - bye
            - see you
        rules:
        - rule: Greet
          steps:
          - intent: greet
          - action: utter_greet
        """,
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module, without its way of logging."""
    factory, handlers = logging.getLogRecordFactory(), logging.root.handlers[:]
    from bot.engine import train  # noqa: PLC0415

    logging.setLogRecordFactory(factory)
    logging.root.handlers[:] = handlers
    return train


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A whole Rasa project, small enough to be trained in a second."""
    for name, content in TINY.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        lines = content.strip("\n").splitlines()
        file.write_text("\n".join(line[8:] for line in lines) + "\n", "utf-8")
    return tmp_path


@pytest.fixture
def train(script: ModuleType, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Trains the small project into its own folder."""
    monkeypatch.setattr(script, "ROOT", tiny)
    monkeypatch.setattr(script, "DATA", tiny / "data")
    return lambda name: script.main(str(tiny / "models"), name)


def test_training_writes_one_model_under_the_given_name(tiny: Path, train: Train) -> None:
    train("fingerprint")
    assert [file.name for file in (tiny / "models").iterdir()] == ["fingerprint.tar.gz"]


def test_training_that_finds_no_data_ends_with_a_status_and_no_model(
    tiny: Path, train: Train
) -> None:
    (tiny / "data" / "nlu.yml").unlink()
    with pytest.raises(SystemExit) as ended:
        train("fingerprint")
    assert ended.value.code
    assert not (tiny / "models").exists()
