"""Puts the clinic's facts into every text, and source line and notice under a medical one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.clinic.aftercare import AfterCare, Told
from bot.clinic.clock import Clock
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
        # No answer can be approved yet, so production serves all of them as not yet checked; it
        # starts only if `content.serve_unreviewed` says that the clinic knows.
        self._is_unreviewed = settings.is_production

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
        """
        latest = tracker.latest_message
        parse = (latest.parse_data if latest else None) or {}
        topics: list[str] = parse.get(QUESTIONS) or []
        if topics and utter_action == f"utter_{topics[0]}" and all(map(is_topic, topics)):
            message = self.topics(topics)
            if len(message["buttons"]) < MOST_BUTTONS:
                message["buttons"] += self.offers([BOOKING])
            return message
        message = await super().generate(utter_action, tracker, output_channel, **kwargs)
        topic = utter_action.removeprefix(TOPIC_RESPONSE)
        if message and utter_action.startswith(TOPIC_RESPONSE):
            told = self._told((latest.text if latest else None) or "")
            if self._aftercare.tells_more(told, topic):
                message["text"] = self._by_device_and_day(told, topic, message)
        return message

    def _told(self, text: str) -> Told:
        """Device and day of a treatment in a patient's words; a command holds none."""
        if text.startswith("/"):
            return Told()
        return self._aftercare.told(text, self._clock.now().astimezone(self._hours.zone).date())

    def _by_device_and_day(self, told: Told, topic: str, answer: dict[str, Any]) -> str:
        """The after-care of one device and day, framed as the topic's own answer."""
        told = self._aftercare.about(told, topic)
        lines = self._aftercare.lines(told, topic)
        names = self._aftercare.source_names(lines, self._shown_as)
        source = str(self._frame["sources_join"]).join(names)
        text = fill(self._aftercare.body(told, lines), self.facts_now())
        return self._framed(text, {**answer["metadata"], "source": source})

    def topics(self, labels: Sequence[str]) -> dict[str, Any]:
        """One message with the short answers to topics (`faq/price`), and a button to each whole.

        Raises:
            KeyError: a topic has no answer.
        """
        unread = str(self._frame["unreviewed"]) if self._is_unreviewed else ""
        known = self.facts_now()
        answers = [self._short(label, known) for label in labels]
        return {
            "text": told_together(answers, self._frame, unread),
            "buttons": [each.button for each in answers],
        }

    def _short(self, label: str, known: dict[str, str]) -> ShortAnswer:
        metadata = self.responses[f"utter_{label}"][0]["metadata"]
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
            if self._is_unreviewed:
                lines.append(self._frame["unreviewed"])
        return "\n".join(lines)
