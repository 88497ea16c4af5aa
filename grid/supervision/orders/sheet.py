"""What the sheet of an order (督办单) and the panel on the case page show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from grid.casework import kinds
from grid.casework.actors import Actor
from grid.casework.deadlines import light
from grid.casework.models import Case, Deadline, Rung
from grid.casework.steps import possible_steps
from grid.casework.table import Step
from grid.supervision.models import OrderStatus, Suggestion, SupervisionOrder, SupervisionRecord
from grid.supervision.orders.current import open_order, orders_of
from grid.supervision.orders.deadlines import CODES, FEEDBACK, RECTIFY

STEPS = (
    "order_confirm",
    "order_dismiss",
    "order_answer",
    "order_rectified",
    "order_lift",
    "order_list",
    "order_delist",
    "order_check",
)

# The rungs of the ladder by the names that offices give them.
RUNGS = {
    1: _("First reminder"),
    2: _("Urgent reminder"),
    3: _("Late"),
    4: _("Under supervision"),
    5: _("Listed"),
}


@dataclass
class Due:
    """A deadline of an order and its light; a finished one has no light."""

    deadline: Deadline
    light: Any


@dataclass
class Climbed:
    """A rung of the ladder, and when it was climbed, if it was."""

    level: int
    label: str
    at: datetime | None


@dataclass
class Late:
    """The deadline that was late: the instant by which it was due, and the ladder from there."""

    deadline: Deadline
    due_at: datetime | None
    rungs: list[Climbed]


class Sheet:
    """One order with everything that its sheet shows."""

    def __init__(self, order: SupervisionOrder, actor: Actor, *, at: datetime) -> None:
        """Take an order of a case that the reader may see."""
        case = order.case
        self.case, self.actor, self.at = case, actor, at
        self.order = next(o for o in orders_of(case) if o.pk == order.pk)
        self.kind = kinds.get(case.kind)

    @property
    def suggestions(self) -> list[tuple[str, bool]]:
        """Return the three suggestions of article 40, each with whether it is made."""
        return [(str(s.label), s.value in self.order.suggestions) for s in Suggestion]

    @cached_property
    def due(self) -> list[Due]:
        """Return the deadlines of this order, in the order of their start. One query."""
        order = self.order
        starts = [start for start in (order.decided_at, order.listed_at) if start is not None]
        if not order.number or not starts:
            return []
        rows = Deadline.objects.filter(case=self.case, code__in=CODES, starts_at__gte=min(starts))
        if order.ended_at is not None:
            rows = rows.filter(starts_at__lte=order.ended_at)
        return [
            Due(row, light(row, at=self.at) if row.is_open else None)
            for row in rows.order_by("starts_at", "pk")
        ]

    @cached_property
    def feedback(self) -> Due | None:
        """Return by when the written answer is due."""
        return next((d for d in self.due if d.deadline.code == FEEDBACK), None)

    @cached_property
    def rectification(self) -> Due | None:
        """Return by when the matter has to be rectified, the last day that was named."""
        return next((d for d in reversed(self.due) if d.deadline.code == RECTIFY), None)

    @cached_property
    def late(self) -> Late | None:
        """Return the deadline that was late, by when it was due, and the rungs it has climbed. One query."""
        order = self.order
        if order.deadline is None:
            return None
        due_at = order.rung.due_at if order.rung else order.deadline.due_at
        rows = Rung.objects.filter(deadline=order.deadline).order_by("level")
        climbed = {row.level: row.climbed_at for row in rows if row.due_at == due_at}
        steps = [Climbed(level, str(words), climbed.get(level)) for level, words in RUNGS.items()]
        return Late(order.deadline, due_at, steps)

    @cached_property
    def records(self) -> list[SupervisionRecord]:
        """Return the talks and notices of this order. One query."""
        rows = SupervisionRecord.objects.filter(order=self.order).select_related("authority", "by")
        return list(rows.order_by("held_on", "pk"))

    @cached_property
    def steps(self) -> list[Step]:
        """Return the steps of supervision that the reader may take on it now."""
        if not self.order.is_open:
            return []
        return [s for s in possible_steps(self.case, self.actor) if s.name in STEPS]

    @property
    def is_lapsed(self) -> bool:
        """Tell whether the case ended before anybody decided."""
        return self.order.status == OrderStatus.DISMISSED and self.order.lapsed


def panel(case: Case, actor: Actor, at: datetime) -> tuple[str, dict[str, Any]] | None:
    """Return the panel of supervision on the page of a case; nothing where it was never supervised."""
    orders = orders_of(case)
    if not orders:
        return None
    current = open_order(case)
    shown = {
        "sheet": Sheet(current, actor, at=at) if current else None,
        "earlier": [order for order in orders if order is not current],
    }
    return "supervision/_order.html", shown
