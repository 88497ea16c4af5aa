"""
Send what is due: “being sent” is committed before the outside call, so that nothing is ever sent twice.

What a server surely refused is tried again after a while. What nobody knows about is uncertain, and only a
person sends it again.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, transaction

from grid.casework.actors import Actor
from grid.casework.models import Case, Deadline, Phase
from grid.notices import backends, channels
from grid.notices.backends import Outcome, Result
from grid.notices.choices import DIGEST, RUNGS, AttemptResult, MessageStatus
from grid.notices.models import Attempt, ChatRobot, Message, MessageItem
from grid.notices.outbox import address_of
from grid.notices.texts import Texts
from grid.notices.worded import NoTextError, Worded, word
from grid.worktime.choices import Channel

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LATER = {Result.REFUSED: AttemptResult.REFUSED, Result.UNCERTAIN: AttemptResult.UNCERTAIN}


@dataclass
class Report:
    """How many messages came to what in one pass."""

    at: datetime
    results: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many messages were taken."""
        return self.results.total()


@dataclass(frozen=True)
class _Taken:
    """A message in hand: “being sent” is committed, nothing has left the house yet."""

    message: Message
    attempt: Attempt
    worded: Worded
    address: str = ""
    robot: ChatRobot | None = None


def send_due(at: datetime, *, limit: int = 1000, seconds: float | None = None) -> Report:
    """
    Send messages whose time has come, each in steps of its own, and say what came of them.

    The texts are those of the beginning of the pass.

    Any number of workers may do so at once: each takes a row that no other has (`SKIP LOCKED`) and leaves it
    no longer pending. A channel that fails rests, so that its timeouts hold up no other.

    :param seconds: after so long no further message is taken; the next pass goes on.
    """
    report = Report(at)
    texts = Texts()
    began = monotonic()
    while report.total < limit:
        passed = monotonic() - began
        if seconds is not None and passed >= seconds:
            break
        now = at + timedelta(seconds=passed)
        status, taken = _take_next(now, texts)
        if status is None:
            break
        if taken is not None:
            status = _finish(taken, _call(taken, now), at=at + timedelta(seconds=monotonic() - began))
        report.results[status] += 1
    return report


def sweep(at: datetime) -> int:
    """
    Count as uncertain what was being sent when its worker died, and tell of messages that wait too long.

    :return: how many messages became uncertain.
    """
    long_ago = at - timedelta(seconds=settings.NOTICES_STUCK_AFTER)
    with transaction.atomic():
        stuck = Message.objects.select_for_update(skip_locked=True).filter(
            status=MessageStatus.SENDING, tried_at__lt=long_ago
        )
        found = list(stuck.values_list("pk", flat=True))
        detail = "the worker did not come back"
        Message.objects.filter(pk__in=found).update(status=MessageStatus.UNCERTAIN, detail=detail)
        Attempt.objects.filter(message__in=found, result=AttemptResult.SENDING).update(
            result=AttemptResult.UNCERTAIN, ended_at=at, detail=detail
        )
    channels.note_waiting(at)
    return len(found)


def _take_next(at: datetime, texts: Texts) -> tuple[MessageStatus | None, _Taken | None]:
    """
    Take the next message in one transaction of its own and commit that it is being sent.

    :return: what became of it, nothing when none is due; and the message, unless it is no longer to be sent.
    """
    with transaction.atomic(durable=True):
        due = Message.objects.to_send(at, resting=channels.resting(at)).select_related("recipient", "party")
        message = due.select_for_update(skip_locked=True, of=("self",)).first()
        if message is None:
            return None, None
        try:
            ready = _made_ready(message, texts)
        except (DatabaseError, SoftTimeLimitExceeded):
            raise
        except Exception as error:
            # One message that cannot be made must not stand at the head of the queue for ever.
            logger.exception("Message %s cannot be made.", message.pk)
            return _set_aside(message, MessageStatus.FAILED, type(error).__name__), None
        if isinstance(ready, str):
            return _set_aside(message, MessageStatus.DROPPED, ready), None
        message.status, message.tried_at = MessageStatus.SENDING, at
        attempt = _attempt(message, at)
        message.tries += 1
        message.save(update_fields=["status", "tried_at", "attempts", "tries"])
    return MessageStatus.SENDING, _Taken(message, attempt, *ready)


def _set_aside(message: Message, status: MessageStatus, why: str) -> MessageStatus:
    """Note that a message is not to be sent, and why."""
    message.status, message.detail = status, why
    message.save(update_fields=["status", "detail"])
    return status


def _attempt(message: Message, at: datetime) -> Attempt:
    """Return the attempt that a person has ordered, or write the next of the worker's own."""
    ordered = Attempt.objects.filter(message=message, result=AttemptResult.ORDERED).first()
    if ordered is not None:
        ordered.result = AttemptResult.SENDING
        ordered.save(update_fields=["result"])
        return ordered
    message.attempts += 1
    return Attempt.objects.create(
        message=message, number=message.attempts, at=at, result=AttemptResult.SENDING
    )


def _made_ready(message: Message, texts: Texts) -> tuple[Worded, str, ChatRobot | None] | str:
    """Return text, address and robot of a message, or why it is no longer to be sent."""
    robot = None
    address = ""
    if message.organisation_id is not None:
        robots = ChatRobot.objects.select_related("organisation")
        robot = robots.filter(organisation=message.organisation_id, is_active=True).first()
    else:
        address = address_of(message.recipient or message.party, message.channel)
    if not address and robot is None:
        return "no address"
    if message.recipient is not None and not message.recipient.is_active:
        return "account closed"
    items = _standing(message)
    if not items:
        return "nothing left to tell"
    try:
        return word(message, items, texts=texts), address, robot
    except NoTextError:
        return "no text in use"


def _standing(message: Message) -> list[MessageItem]:
    """Return the items that may still be told: of unsealed cases that the person sees by now."""
    items = list(
        MessageItem.objects.filter(message=message, case__sealed=False).select_related("case").order_by("pk")
    )
    if message.recipient is not None and items:
        actor = Actor(message.recipient)
        cases = Case.objects.visible_to(actor).filter(pk__in={i.case_id for i in items})
        visible = set(cases.values_list("pk", flat=True))
        items = [i for i in items if i.case_id in visible]
    return _still_due(items) if message.code == DIGEST else items


def _still_due(items: list[MessageItem]) -> list[MessageItem]:
    """Leave out of several what was done since: cases that are closed, deadlines that ended."""
    items = [i for i in items if i.case.phase != Phase.CLOSED]
    rungs = [i for i in items if i.code in RUNGS.values()]
    rows = Deadline.objects.filter(case__in={i.case_id for i in rungs}, ended_at=None) if rungs else ()
    running = {(row.case_id, row.code) for row in rows}
    return [i for i in items if i not in rungs or (i.case_id, i.params.get("deadline")) in running]


def _call(taken: _Taken, at: datetime) -> Outcome:
    """Make the outside call; a fault of our own leaves the message uncertain, since it may have gone out."""
    message, worded = taken.message, taken.worded
    try:
        if taken.robot is not None:
            return backends.send_chat(taken.robot, text=worded.text, at=at)
        if message.channel == Channel.EMAIL:
            return backends.send_email(taken.address, subject=worded.subject, text=worded.text)
        return backends.send_sms(taken.address, text=worded.text)
    except Exception as error:
        return Outcome.uncertain(type(error).__name__)


def _finish(taken: _Taken, outcome: Outcome, *, at: datetime) -> MessageStatus:
    """
    Write what came of an attempt.

    A message that was swept meanwhile is uncertain no longer: its answer has come. One that a person has
    ordered anew since keeps his order.
    """
    status = _status_after(taken.message, outcome)
    fields: dict[str, object] = {"status": status, "detail": outcome.detail[:200]}
    if status == MessageStatus.SENT:
        fields["sent_at"] = at
    if status == MessageStatus.PENDING:
        fields["send_after"] = at + FIRST_PAUSE * 4 ** (taken.message.tries - 1)
    with transaction.atomic():
        Message.objects.filter(
            pk=taken.message.pk,
            attempts=taken.attempt.number,
            status__in=[MessageStatus.SENDING, MessageStatus.UNCERTAIN],
        ).update(**fields)
        Attempt.objects.filter(pk=taken.attempt.pk).update(
            result=LATER.get(outcome.result, AttemptResult.SENT),
            ended_at=at,
            detail=outcome.detail[:200],
        )
    if outcome.result == Result.SENT:
        channels.note_sent(taken.message.channel, at=at)
    elif outcome.channel_fault:
        channels.note_fault(taken.message.channel, outcome.detail, at=at)
    return status


def _status_after(message: Message, outcome: Outcome) -> MessageStatus:
    if outcome.result == Result.SENT:
        return MessageStatus.SENT
    if outcome.result == Result.UNCERTAIN:
        return MessageStatus.UNCERTAIN
    again = outcome.again and message.tries < settings.NOTICES_TRIES
    return MessageStatus.PENDING if again else MessageStatus.FAILED
