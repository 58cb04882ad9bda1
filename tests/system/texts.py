"""What the assistant has to say, word by word, put together from the data as a patient gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.clinic.facts import facts, fill
from bot.clinic.hours import OpeningHours
from bot.clinic.nearest import payload
from bot.clinic.red_flags import Judgement, Urgency, safety_text
from bot.data_files import DATA, ROOT, button_labels, read_yaml
from tests.house import House, Message

URGENCIES = {
    "emergency": Urgency.EMERGENCY,
    "crisis": Urgency.CRISIS,
    "same_day": Urgency.SAME_DAY,
}
IN_DANGER = ("emergency", "crisis")


@dataclass(frozen=True)
class Texts:
    """Names as the tests write them: `faq/price`, `greet`, `menu_3`, `emergency/E01`, `too_long`.

    A name is a response without its `utter_`, a sign's safety text, or a key of
    `data/wording.yml`.
    """

    house: House

    def message(self, name: str, language: str = "en") -> Message:
        """The message that a name stands for, without the lines before the first reply."""
        kind, _, sign = name.partition("/")
        if kind in URGENCIES:
            return Message(self._safety(Judgement(URGENCIES[kind], sign, language)))
        if name in self._frame:
            return Message(fill(str(self._frame[name]), self._facts))
        return self._responses[name]

    def name_of(self, text: str) -> str:
        """Which response a text is, whatever stands before it; empty for any other text."""
        body = self.without_lead(text)
        return next((name for name, message in self._responses.items() if message.text == body), "")

    def without_lead(self, text: str) -> str:
        """A reply without the notice and the helpline that may come before it."""
        lead, gap, body = text.partition("\n\n")
        return body if gap and lead in self._leads else text

    def lead(self, *, notice: bool, helpline: bool) -> str:
        """The lines before the first reply, and those after a crisis."""
        lines = []
        if helpline:
            lines.append(self._frame["after_crisis"])
        if notice:
            lines += [self._frame["first_notice"], self._frame["privacy_notice"]]
        return fill("\n".join(lines), self._facts)

    @property
    def _leads(self) -> set[str]:
        return {
            self.lead(notice=notice, helpline=helpline)
            for notice, helpline in ((True, False), (False, True), (True, True))
        }

    @cached_property
    def _clinic(self) -> dict[str, Any]:
        return read_yaml(ROOT / "clinic.yml")

    @cached_property
    def _frame(self) -> dict[str, Any]:
        return read_yaml(DATA / "wording.yml")

    @cached_property
    def _facts(self) -> Mapping[str, str]:
        return facts(self._clinic, read_yaml(DATA / "facts.yml"), self.house.now())

    def _safety(self, judgement: Judgement) -> str:
        is_open = OpeningHours.from_mapping(self._clinic).is_open(self.house.now())
        texts = read_yaml(DATA / "safety" / "texts.yml")
        return safety_text(judgement, texts, self._facts, is_open=is_open)

    @cached_property
    def _responses(self) -> dict[str, Message]:
        files = [ROOT / "domain.yml", *sorted((DATA / "answers").glob("*.yml"))]
        return {
            name.removeprefix("utter_"): self._filled(variations[0])
            for file in files
            for name, variations in read_yaml(file)["responses"].items()
        }

    def _filled(self, content: dict[str, Any]) -> Message:
        text = str(content["text"]).strip()
        for name, urgency in URGENCIES.items():
            if f"{{{name}_text}}" in text:
                text = text.replace(f"{{{name}_text}}", self._safety(Judgement(urgency)))
        metadata = content.get("metadata", {})
        lines = [fill(text, self._facts)]
        if metadata.get("source"):
            lines.append(f"Source: {metadata['source']}")
        if metadata.get("notice", "none") != "none":
            lines.append(self._frame["notices"][metadata["notice"]])
        buttons = {each["title"]: each["payload"] for each in content.get("buttons", [])}
        return Message("\n".join(lines), buttons)


def topics() -> dict[str, str]:
    """Every topic's payload, by its response (`faq/price`)."""
    return {label: payload(label) for label in button_labels() if label.startswith("faq/")}
