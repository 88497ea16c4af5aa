"""Text messages: into the log, or by one HTTP gateway that settings describe."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote_plus

from django.conf import settings

from grid.casework.personal import masked
from grid.notices.backends.http import Answer, call, outcome_of_status
from grid.notices.backends.outcome import Outcome

logger = logging.getLogger(__name__)


def send_sms(phone: str, *, text: str) -> Outcome:
    """
    Send one text message by the backend that `NOTICES_SMS` names: console or http.

    :raises ValueError: when it names none.
    """
    if settings.NOTICES_SMS == "console":
        logger.info("Text message to %s: %s", masked(phone, keep=3), text)
        return Outcome.sent("console")
    if settings.NOTICES_SMS == "http":
        return _by_http(phone, text)
    raise ValueError(f"NOTICES_SMS is {settings.NOTICES_SMS!r}, which is no backend.")


def _by_http(phone: str, text: str) -> Outcome:
    """Call the gateway as the settings describe it."""
    headers: dict[str, str] = settings.NOTICES_SMS_HEADERS
    content_type = next((v for k, v in headers.items() if k.lower() == "content-type"), "")
    body = settings.NOTICES_SMS_BODY
    url = settings.NOTICES_SMS_URL
    for name, value in (("phone", phone), ("text", text)):
        body = body.replace(f"{{{name}}}", _escaped(value, content_type))
        url = url.replace(f"{{{name}}}", quote_plus(value))
    answer = call(
        url,
        body.encode(),
        method=settings.NOTICES_SMS_METHOD,
        headers=headers,
        timeout=settings.NOTICES_TIMEOUT,
    )
    if isinstance(answer, Outcome):
        return answer
    return outcome_of_status(answer.status, ours=True) or _understood(answer)


def _understood(answer: Answer) -> Outcome:
    """
    Return what the body of a good answer says.

    `NOTICES_SMS_SUCCESS` is empty (a good status is enough) or `path=value`, as `result.code=0`, of the JSON
    that comes back. An answer that is no such JSON leaves the message uncertain.
    """
    wanted = settings.NOTICES_SMS_SUCCESS
    if not wanted:
        return Outcome.sent()
    path, _sign, value = wanted.partition("=")
    try:
        found = json.loads(answer.body)
        for name in path.split("."):
            found = found[name]
    except (ValueError, KeyError, TypeError):
        return Outcome.uncertain("the gateway's answer was not understood")
    if str(found) == value:
        return Outcome.sent()
    return Outcome.refused(f"{path}={str(found)[:40]}", again=True)


def _escaped(value: str, content_type: str) -> str:
    """Return a value as it stands inside a body of this type."""
    if "json" in content_type:
        return json.dumps(value, ensure_ascii=False)[1:-1]
    if "urlencoded" in content_type:
        return quote_plus(value)
    return value
