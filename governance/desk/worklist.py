"""What stands on a desk: views, filters, counts and order of the worklist across kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area
from grid.casework import kinds
from grid.casework.actors import OFFICE_ROLES, Actor
from grid.casework.models import Case, Deadline, Pause, Phase, Urgency
from grid.casework.paging import Page, UpTo, keyset
from grid.casework.querysets import CaseQuerySet
from grid.worktime.arithmetic import Light
from grid.worktime.choices import Binds

Words = str | Promise

COUNT_LIMIT = 1000
SOON = timedelta(hours=24)
SIZES = (25, 50, 100)

DESKS: dict[str, Words] = {
    "ours": _("For us to handle"),
    "mine": _("Assigned to me"),
    "reported": _("Reported by me"),
    "all": _("Everything I may see"),
}
STATES: dict[str, Words] = {
    "open": _("Open"),
    "new": _("New"),
    "late": _("Late"),
    "soon": _("Due within 24 hours"),
    "waiting": _("Waiting"),
    "closed": _("Closed"),
}
BY_DUE = (("next_due_at", "asc nulls last"), ("id", "asc"))
BY_REGISTERED = (("registered_at", "desc"), ("id", "desc"))


@dataclass(frozen=True)
class Filters:
    """What somebody asked for: values that exist; what was not understood stands in `unknown`."""

    desk: str = "all"
    state: str = "open"
    kind: str = ""
    urgency: str = ""
    area: Area | None = None
    text: str = ""
    order: str = "due"
    size: int = 25
    unknown: tuple[str, ...] = field(default=(), compare=False)

    def query(self, **changes: Any) -> str:
        """Return these filters as the query part of an address, with changes."""
        new = replace(self, **changes)
        values = {
            "desk": new.desk,
            "state": new.state,
            "kind": new.kind,
            "urgency": new.urgency,
            "area": new.area.code if new.area else "",
            "q": new.text,
            "order": new.order if new.order != "due" else "",
            "size": new.size if new.size != SIZES[0] else "",
        }
        return urlencode({name: value for name, value in values.items() if value})


def read_filters(query: Mapping[str, str], actor: Actor) -> Filters:
    """Return the filters of an address; a value that does not exist is left out and named."""
    unknown = []
    allowed = {
        "desk": set(DESKS),
        "state": set(STATES),
        "kind": {k.code for k in kinds.all_kinds()},
        "urgency": set(Urgency.values),
        "order": {"due", "newest"},
    }
    chosen: dict[str, Any] = {"desk": home_desk(actor)}
    for name, values in allowed.items():
        if value := query.get(name, ""):
            if value in values:
                chosen[name] = value
            else:
                unknown.append(name)
    if code := query.get("area", "").strip():
        chosen["area"] = Area.objects.filter(code=code, valid_until=None).first()
        if chosen["area"] is None:
            unknown.append("area")
    size = query.get("size", "")
    if size:
        if size in map(str, SIZES):
            chosen["size"] = int(size)
        else:
            unknown.append("size")
    return Filters(text=query.get("q", "").strip()[:60], unknown=tuple(unknown), **chosen)


def home_desk(actor: Actor) -> str:
    """Return the desk that somebody sees first: what his office has to handle, or what he reported."""
    if actor.holds(OFFICE_ROLES):
        return "ours"
    return "reported" if actor.postings else "all"


def rows(filters: Filters, actor: Actor, *, at: datetime, cursor: str) -> Page[Case]:
    """Return one page of the worklist, each row with the lights of its next deadline or its pause."""
    next_deadline = Deadline.objects.filter(
        case=OuterRef("pk"), ended_at=None, due_at=OuterRef("next_due_at")
    ).order_by("id")
    stands_still = {"deadline__case": OuterRef("pk"), "deadline__binds": Binds.OFFICE, "ended_at": None}
    pause = Pause.objects.filter(**stands_still).order_by("until")
    found = in_state(narrowed(filters, actor), filters.state, at=at).annotate(
        yellow_at=Subquery(next_deadline.values("yellow_at")[:1]),
        orange_at=Subquery(next_deadline.values("orange_at")[:1]),
        provisional=Subquery(next_deadline.values("provisional")[:1]),
        paused_until=Subquery(pause.values("until")[:1]),
    )
    newest = filters.order == "newest" or filters.state == "closed"
    return keyset(
        found.select_related("lead", "area", "area__parent", "assignee"),
        order=BY_REGISTERED if newest else _due_order(filters.state),
        cursor=cursor,
        size=filters.size,
    )


def _due_order(state: str) -> tuple[tuple[str, str], ...]:
    """Leave the part without due date out where there can be none: one query less."""
    return (("next_due_at", "asc"), ("id", "asc")) if state in ("late", "soon") else BY_DUE


def narrowed(filters: Filters, actor: Actor) -> CaseQuerySet:
    """Return what may be seen and was asked for, in whatever state."""
    found = _on_desk(Case.objects.visible_to(actor), filters.desk, actor)
    if filters.kind:
        found = found.of_kind(filters.kind)
    if filters.urgency:
        found = found.filter(urgency=filters.urgency)
    if filters.area is not None:
        found = found.in_subtree(filters.area.pk)
    if filters.text:
        found = found.filter(Q(number__iexact=filters.text) | Q(title__icontains=filters.text))
    return found


def _on_desk(found: CaseQuerySet, desk: str, actor: Actor) -> CaseQuerySet:
    if desk == "ours":
        return found.filter(lead__in=actor.organisations_in(OFFICE_ROLES))
    if desk == "mine":
        return found.filter(assignee=actor.user)
    if desk == "reported":
        return found.filter(reporter=actor.user)
    return found


def in_state(found: CaseQuerySet, state: str, *, at: datetime) -> CaseQuerySet:
    """Keep the cases in a state of the worklist."""
    if state == "new":
        return found.filter(phase=Phase.INTAKE)
    if state == "late":
        return found.overdue(at=at)
    if state == "soon":
        return found.due_before(at + SOON, at=at)
    if state == "waiting":
        return found.filter(phase=Phase.WAITING)
    if state == "closed":
        return found.filter(phase=Phase.CLOSED)
    return found.open()


def counts(filters: Filters, actor: Actor, *, at: datetime) -> dict[str, UpTo]:
    """Return how many there are in each state, exact to 1,000. One query for all."""
    found = narrowed(filters, actor)
    parts: list[str] = []
    values: list[Any] = []
    for state in STATES:
        limited = in_state(found, state, at=at).order_by().values("pk")[: COUNT_LIMIT + 1]
        sql, params = limited.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS {state})")  # noqa: S608
        values.extend(params)
    with connection.cursor() as cursor:
        # Django compiled every part; only the names of states, which are ours, are put in.
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        numbers = cursor.fetchone()
    return {
        state: UpTo(min(number, COUNT_LIMIT), more=number > COUNT_LIMIT)
        for state, number in zip(STATES, numbers, strict=True)
    }


def light_of(case: Any, *, at: datetime) -> Light | None:
    """Return the light of a row; a case without a running deadline has none."""
    if case.next_due_at is None:
        return None
    reached = [
        (Light.YELLOW, case.yellow_at),
        (Light.ORANGE, case.orange_at),
        (Light.RED, case.next_due_at),
    ]
    return max((light for light, when in reached if when and when <= at), default=Light.GREEN)


def is_silent(case: Any, *, at: datetime) -> bool:
    """Tell whether the person whose matter a row is has heard nothing for too long."""
    return case.silence_told or (case.silent_at is not None and case.silent_at <= at)
