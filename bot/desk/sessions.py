"""Who is logged in at the desk: signed cookies, tokens of forms, and the limit of wrong passwords.

All of it uses the real clock, never the clinic's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer

# Seconds; a working day.
SESSION_LASTS = 12 * 60 * 60
# Seconds for which a wrong password counts, and how many are too many.
WRONG_COUNTS = 15 * 60
MOST_OF_ONE_ADDRESS = 5
MOST_IN_ALL = 200


@dataclass(frozen=True)
class Session:
    """One browser; `user` is empty until it has logged in."""

    id: str
    user: str = ""
    # A keyed hash of the user's password hash: a new password ends the session.
    bound_to: str = ""


class Sessions:
    """Signs and reads sessions; nothing is kept on the server."""

    def __init__(self, secret: str) -> None:
        """`secret`: SECRET_KEY; each use of it has its own salt or prefix."""
        self._secret = secret.encode()
        self._signer = URLSafeTimedSerializer(
            secret,
            salt="desk-session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def start(self, user: str = "", password_hash: str = "") -> Session:
        """A new session; before the login it only carries the token of the login form."""
        bound_to = self._keyed("password", password_hash) if user else ""
        return Session(secrets.token_urlsafe(16), user, bound_to)

    def to_cookie(self, session: Session) -> str:
        """The value of the cookie, signed and dated."""
        return str(self._signer.dumps([session.id, session.user, session.bound_to]))

    def from_cookie(self, value: str) -> Session | None:
        """The session behind a cookie; None if it is forged, of another use, or too old."""
        try:
            return Session(*self._signer.loads(value, max_age=SESSION_LASTS))
        except BadSignature:
            return None

    def is_bound_to(self, session: Session, password_hash: str) -> bool:
        """Whether the user's password is still the one that the session began with."""
        return hmac.compare_digest(session.bound_to, self._keyed("password", password_hash))

    def form_token(self, session: Session) -> str:
        """What every form of this session carries, and no other web site can know."""
        return self._keyed("form", session.id)

    def is_form_token(self, session: Session, given: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.form_token(session).encode(), given.encode())

    def _keyed(self, use: str, value: str) -> str:
        said = f"desk-{use}:{value}".encode()
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


class WrongPasswords:
    """Counts wrong passwords by address and in all, in memory: a restart forgets them."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now`: seconds that only go forward."""
        self._now = now
        self._tries: deque[tuple[float, str]] = deque()

    def may_try(self, address: str) -> bool:
        """Takes one try; false if there are too many already.

        A try counts as wrong until `was_right`, so that tries at the same moment count too.
        """
        self._forget_old()
        of_this_address = sum(1 for _, tried_from in self._tries if tried_from == address)
        if of_this_address >= MOST_OF_ONE_ADDRESS or len(self._tries) >= MOST_IN_ALL:
            return False
        self._tries.append((self._now(), address))
        return True

    def was_right(self, address: str) -> None:
        """Forgets the tries of an address: the right password was given there."""
        self._tries = deque(each for each in self._tries if each[1] != address)

    def _forget_old(self) -> None:
        while self._tries and self._now() - self._tries[0][0] >= WRONG_COUNTS:
            self._tries.popleft()
