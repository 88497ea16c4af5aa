"""Work chats: the robots of WeCom and DingTalk groups, plain JSON over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from datetime import datetime
from urllib.parse import quote_plus, urlencode

from django.conf import settings

from grid.notices.backends.http import Answer, call, outcome_of_status
from grid.notices.backends.outcome import Outcome
from grid.notices.choices import RobotKind
from grid.notices.models import ChatRobot

logger = logging.getLogger(__name__)

# Too many messages a minute: WeCom 45009, DingTalk 130101 and 660026, busy -1. They pass.
PASSING = frozenset({-1, 45009, 130101, 660026})


def send_chat(robot: ChatRobot, *, text: str, at: datetime) -> Outcome:
    """
    Write one message into the chat of an organisation by the backend that `NOTICES_CHAT` names.

    :param at: the clock, which DingTalk's signature holds.
    :raises ValueError: when it names none.
    """
    if settings.NOTICES_CHAT == "console":
        logger.info("Work chat of %s: %s", robot.organisation.name, text)
        return Outcome.sent("console")
    if settings.NOTICES_CHAT != "http":
        raise ValueError(f"NOTICES_CHAT is {settings.NOTICES_CHAT!r}, which is no backend.")
    answer = call(
        address(robot, at=at),
        json.dumps({"msgtype": "text", "text": {"content": text}}, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        timeout=settings.NOTICES_TIMEOUT,
    )
    if isinstance(answer, Outcome):
        return answer
    return outcome_of_status(answer.status, ours=False) or _understood(answer)


def address(robot: ChatRobot, *, at: datetime) -> str:
    """Return the address of a robot, signed where it has a secret (DingTalk alone signs)."""
    base = settings.NOTICES_CHAT_URLS[robot.kind]
    if robot.kind == RobotKind.WECOM:
        return f"{base}?{urlencode({'key': robot.key})}"
    url = f"{base}?{urlencode({'access_token': robot.key})}"
    if not robot.secret:
        return url
    stamp = str(int(at.timestamp() * 1000))
    signed = hmac.new(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode(), hashlib.sha256).digest()
    return f"{url}&timestamp={stamp}&sign={quote_plus(base64.b64encode(signed))}"


def _understood(answer: Answer) -> Outcome:
    """Return what the body of a good answer says: both services answer with `errcode`, 0 for taken."""
    try:
        code = int(json.loads(answer.body)["errcode"])
    except (ValueError, KeyError, TypeError):
        return Outcome.uncertain("the chat's answer was not understood")
    if code == 0:
        return Outcome.sent()
    return Outcome.refused(f"errcode {code}", again=code in PASSING)
