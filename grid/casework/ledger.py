"""Recompute every stored answer of every case and compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from grid.casework import deadlines, kinds
from grid.casework.models import Case, Deadline, Holding, Phase, Round
from grid.casework.seals import Fault
from grid.worktime.calendar import WorkCalendar

BATCH = 500


def check() -> Iterator[Fault]:
    """Yield each stored answer that differs from what the rows say; a batch of cases costs six queries."""
    calendar = WorkCalendar.load()
    last = 0
    while True:
        cases = list(Case.objects.filter(pk__gt=last).order_by("pk")[:BATCH])
        if not cases:
            return
        last = cases[-1].pk
        yield from _check_batch(cases, calendar)


def _check_batch(cases: list[Case], calendar: WorkCalendar) -> Iterator[Fault]:
    ids = [c.pk for c in cases]
    open_deadlines: dict[int, list[Deadline]] = defaultdict(list)
    rows = Deadline.objects.filter(case__in=ids, ended_at=None).select_related("rule")
    for deadline in rows.prefetch_related("pauses", "extensions"):
        open_deadlines[deadline.case_id].append(deadline)
    holders = dict(Holding.objects.filter(case__in=ids, ended_at=None).values_list("case", "organisation"))
    rounds: dict[int, Round] = {}
    for row in Round.objects.filter(case__in=ids).order_by("number"):
        rounds[row.case_id] = row
    details: dict[str, set[int]] = {}
    for kind in kinds.all_kinds():
        found = kind.detail_model._default_manager.filter(pk__in=ids)
        details[kind.code] = set(found.values_list("pk", flat=True))
    for case in cases:
        yield from _check_case(case, open_deadlines[case.pk], calendar)
        yield from _check_rows(case, holders.get(case.pk), rounds.get(case.pk), details)


def _check_case(case: Case, rows: list[Deadline], calendar: WorkCalendar) -> Iterator[Fault]:
    """Compare phase and clocks."""
    phase = kinds.get(case.kind).status(case.status).phase
    if case.phase != phase:
        yield Fault(case.number, f"phase is {case.phase}, its status {case.status} means {phase}")
    for deadline in rows:
        stored = (deadline.due_at, deadline.next_rung_at, deadline.provisional)
        deadlines.compute(deadline, calendar)
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
