"""The steps of supervision: rows that every kind appends to its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from grid.casework.actors import Actor
from grid.casework.deadlines import Start
from grid.casework.table import Step
from grid.casework.who import Rule
from grid.supervision.models import OrderStatus
from grid.supervision.orders import data, services
from grid.supervision.orders.current import answers, level_of, open_order, supervises, supervising_body
from grid.supervision.orders.deadlines import CODES, FEEDBACK, RECTIFY

O = OrderStatus  # noqa: E741
When = Callable[[Any, Actor], str | Promise | None]

by_authority = Rule(supervises, _("Officers and supervisors of the supervising body or above it"))
by_addressee = Rule(answers, _("Officers and head of the body addressed"))


def standing(*statuses: OrderStatus) -> When:
    """Say that a step needs the order of the case to stand somewhere."""

    def when(detail: Any, actor: Actor) -> str | Promise | None:
        order = open_order(detail.case)
        if order is not None and order.status in statuses:
            return None
        if order is None:
            return _("No supervision order is open on this matter.")
        return format_lazy(
            _("The supervision order stands at “{status}”."), status=order.get_status_display()
        )

    return when


def no_order_open(detail: Any, actor: Actor) -> str | Promise | None:
    """Say that a matter has one open order at a time."""
    order = open_order(detail.case)
    if order is None:
        return None
    if order.status == O.PROPOSED:
        return _("An order is proposed already. Confirm it, change it or dismiss it.")
    return _("An order is open already.")


def can_be_listed(detail: Any, actor: Actor) -> str | Promise | None:
    """Say why a matter cannot be listed: its order is not out, or the body has no level of its own."""
    refused = standing(O.ISSUED, O.ANSWERED, O.RECTIFIED)(detail, actor)
    if refused is not None:
        return refused
    body = supervising_body(detail.case, actor)
    if body is None or level_of(body) is None:
        return _("Only a body of a subdistrict, a district or the city lists matters.")
    return None


def may_end(detail: Any, actor: Actor) -> str | Promise | None:
    """Say why a matter cannot be closed, voided or merged now: what is supervised does not end quietly."""
    order = open_order(detail.case)
    if order is None or not order.in_force:
        return None
    if order.listed_at is not None:
        return _("The matter is listed for supervision. It has to be de-listed first.")
    return _("A supervision order is open. Lift the supervision order first.")


def at_end(detail: Any, at: datetime) -> None:
    """Do away with a proposal on which nobody has decided when the case ends."""
    services.lapse(detail.case, at=at)


def until_the_day_named(detail: Any) -> list[Start]:
    """Return the deadline up to the day that was named when the matter was listed."""
    order = open_order(detail.case)
    if order is None or order.listed_at is None or order.rectify_by is None:
        return []
    length = (order.rectify_by - timezone.localdate(order.listed_at)).days
    return [Start(RECTIFY, order.listed_at, length)]


def supervision_steps(
    *, open_statuses: Iterable[str], closed_statuses: Iterable[str] = ()
) -> tuple[Step, ...]:
    """
    Return the rows of supervision (督办) that every kind appends to its table.

    :param closed_statuses: the ends in which a talk or a notice may still be recorded.
    """
    is_open = frozenset(open_statuses)
    everywhere = is_open | frozenset(closed_statuses)
    return (*_deciding(is_open), *_answering(is_open), *_judging(is_open), *_recording(everywhere))


def _deciding(is_open: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows by which an order comes to be, or does not."""
    return (
        Step(
            "order_confirm",
            _("Confirm the supervision order"),
            by_authority,
            services.confirm,
            is_open,
            data=data.ConfirmData,
            starts=(FEEDBACK,),
            when=standing(O.PROPOSED),
            tells=("lead", "head", "addressee"),
            public_text=_("The handling of your matter is now supervised by a superior office."),
            hint=_("It was proposed because a deadline has passed. Change what does not fit."),
        ),
        Step(
            "order_dismiss",
            _("Dismiss the proposed order"),
            by_authority,
            services.dismiss,
            is_open,
            data=data.DismissData,
            when=standing(O.PROPOSED),
        ),
        # Also before anything is late: shirking or a false report waits for no deadline (article 40).
        Step(
            "order_issue",
            _("Issue a supervision order"),
            by_authority,
            services.issue,
            is_open,
            data=data.IssueData,
            starts=(FEEDBACK,),
            when=no_order_open,
            tells=("lead", "head", "addressee"),
            public_text=_("The handling of your matter is now supervised by a superior office."),
        ),
    )


def _answering(is_open: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows of the body that was addressed."""
    return (
        Step(
            "order_answer",
            _("Answer the supervision order"),
            by_addressee,
            services.answer,
            is_open,
            data=data.AnswerData,
            meets=(FEEDBACK,),
            when=standing(O.ISSUED),
            tells=("authority",),
        ),
        # Where a listed matter was never answered, this is the written answer as well.
        Step(
            "order_rectified",
            _("Report the rectification"),
            by_addressee,
            services.report_rectified,
            is_open,
            data=data.RectifiedData,
            meets=CODES,
            when=standing(O.LISTED),
            tells=("authority",),
        ),
    )


def _judging(is_open: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows by which the supervising body goes on or ends it."""
    return (
        Step(
            "order_lift",
            _("Lift the supervision order"),
            by_authority,
            services.lift,
            is_open,
            data=data.LiftData,
            cancels=CODES,
            when=standing(O.ISSUED, O.ANSWERED),
            tells=("lead", "head", "addressee"),
        ),
        # From rectified too: what does not do leaves the matter listed, to another day. A written answer that
        # is owed stays owed.
        Step(
            "order_list",
            _("List for supervision"),
            by_authority,
            services.list_publicly,
            is_open,
            data=data.ListData,
            starts=(until_the_day_named,),
            when=can_be_listed,
            tells=("lead", "head", "addressee"),
            hint=_("For what is serious or repeated. It stays listed until the rectification was assessed."),
        ),
        Step(
            "order_delist",
            _("Take off the list"),
            by_authority,
            services.delist,
            is_open,
            data=data.DelistData,
            when=standing(O.RECTIFIED),
            tells=("lead", "head", "addressee"),
        ),
        Step(
            "order_check",
            _("Note a check"),
            by_authority,
            services.check,
            is_open,
            data=data.CheckData,
            when=standing(O.ISSUED, O.ANSWERED, O.LISTED, O.RECTIFIED),
        ),
    )


def _recording(everywhere: frozenset[str]) -> tuple[Step, ...]:
    """Return the rows that keep a record of what was done beside an order (article 39)."""
    return (
        Step(
            "record_talk",
            _("Record a supervision talk"),
            by_authority,
            services.hold_talk,
            everywhere,
            data=data.RecordData,
            tells=("head", "addressee"),
        ),
        Step(
            "record_notice",
            _("Record a notice of criticism"),
            by_authority,
            services.give_notice,
            everywhere,
            data=data.RecordData,
            tells=("lead", "head", "addressee"),
            hint=_("A notice names the body, the matter and what was wrong, and ranks nobody."),
        ),
    )
