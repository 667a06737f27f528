"""What all messages have in common."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class Message(BaseModel):
    """A frozen message; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PrivateMessage(Message):
    """A message about a patient: it shows nothing of itself in logs and tracebacks."""

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    __str__ = __repr__


def now() -> datetime:
    """The time, with its zone; every message speaks UTC."""
    return datetime.now(UTC)
