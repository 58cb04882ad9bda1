"""The website's channel: Socket.IO with Rasa's event names and sessions that the server signs."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import socketio
from itsdangerous import BadSignature, URLSafeSerializer

from bot.door.door import Delivery, Door
from bot.store.messages import Outbound

logger = logging.getLogger(__name__)
CHANNEL = "website"
LONGEST_MESSAGE = 20_000
LONGEST_ID = 100
# Engine.IO's ping interval and time-out, in seconds: so long a dead line can look alive.
PING_INTERVAL, PING_TIMEOUT = 25, 20
UNHEARD = timedelta(seconds=PING_INTERVAL + PING_TIMEOUT)
DIED = (
    socketio.AsyncServer.reason.PING_TIMEOUT,
    socketio.AsyncServer.reason.TRANSPORT_ERROR,
)


class Website:
    """One patient is one session; the browser holds its signed id and nothing else."""

    def __init__(self, door: Door, secret: str, origins: Sequence[str]) -> None:
        """`origins`: the only web sites whose pages may connect."""
        self._door = door
        self._signer = URLSafeSerializer(secret, salt="website-session")
        self.server = socketio.AsyncServer(
            async_mode="asgi",
            cors_allowed_origins=list(origins),
            max_http_buffer_size=4 * LONGEST_MESSAGE,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
        )
        self.server.on("session_request", self._session_request)
        self.server.on("user_uttered", self._user_uttered)
        self.server.on("disconnect", self._disconnected)
        door.add_channel(CHANNEL, self._send)

    def application(self, other: Any) -> socketio.ASGIApp:
        """The ASGI application: Socket.IO at `/socket.io`, everything else to `other`."""
        return socketio.ASGIApp(self.server, other)

    async def _session_request(self, sid: str, data: Any) -> None:
        """Confirms the session that the client holds, or gives it a new one."""
        session = self._session(data)
        token = data["session_id"] if session else ""
        if not session:
            session = uuid.uuid4().hex
            token = self._signer.dumps(session)
        await self.server.save_session(sid, {"session": session})
        await self.server.enter_room(sid, self._room(session))
        await self.server.emit("session_confirm", token, to=sid)
        await self._door.send_waiting(CHANNEL, session)

    async def _user_uttered(self, sid: str, data: Any) -> dict[str, str]:
        """Stores a message and acknowledges it; the answer follows as `bot_uttered`."""
        session = self._session(data)
        if not session:
            return {"error": "session"}
        text = data.get("message")
        if not isinstance(text, str) or len(text) > LONGEST_MESSAGE:
            return {"error": "message"}
        metadata = data.get("metadata")
        given = metadata.get("id") if isinstance(metadata, dict) else None
        message_id = uuid.uuid4().hex
        if isinstance(given, str) and given.isascii() and 0 < len(given) <= LONGEST_ID:
            message_id = given
        await self.server.enter_room(sid, self._room(session))
        await self._door.receive(
            CHANNEL,
            session,
            self._external_id(session, message_id),
            text,
            origin=self._origin(sid),
        )
        return {"status": "received"}

    async def _disconnected(self, sid: str, reason: str) -> None:
        """A line that died by itself was dead for a while: what went into it counts as unsent."""
        session = (await self.server.get_session(sid)).get("session")
        if session and reason in DIED:
            await self._door.connection_died(CHANNEL, session, UNHEARD)

    async def _send(self, outbound: Outbound) -> Delivery:
        """Emits to every tab of the session; kept if none is open."""
        room = f"person:{outbound.person}"
        if not self.server.manager.rooms.get("/", {}).get(room):
            return Delivery.KEPT
        metadata = {"id": outbound.id}
        if "urgency" in outbound.content:
            metadata["urgency"] = outbound.content["urgency"]
        body: dict[str, Any] = {"text": outbound.content["text"], "metadata": metadata}
        buttons = outbound.content.get("buttons")
        if buttons:
            body["quick_replies"] = [{"content_type": "text", **button} for button in buttons]
        await self.server.emit("bot_uttered", body, room=room)
        return Delivery.SENT

    def _origin(self, sid: str) -> str:
        """The network address that a connection comes from; empty where nobody knows."""
        scope = (self.server.get_environ(sid) or {}).get("asgi.scope") or {}
        client = scope.get("client")
        return str(client[0]) if client else ""

    def _session(self, data: Any) -> str:
        """The session behind a signed id; empty if it is missing, forged or of another shape."""
        token = data.get("session_id") if isinstance(data, dict) else None
        if not isinstance(token, str):
            return ""
        try:
            return str(self._signer.loads(token))
        except BadSignature:
            return ""

    def _room(self, session: str) -> str:
        return f"person:{self._door.person_key(CHANNEL, session)}"

    def _external_id(self, session: str, message_id: str) -> str:
        """The client's id, made unique by its session: nobody can collide with another's."""
        return self._door.person_key(CHANNEL, f"{session}:{message_id}")
