"""Puts the clinic's facts into every text, and source line and notice under a medical one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.clinic.aftercare import AfterCare, Told
from bot.clinic.clock import Clock
from bot.clinic.content import Served, aftercare_call, aftercare_line, item_of
from bot.clinic.facts import facts, fill
from bot.clinic.hours import OpeningHours
from bot.clinic.nearest import payload
from bot.clinic.red_flags import Judgement, Urgency, expected_text, safety_text
from bot.clinic.several import is_topic
from bot.clinic.side_by_side import MOST_BUTTONS, ShortAnswer, more_title, told_together
from bot.data_files import DATA, aftercare_parts, read_yaml
from bot.settings import clock_offset, read_settings

SAFETY_PLACEHOLDERS = {
    "{emergency_text}": Urgency.EMERGENCY,
    "{crisis_text}": Urgency.CRISIS,
    "{same_day_text}": Urgency.SAME_DAY,
}
EXPECTED_PLACEHOLDER = "{expected_text}"
# All labels of a message that holds several questions, in order.
QUESTIONS = "questions"
TOPIC_RESPONSE = "utter_faq/"
BOOKING = "book_consultation"
# Said in place of what is withheld; the message then carries the key, and the team is asked.
ASKED_THE_TEAM = "utter_asked_the_team"
WITHHELD = "withheld"
# The line of data/wording.yml, and the mark of what carries it.
UNREVIEWED = "unreviewed"

# Of the turn at hand: turns run side by side, each in a context of its own.
_served: ContextVar[Served] = ContextVar("served", default=Served.from_block({}))  # noqa: B039


@contextmanager
def served_as(block: Mapping[str, Any]) -> Iterator[None]:
    """Serves texts as the front says it (`bot.clinic.content.serving`) for one turn."""
    token = _served.set(Served.from_block(block))
    try:
        yield
    finally:
        _served.reset(token)


class ClinicTexts(TemplatedNaturalLanguageGenerator):
    """Rasa's text generator, which by itself fills slots only.

    Named in endpoints.yml, so that an answer from a file needs no action to hold the hours.
    """

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        """Reads the clinic's file and the wordings once; the hours are asked at each text."""
        super().__init__(domain.responses)
        settings = read_settings()
        self._clinic = read_yaml(settings.clinic_file)
        self._hours = OpeningHours.from_mapping(self._clinic)
        self._wording = read_yaml(DATA / "facts.yml")
        self._frame = read_yaml(DATA / "wording.yml")
        self._labels = read_yaml(DATA / "button_labels.yml")
        self._more: list[str] = read_yaml(DATA / "segments.yml")["more"]
        self._safety_texts = read_yaml(DATA / "safety" / "texts.yml")
        self._shown_as = {
            name: str(source["shown_as"])
            for name, source in read_yaml(DATA / "sources.yml").items()
        }
        self._aftercare = AfterCare(*aftercare_parts(self._clinic))
        self._clock = Clock(clock_offset(settings))

    def facts_now(self) -> dict[str, str]:
        """Every placeholder's phrase at this moment."""
        return facts(self._clinic, self._wording, self._clock.now())

    def safety_text(self, judgement: Judgement) -> str:
        """The full reply to an emergency, a crisis or a same-day sign."""
        is_open = self._hours.is_open(self._clock.now())
        return safety_text(judgement, self._safety_texts, self.facts_now(), is_open=is_open)

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """A response, or one message for all topics where the patient asked for several.

        The answer to a topic of after-care is that of the device and day which the patient told.
        In place of what is withheld the patient hears that the team is asked.
        """
        latest = tracker.latest_message
        parse = (latest.parse_data if latest else None) or {}
        topics: list[str] = parse.get(QUESTIONS) or []
        if topics and utter_action == f"utter_{topics[0]}" and all(map(is_topic, topics)):
            message = self.topics(topics)
            if len(message["buttons"]) < MOST_BUTTONS:
                message["buttons"] += self.offers([BOOKING])
            return message
        by_day = self._by_device_and_day(utter_action, (latest.text if latest else None) or "")
        is_withheld = not by_day and _served.get().withholds(item_of(utter_action))
        said = ASKED_THE_TEAM if is_withheld else utter_action
        message = await super().generate(said, tracker, output_channel, **kwargs)
        if message and is_withheld:
            message[WITHHELD] = True
        if message and by_day:
            message["text"] = by_day
        return message

    def _told(self, text: str) -> Told:
        """Device and day of a treatment in a patient's words; a command holds none."""
        if text.startswith("/"):
            return Told()
        return self._aftercare.told(text, self._clock.now().astimezone(self._hours.zone).date())

    def _by_device_and_day(self, utter_action: str, text: str) -> str:
        """The after-care of the device and day in a patient's words, framed as the topic's answer.

        Empty where they tell neither, and where a doctor has not approved all of it: a list with a
        hole in it would mislead.
        """
        topic = utter_action.removeprefix(TOPIC_RESPONSE)
        told = self._told(text) if topic != utter_action else Told()
        if not self._aftercare.tells_more(told, topic):
            return ""
        told = self._aftercare.about(told, topic)
        lines = self._aftercare.lines(told, topic)
        parts = [aftercare_call(told.device), *(aftercare_line(line.name) for line in lines)]
        if _served.get().withholds(*parts):
            return ""
        names = self._aftercare.source_names(lines, self._shown_as)
        metadata = {
            **self.responses[utter_action][0]["metadata"],
            "source": str(self._frame["sources_join"]).join(names),
            UNREVIEWED: _served.get().marks(*parts),
        }
        return self._framed(fill(self._aftercare.body(told, lines), self.facts_now()), metadata)

    def topics(self, labels: Sequence[str]) -> dict[str, Any]:
        """One message with the short answers to topics (`faq/price`), and a button to each whole.

        Where one is withheld the message says that the team is asked.

        Raises:
            KeyError: a topic has no answer.
        """
        served, known = _served.get(), self.facts_now()
        told = [label for label in labels if not served.withholds(label)]
        answers = [self._short(label, known) for label in told]
        unread = str(self._frame[UNREVIEWED]) if served.marks(*told) else ""
        texts = [told_together(answers, self._frame, unread)] if answers else []
        buttons = [each.button for each in answers]
        if len(told) == len(labels):
            return {"text": texts[0], "buttons": buttons}
        asked = self.responses[ASKED_THE_TEAM][0]
        texts.append(fill(asked["text"], known))
        buttons = buttons or [dict(each) for each in asked["buttons"]]
        return {"text": "\n\n".join(texts), "buttons": buttons, WITHHELD: True}

    def _short(self, label: str, known: dict[str, str]) -> ShortAnswer:
        answer = _served.get().worded(label, self.responses[f"utter_{label}"][0])
        metadata = answer["metadata"]
        title = more_title(metadata["label"], self._more)
        return ShortAnswer(
            fill(metadata["short"], known).strip(),
            metadata["source"],
            metadata["notice"],
            {"title": title, "payload": payload(label)},
        )

    def offers(self, tasks: Sequence[str]) -> list[dict[str, str]]:
        """Buttons to tasks; a task that no button names is left out."""
        return [
            {"title": self._labels[task], "payload": payload(task)}
            for task in tasks
            if task in self._labels
        ]

    def _random_response_for(
        self, utter_action: str, output_channel: str, filled_slots: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The response in the words that are served, with a mark if no doctor has approved them."""
        response = super()._random_response_for(utter_action, output_channel, filled_slots)
        if response is None:
            return None
        served, item = _served.get(), item_of(utter_action)
        worded = served.worded(item, response)
        if served.marks(item):
            worded["metadata"] = {**(worded.get("metadata") or {}), UNREVIEWED: True}
        return worded

    def _fill_response(
        self,
        response: dict[str, Any],
        filled_slots: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Fills facts, slots and what an action passed, then frames the text.

        Rasa's own filler is not called: it takes the JSON of a button's payload for a placeholder
        and logs an error for each.
        """
        text = response.get("text") or ""
        given = {**(filled_slots or {}), **kwargs}
        language = str(given.get("language") or "en")
        for placeholder, urgency in SAFETY_PLACEHOLDERS.items():
            if placeholder in text:
                text = text.replace(placeholder, self.safety_text(Judgement(urgency, "", language)))
        if EXPECTED_PLACEHOLDER in text:
            text = text.replace(EXPECTED_PLACEHOLDER, self._expected_text(given, language))
        # Rasa passes all responses of the domain along: no text names one of them.
        known = {
            name: str(value)
            for name, value in given.items()
            if isinstance(value, (str, int, float))
        }
        text = fill(text, {**known, **self.facts_now()})
        response["text"] = self._framed(text, response.get("metadata") or {})
        return response

    def _expected_text(self, given: dict[str, Any], language: str) -> str:
        """The text for an expected sign; whom to call today where the action named none."""
        sign, until = given.get("expected_sign"), given.get("expected_until")
        if not sign:
            return self.safety_text(Judgement(Urgency.SAME_DAY, "", language))
        last = None if until is None else int(until)
        known = self.facts_now()
        return expected_text(str(sign), last, language, self._safety_texts, known)

    def _framed(self, text: str, metadata: dict[str, Any]) -> str:
        lines = [text.strip()]
        if metadata.get("source"):
            lines.append(fill(self._frame["source"], {"source": metadata["source"]}))
        notice = metadata.get("notice", "none")
        if notice != "none":
            lines.append(self._frame["notices"][notice])
        if metadata.get(UNREVIEWED):
            lines.append(self._frame[UNREVIEWED])
        return "\n".join(lines)
