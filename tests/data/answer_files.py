"""Reads `data/answers` for the tests, filled as a patient gets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.clinic.facts import facts, fill
from bot.clinic.schema import read_clinic
from bot.clinic.text_checks import NeverSay

ANSWERS_FOLDER = Path("data/answers")
TOPICS_BY_GROUP = {
    "basics": """what_are_exosomes how_exosomes_work exosome_size_contents exosome_sources
        plant_vs_human product_quality are_exosomes_stem_cells""",
    "concerns": """concerns_treated treats_pigmentation treats_acne_scars treats_hair_loss
        treats_ageing other_areas hair_loss_cause""",
    "suitability": """suitable_sensitive_skin suitable_all_skin_types pih_risk
        suitable_pregnancy suitable_medical_condition suitable_age suitable_medication""",
    "safety": """side_effects is_it_safe injection_vs_topical infection_risk cancer_risk
        allergic_reaction when_to_call regulatory_approval evidence""",
    "procedure": """procedure_steps paired_treatments pain session_length preparation
        sessions_skin sessions_hair maintenance missed_session""",
    "recovery": """downtime downtime_hair aftercare_skin aftercare_hair hair_wash_colour_oil
        makeup_after sun_exercise_after skincare_actives_after alcohol_smoking travel_after""",
    "results": """results_skin results_hair results_duration results_guarantee
        before_after_photos""",
    "compare": "compare_prp compare_other combine_treatments home_use_products",
    "clinic": """price clinic_hours clinic_location doctor_credentials insurance_payment
        which_product vegetarian_source consultation event_timing men_women report_side_effect
        privacy_data""",
}
TOPICS = {topic: group for group, names in TOPICS_BY_GROUP.items() for topic in names.split()}


@dataclass(frozen=True)
class Answer:
    """One answer as its file holds it."""

    topic: str
    group: str
    content: dict[str, Any]

    @property
    def text(self) -> str:
        """The full form, with its placeholders."""
        return str(self.content["text"])

    @property
    def metadata(self) -> dict[str, Any]:
        """Label, short form, source line, notice, claims and sources."""
        metadata = self.content["metadata"]
        assert isinstance(metadata, dict)
        return metadata

    @property
    def short(self) -> str:
        """The short form, with its placeholders."""
        return str(self.metadata["short"])

    @property
    def button_titles(self) -> list[str]:
        """What stands on the buttons."""
        return [button["title"] for button in self.content["buttons"]]

    def places(self) -> Iterator[tuple[str, str]]:
        """Everything of this answer a patient reads, with the place `data/never_say.yml` uses."""
        for filled_in in both_fillings(self.text):
            yield filled_in, f"faq/{self.topic}"
        for filled_in in both_fillings(self.short):
            yield filled_in, f"faq/{self.topic}/short"
        yield self.metadata["label"], f"faq/{self.topic}/label"
        for title in self.button_titles:
            yield title, "button"


def answer_files() -> list[Path]:
    """The files of answers, one a group."""
    return sorted(ANSWERS_FOLDER.glob("*.yml"))


@cache
def answers() -> tuple[Answer, ...]:
    """Every answer of every file, in order."""
    found = []
    for path in answer_files():
        responses = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
        for name, variations in responses.items():
            assert len(variations) == 1, f"{path}: {name} has more than one variation"
            found.append(Answer(name.removeprefix("utter_faq/"), path.stem, variations[0]))
    return tuple(found)


@cache
def never_say() -> NeverSay:
    """The never-say rules of the project."""
    path = Path("data/never_say.yml")
    return NeverSay.from_mapping(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def _fact_sets() -> tuple[dict[str, str], dict[str, str]]:
    """The facts of the example clinic, and those of a clinic that has filled in nothing."""
    wording = yaml.safe_load(Path("data/facts.yml").read_text(encoding="utf-8"))
    example = read_clinic(Path("clinic.yml").read_text(encoding="utf-8"))
    now = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    return facts(example, wording, now), facts({}, wording, now)


def both_fillings(text: str) -> tuple[str, str]:
    """A text with the example clinic's facts, and with the phrases for a clinic without any."""
    example, empty = _fact_sets()
    return fill(text, example), fill(text, empty)
