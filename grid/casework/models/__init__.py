"""The case and everything that hangs on it."""

from grid.casework.models.case import Case, Channel, Outcome, Phase, Round, Urgency
from grid.casework.models.deadlines import (
    Deadline,
    DeadlineStatus,
    Extension,
    Pause,
    PauseEnd,
    Rung,
    SilenceRung,
)
from grid.casework.models.files import Attachment, Upload
from grid.casework.models.parties import NOT_TOLD, Access, AccessLog, CodeAttempt, Party, Recusal, Token
from grid.casework.models.records import (
    Assignment,
    AssignmentRole,
    Decision,
    DocumentSeries,
    Holding,
    Link,
    LinkType,
    OnceKey,
    Request,
    RequestType,
)
from grid.casework.models.timeline import Audience, Event, EventText, Feed, FeedReader, Seal, SealedHead

__all__ = [
    "NOT_TOLD",
    "Access",
    "AccessLog",
    "Assignment",
    "AssignmentRole",
    "Attachment",
    "Audience",
    "Case",
    "Channel",
    "CodeAttempt",
    "Deadline",
    "DeadlineStatus",
    "Decision",
    "DocumentSeries",
    "Event",
    "EventText",
    "Extension",
    "Feed",
    "FeedReader",
    "Holding",
    "Link",
    "LinkType",
    "OnceKey",
    "Outcome",
    "Party",
    "Pause",
    "PauseEnd",
    "Phase",
    "Recusal",
    "Request",
    "RequestType",
    "Round",
    "Rung",
    "Seal",
    "SealedHead",
    "SilenceRung",
    "Token",
    "Upload",
    "Urgency",
]
