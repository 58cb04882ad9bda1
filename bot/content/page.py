"""One page that needs nothing else: every text as a patient reads it, with what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.clinic.content import ContentItem, Standing
from bot.clinic.facts import facts, fill, said_instead
from bot.content.project import Project
from bot.data_files import DATA, read_yaml

HERE = Path(__file__).parent


def page_of(project: Project, found: Sequence[Standing], now: datetime) -> str:
    """The page as HTML; `now` decides what the texts say of opening hours."""
    wording = read_yaml(DATA / "facts.yml")
    states = read_yaml(DATA / "desk.yml")["desk"]["content"]["states"]
    known = facts(project.clinic, wording, now)
    findings = project.words["findings"]
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def wrong_with(item: ContentItem) -> list[str]:
        return [each.said(findings) for each in project.checks.of_item(item)]

    return pages.get_template("content.html").render(
        clinic=known["clinic_name"],
        made=now.date().isoformat(),
        groups=[
            (name, [each for each in found if each.item.kind == kind])
            for kind, name in project.words["kinds"].items()
        ],
        counts=Counter(each.state for each in found),
        states=states,
        checks=project.checks,
        sources=project.sources,
        wrong_with=wrong_with,
        filled=lambda text: fill(text, known),
        left_over=[
            each.said(findings) for each in project.checks.unused(project.register.items.values())
        ],
        said_instead=said_instead(project.clinic, wording, now),
    )
