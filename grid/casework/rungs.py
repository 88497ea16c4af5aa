"""Climb: write the rungs that deadlines have passed, and silences, on many cases in few statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from grid.casework import deadlines, timeline
from grid.casework.actors import Actor
from grid.casework.models import Case, Deadline, DeadlineStatus, Rung, SilenceRung
from grid.casework.timeline import Entry
from grid.worktime.models import Binds

CLIMBED, SILENT = "climb", "silence"
SAVE_DEADLINES = """
    UPDATE casework_deadline d SET next_rung_at = n.next_rung_at
      FROM unnest(%s::bigint[], %s::timestamptz[]) n(id, next_rung_at) WHERE d.id = n.id
"""
SAVE_CASES = """
    UPDATE casework_case c SET next_rung_at = n.next_rung_at, silent_at = n.silent_at,
           event_count = n.event_count, event_head = n.event_head
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::integer[], %s::text[])
           n(id, next_rung_at, silent_at, event_count, event_head)
     WHERE c.id = n.id
"""


@dataclass(frozen=True)
class Climb:
    """
    What one deadline has reached: every level passed, of which only the highest is told.

    `next_rung_at` is what lies ahead after it; `data` go into the entry beside deadline, level and due
    instant.
    """

    deadline: Deadline
    levels: tuple[int, ...]
    next_rung_at: datetime | None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> int:
        """Return the highest level, which is told."""
        return self.levels[-1]


@dataclass(frozen=True)
class Plan:
    """What a pass writes on one locked case: its climbs, its silence if there is one, its next instant."""

    case: Case
    climbs: tuple[Climb, ...]
    silence: dict[str, Any] | None
    next_rung_at: datetime | None


@dataclass(frozen=True)
class Written:
    """A rung that was written and is told."""

    deadline: Deadline
    rung: Rung


def reached(deadline: Deadline, *, at: datetime) -> Climb | None:
    """
    Return what a deadline has reached at an instant and nobody has written yet, or nothing.

    Nothing is read: what lies at or after its stored `next_rung_at` has not been climbed.
    """
    since = deadline.next_rung_at
    if since is None or deadline.status != DeadlineStatus.RUNNING or deadline.binds != Binds.OFFICE:
        return None
    marks = deadlines.rungs(deadline)
    levels = tuple(sorted(level for level, when in marks if since <= when <= at))
    if not levels:
        return None
    ahead = min((when for level, when in marks if level > levels[-1]), default=None)
    return Climb(deadline, levels, ahead)


def write(
    plans: Sequence[Plan],
    *,
    by: Actor,
    at: datetime,
    follows: Callable[[list[Written]], Mapping[int, dict[str, Any]]],
) -> None:
    """
    Write the plans of locked cases: rungs, entries, feed rows and clocks, in at most seven statements.

    Whole or not at all: call it in a transaction of its own savepoint. It is the step `climb` (and
    `silence`) of all these cases at once, with what `take_step` would write for each of them.

    :param follows: called with the rungs that are told; returns by deadline id what more goes into its entry.
    :raises django.db.IntegrityError: when a rung was written before; the key of a rung (deadline, level, due
        instant) and of a silence (case, last word) lets none be written twice.
    """
    climbs = [climb for plan in plans for climb in plan.climbs]
    rows = Rung.objects.bulk_create(
        Rung(
            deadline=c.deadline,
            level=level,
            due_at=c.deadline.due_at,
            climbed_at=at,
            told=level == c.level,
        )
        for c in climbs
        for level in c.levels
    )
    more = follows([Written(row.deadline, row) for row in rows if row.told])
    silent = [plan.case for plan in plans if plan.silence is not None]
    SilenceRung.objects.bulk_create(
        SilenceRung(case=case, heard_at=case.heard_at, climbed_at=at) for case in silent
    )
    heads = {plan.case.pk: (plan.case.event_count, plan.case.event_head) for plan in plans}
    try:
        timeline.append_many((entry for plan in plans for entry in _entries(plan, more)), by=by, at=at)
        _save(plans, climbs)
    except BaseException:
        # The cases may be planned again in smaller batches: they stand where the database has them.
        for plan in plans:
            plan.case.event_count, plan.case.event_head = heads[plan.case.pk]
        raise


def _entries(plan: Plan, more: Mapping[int, dict[str, Any]]) -> list[Entry]:
    """Return the entries of one case, the deadlines in the order of their ids."""
    entries = [
        Entry(
            plan.case,
            CLIMBED,
            {
                "deadline": climb.deadline.code,
                "level": climb.level,
                "due_at": climb.deadline.due_at,
                **climb.data,
                **more.get(climb.deadline.pk, {}),
            },
        )
        for climb in plan.climbs
    ]
    if plan.silence is not None:
        entries.append(Entry(plan.case, SILENT, plan.silence))
    return entries


def _save(plans: Sequence[Plan], climbs: Sequence[Climb]) -> None:
    """Store the clocks and the heads of the chains."""
    with connection.cursor() as cursor:
        if climbs:
            cursor.execute(
                SAVE_DEADLINES, [[c.deadline.pk for c in climbs], [c.next_rung_at for c in climbs]]
            )
        rows = [
            (
                plan.case.pk,
                plan.next_rung_at,
                None if plan.silence is not None else plan.case.silent_at,
                plan.case.event_count,
                plan.case.event_head,
            )
            for plan in plans
        ]
        cursor.execute(SAVE_CASES, [list(column) for column in zip(*rows, strict=True)])
