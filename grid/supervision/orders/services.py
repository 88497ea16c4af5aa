"""What happens to supervision orders: proposals of the ladder, and the effects of the steps on a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from grid.casework.actors import Actor
from grid.casework.documents import take_number
from grid.casework.models import Assignment, AssignmentRole, Case, Deadline, DeadlineStatus, Rung
from grid.organisations.models import Organisation
from grid.supervision.models import OrderStatus, RecordType, SupervisionOrder, SupervisionRecord, Trigger
from grid.supervision.orders.current import forget, open_order
from grid.worktime.arithmetic import Light
from grid.worktime.models import Binds

# The series of document numbers, one a year for each supervising body.
ORDERS, NOTICES = "督办", "通报"
# The rungs above red: decisions of people.
SUPERVISED, LISTED = 4, 5
# What people write into an order, and what is left of it after a lawful erasure: an order is never empty.
WRITTEN = ("decision_reason", "demand", "feedback", "rectification", "evaluation")
ERASED = "〔…〕"
# The columns without a default of the database; every other one is empty in a proposal.
PROPOSE = """
    INSERT INTO supervision_supervisionorder
           (case_id, deadline_id, rung_id, authority_id, addressee_id, status, trigger, proposed_at,
            number, decision_reason, suggestions, demand, adoption, feedback, listed_level, rectification,
            effect, evaluation)
    SELECT p.case_id, p.deadline_id, p.rung_id, p.authority_id, p.addressee_id, %s, %s, %s,
           '', '', '{}', '', '', '', '', '', '', ''
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
           AS p (case_id, deadline_id, rung_id, authority_id, addressee_id)
        ON CONFLICT DO NOTHING
 RETURNING case_id, id
"""


@dataclass(frozen=True)
class Proposal:
    """An order that the ladder proposes: for which late deadline and rung, by whom and to whom."""

    case_id: int
    deadline_id: int
    rung_id: int
    authority_id: int
    addressee_id: int


def propose(proposals: Sequence[Proposal], at: datetime) -> dict[int, int]:
    """
    Propose an order for each case that has none open, and return order by case for those that were made.

    One statement whatever the number. Two at once for one case leave one: the second waits for the first and
    then finds its place taken. A rung proposes once, and nobody is addressed by himself.
    """
    fit = [p for p in proposals if p.authority_id != p.addressee_id]
    if not fit:
        return {}
    columns = [
        [getattr(p, name) for p in fit]
        for name in ("case_id", "deadline_id", "rung_id", "authority_id", "addressee_id")
    ]
    with connection.cursor() as cursor:
        cursor.execute(PROPOSE, [OrderStatus.PROPOSED.value, Trigger.LATE.value, at, *columns])
        return dict(cursor.fetchall())


def issue(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    trigger: str,
    suggestions: list[str],
    demand: str,
    next_check_on: date | None = None,
) -> None:
    """Issue an order without waiting for the ladder (督办): for what is shirked or falsely reported, say."""
    case: Case = detail.case
    order = SupervisionOrder.objects.create(
        case=case,
        deadline=_late_deadline(case, at=at),
        trigger=trigger,
        status=OrderStatus.ISSUED,
        number=_number(authority, ORDERS, at=at),
        authority=authority,
        addressee=addressee,
        decided_by=by.user,
        decided_at=at,
        suggestions=suggestions,
        demand=demand,
        next_check_on=next_check_on,
    )
    forget(case)
    _climb(order, SUPERVISED, at=at)


def confirm(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    suggestions: list[str],
    demand: str,
    trigger: str = "",
    next_check_on: date | None = None,
) -> None:
    """
    Issue the order that the ladder proposed, as it was proposed or changed.

    It stays addressed to whoever held the case when it became late.
    """
    order = _open(detail)
    order.status, order.authority = OrderStatus.ISSUED, authority
    order.trigger = trigger or order.trigger
    order.number = _number(authority, ORDERS, at=at)
    order.decided_by, order.decided_at = by.user, at
    order.suggestions, order.demand, order.next_check_on = suggestions, demand, next_check_on
    order.save(
        update_fields=[
            "status",
            "authority",
            "trigger",
            "number",
            "decided_by",
            "decided_at",
            "suggestions",
            "demand",
            "next_check_on",
        ]
    )
    keep_informed(detail.case, at=at)
    _climb(order, SUPERVISED, at=at)


def dismiss(detail: Any, *, by: Actor, at: datetime, authority: Organisation, reason: str) -> None:
    """Issue no order on a proposal, and say why; the same rung proposes none again."""
    order = _open(detail)
    order.status = OrderStatus.DISMISSED
    order.decided_by, order.decided_at, order.decision_reason = by.user, at, reason
    order.ended_by, order.ended_at = by.user, at
    order.save(
        update_fields=["status", "decided_by", "decided_at", "decision_reason", "ended_by", "ended_at"]
    )


def lapse(case: Case, *, at: datetime) -> None:
    """Do away with a proposal on which nobody has decided when its case ends."""
    SupervisionOrder.objects.filter(case=case, status=OrderStatus.PROPOSED).update(
        status=OrderStatus.DISMISSED, decided_at=at, ended_at=at
    )
    forget(case)


def forget_text(case: Case, text: str) -> None:
    """Leave a stub in orders and records of a text that a lawful erasure took out of the timeline."""
    for field in WRITTEN:
        SupervisionOrder.objects.filter(case=case, **{field: text}).update(**{field: ERASED})
    SupervisionRecord.objects.filter(case=case, text=text).update(text=ERASED)


def answer(
    detail: Any, *, by: Actor, at: datetime, authority: Organisation, adoption: str, feedback: str
) -> None:
    """Answer in writing which suggestions are adopted (书面反馈采纳情况)."""
    order = _open(detail)
    order.status = OrderStatus.ANSWERED
    order.adoption, order.feedback, order.answered_by, order.answered_at = adoption, feedback, by.user, at
    order.save(update_fields=["status", "adoption", "feedback", "answered_by", "answered_at"])


def lift(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    evaluation: str,
) -> None:
    """Lift an order whose answer is in order, or that is not needed any more (解除督办)."""
    _end(_open(detail), OrderStatus.LIFTED, by=by, at=at, evaluation=evaluation)


def list_publicly(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    listed_level: str,
    rectify_by: date,
    reason: str,
    next_check_on: date | None = None,
) -> None:
    """
    List a matter (挂牌督办) until it is rectified, or leave it listed where the rectification did not do.

    What was reported before stays on the timeline.
    """
    order = _open(detail)
    order.status, order.authority = OrderStatus.LISTED, authority
    order.listed_level, order.rectify_by = listed_level, rectify_by
    order.listed_by, order.listed_at, order.next_check_on = by.user, at, next_check_on
    order.rectification, order.rectified_by, order.rectified_at = "", None, None
    order.deadline = order.deadline or _late_deadline(detail.case, at=at)
    order.save(
        update_fields=[
            "status",
            "authority",
            "listed_level",
            "rectify_by",
            "listed_by",
            "listed_at",
            "next_check_on",
            "rectification",
            "rectified_by",
            "rectified_at",
            "deadline",
        ]
    )
    _climb(order, LISTED, at=at)


def report_rectified(
    detail: Any, *, by: Actor, at: datetime, authority: Organisation, rectification: str, adoption: str = ""
) -> None:
    """Report that a listed matter was put right; this is the written answer too where none was given."""
    order = _open(detail)
    order.status = OrderStatus.RECTIFIED
    order.rectification, order.rectified_by, order.rectified_at = rectification, by.user, at
    changed = ["status", "rectification", "rectified_by", "rectified_at"]
    if order.answered_at is None:
        order.adoption, order.feedback = adoption, rectification
        order.answered_by, order.answered_at = by.user, at
        changed += ["adoption", "feedback", "answered_by", "answered_at"]
    order.save(update_fields=changed)


def delist(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    effect: str,
    evaluation: str,
) -> None:
    """Take a matter off the list (摘牌) with an evaluation of what the rectification came to."""
    _end(_open(detail), OrderStatus.DELISTED, by=by, at=at, evaluation=evaluation, effect=effect)


def check(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    note: str,
    next_check_on: date | None = None,
) -> None:
    """Note what a check found, and when the next one is."""
    order = _open(detail)
    order.next_check_on = next_check_on
    order.save(update_fields=["next_check_on"])


def hold_talk(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    record: str,
    held_on: date | None = None,
) -> None:
    """Keep a record of a talk with those in charge of the body that holds the case (约谈, article 39)."""
    _record(detail.case, RecordType.TALK, authority, addressee, by=by, at=at, record=record, held_on=held_on)


def give_notice(
    detail: Any,
    *,
    by: Actor,
    at: datetime,
    authority: Organisation,
    addressee: Organisation,
    record: str,
    held_on: date | None = None,
) -> None:
    """Keep a record of a notice of criticism (通报, article 39); it names a body, never a rank of persons."""
    _record(
        detail.case, RecordType.NOTICE, authority, addressee, by=by, at=at, record=record, held_on=held_on
    )


def keep_informed(case: Case, *, at: datetime) -> None:
    """
    Let the body that an open order addresses go on seeing the case after another one leads it.

    Every kind calls this when the lead changes: the order stays addressed to whoever was addressed, and
    lateness stays with the holder.
    """
    order = SupervisionOrder.objects.open().filter(case=case).exclude(addressee=case.lead_id).first()
    if order is None or order.status == OrderStatus.PROPOSED:
        return
    running = Assignment.objects.filter(case=case, organisation=order.addressee, ended_at=None)
    if not running.exists():
        Assignment.objects.create(
            case=case, organisation=order.addressee, role=AssignmentRole.COPIED, starts_at=at
        )


def _open(detail: Any) -> SupervisionOrder:
    """
    Return the open order of a case; the table has made sure that there is one.

    :raises RuntimeError: when there is none.
    """
    order = open_order(detail.case)
    if order is None:
        raise RuntimeError("A step on a supervision order was taken where none is open.")
    return order


def _end(
    order: SupervisionOrder,
    status: OrderStatus,
    *,
    by: Actor,
    at: datetime,
    evaluation: str,
    effect: str = "",
) -> None:
    order.status, order.evaluation, order.effect = status, evaluation, effect
    order.ended_by, order.ended_at, order.next_check_on = by.user, at, None
    order.save(update_fields=["status", "evaluation", "effect", "ended_by", "ended_at", "next_check_on"])


def _number(authority: Organisation, word: str, *, at: datetime) -> str:
    return take_number(authority, word=word, year=timezone.localtime(at).year)


def _late_deadline(case: Case, *, at: datetime) -> Deadline | None:
    """Return the deadline of the office that has been late longest, if one is."""
    late = Deadline.objects.filter(
        case=case, ended_at=None, status=DeadlineStatus.RUNNING, binds=Binds.OFFICE, due_at__lte=at
    )
    return late.order_by("due_at", "pk").first()


def _climb(order: SupervisionOrder, level: int, *, at: datetime) -> None:
    """
    Write the rung of a decision above the red one that was climbed before.

    Where the ladder has not told of the lateness yet, it still has to, and no rung above it is written.
    """
    if order.deadline is None:
        return
    due_at = order.rung.due_at if order.rung else order.deadline.due_at
    if due_at is None:
        return
    if Rung.objects.filter(deadline=order.deadline, level=Light.RED, due_at=due_at).exists():
        Rung.objects.bulk_create(
            [Rung(deadline=order.deadline, level=level, due_at=due_at, climbed_at=at, told=True)],
            ignore_conflicts=True,
        )


def _record(
    case: Case,
    type_: RecordType,
    authority: Organisation,
    addressee: Organisation,
    *,
    by: Actor,
    at: datetime,
    record: str,
    held_on: date | None,
) -> None:
    assert by.user is not None
    SupervisionRecord.objects.create(
        case=case,
        order=open_order(case),
        type=type_,
        number=_number(authority, NOTICES, at=at) if type_ == RecordType.NOTICE else "",
        authority=authority,
        addressee=addressee,
        held_on=held_on or timezone.localdate(at),
        text=record,
        by=by.user,
        at=at,
    )
