"""The one way into Rasa: a narrow HTTP channel for the front, on loopback, behind a token."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from sanic import Blueprint, Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot import logs
from bot.clinic.red_flags import DANGER, Judgement, Urgency
from bot.clinic.side_by_side import beside_task
from bot.engine.certain import JUDGEMENT, as_dict
from bot.engine.follow_up import FollowUpReader
from bot.engine.in_check import as_answer
from bot.engine.in_visit import as_new_time
from bot.engine.reading import BESIDE, REFUSED, as_turn, read
from bot.engine.refused_again import refused_again
from bot.engine.texts import QUESTIONS, WITHHELD, served_as
from bot.engine.understanding import outputs, pressed
from bot.settings import read_settings

logger = logging.getLogger(__name__)
CHANNEL = "front"
COMPLAINT = "complaint"


class FrontOutput(CollectingOutputChannel):
    """Collects a turn's messages whole: Rasa's own class cuts a text at each blank line."""

    @classmethod
    def name(cls) -> str:
        """The channel's name, as it stands in the tracker."""
        return CHANNEL

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keeps the text as one message."""
        await self._persist_message({"text": text, WITHHELD: kwargs.get(WITHHELD, False)})

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        """Keeps text and buttons as one message."""
        withheld = kwargs.get(WITHHELD, False)
        await self._persist_message({"text": text, "buttons": buttons, WITHHELD: withheld})


class FrontChannel(InputChannel):
    """Understands, judges and answers one message of a conversation in one call.

    An emergency or a crisis is answered before Rasa predicts anything: message and safety text
    are put into the tracker and no action runs, so an open form is neither asked again in the
    same breath nor lost.
    """

    def __init__(self, token: str, serves_parse: bool) -> None:
        """`serves_parse` opens `POST /model/parse` without a token, for development only."""
        self._token = token
        self._serves_parse = serves_parse
        self._follow_ups = FollowUpReader.from_data()

    @classmethod
    def name(cls) -> str:
        """The channel's name in credentials.yml and in the tracker."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> FrontChannel:
        """Takes everything from the settings: credentials.yml only names the class."""
        settings = read_settings()
        return cls(settings.engine_token, serves_parse=not settings.is_production)

    def url_prefix(self) -> str:
        """Routes stand at the root, not below Rasa's `/webhooks/`."""
        return "/"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes: health, turn, record and, in development, parse."""
        routes = Blueprint("front_channel")

        @routes.exception(Exception)
        async def failed(request: Request, error: Exception) -> HTTPResponse:
            if isinstance(error, SanicException):
                return json({"error": type(error).__name__}, status=error.status_code)
            error_id = logs.new_error_id()
            logger.error("turn failed, error %s: %s", error_id, logs.describe(error))
            return json({"error": error_id}, status=500)

        @routes.get("/front/health")
        async def health(request: Request) -> HTTPResponse:
            ready = _agent(request.app).is_ready()
            return json({"ready": ready}, status=200 if ready else 503)

        @routes.post("/front/turn")
        async def turn(request: Request) -> HTTPResponse:
            self._admit(request)
            return json(await self._turn(_agent(request.app), request.json))

        @routes.post("/front/record")
        async def record(request: Request) -> HTTPResponse:
            self._admit(request)
            body = request.json
            parse = await read(_agent(request.app), body["text"])
            await _record(_agent(request.app), body, parse, body["reply"])
            return json({})

        if self._serves_parse:

            @routes.post("/model/parse")
            async def parse_only(request: Request) -> HTTPResponse:
                text = (request.json or {}).get("text")
                if not isinstance(text, str):
                    return json({"error": 'the body should be {"text": "..."}'}, status=400)
                return json(await read(_agent(request.app), text.lstrip("/")))

        return routes

    def _admit(self, request: Request) -> None:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise SanicException("wrong token", status_code=401)

    async def _turn(self, agent: Agent, body: dict[str, Any]) -> dict[str, Any]:
        if body["again"]:
            answered = await _answered_before(agent, body["conversation"], body["message"])
            if answered:
                return answered
        press = body.get("press")
        if press:
            parse = pressed(press["intent"], press["entities"], body["text"])
            parse[JUDGEMENT] = as_dict(Judgement(Urgency.NONE))
        else:
            parse = await read(agent, body["text"])
            parse = await as_answer(agent, parse, body["conversation"])
            parse = await as_new_time(agent, parse, body["conversation"])
            parse = await refused_again(agent, parse, body["conversation"])
            if REFUSED not in parse:
                parse = await self._follow_ups.in_context(agent, parse, body["conversation"])
        judgement = _judgement(parse)
        if body["angry"] and judgement.urgency is Urgency.NONE:
            parse.update(outputs(COMPLAINT, [(COMPLAINT, 1.0)], 1.0))
            parse.pop(QUESTIONS, None)
            parse.pop(REFUSED, None)
        if judgement.urgency in DANGER:
            reply = agent.nlg.safety_text(judgement)
            await _record(agent, body, parse, reply)
            messages: list[dict[str, Any]] = [{"text": reply}]
        else:
            output = FrontOutput()
            # What the front does not say is served as the files have it.
            with served_as(body.get("content") or {}):
                parse = as_turn(parse, agent.nlg)
                await agent.handle_message(
                    UserMessage(
                        _in_one_line(body["text"]),
                        output,
                        body["conversation"],
                        parse_data=parse,
                        input_channel=CHANNEL,
                        message_id=body["message"],
                        metadata={"message": body["message"]},
                    )
                )
            messages = output.messages
        return _answer(messages, parse)


def _agent(app: Sanic) -> Agent:
    agent: Agent = app.ctx.agent
    return agent


def _in_one_line(text: str) -> str:
    """A message as Rasa and the actions keep it; only its understanding looks at the lines."""
    return " ".join(text.split("\n"))


def _judgement(parse: dict[str, Any]) -> Judgement:
    found = parse[JUDGEMENT]
    return Judgement(Urgency(found["urgency"]), found["sign"], found["language"])


async def _answered_before(agent: Agent, conversation: str, message: str) -> dict[str, Any] | None:
    """The answer that the tracker holds for a message, if it was answered before a crash."""
    tracker = await agent.tracker_store.retrieve(conversation)
    said: list[dict[str, Any]] = []
    found: UserUttered | None = None
    for event in tracker.events if tracker else []:
        if isinstance(event, UserUttered):
            if said:
                break
            found = event if event.message_id == message else None
        elif found and isinstance(event, BotUttered):
            buttons = event.data.get("buttons")
            withheld = event.metadata.get(WITHHELD, False)
            said.append({"text": event.text, "buttons": buttons or [], WITHHELD: withheld})
    if not found or not said:
        return None
    parse = found.parse_data or {}
    return _answer(said, {**parse, "intent": {"name": found.intent_name}})


def _answer(said: list[dict[str, Any]], parse: dict[str, Any]) -> dict[str, Any]:
    """A turn's answer for the front: the messages, and whether the team has to be asked."""
    beside = parse.get(BESIDE) or {}
    parts = [*said, beside.get("topics") or {}]
    shown = ("text", "buttons")
    return {
        "messages": [
            {name: part for name, part in message.items() if name in shown and part}
            for message in beside_task(said, parse.get(BESIDE))
        ],
        "intent": parse["intent"]["name"],
        JUDGEMENT: parse.get(JUDGEMENT),
        WITHHELD: any(part.get(WITHHELD) for part in parts),
    }


async def _record(agent: Agent, body: dict[str, Any], parse: dict[str, Any], reply: str) -> None:
    """Puts a message and its answer into the tracker without any prediction."""
    async with agent.lock_store.lock(body["conversation"]):
        tracker = await agent.processor.fetch_tracker_and_update_session(
            body["conversation"], FrontOutput()
        )
        tracker.update(
            UserUttered(
                _in_one_line(body["text"]),
                parse["intent"],
                parse["entities"],
                parse,
                input_channel=CHANNEL,
                message_id=body["message"],
                metadata={"message": body["message"]},
            ),
            agent.domain,
        )
        tracker.update(BotUttered(reply), agent.domain)
        await agent.processor.save_tracker(tracker)
