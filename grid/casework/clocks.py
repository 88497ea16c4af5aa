"""The deadlines of a case as a page shows them: what is left, which light, how the date was worked out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Sum, prefetch_related_objects
from django.db.models.functions import Coalesce

from grid.casework import deadlines
from grid.casework.models import Case, Deadline, DeadlineStatus, Extension, Pause
from grid.casework.turns import turns_of
from grid.casework.worked_out import WorkedOut
from grid.worktime.calendar import WorkCalendar
from grid.worktime.choices import Binds
from grid.worktime.rung_table import RungTable

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Who asked for a pause or an extension, and who decided on it.
ASKED = ("request__asked_by", "request__decided_by", "request__decider")


@dataclass
class Clock:
    """A deadline of the case as the page shows it."""

    deadline: Deadline
    light: str
    worked: WorkedOut
    days_left: int | timedelta | None = None
    until: datetime | None = None

    @property
    def is_ours(self) -> bool:
        """Tell whether an office has to keep it."""
        return self.deadline.binds == Binds.OFFICE


def clocks_of(
    case: Case, *, at: datetime, calendar: WorkCalendar | None = None, public: bool = False
) -> list[Clock]:
    """
    Return the deadlines of a case, those that run first.

    Three queries whatever their number (deadlines, calendar, rungs), one more for pauses and for extensions.

    :param case: with its lead.
    :param public: worded for the person whose matter it is, and without what fell away.
    """
    rows = _read(Deadline.objects.filter(case=case))
    if not rows:
        return []
    calendar, rungs = calendar or WorkCalendar.load(), RungTable.load()
    # Who is told, the rungs of the day say on which the ladder climbs; the instants stand in the row.
    today = calendar.local_day(at)
    found = []
    for deadline in rows:
        turns = turns_of(
            deadline,
            rungs.of(deadline.code, deadline.unit, on=today),
            lead=case.lead.label,
            at=at,
            public=public,
        )
        due = deadlines.worked_out(deadline, calendar=calendar)
        found.append(_clock(WorkedOut(deadline, due, calendar, at, turns)))
    return found


def _read(wanted: QuerySet[Deadline]) -> list[Deadline]:
    """
    Read deadlines with their rules, their pauses and their extensions, if there are any.

    `extended` and `times` are what `Leeway` wants to know.
    """
    found = wanted.select_related("rule").annotate(
        was_paused=Exists(Pause.objects.filter(deadline=OuterRef("pk"))),
        extended=Coalesce(Sum("extensions__length"), 0),
        times=Count("extensions"),
    )
    in_order = found.order_by(F("ended_at").desc(nulls_first=True), F("due_at").asc(nulls_last=True), "pk")
    rows: list[Deadline] = list(in_order)
    was_paused = any(d.was_paused for d in rows)  # type: ignore[attr-defined]
    was_extended = any(d.times for d in rows)  # type: ignore[attr-defined]
    pauses = Pause.objects.select_related(*ASKED) if was_paused else Pause.objects.none()
    longer = Extension.objects.all() if was_extended else Extension.objects.none()
    longer = longer.select_related(*ASKED)
    prefetch_related_objects(rows, Prefetch("pauses", pauses), Prefetch("extensions", longer))
    return rows


def _clock(worked: WorkedOut) -> Clock:
    deadline = worked.deadline
    if deadline.status == DeadlineStatus.PAUSED:
        pause = next(p for p in deadline.pauses.all() if p.ended_at is None)
        left = deadlines.left(deadline, at=worked.at, calendar=worked.calendar)
        return Clock(deadline, "paused", worked, days_left=left, until=pause.until)
    if deadline.is_open:
        return Clock(deadline, deadlines.light(deadline, at=worked.at).name.lower(), worked)
    late = bool(deadline.due_at and deadline.ended_at and deadline.ended_at >= deadline.due_at)
    met = "met_late" if late else "met"
    return Clock(deadline, met if deadline.status == DeadlineStatus.MET else "none", worked)
