"""Climb: write the rungs that deadlines have passed, and silences, on many cases in few statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import get_language

from grid.casework import deadlines, timeline
from grid.casework.models import Case, Deadline, DeadlineStatus, SilenceRung
from grid.casework.timeline import Entry
from grid.people.models import User
from grid.worktime.models import Binds

CLIMBED, SILENT = "climb", "silence"
WRITE_RUNGS = """
    INSERT INTO casework_rung (deadline_id, level, due_at, climbed_at, told)
    SELECT n.deadline_id, n.level, n.due_at, %s, n.told
      FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::boolean[])
           n(deadline_id, level, due_at, told)
 RETURNING deadline_id, id, told
"""
SAVE_DEADLINES = """
    UPDATE casework_deadline d SET next_rung_at = n.next_rung_at
      FROM unnest(%s::bigint[], %s::timestamptz[]) n(id, next_rung_at) WHERE d.id = n.id
"""
SAVE_CASES = """
    UPDATE casework_case c SET next_rung_at = n.next_rung_at, silent_at = n.silent_at,
           silence_told = c.silence_told OR n.is_silent,
           event_count = n.event_count, event_head = n.event_head
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::integer[],
                  %s::text[]) n(id, next_rung_at, silent_at, is_silent, event_count, event_head)
     WHERE c.id = n.id
"""


class OpenDeadline(NamedTuple):
    """What a pass has to know of an open deadline: a row is read in a tenth of the time of a `Deadline`."""

    pk: int
    case_id: int
    rule_id: int
    code: str
    unit: str
    label: str
    label_en: str
    status: str
    binds: str
    yellow_at: datetime | None
    orange_at: datetime | None
    due_at: datetime | None
    next_rung_at: datetime | None

    @property
    def text(self) -> str:
        """Return the label in the reader's language."""
        return self.label_en if self.label_en and (get_language() or "").startswith("en") else self.label

    def is_due(self, at: datetime) -> bool:
        """Tell whether something of it is due."""
        return self.next_rung_at is not None and self.next_rung_at <= at


def open_deadlines(cases: Iterable[Case]) -> Iterable[OpenDeadline]:
    """Read the open deadlines of some cases, in the order of their ids."""
    rows = Deadline.objects.filter(case__in=[c.pk for c in cases], ended_at=None).order_by("pk")
    return map(OpenDeadline._make, rows.values_list(*OpenDeadline._fields))


@dataclass(frozen=True)
class Climb:
    """
    What one deadline has reached: every level passed, of which only the highest is told.

    `next_rung_at` is what lies ahead after it; `data` go into the entry beside deadline, level and due
    instant.
    """

    deadline: OpenDeadline
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
    """A rung that was written and is told, by its id."""

    case: Case
    climb: Climb
    rung_id: int


def reached(deadline: OpenDeadline, *, at: datetime) -> Climb | None:
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
    by: User,
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
    ids = _write_rungs(climbs, at)
    more = follows(
        [Written(plan.case, climb, ids[climb.deadline.pk]) for plan in plans for climb in plan.climbs]
    )
    silent = [plan.case for plan in plans if plan.silence is not None]
    if silent:
        SilenceRung.objects.bulk_create(
            SilenceRung(case=case, heard_at=case.heard_at, climbed_at=at)
            for case in silent
            if case.heard_at is not None
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


def _write_rungs(climbs: Sequence[Climb], at: datetime) -> dict[int, int]:
    """Write every rung passed, and return by deadline the id of the one that is told."""
    rows = [
        (climb.deadline.pk, level, climb.deadline.due_at, level == climb.level)
        for climb in climbs
        for level in climb.levels
    ]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(WRITE_RUNGS, [at, *(list(column) for column in zip(*rows, strict=True))])
        return {deadline: rung for deadline, rung, told in cursor.fetchall() if told}


def _entries(plan: Plan, more: Mapping[int, dict[str, Any]]) -> list[Entry]:
    """Return the entries of one case, the deadlines in the order of their ids."""
    entries = [
        Entry(
            plan.case,
            CLIMBED,
            {
                "deadline": climb.deadline.code,
                "level": climb.level,
                "due_at": timeline.plain(climb.deadline.due_at),
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
                plan.silence is not None,
                plan.case.event_count,
                plan.case.event_head,
            )
            for plan in plans
        ]
        cursor.execute(SAVE_CASES, [list(column) for column in zip(*rows, strict=True)])
