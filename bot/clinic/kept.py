"""What a conversation has said so far, as it is kept between two messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Python 3.10 has none
    from typing import Self


class Kept:
    """A dataclass that JSON can hold; lists come back as the tuples they were."""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)  # type: ignore[call-overload,no-any-return]

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The other way round; keys of another version are dropped."""
        known = {each.name for each in fields(cls)}  # type: ignore[arg-type]
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in kept.items()
                if name in known
            }
        )
