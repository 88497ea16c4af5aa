"""The page of orders: whose, in which state, filtered, what is due next before the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area
from grid.casework.actors import OFFICE_ROLES, Actor
from grid.casework.models import Case
from grid.casework.paging import Page, UpTo, keyset
from grid.supervision.models import ENDED, Level, OrderStatus, SupervisionOrder, SupervisionRecord
from grid.supervision.orders.querysets import SUPERVISING, SupervisionOrderQuerySet
from grid.worktime.arithmetic import Light

Words = str | Promise
O = OrderStatus  # noqa: E741

SIZE = 25
COUNT_LIMIT = 1000
WAITING_LIMIT = 100  # the mark in the navigation says 99+ from here
OURS, ADDRESSED, RECORDS = "ours", "addressed", "records"
DESKS: dict[str, Words] = {
    OURS: _("We supervise"),
    ADDRESSED: _("Addressed to us"),
    RECORDS: _("Talks and notices"),
}
STATES: dict[str, tuple[Words, tuple[str, ...]]] = {
    "open": (_("All open orders"), (O.PROPOSED, O.ISSUED, O.ANSWERED, O.LISTED, O.RECTIFIED)),
    "proposed": (_("Proposed, to decide"), (O.PROPOSED,)),
    "issued": (_("Waiting for the answer"), (O.ISSUED,)),
    "assess": (_("Answered, to assess"), (O.ANSWERED, O.RECTIFIED)),
    "listed": (_("Listed"), (O.LISTED, O.RECTIFIED)),
    "ended": (_("Ended orders"), ENDED),
}
BY_NEXT = (("next_at", "asc"), ("id", "asc"))
BY_END = (("ended_at", "desc"), ("id", "desc"))
BY_DAY = (("held_on", "desc"), ("id", "desc"))


@dataclass(frozen=True)
class Filters:
    """What somebody asked for; what was not understood stands in `unknown`."""

    desk: str = OURS
    state: str = "open"
    level: str = ""
    area: Area | None = None
    unknown: tuple[str, ...] = field(default=(), compare=False)

    @property
    def narrowed(self) -> bool:
        """Tell whether something was left out on purpose."""
        return bool(self.level or self.area)

    def query(self, **changes: Any) -> str:
        """Return these filters as the query part of an address, with changes."""
        new = replace(self, **changes)
        values = {
            "desk": new.desk,
            "state": new.state if new.desk != RECORDS else "",
            "level": new.level,
            "area": new.area.code if new.area else "",
        }
        return urlencode({name: value for name, value in values.items() if value})


def desks_of(actor: Actor) -> list[str]:
    """Return the desks that somebody has: to supervise, or to answer, and what was recorded."""
    found = [OURS] if actor.holds(SUPERVISING) else []
    return [*found, ADDRESSED, RECORDS]


def read_filters(query: Mapping[str, str], actor: Actor) -> Filters:
    """Return the filters of an address; a value that does not exist is left out and named."""
    unknown: list[str] = []
    desks = desks_of(actor)
    chosen: dict[str, Any] = {"desk": desks[0]}
    for name, values in {"desk": desks, "state": list(STATES), "level": Level.values}.items():
        value = query.get(name, "")
        if value in values:
            chosen[name] = value
        elif value:
            unknown.append(name)
    if code := query.get("area", "").strip():
        found = (
            Area.objects.filter(code=code, valid_until=None) if code.isprintable() else Area.objects.none()
        )
        chosen["area"] = found.defer("outline").first()
        if chosen["area"] is None:
            unknown.append("area")
    return Filters(unknown=tuple(unknown), **chosen)


def rows(filters: Filters, actor: Actor, *, cursor: str) -> Page[SupervisionOrder]:
    """Return one page of orders: what waits longest or is due first, what has ended by its end."""
    found = _narrowed(filters, actor).in_statuses(STATES[filters.state][1]).with_next().for_page()
    order = BY_END if filters.state == "ended" else BY_NEXT
    return keyset(found, order=order, cursor=cursor, size=SIZE)


def records(filters: Filters, actor: Actor, *, cursor: str) -> Page[SupervisionRecord]:
    """Return one page of talks and notices, the newest first."""
    found = SupervisionRecord.objects.known_to(actor)
    if filters.area is not None:
        found = found.filter(case__in=Case.objects.in_subtree(filters.area.pk).values("pk"))
    joined = found.select_related("case", "authority", "addressee", "order", "by")
    return keyset(joined, order=BY_DAY, cursor=cursor, size=SIZE)


def _narrowed(filters: Filters, actor: Actor) -> SupervisionOrderQuerySet:
    orders = SupervisionOrder.objects
    found = orders.supervised_by(actor) if filters.desk == OURS else orders.addressed_to(actor)
    if filters.level:
        found = found.filter(listed_level=filters.level)
    if filters.area is not None:
        found = found.filter(case__in=Case.objects.in_subtree(filters.area.pk).values("pk"))
    return found


def counts(filters: Filters, actor: Actor) -> dict[str, UpTo]:
    """Return how many there are in each state, shown exactly to 1,000. One query for all."""
    by_status = _narrowed(filters, actor).order_by().values_list("status").annotate(number=Count("pk"))
    numbers = dict(by_status)
    found = {state: sum(numbers.get(s, 0) for s in statuses) for state, (_label, statuses) in STATES.items()}
    return {
        state: UpTo(min(number, COUNT_LIMIT), more=number > COUNT_LIMIT) for state, number in found.items()
    }


def waiting(actor: Actor) -> int:
    """Return how many orders wait for somebody's body, counted to 100. One query at most."""
    if not actor.holds(OFFICE_ROLES):
        return 0
    found = SupervisionOrder.objects.waiting_for(actor).order_by().values("pk")
    return found[:WAITING_LIMIT].count()


def light_of(order: Any, *, at: datetime) -> Light | None:
    """Return the light of the deadline that runs on an order of `with_next`; nothing where none does."""
    if order.due_at is None or order.status not in (O.ISSUED, O.LISTED):
        return None
    reached = [(Light.YELLOW, order.yellow_at), (Light.ORANGE, order.orange_at), (Light.RED, order.due_at)]
    return max((light for light, when in reached if when and when <= at), default=Light.GREEN)
