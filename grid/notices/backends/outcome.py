"""What came of an outside call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """Sent, surely not sent, or nobody knows."""

    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Outcome:
    """
    What came of one call.

    `again` says that a refused message may be taken later as it is; `channel_fault` that the channel is to
    blame, and not this one address. `detail` is short, technical, and free of addresses and texts.
    """

    result: Result
    detail: str = ""
    again: bool = False
    channel_fault: bool = False

    @classmethod
    def sent(cls, detail: str = "") -> Outcome:
        """Say that it was taken."""
        return cls(Result.SENT, detail)

    @classmethod
    def unreachable(cls, detail: str) -> Outcome:
        """Say that no call was made, because the server was not reached or did not let us in."""
        return cls(Result.REFUSED, detail, again=True, channel_fault=True)

    @classmethod
    def overloaded(cls, detail: str) -> Outcome:
        """Say that the server refused for a reason of its own that will pass."""
        return cls(Result.REFUSED, detail, again=True, channel_fault=True)

    @classmethod
    def refused(cls, detail: str, *, again: bool = False) -> Outcome:
        """Say that the server refused this message or this address."""
        return cls(Result.REFUSED, detail, again=again)

    @classmethod
    def uncertain(cls, detail: str) -> Outcome:
        """Say that the message may have gone out or not."""
        return cls(Result.UNCERTAIN, detail, channel_fault=True)
