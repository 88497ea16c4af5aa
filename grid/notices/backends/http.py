"""One HTTP call that knows whether the request went out: `urllib` cannot say that, and follows redirects."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from grid.notices.backends.outcome import Outcome

LONGEST_ANSWER = 64 * 1024
# A gateway that had no answer itself does not know what became of the message.
UNKNOWING = frozenset({502, 504})
PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: str


def call(
    url: str, body: bytes, *, method: str = "POST", headers: Mapping[str, str], timeout: float
) -> Answer | Outcome:
    """
    Return the answer of a server, or what is known without one.

    Until the connection stands nothing was sent; from then on a fault leaves the message uncertain.
    Redirects are not followed.

    :param timeout: seconds to wait for each answer of the network.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Outcome.unreachable("the address is no http address")
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    try:
        try:
            connection.connect()
        except OSError as error:
            return Outcome.unreachable(_named(error))
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.read(LONGEST_ANSWER).decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            return Outcome.uncertain(_named(error))
    finally:
        connection.close()


def outcome_of_status(status: int, *, ours: bool) -> Outcome | None:
    """
    Return what a status other than 2xx says, or nothing for 2xx.

    :param ours: whether a 4xx says that the whole channel is set up wrongly, and not this one address.
    """
    if 200 <= status < 300:
        return None
    detail = f"HTTP {status}"
    if status in UNKNOWING:
        return Outcome.uncertain(detail)
    if status >= 500 or status in PASSING:
        return Outcome.overloaded(detail)
    if status in (401, 403, 404, 405) or status < 400:
        return Outcome.overloaded(detail) if ours else Outcome.refused(detail)
    return Outcome.refused(detail)


def _named(error: Exception) -> str:
    """Return what a fault is called, without what it says: that may hold an address."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionError):
        return "connection broken"
    return type(error).__name__
