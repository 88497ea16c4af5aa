"""
Ask and decide: more time or a pause for a deadline, asked by one person and decided by another.

What is asked and decided before the due date counts, and never after; what nobody decided by then lapses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework import deadlines, request_data
from grid.casework.actors import Actor
from grid.casework.errors import CaseworkError
from grid.casework.leeway import ASKABLE, OFFICERS, SUPERIORS, Leeway, gives_more, stands_still
from grid.casework.models import (
    Audience,
    Deadline,
    DeadlineStatus,
    Decision,
    Extension,
    Pause,
    PauseEnd,
    Request,
    RequestType,
)
from grid.casework.steps import take_step
from grid.casework.table import Step
from grid.casework.who import Rule, any_of, assignee, machine, of_lead, of_superior

if TYPE_CHECKING:
    from grid.casework.leeway import Words
    from grid.casework.models import Case

logger = logging.getLogger(__name__)

BATCH = 200
ASKER, DECIDER, EVERYBODY = ("asker",), ("decider",), ("asker", "parties", "reporter")
When = Callable[[Any, Actor], "Words | None"]


def _ranked(case: Case, actor: Actor) -> bool:
    """Tell whether somebody may decide on requests of a case at all; which ones, the rules say."""
    lead = case.lead_id
    return actor.serves(lead, OFFICERS) or actor.is_above(lead, SUPERIORS) or actor.heads(lead)


in_charge = any_of(of_lead(*OFFICERS), assignee())
deciding = Rule(_ranked, _("Whoever the rule of the time limit names, and not whoever asked"))


def request_steps(open_statuses: Iterable[str]) -> tuple[Step, ...]:
    """Return the rows by which time is asked for, granted and given back; every kind has them."""
    is_open = frozenset(open_statuses)
    return (*_extension_steps(is_open), *_pause_steps(is_open), *_later_steps(is_open))


def _extension_steps(is_open: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows by which a deadline is extended (延期)."""
    return (
        Step(
            "ask_extension",
            _("Ask for more time"),
            in_charge,
            ask_extension,
            is_open,
            data=request_data.AskExtensionData,
            when=_when(Leeway.why_not_extended, _("No time limit runs that could be extended."), gives_more),
            tells=DECIDER,
        ),
        # The petitioner is told the reason (信访工作条例 34); that something was refused is no news to him.
        Step(
            "grant_extension",
            _("Grant more time"),
            deciding,
            grant_extension,
            is_open,
            data=request_data.GrantExtensionData,
            when=_when_asked(RequestType.EXTENSION),
            public_text=_("The time limit of your matter has been extended."),
            audience=Audience.PUBLIC,
            tells=EVERYBODY,
        ),
        Step(
            "refuse_extension",
            _("Refuse more time"),
            deciding,
            refuse,
            is_open,
            data=request_data.RefuseExtensionData,
            when=_when_asked(RequestType.EXTENSION),
            tells=ASKER,
        ),
    )


def _pause_steps(is_open: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows by which a deadline is paused (中止计时), and runs on."""
    return (
        Step(
            "ask_pause",
            _("Ask for a pause"),
            in_charge,
            ask_pause,
            is_open,
            data=request_data.AskPauseData,
            when=_when(Leeway.why_not_paused, _("No time limit runs that could be paused."), stands_still),
            hint=_("For what cannot be hurried, as a hearing or an appraisal. The time limit stands still."),
            tells=DECIDER,
        ),
        Step(
            "grant_pause",
            _("Grant the pause"),
            deciding,
            grant_pause,
            is_open,
            data=request_data.GrantPauseData,
            when=_when_asked(RequestType.PAUSE),
            public_text=_("The time limit of your matter stands still for a while."),
            audience=Audience.PUBLIC,
            tells=EVERYBODY,
        ),
        Step(
            "refuse_pause",
            _("Refuse the pause"),
            deciding,
            refuse,
            is_open,
            data=request_data.RefusePauseData,
            when=_when_asked(RequestType.PAUSE),
            tells=ASKER,
        ),
        Step(
            "end_pause",
            _("End the pause"),
            any_of(in_charge, of_superior(*SUPERIORS)),
            end_pause,
            is_open,
            data=request_data.EndPauseData,
            when=_when(Leeway.why_not_resumed, _("No time limit is paused.")),
            hint=_("What was waited for has happened. The time limit runs on."),
        ),
    )


def _later_steps(is_open: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows by which a request is taken back or lapses, and the one that ends a deadline."""
    return (
        Step(
            "withdraw_request",
            _("Withdraw a request"),
            in_charge,
            withdraw,
            is_open,
            data=request_data.WithdrawData,
            when=_asked_himself,
        ),
        Step(
            "cancel_deadline",
            _("Cancel a time limit"),
            of_superior(*SUPERIORS),
            cancel_deadline,
            is_open,
            data=request_data.CancelData,
            cancels=(_cancelled,),
            when=_when(Leeway.why_not_cancelled, _("No time limit runs that could be cancelled.")),
            public_text=_("A time limit of your matter no longer applies."),
            tells=("lead", "head", "parties", "reporter"),
            hint=_("For a time limit that no longer applies. It stays readable, with the reason."),
            style="danger",
        ),
        Step(
            "lapse_request",
            _("Request lapsed"),
            machine(),
            lapse_request,
            is_open,
            data=request_data.LapseData,
            hidden=True,
            tells=(*ASKER, *DECIDER),
        ),
    )


def _when(
    why_not: Callable[[Leeway, Deadline], Words | None],
    nothing: Words,
    may_ever: Callable[[Deadline], bool] | None = None,
) -> When:
    """
    Return what says why a step about an open deadline is not possible: the one reason, or that none is.

    Those whose rule never allows it say nothing where another's does.
    """

    def reason(detail: Any, actor: Actor) -> Words | None:
        found = Leeway.of(detail)
        ever = [d for d in found.deadlines if may_ever is None or may_ever(d)]
        reasons = [why_not(found, d) for d in ever or found.deadlines]
        if None in reasons:
            return None
        return reasons[0] if len(reasons) == 1 else nothing

    return reason


def _when_asked(type: RequestType) -> When:
    """Return what says why an actor cannot decide on a request of a type now."""

    def reason(detail: Any, actor: Actor) -> Words | None:
        found = Leeway.of(detail)
        reasons = [found.why_not_decided(r, actor) for r in found.undecided(type)]
        if not reasons:
            return _("Nothing was asked that is not decided yet.")
        return None if None in reasons else reasons[0]

    return reason


def _asked_himself(detail: Any, actor: Actor) -> Words | None:
    """Say that there is nothing to withdraw."""
    user = actor.user
    mine = user is not None and any(r.asked_by_id == user.pk for r in Leeway.of(detail).asked)
    return None if mine else _("You have asked for nothing that is not decided yet.")


def ask_extension(detail: Any, *, by: Actor, at: datetime, deadline: str, reason: str, **wish: Any) -> None:
    """Ask for a deadline to be extended (申请延期)."""
    _ask(detail, RequestType.EXTENSION, deadline, by=by, at=at, reason=reason, wish=wish)


def ask_pause(detail: Any, *, by: Actor, at: datetime, deadline: str, reason: str, **wish: Any) -> None:
    """Ask for a deadline to be paused (申请中止计时)."""
    _ask(detail, RequestType.PAUSE, deadline, by=by, at=at, reason=reason, wish=wish)


def _ask(
    detail: Any,
    type: RequestType,
    code: str,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    wish: dict[str, Any],
) -> None:
    """Keep what is asked, and until when it must be decided."""
    row = Deadline.objects.get(case=detail.case, code=code, ended_at=None)
    Request.objects.create(
        case=detail.case,
        type=type,
        deadline=row,
        asked_by=by.user,
        asked_for=by.acting_for(detail.case.lead_id),
        asked_at=at,
        reason=reason,
        data=request_data.wish_of(type, wish, row),
        decider_id=wish["decider"],
        decide_by=row.due_at,
    )


def grant_extension(
    detail: Any, *, by: Actor, at: datetime, request: int, reason: str, length: int, **told: Any
) -> None:
    """
    Extend a deadline as was asked (批准延期), with notice of the reason (信访工作条例 34).

    :raises ValidationError: when it is too late, or more than the rule allows.
    """
    row = _decide(detail, request, Decision.GRANTED, by=by, at=at, reason=reason)
    assert row.deadline is not None
    try:
        deadlines.extend(row.deadline, length=length, reason=reason, at=at, request=row)
    except ValueError as error:
        raise serializers.ValidationError({"request": _("It can no longer be extended.")}) from error


def grant_pause(
    detail: Any, *, by: Actor, at: datetime, request: int, reason: str, until: str, **told: Any
) -> None:
    """
    Let a deadline stand still as was asked (批准中止计时).

    :raises ValidationError: when it is too late, or the pause would have ended before it began.
    """
    row = _decide(detail, request, Decision.GRANTED, by=by, at=at, reason=reason)
    assert row.deadline is not None
    try:
        deadlines.pause(row.deadline, until=datetime.fromisoformat(until), reason=reason, at=at, request=row)
    except ValueError as error:
        raise serializers.ValidationError({"request": _("It can no longer be paused.")}) from error


def refuse(detail: Any, *, by: Actor, at: datetime, request: int, reason: str, **told: Any) -> None:
    """Refuse what was asked; the deadline runs on."""
    _decide(detail, request, Decision.REFUSED, by=by, at=at, reason=reason)


def withdraw(detail: Any, *, by: Actor, at: datetime, request: int, reason: str, **told: Any) -> None:
    """Take back one's own request before somebody decides on it."""
    _decide(detail, request, Decision.WITHDRAWN, by=None, at=at, reason=reason)


def lapse_request(detail: Any, *, by: Actor, at: datetime, request: int, **told: Any) -> None:
    """Let a request lapse on which nobody decided by the due instant."""
    _decide(detail, request, Decision.LAPSED, by=None, at=at, reason="")


def _decide(
    detail: Any, pk: int, decision: Decision, *, by: Actor | None, at: datetime, reason: str
) -> Request:
    """Write down what came of a request, and return it with its deadline."""
    row = Request.objects.select_related("deadline__rule").get(pk=pk, case=detail.case, decision="")
    row.decision, row.decision_reason, row.decided_at = decision, reason, at
    row.decided_by = by.user if by is not None else None
    row.save(update_fields=["decision", "decision_reason", "decided_at", "decided_by"])
    return row


def end_pause(
    detail: Any, *, by: Actor, at: datetime, deadline: str, note: str, happened: date | None = None
) -> None:
    """
    Let a deadline run on because what it waited for has happened.

    :raises ValidationError: when it happened on a day before the pause began.
    """
    row = Deadline.objects.get(case=detail.case, code=deadline, status=DeadlineStatus.PAUSED)
    moment = request_data.last_moment(happened, at)
    began = row.pauses.get(ended_at=None).starts_at
    if moment < began and happened is not None and happened < timezone.localdate(began):
        raise serializers.ValidationError({"happened": _("The pause began after this day.")})
    deadlines.resume(row, at=moment, why=PauseEnd.ENDED_EARLY, note=note)


def cancel_deadline(detail: Any, *, by: Actor, at: datetime, deadline: str, reason: str) -> None:
    """Let a deadline end that no longer applies; what it stood at stays."""
    detail.cancelled_deadline = deadline


def _cancelled(detail: Any) -> str:
    """Return the deadline that the effect has named."""
    return str(detail.cancelled_deadline)


def forget(case: Case, text: str) -> None:
    """Empty what requests keep of a text that a lawful erasure took out of the timeline."""
    asked = Request.objects.filter(case=case)
    asked.filter(reason=text).update(reason="")
    asked.filter(decision_reason=text).update(decision_reason="")
    paused = Pause.objects.filter(deadline__case=case)
    paused.filter(reason=text).update(reason="")
    paused.filter(ended_note=text).update(ended_note="")
    Extension.objects.filter(deadline__case=case, reason=text).update(reason="")


def lapse(*, at: datetime) -> int:
    """
    Let every request lapse whose deadline has passed undecided, and return how many did.

    Each is a step of its own: what another worker did meanwhile, or somebody who holds the case, is left.
    """
    overdue = Request.objects.filter(
        decision="",
        type__in=ASKABLE,
        deadline__status=DeadlineStatus.RUNNING,
        deadline__due_at__lte=at,
    )
    lapsed, last, by = 0, 0, Actor.machine()
    while rows := list(overdue.filter(pk__gt=last).order_by("pk").values_list("pk", "case")[:BATCH]):
        for pk, case_id in rows:
            lapsed += _lapse_one(pk, case_id, by=by, at=at)
        last = rows[-1][0]
    return lapsed


def _lapse_one(pk: int, case_id: int, *, by: Actor, at: datetime) -> bool:
    """Take the step for one request, and say whether it lapsed."""
    try:
        take_step(case_id, "lapse_request", by=by, data={"request": pk}, at=at)
    except (CaseworkError, serializers.ValidationError) as error:
        logger.info("Request %s did not lapse: %s", pk, error)
        return False
    except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
        raise
    except Exception:  # whatever is wrong with it does not stop the others
        logger.exception("Request %s could not lapse.", pk)
        return False
    return True
