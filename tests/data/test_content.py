"""Every text that a doctor answers for keeps its rules: what `make content` refuses, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.clinic.content import SAFETY
from bot.clinic.schema import read_clinic
from bot.content.project import Project, read_project
from bot.data_files import DATA, ROOT, read_yaml
from tests.data.answer_files import TOPICS

RULES = read_yaml(DATA / "content.yml")["content"]


@pytest.fixture(scope="module")
def project() -> Project:
    return read_project(read_clinic((ROOT / "clinic.yml").read_text("utf-8")))


def test_no_text_breaks_a_rule_and_no_exception_is_left_over(project: Project) -> None:
    assert project.breaches() == []


def test_what_is_named_is_there() -> None:
    assert set(RULES["not_medical"]) <= set(TOPICS)
    assert set(RULES["always_served"]) <= set(TOPICS)
    assert set(RULES["replies"]) <= set(read_yaml(ROOT / "domain.yml")["responses"])


def test_every_safety_text_is_registered(project: Project) -> None:
    registered = [i.wording for i in project.register.items.values() if i.kind == SAFETY]
    assert sorted(registered) == sorted(english(read_yaml(DATA / "safety" / "texts.yml")))


def english(part: dict[str, Any]) -> Iterator[str]:
    """Every English text in a part of the safety texts."""
    for key, below in part.items():
        if key == "en":
            yield below
        elif isinstance(below, dict) and key != "metadata":
            yield from english(below)


def test_every_source_of_a_text_has_a_name(project: Project) -> None:
    named = {each for item in project.register.items.values() for each in item.sources}
    assert named <= set(project.sources)


def test_every_group_has_a_name(project: Project) -> None:
    assert {item.kind for item in project.register.items.values()} == set(RULES["kinds"])
