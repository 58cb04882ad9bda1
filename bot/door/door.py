"""The door: every message of a patient comes through here, in order, and leaves with an answer."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot import logs
from bot.clinic.clock import Clock
from bot.clinic.facts import facts, fill
from bot.clinic.hours import OpeningHours
from bot.clinic.payloads import Press, as_plain_text, read_payload
from bot.clinic.red_flags import DANGER, Judgement, RedFlags, Urgency, safety_text
from bot.door.engine import Engine, EngineError, Turn
from bot.store import conversations, messages
from bot.store.database import Database
from bot.store.messages import Answer, Inbound, Outbound

logger = logging.getLogger(__name__)

# A turn's limit in seconds: a patient in a hurry waits no longer (docs/architecture.md).
TURN_LIMIT = 8.0
# Past this the encoder reads no further; a safety sign is looked for in all of it.
LONGEST_TEXT = 2000
BARE_ANSWERS = ("affirm", "deny", "inform")
BOOKING = "/book_consultation"

Send = Callable[[Outbound], Awaitable[bool]]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Wordings:
    """The data that the door speaks from."""

    clinic: Mapping[str, Any]
    facts: Mapping[str, Any]
    frame: Mapping[str, Any]
    safety: Mapping[str, Any]


class Door:
    """Stores, orders, judges and answers messages; channels bring them and send the answers."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        red_flags: RedFlags,
        wordings: Wordings,
        clock: Clock,
    ) -> None:
        """Takes its parts ready made."""
        self._database = database
        self._engine = engine
        self._red_flags = red_flags
        self._wordings = wordings
        self._clock = clock
        self._hours = OpeningHours.from_mapping(wordings.clinic)
        self._silence = timedelta(hours=wordings.clinic["conversation"]["silence_hours"])
        self._senders: dict[str, Send] = {}
        self._order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._abandoned: dict[str, asyncio.Task[Any]] = {}
        self._background: set[asyncio.Task[Any]] = set()

    def add_channel(self, name: str, send: Send) -> None:
        """Registers how a channel sends; `send` says whether the message really left."""
        self._senders[name] = send

    async def receive(
        self, channel: str, person: str, external_id: str, text: str
    ) -> asyncio.Task[list[Outbound]]:
        """Stores a message once under the channel's own id, and puts it in line to be answered.

        When this returns, the message is safe. The task ends when its answer was handed to the
        channel; a repeated id gets the first answer.
        """
        # Half a character (a lone surrogate in JSON) can be neither stored nor sent on.
        text = text.encode("utf-8", "replace").decode()
        key = self.person_key(channel, person)
        async with self._in_order(key):
            try:
                inbound = await asyncio.to_thread(
                    messages.receive,
                    self._database,
                    channel,
                    key,
                    external_id,
                    text,
                    self._clock.now(),
                    self._silence,
                )
            except Exception as error:
                error_id = logs.new_error_id()
                logger.error(
                    "a message was not stored, error %s: %s", error_id, logs.describe(error)
                )
                lost = Inbound(error_id, "", channel, key, text, is_new=True)
                return self.in_background(self._apologise(lost, error_id, "not_stored"))
            return self.in_background(self._answer(inbound))

    async def _answer(self, inbound: Inbound) -> list[Outbound]:
        # The patient waits from now on, also in the queue.
        deadline = asyncio.get_running_loop().time() + TURN_LIMIT
        try:
            return await self._answer_in_order(inbound, deadline)
        except Exception as error:
            error_id = logs.new_error_id()
            logger.error(
                "message %s unanswered, error %s: %s", inbound.id, error_id, logs.describe(error)
            )
            return await self._apologise(inbound, error_id, "not_answered")

    async def _apologise(self, inbound: Inbound, error_id: str, wording: str) -> list[Outbound]:
        """The clinic's phone, or the text for danger, without the database.

        A message that was stored is answered at the next start.
        """
        judgement = self._red_flags.judge(inbound.text)
        if judgement.urgency in DANGER:
            said = self._safety_text(judgement, team_was_told=False)
            content = _in_danger([{"text": said}], judgement.urgency)
        else:
            text = fill(self._wordings.frame[wording], self._facts())
            content = Answer([{"text": text}])
        outbound = Outbound(
            error_id,
            inbound.conversation_id,
            inbound.channel,
            inbound.person,
            content.messages[0],
        )
        await self._hand_over(outbound)
        return [outbound]

    async def _answer_in_order(self, inbound: Inbound, deadline: float) -> list[Outbound]:
        judgement = self._red_flags.judge(inbound.text)
        if judgement.urgency in DANGER:
            # A sign of danger waits behind no other message.
            return await self._answer_and_send(inbound, judgement, deadline)
        async with self._in_order(inbound.conversation_id):
            return await self._answer_and_send(inbound, judgement, deadline)

    async def _answer_and_send(
        self, inbound: Inbound, judgement: Judgement, deadline: float
    ) -> list[Outbound]:
        answered = await asyncio.to_thread(messages.answers_to, self._database, inbound.id)
        if not answered:
            answer = await self._make_answer(inbound, judgement, deadline)
            answered = await asyncio.to_thread(
                messages.finish, self._database, inbound.id, answer, self._clock.now()
            )
            for outbound in answered:
                await self.send(outbound)
        else:
            # A repeated id: the channel may not have got through with the first answer.
            for outbound in answered:
                await self._hand_over(outbound)
        return answered

    async def send(self, outbound: Outbound) -> None:
        """Hands one message of the outbox to its channel; what did not leave stays queued."""
        try:
            if await asyncio.to_thread(messages.claim, self._database, outbound.id):
                sent_at = self._clock.now() if await self._hand_over(outbound) else None
                await asyncio.to_thread(messages.release, self._database, outbound.id, sent_at)
        except Exception as error:
            # The answer itself is stored; it is sent at the next connection or start.
            logger.error("sending %s failed: %s", outbound.id, logs.describe(error))

    async def _hand_over(self, outbound: Outbound) -> bool:
        try:
            return await self._senders[outbound.channel](outbound)
        except Exception as error:
            logger.error("sending %s failed: %s", outbound.id, logs.describe(error))
            return False

    async def send_waiting(self, channel: str, person: str) -> None:
        """Sends what a person has not got yet, for example after a reconnect."""
        waiting = await asyncio.to_thread(
            messages.unsent, self._database, channel, self.person_key(channel, person)
        )
        for outbound in waiting:
            await self.send(outbound)

    async def connection_died(self, channel: str, person: str, unheard: timedelta) -> None:
        """Queues again what was sent to a person while nobody knew that the line was dead."""
        await asyncio.to_thread(
            messages.queue_again,
            self._database,
            channel,
            self.person_key(channel, person),
            self._clock.now() - unheard,
        )

    async def leftovers(self) -> list[Inbound]:
        """What a stop or a crash left unanswered; asked once, before anybody is served."""
        await asyncio.to_thread(messages.release_all, self._database)
        return await asyncio.to_thread(messages.unanswered, self._database)

    async def work_off(self, left: Sequence[Inbound], engine_is_up: Awaitable[Any]) -> None:
        """Answers leftovers: signs of danger at once, the rest when the engine is up."""
        rest = []
        for inbound in left:
            if self._red_flags.judge(inbound.text).urgency in DANGER:
                self.in_background(self._answer(inbound))
            else:
                rest.append(inbound)
        await engine_is_up
        for inbound in rest:
            self.in_background(self._answer(inbound))

    def in_background(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Runs work whose caller may leave; an exception is logged without its message."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)
        return task

    def _facts(self) -> dict[str, str]:
        return facts(self._wordings.clinic, self._wordings.facts, self._clock.now())

    def person_key(self, channel: str, person: str) -> str:
        """The keyed hash under which a person of a channel is stored."""
        return self._database.cipher.search_hash(f"{channel}:{person}")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("background work failed: %s", logs.describe(error))

    def _in_order(self, whose: str) -> _Place:
        return _Place(self._order, self._waiting, whose)

    async def _make_answer(self, inbound: Inbound, judgement: Judgement, deadline: float) -> Answer:
        now = self._clock.now()
        known = self._facts()
        if judgement.urgency in DANGER:
            text = self._safety_text(judgement)
            self.in_background(self._record(inbound, text))
            return _in_danger([{"text": text}], judgement.urgency)
        standing = await asyncio.to_thread(
            conversations.standing, self._database, inbound.conversation_id, now
        )
        answer = await self._ordinary_answer(inbound, known, now, deadline)
        if Urgency(answer.urgency) in DANGER:
            return answer
        if standing.after_crisis and answer.intent in BARE_ANSWERS:
            # "Is someone with you right now?" was asked: a "no" is no small talk.
            crisis = Judgement(Urgency.CRISIS, "CRISIS", judgement.language)
            return _in_danger([{"text": self._safety_text(crisis)}], Urgency.CRISIS)
        return self._framed(answer, standing, known)

    def _safety_text(self, judgement: Judgement, *, team_was_told: bool = True) -> str:
        """The fixed text, from the patterns alone: it waits for nothing and no one."""
        texts = self._wordings.safety
        if not team_was_told:
            unsaid = dict.fromkeys(texts["crisis"]["open"], "")
            texts = {**texts, "crisis": {**texts["crisis"], "open": unsaid, "closed": unsaid}}
        is_open = self._hours.is_open(self._clock.now())
        return safety_text(judgement, texts, self._facts(), is_open=is_open)

    async def _record(self, inbound: Inbound, reply: str) -> None:
        try:
            await self._engine.record(
                inbound.conversation_id, inbound.id, as_plain_text(inbound.text), reply
            )
        except EngineError as error:
            logger.warning("message %s is not in the tracker: %s", inbound.id, error)

    async def _ordinary_answer(
        self, inbound: Inbound, known: Mapping[str, str], now: datetime, deadline: float
    ) -> Answer:
        frame = self._wordings.frame
        text = as_plain_text(inbound.text)
        if not text:
            return Answer([{"text": frame["nothing_to_read"]}])
        if len(text) > LONGEST_TEXT:
            return Answer([{"text": fill(frame["too_long"], known)}], request_kind="too_long")
        press = await self._pressed(inbound, now)
        try:
            turn = await self._bounded_turn(inbound, text, press, deadline)
        except (EngineError, asyncio.TimeoutError) as error:
            error_id = logs.new_error_id()
            why = str(error) or f"no answer within {TURN_LIMIT:.0f} s"
            logger.error("message %s unanswered, error %s: %s", inbound.id, error_id, why)
            return Answer([{"text": fill(frame["unavailable"], known)}], request_kind="unanswered")
        urgency = Urgency(turn.urgency)
        if urgency in DANGER:
            return _in_danger(turn.messages, urgency)
        return Answer(turn.messages, intent=turn.intent)

    async def _pressed(self, inbound: Inbound, now: datetime) -> Press | None:
        press = read_payload(inbound.text.strip())
        if press is None:
            return None
        offered = await asyncio.to_thread(
            messages.was_offered,
            self._database,
            inbound.conversation_id,
            inbound.text.strip(),
            now,
        )
        return press if offered else None

    async def _bounded_turn(
        self, inbound: Inbound, text: str, press: Press | None, deadline: float
    ) -> Turn:
        """One turn until the deadline; a turn that takes longer is given up, never cut off.

        Rasa would drop the events of a cancelled turn although an action may have acted. The
        next message waits for the given-up turn, so that Rasa's own lock is never contended.
        """
        now = asyncio.get_running_loop().time
        abandoned = self._abandoned.get(inbound.conversation_id)
        if abandoned is not None:
            await asyncio.wait([abandoned], timeout=max(deadline - now(), 0.0))
            if not abandoned.done():
                raise asyncio.TimeoutError
        # One that waited in line still gets a fair try.
        remaining = max(deadline - now(), TURN_LIMIT / 4)
        task = asyncio.ensure_future(
            self._engine.turn(
                inbound.conversation_id, inbound.id, text, press, again=not inbound.is_new
            )
        )
        done, _ = await asyncio.wait([task], timeout=remaining)
        if not done:
            self._abandon(inbound.conversation_id, task)
            raise asyncio.TimeoutError
        return task.result()

    def _abandon(self, conversation_id: str, task: asyncio.Task[Turn]) -> None:
        self._abandoned[conversation_id] = task

        def forget(ended: asyncio.Task[Turn]) -> None:
            if not ended.cancelled():
                ended.exception()
            if self._abandoned.get(conversation_id) is ended:
                del self._abandoned[conversation_id]

        task.add_done_callback(forget)

    def _framed(
        self, answer: Answer, standing: conversations.Standing, known: Mapping[str, str]
    ) -> Answer:
        """The first reply carries the notice; after a crisis every reply the helpline."""
        frame = self._wordings.frame
        lead = []
        if standing.after_crisis:
            lead.append(fill(frame["after_crisis"], known))
        if not standing.notice_given:
            lead.append(fill(frame["first_notice"], known))
            lead.append(fill(frame["privacy_notice"], known))
        if not lead:
            return answer
        said = answer.messages
        if standing.after_crisis:
            said = [_without_booking(message) for message in said]
        first, *rest = said
        return Answer(
            [{**first, "text": "\n\n".join(["\n".join(lead), first["text"]])}, *rest],
            urgency=answer.urgency,
            gives_notice=not standing.notice_given,
            request_kind=answer.request_kind,
        )


def _without_booking(message: dict[str, Any]) -> dict[str, Any]:
    """The message without the offer to book, which has no place after a crisis (brief 5.5)."""
    buttons = [each for each in message.get("buttons", []) if each["payload"] != BOOKING]
    return {**message, "buttons": buttons}


def _in_danger(said: list[dict[str, Any]], urgency: Urgency) -> Answer:
    """An emergency's or a crisis's answer: marked for the channel, and told to staff."""
    marked = [{**message, "urgency": urgency.value} for message in said]
    return Answer(marked, urgency=urgency.value, request_kind=urgency.value)


class _Place:
    """A place in the queue of a person or a conversation; an empty queue is forgotten."""

    def __init__(
        self,
        order: dict[str, asyncio.Lock],
        waiting: dict[str, int],
        whose: str,
    ) -> None:
        self._order, self._waiting, self._id = order, waiting, whose

    async def __aenter__(self) -> None:
        self._waiting[self._id] += 1
        try:
            await self._order[self._id].acquire()
        except asyncio.CancelledError:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._order[self._id].release()
        self._leave()

    def _leave(self) -> None:
        self._waiting[self._id] -= 1
        if not self._waiting[self._id]:
            del self._order[self._id], self._waiting[self._id]
