"""The closed lists of words that notices and messages are written in."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from grid.worktime.choices import Channel


class Code(TextChoices):
    """What a notice is about."""

    YELLOW = "rung_yellow", _("Due soon")
    ORANGE = "rung_orange", _("Due very soon")
    RED = "rung_red", _("Late")
    SILENCE = "silence", _("Long without a word")
    VACANT = "vacant_post", _("Vacant post")
    CHANNEL = "channel_failing", _("A channel fails")
    SET_ASIDE = "ladder_set_aside", _("Set aside by the ladder")
    RESUMED = "resumed", _("Pause ended")
    OPENED = "opened", _("New matter")
    ARRIVED = "arrived", _("Now with your organisation")
    ASSIGNED = "assigned", _("Assigned to you")
    ASKED = "asked", _("Your answer is needed")
    MOVED_ON = "moved_on", _("Your turn")
    STEP = "step", _("A step was taken")
    CLOSED = "closed", _("Closed")


RUNGS = {1: Code.YELLOW, 2: Code.ORANGE, 3: Code.RED}
# What concerns the portal itself and names no case.
ALERTS = (Code.VACANT, Code.CHANNEL, Code.SET_ASIDE)
# Gathered into one message at fixed times, where the matter is not critical.
GATHERED = frozenset({Code.YELLOW, Code.ORANGE, Code.SILENCE})
# What a message may be about beside the codes of notices: several notices in one.
DIGEST = "digest"
MESSAGE_CODES = (*(code.value for code in Code if code not in ALERTS), DIGEST)
# The channels beside the portal.
OUTSIDE = (Channel.EMAIL, Channel.SMS, Channel.CHAT)


class TextAudience(TextChoices):
    """Whom a text is written for."""

    STAFF = "staff", _("Staff and reporters with an account")
    PERSON = "person", _("Parties without an account")


class MessageStatus(TextChoices):
    """Where a message is on its way. Only a person sends one again that is uncertain."""

    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Uncertain")
    DROPPED = "dropped", _("No longer to be sent")


class AttemptResult(TextChoices):
    """What came of one attempt."""

    ORDERED = "ordered", _("Ordered")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    REFUSED = "refused", _("Refused")
    UNCERTAIN = "uncertain", _("Uncertain")


# What a fault is called, as it stands in the log and as it is shown.
FAULTS = {
    "no answer in time": _("no answer in time"),
    "connection refused": _("connection refused"),
    "connection broken": _("connection broken"),
    "SMTP sign-in refused": _("the mail server refused our sign-in"),
    "the gateway's answer was not understood": _("the gateway's answer was not understood"),
    "the chat's answer was not understood": _("the chat's answer was not understood"),
    "the worker did not come back": _("the worker did not come back"),
    "no address": _("no address"),
    "no valid address": _("no valid address"),
    "account closed": _("account closed"),
    "nothing left to tell": _("nothing left to tell"),
    "no text in use": _("no text in use"),
}


def fault(detail: str) -> str:
    """Return what a fault is called in the reader's language; codes of servers stay as they are."""
    return str(FAULTS.get(detail, detail))


class RobotKind(TextChoices):
    """Whose work chat a robot writes into."""

    WECOM = "wecom", _("WeCom")
    DINGTALK = "dingtalk", _("DingTalk")
