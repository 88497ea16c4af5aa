"""Deadlines of a case: start, meet, pause, extend, recompute. Computed from rows, never counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from grid.casework.models import (
    Case,
    Deadline,
    DeadlineStatus,
    Extension,
    Pause,
    PauseEnd,
    Request,
    Round,
    Rung,
)
from grid.casework.timeline import plain
from grid.worktime import arithmetic
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import Binds, DeadlineRule, RungRule, Unit

Moved = dict[str, list[Any]]


@dataclass(frozen=True)
class Start:
    """A deadline rule by its code, and the instant from which it counts."""

    code: str
    at: datetime


def follow(
    case: Case,
    *,
    starts: Iterable[Start],
    meets: Collection[str],
    cancels: Collection[str],
    closes: bool,
    at: datetime,
    round: Round | None = None,
    due_before: Mapping[str, datetime | None] | None = None,
) -> Moved:
    """
    Move the deadlines of a locked case as a step says, and set its clocks.

    :param due_before: where open deadlines stood before the effect, which may have paused or resumed them.
    :param round: the round that this step has opened, when it has, so that it need not be read again.
    :return: per deadline code its due instant before and after, for the entry.
    """
    moved: Moved = {}
    open_rows = list(Deadline.objects.filter(case=case, ended_at=None)) if case.event_count else []
    kept: list[Deadline] = []
    for deadline in open_rows:
        if deadline.code in meets:
            moved |= _end(deadline, DeadlineStatus.MET, at)
        elif closes or deadline.code in cancels:
            moved |= _end(deadline, DeadlineStatus.CANCELLED, at)
        else:
            kept.append(deadline)
            was = (due_before or {}).get(deadline.code, deadline.due_at)
            if was != deadline.due_at:
                moved[f"deadline:{deadline.code}"] = [plain(was), plain(deadline.due_at)]
    if not closes:
        for start in starts:
            deadline = _start(case, start, at=at, round=round)
            kept.append(deadline)
            was = moved.get(f"deadline:{start.code}", [None])[0]
            moved[f"deadline:{start.code}"] = [was, plain(deadline.due_at)]
    set_clocks(case, kept)
    return moved


def due_instants(case: Case) -> dict[str, datetime | None]:
    """Return where each open deadline of a case stands; nothing while it is paused."""
    return dict(Deadline.objects.filter(case=case, ended_at=None).values_list("code", "due_at"))


def set_clocks(case: Case, open_rows: Iterable[Deadline]) -> None:
    """Set what a case stores of its deadlines: only running office deadlines count."""
    rows = [d for d in open_rows if d.ended_at is None]
    running = [d for d in rows if d.status == DeadlineStatus.RUNNING and d.binds == Binds.OFFICE]
    case.next_due_at = min((d.due_at for d in running if d.due_at), default=None)
    case.next_rung_at = min((d.next_rung_at for d in rows if d.next_rung_at), default=None)


def recompute(deadline: Deadline, *, calendar: WorkCalendar | None = None) -> bool:
    """
    Compute a deadline anew from its rule, start, pauses and extensions, and save it if it moved.

    A finished deadline is never recomputed. While paused it has no due date.
    """
    if not deadline.is_open:
        return False
    before = _computed(deadline)
    compute(deadline, calendar or WorkCalendar.load())
    if before == _computed(deadline):
        return False
    deadline.save()
    return True


def pause(
    deadline: Deadline, *, until: datetime, reason: str, at: datetime, request: Request | None = None
) -> Pause:
    """
    Let a deadline stand still until an instant, where its rule allows it.

    :raises ValueError: when the rule allows no pause, or the deadline does not run.
    """
    if not deadline.may_pause or deadline.status != DeadlineStatus.RUNNING:
        raise ValueError(f"{deadline.code} cannot be paused.")
    row = Pause.objects.create(deadline=deadline, until=until, reason=reason, starts_at=at, request=request)
    deadline.status = DeadlineStatus.PAUSED
    compute(deadline, WorkCalendar.load())
    deadline.save()
    return row


def resume(deadline: Deadline, *, at: datetime, why: PauseEnd = PauseEnd.RAN_OUT, note: str = "") -> None:
    """
    Let a paused deadline run again, at the latest when its pause runs out, and note what ended the pause.

    :raises ValueError: when the deadline is not paused.
    """
    row = deadline.pauses.filter(ended_at=None).first()
    if row is None or deadline.status != DeadlineStatus.PAUSED:
        raise ValueError(f"{deadline.code} is not paused.")
    row.ended_at, row.ended_why, row.ended_note = min(at, row.until), why, note
    row.save(update_fields=["ended_at", "ended_why", "ended_note"])
    deadline.status = DeadlineStatus.RUNNING
    compute(deadline, WorkCalendar.load())
    deadline.save()


def extend(
    deadline: Deadline, *, length: int, reason: str, at: datetime, request: Request | None = None
) -> Extension:
    """
    Make a deadline longer, asked and decided before the due date, within the ceiling of its rule.

    :param length: in the unit of the deadline.
    :raises ValueError: when the rule allows no extension, the ceiling is passed, or it is too late.
    """
    already = sum(e.length for e in deadline.extensions.all())
    if not deadline.is_open or already + length > deadline.rule.extend_max:
        raise ValueError(f"{deadline.code} cannot be extended by {length}.")
    if deadline.due_at is not None and at >= deadline.due_at:
        raise ValueError(f"{deadline.code} is late and cannot be extended any more.")
    row = Extension.objects.create(deadline=deadline, length=length, reason=reason, at=at, request=request)
    recompute(deadline)
    return row


def explain(deadline: Deadline, *, calendar: WorkCalendar | None = None) -> list[str]:
    """Return how the date was worked out, day by day, in the reader's language, with the article."""
    due = _due(deadline, calendar or WorkCalendar.load())
    return [
        arithmetic.line_text(line)
        for line in arithmetic.explain(due, basis=deadline.basis, basis_en=deadline.basis_en)
    ]


def light(deadline: Deadline, *, at: datetime) -> arithmetic.Light:
    """Return the light of a running deadline; they go by the raw date, lateness by the rolled one."""
    return arithmetic.light(at, rungs(deadline))


def next_rung(deadline: Deadline) -> datetime | None:
    """
    Return when the next rung of the ladder is due, or nothing when all were climbed.

    For a paused deadline that is the end of its pause; a petitioner's right makes nobody late.
    """
    if not deadline.is_open or deadline.binds != Binds.OFFICE:
        return None
    if deadline.status == DeadlineStatus.PAUSED:
        return deadline.pauses.filter(ended_at=None).values_list("until", flat=True).first()
    return min((when for _level, when in _ahead(deadline)), default=None)


def passed(deadline: Deadline, *, at: datetime) -> list[int]:
    """Return the levels of a running office deadline that were reached and not climbed yet, lowest first."""
    if deadline.status != DeadlineStatus.RUNNING or deadline.binds != Binds.OFFICE:
        return []
    return sorted(level for level, when in _ahead(deadline) if when <= at)


def climb(deadline: Deadline, *, at: datetime) -> list[int]:
    """
    Write every rung that was passed, of which only the highest is told, and return their levels.

    The key of a rung (deadline, level, due instant) lets none be written twice.
    """
    levels, due_at = passed(deadline, at=at), deadline.due_at
    if due_at is None or not levels:
        return []
    Rung.objects.bulk_create(
        Rung(deadline=deadline, level=level, due_at=due_at, climbed_at=at, told=level == levels[-1])
        for level in levels
    )
    deadline.next_rung_at = next_rung(deadline)
    deadline.save(update_fields=["next_rung_at"])
    return levels


def _ahead(deadline: Deadline) -> list[tuple[int, datetime]]:
    """Return the rungs above the highest that was climbed for this due instant."""
    climbed: list[int] = []
    if deadline.due_at is not None and not deadline._state.adding:
        rows = Rung.objects.filter(deadline=deadline, due_at=deadline.due_at)
        climbed = list(rows.values_list("level", flat=True))
    return [(level, when) for level, when in rungs(deadline) if level > max(climbed, default=0)]


def rungs(deadline: Deadline) -> list[tuple[int, datetime]]:
    """Return level and instant of every rung of a running deadline."""
    marks = [
        (arithmetic.Light.YELLOW, deadline.yellow_at),
        (arithmetic.Light.ORANGE, deadline.orange_at),
        (arithmetic.Light.RED, deadline.due_at),
    ]
    return [(int(level), when) for level, when in marks if when is not None]


def _start(case: Case, start: Start, *, at: datetime, round: Round | None) -> Deadline:
    """Start a deadline by the rule that is in force for the organisation and area of the case."""
    rule = DeadlineRule.objects.in_force(start.code, on=timezone.localdate(at))
    deadline = Deadline(
        case=case,
        round=round or Round.objects.get(case=case, number=case.round_number),
        rule=rule,
        code=rule.code,
        label=rule.label,
        label_en=rule.label_en,
        basis=rule.basis,
        basis_en=rule.basis_en,
        length=rule.length,
        unit=rule.unit,
        binds=rule.binds,
        rolls=rule.rolls,
        may_pause=rule.may_pause,
        starts_at=start.at,
    )
    compute(deadline, WorkCalendar.load())
    deadline.save(force_insert=True)
    return deadline


def _end(deadline: Deadline, status: DeadlineStatus, at: datetime) -> Moved:
    """End a deadline; what it stood at stays."""
    due_at = deadline.due_at
    if deadline.status == DeadlineStatus.PAUSED:
        resume(deadline, at=at, why=PauseEnd.DEADLINE_ENDED)
    deadline.status, deadline.ended_at, deadline.next_rung_at = status, at, None
    deadline.save(update_fields=["status", "ended_at", "next_rung_at"])
    return {f"deadline:{deadline.code}": [plain(due_at), None]}


def _due(deadline: Deadline, calendar: WorkCalendar) -> arithmetic.Due:
    """Work a deadline out from its rows."""
    return arithmetic.due(
        deadline.starts_at,
        deadline.length,
        Unit(deadline.unit),
        rolls=deadline.rolls,
        calendar=calendar,
        pauses=_spans(deadline),
        extension=_extension(deadline),
    )


def compute(deadline: Deadline, calendar: WorkCalendar) -> None:
    """Set every computed column from the rows."""
    due = _due(deadline, calendar)
    deadline.provisional = due.provisional
    if deadline.status == DeadlineStatus.PAUSED:
        deadline.raw_on = deadline.due_on = deadline.due_at = None
        deadline.yellow_at = deadline.orange_at = None
    else:
        deadline.raw_on, deadline.due_on, deadline.due_at = due.raw_on, due.due_on, due.due_at
        rules = RungRule.objects.valid(calendar.local_day(deadline.starts_at)).filter(unit=deadline.unit)
        marks = dict(
            arithmetic.lights(
                due.start_at,
                due.raw_at,
                due.due_at,
                due.unit,
                rules,
                calendar=calendar,
                period=due.period,
            )
        )
        deadline.yellow_at, deadline.orange_at = (
            marks.get(arithmetic.Light.YELLOW),
            marks.get(arithmetic.Light.ORANGE),
        )
    deadline.next_rung_at = next_rung(deadline)


def _computed(deadline: Deadline) -> tuple[Any, ...]:
    return (
        deadline.raw_on,
        deadline.due_on,
        deadline.due_at,
        deadline.yellow_at,
        deadline.orange_at,
        deadline.provisional,
        deadline.next_rung_at,
    )


def _spans(deadline: Deadline) -> list[arithmetic.PauseSpan]:
    if deadline._state.adding:
        return []
    return [
        arithmetic.PauseSpan(p.starts_at, p.ended_at or p.until)
        for p in sorted(deadline.pauses.all(), key=lambda p: p.starts_at)
    ]


def _extension(deadline: Deadline) -> int:
    return 0 if deadline._state.adding else sum(e.length for e in deadline.extensions.all())


def left(deadline: Deadline, *, at: datetime, calendar: WorkCalendar | None = None) -> int | timedelta:
    """Return the days of its unit that are left of a deadline, for hours a timedelta; nothing left is 0."""
    calendar = calendar or WorkCalendar.load()
    return arithmetic.left(_due(deadline, calendar), at=at, calendar=calendar)
