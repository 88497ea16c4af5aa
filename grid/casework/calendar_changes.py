"""What follows from a change of the calendar: open deadlines are worked out anew, with an entry."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework import deadlines
from grid.casework.actors import Actor
from grid.casework.data import CodeField, StepData
from grid.casework.errors import CaseBusy
from grid.casework.models import Deadline, DeadlineStatus
from grid.casework.steps import take_step
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import CalendarChange, Unit
from grid.worktime.rung_table import RungTable

logger = logging.getLogger(__name__)

BATCH = 500
# Any fixed number does; it is the name of the lock among all advisory locks of this database.
RUN_LOCK = 7_201_003
# A step that began before the change was seen by all may still start a deadline by the old calendar. So much
# later none does, and what is done then is done for good.
SETTLING = timedelta(seconds=10)
OPEN = (DeadlineStatus.RUNNING, DeadlineStatus.PAUSED)
YEAR_CONFIRMED, CALENDAR_CHANGED = "year_confirmed", "calendar_changed"


class RecomputeData(StepData):
    """
    Why dates are worked out anew; written by the portal only.

    `years` are those confirmed by now, `stands` the deadlines whose date did not move, but is no longer
    provisional or warned of on another day.
    """

    why = serializers.ChoiceField(
        label=_("Why"),
        choices=[
            (YEAR_CONFIRMED, _("The calendar of a year is confirmed")),
            (CALENDAR_CHANGED, _("The calendar has changed")),
        ],
        required=False,
    )
    years = serializers.ListField(child=serializers.IntegerField(), required=False)
    stands = serializers.ListField(child=CodeField(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Name the deadlines whose date stands.

        :raises ValidationError: when nothing changes; the other of two workers has been there.
        """
        tables = _Tables()
        compared = [_compare(deadline, tables) for deadline in _open(self.context["case"].pk)]
        changed = [c for c in compared if c.differs]
        if not changed:
            raise serializers.ValidationError(_("No date of this matter changes."))
        return {
            "why": CALENDAR_CHANGED,
            **attrs,
            "stands": [c.deadline.code for c in changed if not c.moved],
        }


def recompute(detail: Any, *, by: Actor, at: datetime, **why: Any) -> None:
    """Work out the open deadlines anew after the calendar changed; the entry names each that moved."""
    for deadline in Deadline.objects.filter(case=detail.case, ended_at=None):
        deadlines.recompute(deadline)


@dataclass(frozen=True)
class Compared:
    """An open deadline as it is stored, and how the calendar of today would have it."""

    deadline: Deadline
    differs: bool
    moved: bool


@dataclass
class _Tables:
    """The calendar and the rungs, read once."""

    calendar: WorkCalendar = field(default_factory=WorkCalendar.load)
    rungs: RungTable = field(default_factory=RungTable.load)


def recompute_open(*, at: datetime) -> int:
    """
    Work out every open deadline in days anew and return how many cases changed; the others get no entry.

    For `manage.py recompute_deadlines`, whatever changed and whenever.
    """
    return _recompute(Deadline.objects.exclude(unit=Unit.HOUR), [], at=at).cases


def run(*, at: datetime) -> int:
    """
    Do what `recompute_changed` does, unless another worker is at it.

    Two at once would do no harm, but a long run should not take up every worker minute by minute.
    """
    if not CalendarChange.objects.filter(done_at=None).exists():
        return 0
    with _alone() as alone:
        return recompute_changed(at=at) if alone else 0


@contextmanager
def _alone() -> Iterator[bool]:
    """Take the lock of this job if it is free; the database gives it back when its holder is killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [RUN_LOCK])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [RUN_LOCK])


def recompute_changed(*, at: datetime) -> int:
    """
    Work out the deadlines anew that changes of the calendar can touch, and return how many cases changed.

    Each case is a step of its own, with the count of the change: a run that was killed is taken up by the
    next one, and two at once do no harm. A change is done when every case could be worked out.
    """
    changes = list(CalendarChange.objects.filter(done_at=None, at__lte=at).order_by("at", "pk"))
    if not changes:
        return 0
    wanted = Q()
    for change in changes:
        wanted |= touched(change)
    run = _recompute(Deadline.objects.filter(wanted), changes, at=at)
    if not run.left:
        settled = [c.pk for c in changes if c.at <= at - SETTLING]
        CalendarChange.objects.filter(pk__in=settled, done_at=None).update(done_at=at)
    return run.cases


def touched(change: CalendarChange) -> Q:
    """
    Return the open deadlines that a change can move.

    Confirming a year moves nothing by itself: it ends what was provisional. A changed day counts for working
    days from start to end, for calendar days only where the end may roll over it.
    """
    if change.year is not None:
        return Q(provisional=True)
    began = Q(starts_at__lt=_after(change.last_on))
    reaching = Q(due_on__gte=change.first_on) | Q(status=DeadlineStatus.PAUSED)
    rolling = Q(rolls=True) & (Q(raw_on__lte=change.last_on) | Q(status=DeadlineStatus.PAUSED))
    return began & reaching & (Q(unit=Unit.WORKDAY) | (Q(unit=Unit.DAY) & rolling))


@dataclass
class _Run:
    """What a run did: cases that changed, and how many it had to leave to the next one."""

    cases: int = 0
    left: int = 0


def _recompute(rows: QuerySet[Deadline], changes: Sequence[CalendarChange], *, at: datetime) -> _Run:
    """Look at some open deadlines in batches, and take the step for each case of which one differs."""
    tables, machine, run = _Tables(), Actor.machine(), _Run()
    for batch in _batches(rows):
        differing: dict[int, list[Deadline]] = {}
        for deadline in batch:
            try:
                differs = _compare(deadline, tables).differs
            except SoftTimeLimitExceeded:
                raise
            except Exception:  # whatever is wrong with it does not stop the others
                logger.exception("The dates of case %s could not be worked out anew.", deadline.case_id)
                run.left += 1
                continue
            if differs:
                differing.setdefault(deadline.case_id, []).append(deadline)
        for case_id, found in differing.items():
            because = [c for c in changes if any(_touches(c, d) for d in found)]
            _recompute_case(case_id, because, machine, run, at=at)
    return run


def _recompute_case(
    case_id: int,
    because: Sequence[CalendarChange],
    machine: Actor,
    run: _Run,
    *,
    at: datetime,
) -> None:
    """Take the step for one case and count it with the changes that it follows from, whole or not at all."""
    years = sorted({c.year for c in because if c.year is not None})
    only_confirmed = bool(because) and all(c.year is not None for c in because)
    data = {"why": YEAR_CONFIRMED if only_confirmed else CALENDAR_CHANGED, "years": years}
    try:
        with transaction.atomic():
            take_step(case_id, "recompute", by=machine, data=data, at=at)
            ids = [c.pk for c in because]
            CalendarChange.objects.filter(pk__in=ids).update(moved=F("moved") + 1)
    except serializers.ValidationError:
        return  # Somebody was there first.
    except CaseBusy:
        run.left += 1
        return
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        logger.exception("The dates of case %s could not be worked out anew.", case_id)
        run.left += 1
        return
    run.cases += 1


def _open(case_id: int) -> list[Deadline]:
    """Return the open deadlines of a case with all they are computed from."""
    return list(_with_parts(Deadline.objects.filter(case=case_id, ended_at=None)))


def _with_parts(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    return rows.prefetch_related("pauses", "extensions", "rungs")


def _batches(rows: QuerySet[Deadline]) -> Iterator[list[Deadline]]:
    """Yield open deadlines in short batches, by case, so that memory does not grow with the city."""
    last = (0, 0)
    while True:
        rest = Q(case__gt=last[0]) | Q(pk__gt=last[1])
        # By the status, as the index of open deadlines is: it is read once from end to end.
        found = rows.filter(rest, case__gte=last[0], status__in=OPEN).order_by("case", "pk")
        batch = list(_with_parts(found)[:BATCH])
        if not batch:
            return
        last = (batch[-1].case_id, batch[-1].pk)
        yield batch


def _compare(deadline: Deadline, tables: _Tables) -> Compared:
    """Compute a deadline without saving it, and say whether it differs from what is stored, and moved."""
    due_at = deadline.due_at
    before = deadlines.computed(deadline)
    deadlines.compute(deadline, tables.calendar, tables.rungs)
    return Compared(deadline, before != deadlines.computed(deadline), due_at != deadline.due_at)


def _touches(change: CalendarChange, deadline: Deadline) -> bool:
    """Tell whether a deadline that differs may do so because of a change."""
    if change.year is not None:
        return not deadline.provisional
    last = deadline.due_on or change.first_on
    return timezone.localdate(deadline.starts_at) < change.last_on and last >= change.first_on


def _after(day: date) -> datetime:
    """Return the first instant after a local day."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)).astimezone(UTC)
