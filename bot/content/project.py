"""Everything about the texts of one clinic: the register, the checks, the names of the sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from bot.clinic.aftercare import AfterCare
from bot.clinic.content import ContentFiles, Register
from bot.clinic.content_checks import TextChecks
from bot.clinic.facts import facts
from bot.clinic.reading_grade import reading_grade
from bot.clinic.text_checks import NeverSay
from bot.data_files import DATA, ROOT, aftercare_parts, read_yaml


@dataclass(frozen=True)
class Project:
    """The texts of one clinic."""

    clinic: Mapping[str, Any]
    register: Register
    checks: TextChecks
    # The block `content` of data/content.yml.
    words: Mapping[str, Any]
    # data/sources.yml.
    sources: Mapping[str, Mapping[str, str]]

    def breaches(self) -> list[str]:
        """One line for each rule that a text breaks, and for each exception left over."""
        items = self.register.items.values()
        findings: Mapping[str, str] = self.words["findings"]
        return [
            *(
                f"{item.id}: {found.said(findings)}"
                for item in items
                for found in self.checks.of_item(item)
            ),
            *(found.said(findings) for found in self.checks.unused(items)),
        ]


def read_project(clinic: Mapping[str, Any]) -> Project:
    """Reads the texts and fills them with a clinic's facts; `clinic` is the validated clinic.yml.

    Every text also has to keep its rules in a clinic that has told nothing yet.
    """
    wording = read_yaml(DATA / "facts.yml")
    # What hangs on the moment is in no hash and counts for no length.
    now = datetime.now(timezone.utc)
    known = facts(clinic, wording, now)
    return Project(
        clinic,
        Register(content_files(clinic), known),
        TextChecks(
            NeverSay.from_mapping(read_yaml(DATA / "never_say.yml")),
            reading_grade,
            (known, facts({}, wording, now)),
        ),
        read_yaml(DATA / "content.yml")["content"],
        read_yaml(DATA / "sources.yml"),
    )


def content_files(clinic: Mapping[str, Any]) -> ContentFiles:
    """The files that texts come from, with the clinic's own values in the after-care."""
    return ContentFiles(
        rules=read_yaml(DATA / "content.yml")["content"],
        frame=read_yaml(DATA / "wording.yml"),
        answers={
            name: said
            for file in sorted((DATA / "answers").glob("*.yml"))
            for name, said in read_yaml(file)["responses"].items()
        },
        replies=read_yaml(ROOT / "domain.yml")["responses"],
        safety=read_yaml(DATA / "safety" / "texts.yml"),
        aftercare=AfterCare(*aftercare_parts(clinic)),
        check=read_yaml(DATA / "suitability.yml"),
        before=read_yaml(DATA / "before_visit.yml"),
    )
