"""Notices in the portal, messages outside it, their texts, and the state of the channels."""

from grid.notices.choices import AttemptResult, Code, MessageStatus, RobotKind, TextAudience
from grid.notices.models.channel import ChannelOff, ChannelState, ChatRobot
from grid.notices.models.message import Attempt, Message, MessageItem
from grid.notices.models.notice import Notice
from grid.notices.models.text import MessageTemplate

__all__ = [
    "Attempt",
    "AttemptResult",
    "ChannelOff",
    "ChannelState",
    "ChatRobot",
    "Code",
    "Message",
    "MessageItem",
    "MessageStatus",
    "MessageTemplate",
    "Notice",
    "RobotKind",
    "TextAudience",
]
