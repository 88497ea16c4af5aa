"""Recompute every stored answer of every case and compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from grid.casework import deadlines, kinds
from grid.casework.models import (
    Audience,
    Case,
    Deadline,
    Event,
    Holding,
    Phase,
    Round,
    SilenceRung,
)
from grid.casework.seals import Fault
from grid.worktime.calendar import WorkCalendar
from grid.worktime.rung_table import RungTable

BATCH = 500


def check() -> Iterator[Fault]:
    """Yield each stored answer that differs from what the rows say; whole batches are read together."""
    calendar, rungs = WorkCalendar.load(), RungTable.load()
    last = 0
    while True:
        cases = list(Case.objects.filter(pk__gt=last).order_by("pk")[:BATCH])
        if not cases:
            return
        last = cases[-1].pk
        yield from _check_batch(cases, calendar, rungs)


def _check_batch(cases: list[Case], calendar: WorkCalendar, rungs: RungTable) -> Iterator[Fault]:
    ids = [c.pk for c in cases]
    open_deadlines: dict[int, list[Deadline]] = defaultdict(list)
    rows = Deadline.objects.filter(case__in=ids, ended_at=None).select_related("rule")
    for deadline in rows.prefetch_related("pauses", "extensions", "rungs"):
        open_deadlines[deadline.case_id].append(deadline)
    holders = dict(Holding.objects.filter(case__in=ids, ended_at=None).values_list("case", "organisation"))
    rounds: dict[int, Round] = {}
    for row in Round.objects.filter(case__in=ids).order_by("number"):
        rounds[row.case_id] = row
    heard = _heard(ids)
    silenced = set(SilenceRung.objects.filter(case__in=ids).values_list("case", "heard_at"))
    details: dict[str, set[int]] = {}
    for kind in kinds.all_kinds():
        found = kind.detail_model._default_manager.filter(pk__in=ids)
        details[kind.code] = set(found.values_list("pk", flat=True))
    for case in cases:
        yield from _check_case(case, open_deadlines[case.pk], calendar, rungs)
        yield from _check_silence(case, heard.get(case.pk), (case.pk, case.heard_at) in silenced)
        yield from _check_rows(case, holders.get(case.pk), rounds.get(case.pk), details)


def _heard(ids: list[int]) -> dict[int, datetime]:
    """Return by case when its person last had a word: by a step that is one, or an entry he may read."""
    spoken = Q(audience__in=[Audience.PUBLIC, Audience.PARTIES])
    for kind in kinds.all_kinds():
        verbs = [step.name for step in kind.steps if step.speaks()]
        spoken |= Q(case__kind=kind.code, verb__in=verbs)
    # The newest by its place: a clock that was set back does not turn a later word into an earlier one.
    words = Event.objects.filter(spoken, case__in=ids).order_by("case_id", "-seq").distinct("case_id")
    return dict(words.values_list("case", "at"))


def _check_silence(case: Case, heard_at: datetime | None, is_told: bool) -> Iterator[Fault]:
    """Compare the last word to the person, and whether the watch over silence runs."""
    if case.heard_at is not None and case.heard_at != heard_at:
        yield Fault(case.number, f"last word is stored as {case.heard_at}, written as {heard_at}")
    is_told = is_told and case.phase != Phase.CLOSED
    if case.silence_told != is_told:
        yield Fault(case.number, f"silence told is stored as {case.silence_told}, computed as {is_told}")
    if case.silent_at is not None and (is_told or case.phase == Phase.CLOSED):
        yield Fault(case.number, "silence is watched although it was told or the case is closed")


def _check_case(
    case: Case, rows: list[Deadline], calendar: WorkCalendar, rungs: RungTable
) -> Iterator[Fault]:
    """Compare phase and clocks."""
    phase = kinds.get(case.kind).status(case.status).phase
    if case.phase != phase:
        yield Fault(case.number, f"phase is {case.phase}, its status {case.status} means {phase}")
    for deadline in rows:
        stored = (deadline.due_at, deadline.next_rung_at, deadline.provisional)
        deadlines.compute(deadline, calendar, rungs)
        computed = (deadline.due_at, deadline.next_rung_at, deadline.provisional)
        if stored != computed:
            yield Fault(
                case.number, f"deadline {deadline.code} is stored as {stored}, computed as {computed}"
            )
    stored_clocks = (case.next_due_at, case.next_rung_at)
    deadlines.set_clocks(case, rows)
    if stored_clocks != (case.next_due_at, case.next_rung_at):
        yield Fault(
            case.number,
            f"clocks are {stored_clocks}, computed as {(case.next_due_at, case.next_rung_at)}",
        )
    if case.phase == Phase.CLOSED and rows:
        yield Fault(case.number, "a closed case has a deadline that runs")


def _check_rows(
    case: Case, holder: int | None, newest: Round | None, details: dict[str, set[int]]
) -> Iterator[Fault]:
    """Compare lead, round and detail row."""
    expected = None if case.phase == Phase.CLOSED else case.lead_id
    if holder != expected:
        yield Fault(case.number, f"held by organisation {holder}, expected {expected}")
    if newest is None or (newest.number, newest.closed_at, newest.outcome, newest.lead_id) != (
        case.round_number,
        case.closed_at,
        case.outcome,
        case.lead_id,
    ):
        yield Fault(case.number, "the newest round does not mirror the case")
    if case.pk not in details[case.kind]:
        yield Fault(case.number, f"there is no {case.kind} row")
