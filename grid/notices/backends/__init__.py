"""The ways out of the house: e-mail, text messages, work chats; which of them are set up."""

from __future__ import annotations

from django.conf import settings

from grid.notices.backends.chat import send_chat
from grid.notices.backends.email import send_email
from grid.notices.backends.outcome import Outcome, Result
from grid.notices.backends.sms import send_sms
from grid.worktime.choices import Channel

__all__ = ["Outcome", "Result", "is_set_up", "leaves_the_house", "send_chat", "send_email", "send_sms"]

CONSOLE = "console"
KEPT_HERE = frozenset(
    f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "filebased", "locmem")
)


def is_set_up(channel: str) -> bool:
    """Tell whether a channel can be used at all."""
    if channel == Channel.EMAIL:
        return settings.NOTICES_EMAIL
    return bool(settings.NOTICES_SMS if channel == Channel.SMS else settings.NOTICES_CHAT)


def leaves_the_house(channel: str) -> bool:
    """Tell whether messages by a channel really go out, and not only into the log of this machine."""
    if channel == Channel.EMAIL:
        return settings.NOTICES_EMAIL and settings.EMAIL_BACKEND not in KEPT_HERE
    name = settings.NOTICES_SMS if channel == Channel.SMS else settings.NOTICES_CHAT
    return bool(name) and name != CONSOLE
