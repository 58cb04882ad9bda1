"""Encryption at rest for every column that holds words of or about a patient."""

from __future__ import annotations

import hashlib
import hmac
import re

from cryptography.fernet import Fernet, InvalidToken

_KEY_ID = re.compile(r"[A-Za-z0-9_-]+")


class DataKeyError(ValueError):
    """DATA_KEY is not `id:key[,id:key ...]`, or a value names a key that is not there."""


class Cipher:
    """Encrypts with the first key of `DATA_KEY` and decrypts with whichever key a value names.

    A value is `<key id>.<Fernet token>`, so that a key can be changed: put the new key first,
    keep the old one behind it until everything has been written again.
    """

    def __init__(self, data_key: str) -> None:
        """Reads `id:key[,id:key ...]`; a key is 32 bytes in URL-safe base64.

        Raises:
            DataKeyError: the setting has another shape. The message never holds the key.
        """
        self._keys: dict[str, Fernet] = {}
        for entry in data_key.split(","):
            key_id, _, key = entry.strip().partition(":")
            try:
                if not _KEY_ID.fullmatch(key_id) or key_id in self._keys:
                    raise ValueError
                self._keys[key_id] = Fernet(key)
            except ValueError:
                raise DataKeyError(
                    "DATA_KEY should be id:key, with letters and digits as id and a key made by "
                    "`python -m bot make-key`; several are separated by commas."
                ) from None
        self._current = next(iter(self._keys))
        first = data_key.rsplit(",", maxsplit=1)[-1].partition(":")[2]
        self._search_key = hashlib.sha256(b"search:" + first.encode()).digest()

    def encrypt(self, text: str) -> str:
        """The text as it may stand on disk."""
        return f"{self._current}.{self._keys[self._current].encrypt(text.encode()).decode()}"

    def decrypt(self, value: str) -> str:
        """The text behind a value made by `encrypt`.

        Raises:
            DataKeyError: its key is not in DATA_KEY, or the value was changed on disk.
        """
        key_id, _, token = value.partition(".")
        if key_id not in self._keys:
            raise DataKeyError(f"DATA_KEY lacks the key {key_id!r} that old data was written with.")
        try:
            return self._keys[key_id].decrypt(token).decode()
        except InvalidToken:
            raise DataKeyError("A stored value does not fit its key in DATA_KEY.") from None

    def search_hash(self, value: str) -> str:
        """A keyed hash by which an encrypted value is found again.

        It hangs on the oldest key, so that putting a new key in front loses nobody.
        """
        return hmac.new(self._search_key, value.encode(), hashlib.sha256).hexdigest()


def make_key() -> str:
    """A new key for DATA_KEY, without its id."""
    return Fernet.generate_key().decode()
