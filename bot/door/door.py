"""The door: every message of a patient comes through here, in order, and leaves with an answer."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from bot import logs
from bot.clinic.anger import Anger
from bot.clinic.clock import Clock
from bot.clinic.facts import facts, fill
from bot.clinic.hours import OpeningHours
from bot.clinic.payloads import Press, as_plain_text, read_payload
from bot.clinic.quiet_hours import QuietHours
from bot.clinic.red_flags import DANGER, Judgement, RedFlags, Urgency, asked_text, safety_text
from bot.clinic.told import ToldBooking, response_to, response_to_change
from bot.door.engine import Engine, EngineError, Turn
from bot.store import messages
from bot.store.bookings import booking_made_by
from bot.store.conversations import Standing
from bot.store.database import Database
from bot.store.messages import Answer, Inbound, Opening, Outbound
from bot.store.unasked import claim_unasked
from bot.store.visits import change_made_by

logger = logging.getLogger(__name__)

# A turn's limit in seconds: a patient in a hurry waits no longer (docs/architecture.md).
TURN_LIMIT = 8.0
# Past this the encoder reads no further; a safety sign is looked for in all of it.
LONGEST_TEXT = 2000
# Messages that are read to hear whether one repeats another.
EARLIER_READ = 3
BARE_ANSWERS = ("affirm", "deny", "inform")
BOOKING = "/book_consultation"
# What a patient is told about something that nobody here can look at or hear.
UNSEEN = {
    "image": "cannot_see",
    "video": "cannot_see",
    "document": "cannot_see",
    "audio": "cannot_hear",
}
# What staff are told of a sign that can wait for a call today.
SAME_DAY, REPORT = Urgency.SAME_DAY.value, "report_reaction"
# A request for staff: an answer was kept back that no doctor has approved.
WITHHELD = "withheld"
# A thumb up under a message of ours asks for no answer.
REACTION = "reaction"
# Seconds between two looks for what is due, and the longest waits before another try.
PUSH_EVERY = 1.0
LONGEST_WAIT = timedelta(hours=1)
ACCOUNT_WAIT = timedelta(minutes=10)


class Delivery(Enum):
    """How sending went, and what that asks for."""

    SENT = "sent"
    # Nobody is there: it waits for their next connection.
    KEPT = "kept"
    # Busy or unreachable: tried again, each time after a longer wait.
    LATER = "later"
    # The clinic's own account or settings are wrong: tried again slowly, and told to staff.
    BLOCKED = "blocked"
    # Trying again cannot help: told to staff.
    FAILED = "failed"


class NotStoredError(RuntimeError):
    """A message could not be stored; the channel should bring it again."""


Send = Callable[[Outbound], Awaitable[Delivery]]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Wordings:
    """The data that the door speaks from."""

    clinic: Mapping[str, Any]
    facts: Mapping[str, Any]
    frame: Mapping[str, Any]
    safety: Mapping[str, Any]
    # The responses to a booking by name, as in domain.yml.
    booked: Mapping[str, Mapping[str, Any]]


class Door:
    """Stores, orders, judges and answers messages; channels bring them and send the answers."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        red_flags: RedFlags,
        wordings: Wordings,
        clock: Clock,
        told: ToldBooking,
        anger: Anger,
    ) -> None:
        """Takes its parts ready made."""
        self._told, self._anger = told, anger
        self._database = database
        self._engine = engine
        self._red_flags = red_flags
        self._wordings = wordings
        self._clock = clock
        self._hours = OpeningHours.from_mapping(wordings.clinic)
        self._quiet = QuietHours.from_mapping(wordings.clinic)
        self._silence = timedelta(hours=wordings.clinic["conversation"]["silence_hours"])
        self._senders: dict[str, Send] = {}
        self._pushing: set[str] = set()
        self._not_stored: set[str] = set()
        self._order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._abandoned: dict[str, asyncio.Task[Any]] = {}
        self._background: set[asyncio.Task[Any]] = set()

    def add_channel(self, name: str, send: Send, *, pushes: bool = False) -> None:
        """Registers how a channel sends; `send` says how it went.

        A channel that pushes reaches a person at any time, without a connection of theirs: what
        could not be sent is tried again by `push`, and what could not be stored is brought again.
        """
        self._senders[name] = send
        if pushes:
            self._pushing.add(name)

    async def receive(
        self,
        channel: str,
        person: str,
        external_id: str,
        text: str,
        *,
        address: str | None = None,
        kind: str = messages.TEXT,
        origin: str = "",
    ) -> asyncio.Task[list[Outbound]]:
        """Stores a message once under the channel's own id, and puts it in line to be answered.

        When this returns, the message is safe. The task ends when its answer was handed to the
        channel; a repeated id gets the first answer. `address` is where the channel writes to;
        `kind` is what came: text, or what stands in `InboundMessage.kind`, its caption as text;
        `origin` is the network address, of which only a keyed hash is kept.

        Raises:
            NotStoredError: on a channel that pushes, which brings the message again. The patient
                is told once.
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
                    address,
                    kind,
                    self._database.cipher.search_hash(f"origin:{origin}") if origin else None,
                )
            except Exception as error:
                error_id = logs.new_error_id()
                logger.error(
                    "a message was not stored, error %s: %s", error_id, logs.describe(error)
                )
                lost = Inbound(error_id, "", channel, key, text, True, kind, address)
                return self._not_taken(lost, external_id)
            self._not_stored.discard(external_id)
            return self.in_background(self._answer(inbound))

    def _not_taken(self, lost: Inbound, external_id: str) -> asyncio.Task[list[Outbound]]:
        is_told = external_id in self._not_stored
        if lost.channel not in self._pushing:
            return self.in_background(self._apologise(lost, lost.id, "not_stored"))
        self._not_stored.add(external_id)
        if not is_told and lost.kind != REACTION:
            self.in_background(self._apologise(lost, lost.id, "not_stored"))
        raise NotStoredError(f"error {lost.id}")

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
            # The answer may be stored all the same, claimed for a sending that now never comes.
            self.in_background(
                asyncio.to_thread(messages.release_answer, self._database, inbound.id)
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
            content = self._unless_today(Answer([{"text": text}]), judgement)
        outbound = Outbound(
            error_id,
            inbound.conversation_id,
            inbound.channel,
            inbound.person,
            content.messages[0],
            inbound.address,
        )
        await self._hand_over(outbound)
        return [outbound]

    async def _answer_in_order(self, inbound: Inbound, deadline: float) -> list[Outbound]:
        judgement = self._red_flags.judge(inbound.text)
        if judgement.urgency in DANGER:
            # A sign of danger waits behind no other message.
            answered, is_first = await self._stored_answer(inbound, judgement, deadline)
        else:
            async with self._in_order(inbound.conversation_id):
                answered, is_first = await self._stored_answer(inbound, judgement, deadline)
        # Sending may take long, and the patient's next message need not wait for it: the outbox
        # keeps the order.
        if is_first:
            await self._send_answer(inbound, answered)
        elif inbound.channel not in self._pushing:
            # A repeated id: the channel may not have got through with the first answer.
            for outbound in answered:
                await self._hand_over(outbound)
        return answered

    async def _stored_answer(
        self, inbound: Inbound, judgement: Judgement, deadline: float
    ) -> tuple[list[Outbound], bool]:
        """The answer as it stands in the outbox, and whether it was made just now."""
        opening = await asyncio.to_thread(
            messages.open_turn, self._database, inbound.id, EARLIER_READ, self._clock.now()
        )
        if opening.is_done:
            answered = await asyncio.to_thread(messages.answers_to, self._database, inbound.id)
            return answered, False
        answer = await self._make_answer(inbound, judgement, opening, deadline)
        answered = await asyncio.to_thread(
            messages.finish,
            self._database,
            inbound.id,
            answer,
            self._clock.now(),
            partial(self._rather_told, inbound.id, answer, opening.standing),
            claims=True,
        )
        return answered, True

    async def _send_answer(self, inbound: Inbound, answered: Sequence[Outbound]) -> None:
        """Sends what a turn has just put into the outbox."""
        if answered and answered[0].is_claimed and not _is_urgent(answered[0]):
            # Nothing else waits for this person; what is made from now on waits behind the lock.
            async with self._in_order(f"to {inbound.person}"):
                await self._deliver(answered[0])
            return
        for outbound in answered:
            if outbound.is_claimed:
                await self._deliver(outbound)
            elif _is_urgent(outbound):
                await self.send(outbound)
        await self._send_in_order(inbound.channel, inbound.person)

    def _rather_told(
        self,
        message_id: str,
        answer: Answer,
        standing: Standing,
        session: Session,
    ) -> Answer | None:
        """What this message booked or changed, where the answer does not tell of it.

        The action has done it, and then it, the engine or this process died or took too long.
        """
        made = booking_made_by(session, message_id)
        name = response_to(made.status, made.patient_is) if made else ""
        if made is None:
            made, change = change_made_by(session, message_id)
            name = response_to_change(change) if change else ""
        if made is None or any(made.reference in each["text"] for each in answer.messages):
            return None
        response = self._wordings.booked[name]
        known = self._facts()
        text = fill(response["text"], {**known, **self._told.values(made)})
        told = Answer([{"text": text, "buttons": response.get("buttons", [])}])
        return self._framed(told, standing, known)

    async def send(self, outbound: Outbound) -> bool:
        """Hands one message of the outbox to its channel; whether it waits no longer."""
        try:
            if not await asyncio.to_thread(self._claim, outbound):
                return True
        except Exception as error:
            logger.error("sending %s failed: %s", outbound.id, logs.describe(error))
            return False
        return await self._deliver(outbound)

    def _claim(self, outbound: Outbound) -> bool:
        if outbound.unasked:
            return claim_unasked(self._database, outbound.id, self._clock.now())
        return messages.claim(self._database, outbound.id)

    async def _deliver(self, outbound: Outbound) -> bool:
        """Hands a claimed message to its channel; whether it waits no longer."""
        delivery = await self._hand_over(outbound)
        try:
            await asyncio.to_thread(self._note_delivery, outbound, delivery)
        except Exception as error:
            # The answer itself is stored; it is sent at the next connection or start.
            logger.error("sending %s failed: %s", outbound.id, logs.describe(error))
            return False
        return delivery in (Delivery.SENT, Delivery.FAILED)

    def _note_delivery(self, outbound: Outbound, delivery: Delivery) -> None:
        now = self._clock.now()
        if delivery is Delivery.FAILED:
            messages.give_up(self._database, outbound.id, now)
        elif delivery is Delivery.LATER:
            at = now + _wait_after(outbound.attempts)
            messages.postpone(self._database, outbound.id, at, tell_staff_at=None)
        elif delivery is Delivery.BLOCKED:
            at = now + ACCOUNT_WAIT
            messages.postpone(self._database, outbound.id, at, tell_staff_at=now)
        else:
            sent_at = now if delivery is Delivery.SENT else None
            messages.release(self._database, outbound.id, sent_at)

    async def _hand_over(self, outbound: Outbound) -> Delivery:
        try:
            return await self._senders[outbound.channel](outbound)
        except Exception as error:
            logger.error("sending %s failed: %s", outbound.id, logs.describe(error))
            # It may have left, and what nobody asked for is not sent twice.
            return Delivery.FAILED if outbound.unasked else Delivery.LATER

    async def _send_in_order(self, channel: str, key: str) -> None:
        """Sends what waits for a person; behind what cannot leave yet only danger's answer does."""
        try:
            async with self._in_order(f"to {key}"):
                waiting = await asyncio.to_thread(messages.unsent, self._database, channel, key)
                is_blocked = False
                for outbound in waiting:
                    if is_blocked and not _is_urgent(outbound):
                        continue
                    if outbound.unasked and self._quiet.cover(self._clock.now()):
                        # It could not leave before they began, and waits for their end.
                        continue
                    is_due = channel not in self._pushing or self._is_due(outbound)
                    has_left = is_due and await self.send(outbound)
                    is_blocked = is_blocked or not has_left
        except Exception as error:
            logger.error("sending what waits failed: %s", logs.describe(error))

    def _is_due(self, outbound: Outbound) -> bool:
        return outbound.next_try_at is None or outbound.next_try_at <= self._clock.now()

    async def push(self) -> None:
        """Sends what is due on the channels that push, if there are any, until it is cancelled."""
        while self._pushing:
            try:
                due = await asyncio.to_thread(self._due)
                await asyncio.gather(*(self._send_in_order(*whose) for whose in due))
            except Exception as error:
                logger.error("looking for what is due failed: %s", logs.describe(error))
            await asyncio.sleep(PUSH_EVERY)

    def _due(self) -> list[tuple[str, str]]:
        now = self._clock.now()
        channels, is_quiet = sorted(self._pushing), self._quiet.cover(now)
        return messages.due(self._database, channels, now, is_quiet=is_quiet)

    async def send_waiting(self, channel: str, person: str) -> None:
        """Sends what a person has not got yet, for example after a reconnect."""
        await self._send_in_order(channel, self.person_key(channel, person))

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

    async def _make_answer(
        self,
        inbound: Inbound,
        judgement: Judgement,
        opening: Opening,
        deadline: float,
    ) -> Answer:
        standing = opening.standing
        now = self._clock.now()
        known = self._facts()
        if inbound.kind == REACTION:
            return Answer([])
        if judgement.urgency in DANGER:
            text = self._safety_text(judgement)
            self.in_background(self._record(inbound, text))
            return _in_danger([{"text": text}], judgement.urgency)
        answer = await self._ordinary_answer(inbound, judgement, opening, known, now, deadline)
        if Urgency(answer.urgency) in DANGER:
            return answer
        if judgement.asked:
            asked = asked_text(judgement.language, self._wordings.safety, known)
            answer = _ended_by(asked, answer)
        is_answer = answer.intent in BARE_ANSWERS and read_payload(inbound.text.strip()) is None
        if standing.crisis_was_last and is_answer:
            # "Is someone with you right now?" was asked: a "no" is no small talk.
            crisis = Judgement(Urgency.CRISIS, "CRISIS", judgement.language)
            return _in_danger([{"text": self._safety_text(crisis)}], Urgency.CRISIS)
        if inbound.kind in UNSEEN and as_plain_text(inbound.text):
            answer = _led_by(fill(self._wordings.frame[UNSEEN[inbound.kind]], known), answer)
        return self._framed(answer, standing, known)

    def _safety_text(self, judgement: Judgement, *, team_was_told: bool = True) -> str:
        """The fixed text, from the patterns alone: it waits for nothing and no one."""
        return safety_text(
            judgement,
            self._wordings.safety,
            self._facts(),
            is_open=self._hours.is_open(self._clock.now()),
            team_was_told=team_was_told,
        )

    def _unless_today(self, answer: Answer, judgement: Judgement) -> Answer:
        """The answer, or the text for a same-day sign: that needs no engine to be heard."""
        if judgement.urgency is not Urgency.SAME_DAY:
            return answer
        said = [{"text": self._safety_text(judgement)}]
        return Answer(said, urgency=SAME_DAY, request_kind=REPORT)

    async def _record(self, inbound: Inbound, reply: str) -> None:
        try:
            await self._engine.record(
                inbound.conversation_id, inbound.id, as_plain_text(inbound.text), reply
            )
        except EngineError as error:
            logger.warning("message %s is not in the tracker: %s", inbound.id, error)

    async def _ordinary_answer(
        self,
        inbound: Inbound,
        judgement: Judgement,
        opening: Opening,
        known: Mapping[str, str],
        now: datetime,
        deadline: float,
    ) -> Answer:
        frame = self._wordings.frame
        text = as_plain_text(inbound.text)
        if not text:
            wording = UNSEEN.get(inbound.kind, "nothing_to_read")
            return Answer([{"text": fill(frame[wording], known)}])
        if len(text) > LONGEST_TEXT:
            too_long = Answer([{"text": fill(frame["too_long"], known)}], request_kind="too_long")
            return self._unless_today(too_long, judgement)
        press = await self._pressed(inbound, now)
        try:
            angry = not press and self._anger.hears(inbound.text, opening.earlier)
            turn = await self._bounded_turn(inbound, text, press, deadline, angry=angry)
        except (EngineError, asyncio.TimeoutError) as error:
            error_id = logs.new_error_id()
            why = str(error) or f"no answer within {TURN_LIMIT:.0f} s"
            logger.error("message %s unanswered, error %s: %s", inbound.id, error_id, why)
            sorry = [{"text": fill(frame["unavailable"], known)}]
            return self._unless_today(Answer(sorry, request_kind="unanswered"), judgement)
        urgency = Urgency(turn.urgency)
        if urgency in DANGER:
            return _in_danger(turn.messages, urgency)
        kind = WITHHELD if turn.withheld else ""
        return Answer(turn.messages, intent=turn.intent, request_kind=kind)

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
        self, inbound: Inbound, text: str, press: Press | None, deadline: float, *, angry: bool
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
                inbound.conversation_id,
                inbound.id,
                text,
                press,
                again=not inbound.is_new,
                angry=angry,
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

    def _framed(self, answer: Answer, standing: Standing, known: Mapping[str, str]) -> Answer:
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
        if standing.after_crisis:
            said = [_without_booking(message) for message in answer.messages]
            answer = replace(answer, messages=said)
        return replace(_led_by("\n".join(lead), answer), gives_notice=not standing.notice_given)


def _led_by(lead: str, answer: Answer) -> Answer:
    """The answer with a paragraph in front of its first message."""
    first, *rest = answer.messages
    return replace(answer, messages=[{**first, "text": f"{lead}\n\n{first['text']}"}, *rest])


def _ended_by(line: str, answer: Answer) -> Answer:
    """The answer with a line under its last message."""
    *before, last = answer.messages
    return replace(answer, messages=[*before, {**last, "text": f"{last['text']}\n{line}"}])


def _is_urgent(outbound: Outbound) -> bool:
    return outbound.content.get("urgency") in DANGER


def _wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failed tries: 4^n seconds, as Meta asks for (131056)."""
    return min(timedelta(seconds=4 ** min(attempts, 6)), LONGEST_WAIT)


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
