"""Climb the ladder: tell whoever has to know that a deadline comes near or has passed, exactly once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.casework import kinds, rungs
from grid.casework.actors import Actor
from grid.casework.models import Case, DeadlineStatus
from grid.casework.rungs import Climb, OpenDeadline, Plan, Written
from grid.casework.steps import take_step
from grid.notices import channels
from grid.people.models import User
from grid.supervision.circle import Circle, Circles
from grid.supervision.models import LadderRun, SetAside
from grid.supervision.orders.current import addressees_of
from grid.supervision.orders.deadlines import CODES
from grid.supervision.orders.services import Proposal, propose
from grid.worktime.arithmetic import Light
from grid.worktime.models import DeadlineRule

logger = logging.getLogger(__name__)

RUNS_KEPT = 1000
# What is no fault of the case in hand: the next run takes it again.
NOT_ITS_FAULT = (OperationalError, InterfaceError, SoftTimeLimitExceeded)
# Whoever opens one of these cases meanwhile waits for the end of the batch, a quarter of a second.
BATCH = 250
# What a pass reads of a case; the rest of a wide row stays where it is.
COLUMNS = (
    "kind",
    "number",
    "sealed",
    "lead_id",
    "assignee_id",
    "reporter_id",
    "area_id",
    "heard_at",
    "silent_at",
    "next_rung_at",
    "event_count",
    "event_head",
)
Place = tuple[datetime, int]


@dataclass(frozen=True)
class Told:
    """One thing that was told of a case: a rung of a deadline or, without one, a silence; and to whom."""

    number: str
    sealed: bool
    deadline: OpenDeadline | None
    level: int
    told: list[int]
    vacant: list[tuple[int, str]]


@dataclass
class Report:
    """What a run did: cases taken, pauses ended, rungs and silences told, people told, cases set aside."""

    at: datetime
    cases: int = 0
    resumed: int = 0
    rungs: int = 0
    silences: int = 0
    told: int = 0
    proposed: int = 0
    set_aside: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take in what another lane of the same run did."""
        for name in ("cases", "resumed", "rungs", "silences", "told", "proposed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.set_aside += other.set_aside


class PoisonedCaseError(Exception):
    """The rows of a case contradict each other, so that nobody can tell what is due."""


def climb(
    at: datetime,
    *,
    batch: int = BATCH,
    dry_run: bool = False,
    seconds: float | None = None,
    listen: Callable[[Told], None] | None = None,
    lanes: int = 1,
) -> Report:
    """
    Climb every rung that is due at an instant, each exactly once, and say what was done.

    Cases are taken in short batches, those that fell due first before the others; those that somebody works
    on at this moment are left to the next run, so any number of workers may run this at once. A batch is one
    transaction: rungs, entries, proposals and clocks come to be together or not at all. Killed at any
    moment, the run loses at most the batch in hand, which nobody has seen. A case whose rows contradict each
    other is set aside with an alert, and the others go on. A dry run does the same and rolls each batch back.

    :param seconds: after so long no new batch is begun; the next run goes on.
    :param listen: called with each thing told, in a batch that is still to be committed.
    :param lanes: so many batches are in hand at once where more than one is due, each on a connection of its
        own: while the database writes one, the next is worked out. Not in a dry run.
    """
    run = None if dry_run else LadderRun.objects.create(at=at, started_at=timezone.now())
    until = None if seconds is None else monotonic() + seconds
    pass_ = _Pass(Report(at), listen)
    place = pass_.take(None, batch=batch, dry_run=dry_run)
    if lanes > 1 and not dry_run and pass_.report.cases >= batch:
        with ThreadPoolExecutor(lanes - 1) as pool:
            beside = [pool.submit(_lane, at, batch=batch, until=until) for _lane_ in range(lanes - 1)]
            pass_.go_on(place, batch=batch, until=until)
        for lane in beside:
            pass_.report.add(lane.result())
    else:
        pass_.go_on(place, batch=batch, until=until, dry_run=dry_run)
    if run is not None:
        _finish(run, pass_.report)
    return pass_.report


def _lane(at: datetime, *, batch: int, until: float | None) -> Report:
    """Climb beside another lane, on a connection of its own: each takes what the other has not locked."""
    pass_ = _Pass(Report(at), None)
    try:
        pass_.go_on(pass_.take(None, batch=batch), batch=batch, until=until)
    finally:
        connection.close()
    return pass_.report


class _Pass:
    """One pass over what is due, with what it has read of offices, people and rules."""

    def __init__(self, report: Report, listen: Callable[[Told], None] | None) -> None:
        self.report = report
        self.at = report.at
        self.listen = listen
        self.circles = Circles(on=timezone.localdate(report.at))
        self.user = User.objects.machine()
        self.machine = Actor(self.user)
        self.rules: dict[int, str] = {}
        self.addressees: dict[int, int] = {}

    def go_on(self, place: Place | None, *, batch: int, until: float | None, dry_run: bool = False) -> None:
        """Take batch after batch, until nothing is due or the time is up."""
        while place is not None and (until is None or monotonic() < until):
            place = self.take(place, batch=batch, dry_run=dry_run)

    def take(self, after: Place | None, *, batch: int, dry_run: bool = False) -> Place | None:
        """Climb the next cases in one transaction, and return the place of the last, if there was any."""
        with transaction.atomic():
            cases = _due(self.at, after=after, batch=batch)
            if not cases:
                return None
            last = cases[-1]
            place = (last.next_rung_at, last.pk)
            self._climb(cases)
            if dry_run:
                transaction.set_rollback(True)
        return place  # type: ignore[return-value]

    def _climb(self, cases: list[Case]) -> None:
        """Plan what each locked case has reached, and write all of it."""
        self.circles.look_at(cases)
        open_rows = self._open_deadlines(cases)
        supervised = [pk for pk, rows in open_rows.items() if any(d.code in CODES for d in rows)]
        self.addressees = addressees_of(supervised) if supervised else {}
        plans: list[tuple[Plan, list[Told]]] = []
        for case in cases:
            try:
                fresh, rows = self._resume(case, open_rows[case.pk])
                if fresh.next_rung_at is not None and fresh.next_rung_at <= self.at:
                    plans.append(self._plan(fresh, rows))
                else:
                    self.report.cases += 1
            except NOT_ITS_FAULT:
                raise
            except Exception as error:  # whatever is wrong with it does not stop the others
                self._set_aside(case, error)
        self._write(plans)
        if self.report.set_aside:
            unsealed = SetAside.objects.waiting().filter(case__sealed=False)
            channels.ladder_set_aside(unsealed.count(), at=self.at)

    def _open_deadlines(self, cases: Sequence[Case]) -> dict[int, list[OpenDeadline]]:
        """Read the open deadlines of some cases, and the rules that are not known yet."""
        found: dict[int, list[OpenDeadline]] = defaultdict(list)
        for deadline in rungs.open_deadlines(cases):
            found[deadline.case_id].append(deadline)
        fresh = {d.rule_id for rows in found.values() for d in rows} - self.rules.keys()
        if fresh:
            self.rules |= dict(DeadlineRule.objects.filter(pk__in=fresh).values_list("pk", "code"))
        return found

    def _resume(self, case: Case, rows: list[OpenDeadline]) -> tuple[Case, list[OpenDeadline]]:
        """Let the pauses run out that have an end by now, and return the case as it stands then."""
        ended = [d for d in rows if d.is_due(self.at) and d.status == DeadlineStatus.PAUSED]
        if not ended:
            return case, rows
        with transaction.atomic():
            fresh = take_step(case.pk, "resume", by=self.machine, data={}, at=self.at).case
        self.report.resumed += len(ended)
        return fresh, self._open_deadlines([fresh])[fresh.pk]

    def _plan(self, case: Case, rows: list[OpenDeadline]) -> tuple[Plan, list[Told]]:
        """
        Work out what a case has reached and who is told of it; nothing is read but what is not known yet.

        :raises PoisonedCaseError: when the case says that something is due and its rows do not, or when a
            deadline follows a rule that is gone.
        """
        kinds.get(case.kind)
        climbs, told, ahead = [], [], []
        for deadline in rows:
            if self.rules.get(deadline.rule_id) != deadline.code:
                raise PoisonedCaseError(f"The rule of {deadline.code} is gone.")
            climb_ = rungs.reached(deadline, at=self.at) if deadline.is_due(self.at) else None
            if climb_ is None:
                ahead.append(deadline.next_rung_at)
                continue
            circle = self.circles.of(
                case,
                code=deadline.code,
                unit=deadline.unit,
                level=climb_.level,
                holder=self.addressees.get(case.pk) if deadline.code in CODES else None,
            )
            climbs.append(Climb(deadline, climb_.levels, climb_.next_rung_at, circle.data))
            told.append(_told(case, circle, deadline, climb_.level))
            ahead.append(climb_.next_rung_at)
        silence = None
        if case.silent_at is not None and case.silent_at <= self.at and case.heard_at is not None:
            circle = self.circles.of_silence(case)
            silence = circle.data | {"days": (self.at - case.heard_at).days}
            told.append(_told(case, circle, None, 0))
        else:
            ahead.append(case.silent_at)
        next_rung_at = min((when for when in ahead if when is not None), default=None)
        if not told or (next_rung_at is not None and next_rung_at <= self.at):
            raise PoisonedCaseError(
                "What is due is not written in its rows; check_ledger shows what is wrong."
            )
        return Plan(case, tuple(climbs), silence, next_rung_at), told

    def _write(self, plans: list[tuple[Plan, list[Told]]]) -> None:
        """Write plans in a savepoint; a refused batch is halved until the poisoned case stands alone."""
        if not plans:
            return
        try:
            with transaction.atomic():
                rungs.write([plan for plan, _told in plans], by=self.user, at=self.at, follows=self._propose)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:
            if len(plans) == 1:
                self._set_aside(plans[0][0].case, error)
                return
            middle = len(plans) // 2
            self._write(plans[:middle])
            self._write(plans[middle:])
            return
        self._count(plans)

    def _propose(self, written: list[Written]) -> dict[int, dict[str, Any]]:
        """Propose a supervision order for each deadline that has passed, by the nearest superior."""
        proposals = []
        for row in written:
            case = row.case
            authority = self.circles.nearest_superior(case.lead_id)
            if row.climb.level == Light.RED and authority is not None and not case.sealed:
                late = row.climb.deadline.pk
                proposals.append(Proposal(case.pk, late, row.rung_id, authority, case.lead_id))
        orders = propose(proposals, self.at) if proposals else {}
        self.report.proposed += len(orders)
        first = {p.case_id: p.deadline_id for p in reversed(proposals)}
        return {first[case_id]: {"proposal": order} for case_id, order in orders.items()}

    def _count(self, plans: Iterable[tuple[Plan, list[Told]]]) -> None:
        """Take what was written into the report."""
        for plan, told in plans:
            self.report.cases += 1
            self.report.rungs += len(plan.climbs)
            self.report.silences += plan.silence is not None
            self.report.told += sum(len(row.told) for row in told)
            for row in told if self.listen else ():
                self.listen(row)  # type: ignore[misc]

    def _set_aside(self, case: Case, error: Exception) -> None:
        """Set a case aside until somebody has looked at it, with an alert."""
        # Neither the log nor a terminal is a compartment.
        name = _("A sealed matter") if case.sealed else case.number
        logger.error("The ladder sets case %s aside.", case.pk, exc_info=error)
        reason = f"{type(error).__name__}: {error}" if isinstance(error, PoisonedCaseError | KeyError) else ""
        SetAside.objects.put(case, reason=reason or type(error).__name__, at=self.at)
        self.report.set_aside.append(name)


def _due(at: datetime, *, after: Place | None, batch: int) -> list[Case]:
    """
    Lock the next cases with a due rung, in the order in which they fell due.

    Going on after the last place, and not from the top, passes by what was locked.
    """
    aside = SetAside.objects.filter(case=OuterRef("pk"), cleared_at=None)
    due = Case.objects.filter(~Exists(aside), next_rung_at__lte=at).only(*COLUMNS)
    if after is not None:
        rung_at, pk = after
        due = due.filter(next_rung_at__gte=rung_at).filter(Q(next_rung_at__gt=rung_at) | Q(pk__gt=pk))
    locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(locked.order_by("next_rung_at", "pk")[:batch])


def _told(case: Case, circle: Circle, deadline: OpenDeadline | None, level: int) -> Told:
    return Told(case.number, case.sealed, deadline, level, circle.told, circle.vacant)


def _finish(run: LadderRun, report: Report) -> None:
    """Note the end of a run, and forget the runs of long ago."""
    run.finished_at = timezone.now()
    run.cases, run.told, run.failed = report.cases, report.told, len(report.set_aside)
    run.save(update_fields=["finished_at", "cases", "told", "failed"])
    LadderRun.objects.filter(pk__lte=run.pk - RUNS_KEPT).delete()
