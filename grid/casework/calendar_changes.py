"""What follows from a change of the calendar: open deadlines are worked out anew, with an entry."""

from __future__ import annotations

from datetime import datetime

from grid.casework import deadlines
from grid.casework.actors import Actor
from grid.casework.models import Deadline
from grid.casework.steps import take_step
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import Unit


def recompute_open(*, at: datetime) -> int:
    """
    Work out every open deadline in days anew and return how many cases moved; the others get no entry.

    Each case is a step of its own, so a run that was stopped is taken up by the next one.
    """
    calendar = WorkCalendar.load()
    rows = Deadline.objects.filter(ended_at=None).exclude(unit=Unit.HOUR).select_related("rule")
    moved: set[int] = set()
    for deadline in rows.iterator():
        before = (deadline.due_at, deadline.yellow_at, deadline.orange_at, deadline.provisional)
        deadlines.compute(deadline, calendar)
        if before != (deadline.due_at, deadline.yellow_at, deadline.orange_at, deadline.provisional):
            moved.add(deadline.case_id)
    machine = Actor.machine()
    for case_id in sorted(moved):
        take_step(case_id, "recompute", by=machine, data={}, at=at)
    return len(moved)
