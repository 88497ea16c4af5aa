"""Climb the ladder: tell whoever has to know that a deadline comes near or has passed, exactly once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from grid.casework import deadlines
from grid.casework.actors import Actor
from grid.casework.models import Case, Deadline, DeadlineStatus
from grid.casework.steps import take_step
from grid.supervision.circle import Circles
from grid.supervision.models import LadderRun

logger = logging.getLogger(__name__)

RUNS_KEPT = 1000
Place = tuple[datetime, int]


@dataclass(frozen=True)
class Climbed:
    """One rung that was told: of which deadline of which case, to whom, and which posts were vacant."""

    number: str
    sealed: bool
    deadline: Deadline
    level: int
    told: list[int]
    vacant: list[tuple[int, str]]


@dataclass
class Report:
    """What a run did: cases taken, pauses that ran out, rungs told, and the numbers of cases that failed."""

    at: datetime
    cases: int = 0
    resumed: int = 0
    climbed: list[Climbed] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def told(self) -> int:
        """Return how many times somebody was told of a rung."""
        return sum(len(c.told) for c in self.climbed)


class StaleClockError(Exception):
    """A case says that a rung is due, but none of its deadlines does."""


def climb(at: datetime, *, batch: int = 20, dry_run: bool = False, seconds: float | None = None) -> Report:
    """
    Climb every rung that is due at an instant, each exactly once, and say what was done.

    Cases are taken in short batches (whoever opens one of them meanwhile waits for its end); those that
    somebody works on at this moment are left to the next run.
    Each case has a savepoint: rungs, entry and clocks come to be together or not at all, and a case that
    fails is logged, left behind and taken again by the next run. Killed at any moment, the run loses at most
    the batch in hand, which nobody has seen. A dry run does the same and rolls each batch back.

    :param seconds: after so long no new batch is begun; the next run goes on.
    """
    report = Report(at)
    run = None if dry_run else LadderRun.objects.create(at=at, started_at=timezone.now())
    began = monotonic()
    place: Place | None = _climb_batch(report, after=None, batch=batch, dry_run=dry_run)
    while place is not None and (seconds is None or monotonic() - began < seconds):
        place = _climb_batch(report, after=place, batch=batch, dry_run=dry_run)
    if run is not None:
        _finish(run, report)
    return report


def _climb_batch(report: Report, *, after: Place | None, batch: int, dry_run: bool) -> Place | None:
    """Climb the next cases in one transaction, and return the place of the last, if there was any."""
    with transaction.atomic():
        cases = _due(report.at, after=after, batch=batch)
        circles = Circles(cases, on=timezone.localdate(report.at))
        machine = Actor.machine()
        for case in cases:
            _climb_safely(case, report, circles, machine)
        if dry_run:
            transaction.set_rollback(True)
    return (cases[-1].next_rung_at, cases[-1].pk) if cases else None  # type: ignore[return-value]


def _due(at: datetime, *, after: Place | None, batch: int) -> list[Case]:
    """
    Lock the next cases with a due rung, in the order in which they fell due.

    Going on after the last place, and not from the top, passes by what failed or was locked.
    """
    due = Case.objects.filter(next_rung_at__lte=at)
    if after is not None:
        rung_at, pk = after
        due = due.filter(next_rung_at__gte=rung_at).filter(Q(next_rung_at__gt=rung_at) | Q(pk__gt=pk))
    locked = due.select_for_update(skip_locked=True, no_key=True)
    return list(locked.order_by("next_rung_at", "pk")[:batch])


def _climb_safely(case: Case, report: Report, circles: Circles, machine: Actor) -> None:
    """Climb one case in a savepoint; whatever goes wrong with it does not stop the others."""
    try:
        with transaction.atomic():
            resumed, climbed = _climb_case(case, report.at, circles, machine)
    except Exception:
        logger.exception("The ladder failed on %s; the next run takes it again.", case.number)
        report.failed.append(case.number)
        return
    report.cases += 1
    report.resumed += resumed
    report.climbed += climbed


def _climb_case(case: Case, at: datetime, circles: Circles, machine: Actor) -> tuple[int, list[Climbed]]:
    """
    Let the pauses of a case run out that have an end, then climb each of its deadlines to where it stands.

    :return: how many pauses ran out, and the rungs that were told.
    :raises StaleClockError: when nothing was due, or something is still due afterwards.
    """
    due = _due_deadlines(case, at)
    paused = sum(d.status == DeadlineStatus.PAUSED for d in due)
    next_rung_at = case.next_rung_at
    if paused:
        next_rung_at = take_step(case.pk, "resume", by=machine, data={}, at=at).case.next_rung_at
        due = _due_deadlines(case, at)
    climbed = []
    for deadline in due:
        rung, next_rung_at = _climb_deadline(case, deadline, at, circles, machine)
        climbed.append(rung)
    if next_rung_at is not None and next_rung_at <= at:
        raise StaleClockError("check_ledger shows what is wrong")
    return paused, climbed


def _due_deadlines(case: Case, at: datetime) -> list[Deadline]:
    """Return the deadlines of a case that have a rung due."""
    return list(Deadline.objects.filter(case=case, ended_at=None, next_rung_at__lte=at).order_by("pk"))


def _climb_deadline(
    case: Case, deadline: Deadline, at: datetime, circles: Circles, machine: Actor
) -> tuple[Climbed, datetime | None]:
    """Take the step that writes the rungs of one deadline, and return what was told and the next rung."""
    level = max(deadlines.passed(deadline, at=at), default=0)
    if not level:
        raise StaleClockError("check_ledger shows what is wrong")
    circle = circles.of(case, unit=deadline.unit, level=level)
    data = {
        "deadline": deadline.code,
        "level": level,
        "due_at": deadline.due_at,
        "told": circle.told,
        "organisation": circle.organisation,
        "vacant": [{"organisation": pk, "post": post} for pk, post in circle.vacant],
    }
    taken = take_step(case.pk, "climb", by=machine, data=data, at=at)
    climbed = Climbed(case.number, case.sealed, deadline, level, circle.told, circle.vacant)
    return climbed, taken.case.next_rung_at


def _finish(run: LadderRun, report: Report) -> None:
    """Note the end of a run, and forget the runs of long ago."""
    run.finished_at = timezone.now()
    run.cases, run.told, run.failed = report.cases, report.told, len(report.failed)
    run.save(update_fields=["finished_at", "cases", "told", "failed"])
    LadderRun.objects.filter(pk__lte=run.pk - RUNS_KEPT).delete()
