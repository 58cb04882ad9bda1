"""What the assistant has to say, word by word, put together from the data as a patient gets it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any

from bot.clinic.aftercare import AfterCare, Told
from bot.clinic.facts import facts, fill
from bot.clinic.hours import OpeningHours
from bot.clinic.nearest import payload
from bot.clinic.red_flags import Judgement, Urgency, asked_text, expected_text, safety_text
from bot.clinic.suitability.check import Check
from bot.clinic.suitability.dialogue import About, CheckDialogue
from bot.data_files import DATA, ROOT, button_labels, common_words, read_yaml
from tests.house import House, Message

URGENCIES = {
    "emergency": Urgency.EMERGENCY,
    "crisis": Urgency.CRISIS,
    "same_day": Urgency.SAME_DAY,
}
LANGUAGES = ("en", "hi_latn", "hi", "mr")
# The ids of signs that have a text of their own: E01, E02 ...
MOST_SIGNS = 30
IN_DANGER = ("emergency", "crisis")
WHATSAPP = "whatsapp"
# In the order in which `AfterCare` takes them.
AFTERCARE_FILES = ("aftercare", "aftercare_words", "times")
# Between the names of short answers in one message.
SIDE_BY_SIDE = " + "
# In place of lines that were not told yet.
LINES = "<lines>"
# How long the chosen time is kept, which stands before the question after it was chosen.
HELD = "<held>"
# One line for each visit of a patient's.
VISIT_LINES = "{visit_lines}"
# What only the conversation knows, such as a name that is read back.
HOLE = re.compile(r"\\{\w+\\}")


@dataclass(frozen=True)
class Texts:
    """Names as the tests write them: `faq/price`, `greet`, `menu_3`, `emergency/E01`, `too_long`.

    A name is a response without its `utter_`, a sign's safety text, a key of `data/wording.yml`,
    an expected sign with its last day (`expected/X01/3`), or a topic's after-care:
    `aftercare/makeup_after/mnrf/1`, `aftercare/downtime/mnrf` without a day,
    `aftercare/makeup_after//1` without a device. A question of the check is `ask_check/age/8` (a
    screen, of how many), `ask_check/rest`, `ask_check/more`, `ask_check/changed`,
    `ask_check/which/Q27` or `ask_check/again/Q02`. What a channel knows by itself is not asked
    there: `channel` is that of the conversation.
    """

    house: House
    channel: str = "website"

    def message(self, name: str, language: str = "en", note: str = "") -> Message:
        """The message that a name stands for, without the lines before the first reply.

        `note`: a key of `notes` of `data/booking.yml` or `data/visits.yml`. What only the
        conversation knows stays as `{name}`, see `fits`.
        """
        kind, _, sign = name.partition("/")
        if kind in URGENCIES:
            return Message(self._safety(Judgement(URGENCIES[kind], sign, language)))
        if kind == "aftercare":
            return self._aftercare(*sign.split("/"))
        if kind == "expected":
            sign, _, until = sign.partition("/")
            text = self.expected(sign, int(until) if until else None, language)
            return Message(text, self._responses["reaction_expected"].buttons)
        if kind == "ask_check" and sign:
            return self._check(*sign.split("/"), note=note)
        if name in self._frame:
            return Message(fill(str(self._frame[name]), self._facts))
        if name == "ask_booking_phone" and self.channel == WHATSAPP and not note:
            name = "ask_booking_own_phone"
        if name == "ask_visit_reference_and_phone" and self.channel == WHATSAPP:
            name = "ask_visit_reference"
        message = self._responses[name]
        notes = dict(self._booking["notes"])
        if name == "ask_check_consent":
            notes = self._questions["notes"]
        elif name.startswith("ask_visit_"):
            notes |= self._visits["notes"]
        if note == "none_here" and self.channel != WHATSAPP:
            note = ""  # a browser is not told whether it has booked
        said = f"{notes[note].strip()}\n" if note else ""
        buttons = self._reminders if name == "ask_booking_reminders" else message.buttons
        may_hold = HELD if name.startswith(("ask_booking_", "ask_visit_")) else ""
        return Message(message.text.replace("{note}", said + may_hold), buttons)

    def _check(self, kind: str, which: str = "", note: str = "") -> Message:
        """A question of the check; the lines of a list that is asked again are a hole."""
        ask, questions = self._questions["ask"], self._questions["questions"]
        named = note.removeprefix("say.")
        said = questions[named]["say"] if named != note else self._questions["notes"].get(note, "")
        said = f"{said}\n" if note else ""
        if kind == "which":
            return Message(said + questions[which]["ask"])
        if kind == "again":
            return Message(said + ask["again"].format(question=questions[which]["question"]))
        if kind == "rest":
            none = self._questions["buttons"]["none"]
            holes = {"place": "{place}", "count": "{count}"}
            return Message(said + ask["screen"].format(items=LINES, none=none, **holes))
        if kind in ("more", "changed"):
            none = self._questions["buttons"]["no_more" if kind == "more" else "none"]
            return Message(said + ask[kind].format(items=LINES, none=none))
        concern = "skin" if which == "8" else "hair"
        screens = [each.id for each in check_dialogue().catalogue.screens(concern)]
        done = tuple(screens[: screens.index(kind)])
        check = Check(consent="given", concern=concern, done=done)
        asked = check_dialogue().ask(check, About(date.today()))
        return Message(said + asked.values["check_text"])

    def expected(self, sign: str, until: int | None, language: str = "en") -> str:
        """What is told of an expected sign, with the last day on which it is expected."""
        texts = read_yaml(DATA / "safety" / "texts.yml")
        return expected_text(sign, until, language, texts, self._facts)

    def asked(self, language: str = "en") -> str:
        """The line under an answer about the risk of an emergency sign."""
        return asked_text(language, read_yaml(DATA / "safety" / "texts.yml"), self._facts)

    @staticmethod
    def fits(expected: str, text: str) -> bool:
        """Whether a text is the expected one, with something in place of each `{name}`."""
        escaped = re.escape(expected).replace(re.escape(LINES), r"(?:\u2022 [^\n]+\n?)+")
        escaped = escaped.replace(re.escape(VISIT_LINES), r"(?:\d+\. [^\n]+\n?)+")
        escaped = escaped.replace(re.escape(HELD), f"(?:{_held_line()}\n)?")
        return bool(re.fullmatch(HOLE.sub(r"[^\\n]+", escaped), text))

    def name_of(self, text: str) -> str:
        """Which response a text is, whatever stands before it; empty for any other text."""
        body = self.without_lead(text)
        named = (name for name, said in self._patterns.items() if said.fullmatch(body))
        by_beginning = "aftercare" if self._is_aftercare(body) else ""
        return next(named, "expected" if self._is_expected(body) else by_beginning)

    def _is_expected(self, body: str) -> bool:
        """Whether a text is that of an expected sign, in any language."""
        signs = read_yaml(DATA / "safety" / "texts.yml")["expected"]["sign"].values()
        return any(body.startswith(text) for sign in signs for text in sign.values())

    def _is_aftercare(self, body: str) -> bool:
        """Whether a text is the after-care of a device or a day, by its title."""
        titles = read_yaml(DATA / "aftercare.yml")["titles"].values()
        first = body.partition("\n")[0]
        return any(re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(t)), first) for t in titles)

    def urgency_of(self, text: str) -> str:
        """`emergency`, `crisis` or `same_day` for a safety text in any language; else empty."""
        body = self.without_lead(text)
        return next((name for said, name in self._safety_texts.items() if said == body), "")

    def short_answers(self, message: Message) -> str:
        """The names of the short answers that stand side by side in a message; empty if none."""
        found = [
            f"{label}/short"
            for label, press in topics().items()
            if press in message.buttons.values() and self._short(label) in message.text
        ]
        return SIDE_BY_SIDE.join(found)

    def names_of(self, answer: Sequence[Message]) -> list[str]:
        """Which responses an answer consists of."""
        return [self.name_of(each.text) for each in self.as_read(answer)]

    def as_read(self, answer: Sequence[Message]) -> list[Message]:
        """An answer as a patient reads it: buttons belong to the text that had to go ahead."""
        read: list[Message] = []
        for each in answer:
            if read and each.text == self._frame["choose_below"]:
                read[-1] = Message(read[-1].text, {**read[-1].buttons, **each.buttons})
            else:
                read.append(Message(each.text, each.buttons))
        return read

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

    @cached_property
    def _safety_texts(self) -> dict[str, str]:
        signs = ("", *(f"E{number:02}" for number in range(1, MOST_SIGNS)))
        return {
            self._safety(Judgement(urgency, sign, language)): name
            for name, urgency in URGENCIES.items()
            for sign in signs
            for language in LANGUAGES
        }

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

    def _short(self, label: str) -> str:
        [content] = self._answers[f"utter_{label}"]
        return fill(str(content["metadata"]["short"]), self._facts).strip()

    def _safety(self, judgement: Judgement) -> str:
        is_open = OpeningHours.from_mapping(self._clinic).is_open(self.house.now())
        texts = read_yaml(DATA / "safety" / "texts.yml")
        return safety_text(judgement, texts, self._facts, is_open=is_open)

    def _aftercare(self, topic: str, device: str = "", day: str = "") -> Message:
        content = {name: read_yaml(DATA / f"{name}.yml") for name in AFTERCARE_FILES}
        ranges = read_yaml(DATA / "facts.yml")["defaults"]
        aftercare = AfterCare(*content.values(), self._clinic["protocol"], ranges)
        told = Told(device, int(day) if day else None)
        lines = aftercare.lines(told, topic)
        sources = read_yaml(DATA / "sources.yml")
        shown_as = {each: str(source["shown_as"]) for each, source in sources.items()}
        names = aftercare.source_names(lines, shown_as)
        answer = read_yaml(DATA / "answers" / "recovery.yml")["responses"][f"utter_faq/{topic}"][0]
        metadata = {**answer["metadata"], "source": self._frame["sources_join"].join(names)}
        text = aftercare.body(aftercare.about(told, topic), lines)
        return self._filled({**answer, "text": text, "metadata": metadata})

    @cached_property
    def _booking(self) -> dict[str, Any]:
        return read_yaml(DATA / "booking.yml")

    @cached_property
    def _visits(self) -> dict[str, Any]:
        return read_yaml(DATA / "visits.yml")

    @cached_property
    def _questions(self) -> dict[str, Any]:
        return read_yaml(DATA / "suitability.yml")

    @property
    def _reminders(self) -> dict[str, str]:
        ways = ("whatsapp", "call", "none") if self.channel == WHATSAPP else ("call", "none")
        titles = self._booking["labels"]["ways"]
        return {titles[way]: f'/inform{{"reminders":"{way}"}}' for way in ways}

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        """Each response with anything in its holes, and with any note or none."""
        any_note = r"(?:[^\n]+\n){0,2}"
        escaped = {
            name: re.escape(each.text)
            for name, each in self._responses.items()
            if HOLE.sub("", re.escape(each.text))
        }
        return {
            name: re.compile(HOLE.sub(r"[^\\n]+", text.replace(r"\{note\}", any_note)))
            for name, text in escaped.items()
        }

    @cached_property
    def _responses(self) -> dict[str, Message]:
        return {
            name.removeprefix("utter_"): self._filled(variations[0])
            for name, variations in self._answers.items()
        }

    @cached_property
    def _answers(self) -> dict[str, list[dict[str, Any]]]:
        files = [ROOT / "domain.yml", *sorted((DATA / "answers").glob("*.yml"))]
        return {
            name: variations
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


@cache
def _held_line() -> str:
    """The line that says how long a time is kept, as a pattern."""
    held = re.escape(str(read_yaml(DATA / "booking.yml")["notes"]["held"]))
    return HOLE.sub(r"[^\\n]+", held)


@cache
def check_dialogue() -> CheckDialogue:
    """The check as the actions ask it."""
    words = read_yaml(DATA / "booking.yml")
    return CheckDialogue.from_data(read_yaml(DATA / "suitability.yml"), words, common_words())


def topics() -> dict[str, str]:
    """Every topic's payload, by its response (`faq/price`)."""
    return {label: payload(label) for label in button_labels() if label.startswith("faq/")}
