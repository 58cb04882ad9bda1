"""What the pages of the check show: texts of domain.yml and the clinic's facts, in a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from bot.channels.check_steps import Standing
from bot.clinic.booking.draft import GIVEN
from bot.clinic.clock import Clock
from bot.clinic.content import item_of
from bot.clinic.facts import facts, fill
from bot.clinic.hours import OpeningHours
from bot.clinic.red_flags import Judgement, asked_text, safety_text
from bot.clinic.suitability.check import Check, next_screen, screens_of
from bot.clinic.suitability.dialogue import NONE, PRESSED, SAY, SKIP, STOP
from bot.clinic.suitability.form import NEXT, Fault, ScreenForm, can_be_unsure
from bot.clinic.suitability.outcome import Visit, outcome_responses, stopped_responses
from bot.clinic.suitability.questions import Catalogue
from bot.clinic.suitability.rules import CheckRules
from bot.door.door import Wordings
from bot.store.checks import FINISHED, STOPPED

HERE = Path(__file__).parent / "check"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
# What the buttons beside those of a screen hold.
START, AGREE, REFUSE, GO_ON = "start", "agree", "refuse", "go_on"
BUTTONS = {each: each for each in (START, AGREE, REFUSE, GO_ON, NEXT, NONE, SKIP, STOP)}
# A patient's own words on one screen, in characters.
LONGEST_TYPED = 1000
# Notes of `data/suitability.yml` that a page says.
NOTES = ("noted", "others", "skipped", SAY)
# Numbers of clinic.yml that can be called from a page.
NUMBERS = ("emergency", "ambulance", "mental_health", "front_desk", "same_day", "after_hours")


@dataclass(frozen=True)
class Shown:
    """What a page carries beside the step itself."""

    path: str
    token: str = field(repr=False)
    # Above it: whom to call today, support.
    notices: Sequence[str] = field(default=(), repr=False)
    # The form that could not be taken, and why.
    filled: ScreenForm | None = None
    fault: Fault | None = None


class CheckView:
    """Makes the pages."""

    def __init__(
        self,
        rules: CheckRules,
        wordings: Wordings,
        responses: Mapping[str, Any],
        clock: Clock,
        edited: Callable[[], Mapping[str, Mapping[str, str]]] = dict,
    ) -> None:
        """`responses`: those of domain.yml; `edited`: those in a doctor's words, by item."""
        self._edited = edited
        self._rules, self._wordings, self._responses = rules, wordings, responses
        self._clock, self._hours = clock, OpeningHours.from_mapping(wordings.clinic)
        self._template = Environment(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        ).get_template("page.html")

    def page(self, kind: str, status: int = 200, **values: Any) -> Response:
        """The page of one kind; the template says which values each needs."""
        known = self._facts()
        links = {known[name]: call(known[name]) for name in NUMBERS if known[name][-1:].isdigit()}
        if known["privacy_link"].startswith("https://"):
            links[known["privacy_link"]] = known["privacy_link"]
        content = self._template.render(
            kind=kind,
            known=known,
            call=call,
            linked=partial(linked, links=links),
            buttons=BUTTONS,
            **values,
        )
        return HTMLResponse(content, status, headers=HEADERS)

    def step(self, standing: Standing, shown: Shown) -> Response:
        """What comes next in the check: consent, a screen, a question, or how it ended."""
        if standing.check.consent != GIVEN:
            return self._consent(shown)
        if standing.check.offers_support:
            support = self._text("utter_distress")
            shown = replace(shown, notices=[*shown.notices, support])
        if standing.state == FINISHED:
            return self._outcome(standing, shown)
        if standing.state == STOPPED:
            return self.page("stopped", shown=shown, texts=self._texts(standing, stopped_responses))
        return self._question(standing, shown)

    def last(self, response: str, notices: Sequence[str] = ()) -> Response:
        """The last page of a check of which nothing is kept."""
        shown = Shown("", "", notices)
        return self.page("outcome", shown=shown, texts=[self._text(response)])

    def after_crisis(self) -> Response:
        """For a day nobody is asked about a visit (brief 5.5, rule 6)."""
        return self.page("paused", text=fill(self._wordings.frame["after_crisis"], self._facts()))

    def safety_text(self, judgement: Judgement, *, team_was_told: bool = True) -> str:
        """The fixed text, as the door says it."""
        return safety_text(
            judgement,
            self._wordings.safety,
            self._facts(),
            is_open=self._hours.is_open(self._clock.now()),
            team_was_told=team_was_told,
        )

    def asked_text(self, judgement: Judgement) -> str:
        """What stands beside an emergency sign that was only asked about."""
        return asked_text(judgement.language, self._wordings.safety, self._facts())

    def _consent(self, shown: Shown) -> Response:
        yes, no = (each["title"] for each in self._response("utter_ask_check_consent")["buttons"])
        text = self._text("utter_ask_check_consent", note="")
        return self.page("consent", shown=shown, text=text, yes=yes, no=no)

    def _outcome(self, standing: Standing, shown: Shown) -> Response:
        return self.page("outcome", shown=shown, texts=self._texts(standing, outcome_responses))

    def _texts(
        self,
        standing: Standing,
        say: Callable[[Check, Catalogue, Visit | None], list[str]],
    ) -> list[str]:
        """What happens next, in words."""
        visit = self._rules.visit_of(standing.visit)
        when = {"check_visit": visit.when} if visit else {}
        names = say(standing.check, self._rules.dialogue.catalogue, visit)
        return [self._text(each, **when) for each in names]

    def _question(self, standing: Standing, shown: Shown) -> Response:
        check, about, dialogue = standing.check, standing.about, self._rules.dialogue
        screen = next_screen(check, dialogue.catalogue)
        # What only the chat says, such as which words to type, has no place here.
        note = check.note if check.note.partition(".")[0] in NOTES else ""
        asked = dialogue.ask(replace(check, note=note), about)
        note = asked.values["note"].strip()
        if check.again or check.unclear or screen is None:
            choices = [(title, held[PRESSED]) for title, held in asked.buttons]
            question = asked.values["check_text"]
            return self.page("question", shown=shown, note=note, question=question, choices=choices)
        screens = screens_of(check, dialogue.catalogue)
        # Where an old form came, the screen that is open is shown as it is.
        is_again = shown.filled is not None and shown.filled.screen == screen.id
        return self.page(
            "screen",
            422 if is_again else 200,
            shown=shown,
            note=note,
            screen=screen.id,
            place=screens.index(screen) + 1,
            count=len(screens),
            items=[(each, can_be_unsure(each)) for each in dialogue.items(check, screen, about)],
            filled=shown.filled if is_again else None,
            fault=shown.fault.value if is_again and shown.fault else "",
            longest=LONGEST_TYPED,
        )

    def _response(self, name: str) -> Mapping[str, Any]:
        return dict(self._responses[name][0])

    def _text(self, name: str, **values: str) -> str:
        in_file = {"text": self._response(name)["text"]}
        text = str(self._edited().get(item_of(name), in_file)["text"])
        return fill(text, {**self._facts(), **values})

    def _facts(self) -> dict[str, str]:
        return facts(self._wordings.clinic, self._wordings.facts, self._clock.now())


def linked(text: str, links: Mapping[str, str]) -> Markup:
    """A text with links where what they are called stands in it; everything else is escaped."""
    names = "|".join(re.escape(each) for each in sorted(links, key=len, reverse=True))
    if not names:
        return escape(text)
    parts = re.split(rf"(?<![\w+])({names})(?!\w)", text)
    return Markup("").join(
        Markup('<a href="{}">{}</a>').format(links[part], part) if part in links else part
        for part in parts
    )


def call(number: str) -> str:
    """The link that calls a number."""
    return f"tel:{re.sub(r'[^+0-9]', '', number)}"
