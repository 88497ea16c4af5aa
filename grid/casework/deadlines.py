"""Deadlines of a case: start, meet, pause, extend, recompute. Computed from rows, never counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from grid.casework.models import (
    Case,
    Deadline,
    DeadlineStatus,
    Decision,
    Extension,
    Pause,
    PauseEnd,
    Request,
    Round,
)
from grid.casework.timeline import plain
from grid.worktime import arithmetic
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import Binds, DeadlineRule, Unit
from grid.worktime.rung_table import RungTable

if TYPE_CHECKING:
    from grid.casework.rungs import OpenDeadline

Moved = dict[str, list[Any]]
# The rule that says how long the person whose matter it is may hear nothing.
SILENCE = "SILENCE"


@dataclass(frozen=True)
class Start:
    """
    A deadline rule by its code, and the instant from which it counts.

    `length` is for a rule that names none (指定期限), or shorter than what it names. `after` is an ended
    deadline that this one takes up again, by its rule, with its pauses and extensions.
    """

    code: str
    at: datetime
    length: int | None = None
    after: Deadline | None = None


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
    categories: Callable[[], Sequence[str]] = tuple,
    speaks: bool = False,
) -> Moved:
    """
    Move the deadlines of a locked case as a step says, and set its clocks.

    :param due_before: where open deadlines stood before the effect, which may have paused or resumed them.
    :param round: the round that this step has opened, when it has, so that it need not be read again.
    :param categories: what the kind counts the case among, the most particular first; rules may ask for it.
    :param speaks: whether this step is a word to the person whose matter it is.
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
    wanted = [] if closes else list(starts)
    codes = [start.code for start in wanted] + ([SILENCE] if speaks and not closes else [])
    rules = _rules(codes, case, at=at, categories=categories)
    if wanted:
        where = round or Round.objects.get(case=case, number=case.round_number)
        calendar, rungs = WorkCalendar.load(), RungTable.load()
        for start in wanted:
            deadline = _start(case, start, rules, round=where, calendar=calendar, rungs=rungs)
            kept.append(deadline)
            was = moved.get(f"deadline:{start.code}", [None])[0]
            moved[f"deadline:{start.code}"] = [was, plain(deadline.due_at)]
    if speaks:
        hear(case, rules.get(SILENCE), at=at, calendar=calendar if wanted else None)
    if closes:
        case.silent_at, case.silence_told = None, False
    set_clocks(case, kept)
    return moved


def hear(
    case: Case, rule: DeadlineRule | None, *, at: datetime, calendar: WorkCalendar | None = None
) -> None:
    """Note that the person whose matter it is had word of it, and from when on silence will be too long."""
    case.heard_at, case.silent_at, case.silence_told = at, None, False
    if rule is not None and rule.length is not None:
        calendar = calendar or WorkCalendar.load()
        due = arithmetic.due(at, rule.length, Unit(rule.unit), rolls=rule.rolls, calendar=calendar)
        case.silent_at = due.due_at


def due_instants(case: Case) -> dict[str, datetime | None]:
    """Return where each open deadline of a case stands; nothing while it is paused."""
    return dict(Deadline.objects.filter(case=case, ended_at=None).values_list("code", "due_at"))


def set_clocks(case: Case, open_rows: Iterable[Deadline]) -> None:
    """Set what a case stores of its deadlines: of them only running office deadlines make it late."""
    rows = [d for d in open_rows if d.ended_at is None]
    running = [d for d in rows if d.status == DeadlineStatus.RUNNING and d.binds == Binds.OFFICE]
    case.next_due_at = min((d.due_at for d in running if d.due_at), default=None)
    instants = [d.next_rung_at for d in rows if d.next_rung_at]
    case.next_rung_at = min([*instants, case.silent_at] if case.silent_at else instants, default=None)


def recompute(deadline: Deadline, *, calendar: WorkCalendar | None = None) -> bool:
    """
    Compute a deadline anew from its rule, start, pauses and extensions, and save it if it moved.

    A finished deadline is never recomputed. While paused it has no due date.
    """
    if not deadline.is_open:
        return False
    before = computed(deadline)
    compute(deadline, calendar or WorkCalendar.load())
    if before == computed(deadline):
        return False
    _save_moved(deadline)
    return True


def pause(
    deadline: Deadline, *, until: datetime, reason: str, at: datetime, request: Request | None = None
) -> Pause:
    """
    Let a deadline stand still until an instant, where its rule allows it.

    :raises ValueError: when the rule allows no pause, the deadline does not run, or it is late.
    """
    if not deadline.may_pause or deadline.status != DeadlineStatus.RUNNING or until <= at:
        raise ValueError(f"{deadline.code} cannot be paused.")
    _check_in_time(deadline, at, request)
    row = Pause.objects.create(deadline=deadline, until=until, reason=reason, starts_at=at, request=request)
    deadline.status = DeadlineStatus.PAUSED
    compute(deadline, WorkCalendar.load())
    _save_moved(deadline)
    return row


def resume(deadline: Deadline, *, at: datetime, why: PauseEnd = PauseEnd.RAN_OUT, note: str = "") -> None:
    """
    Let a paused deadline run again, at the latest when its pause runs out, and note what ended the pause.

    :raises ValueError: when the deadline is not paused.
    """
    row = deadline.pauses.filter(ended_at=None).first()
    if row is None or deadline.status != DeadlineStatus.PAUSED:
        raise ValueError(f"{deadline.code} is not paused.")
    ended_at = max(min(at, row.until), row.starts_at)
    row.ended_at, row.ended_why, row.ended_note = ended_at, why, note
    row.save(update_fields=["ended_at", "ended_why", "ended_note"])
    deadline.status = DeadlineStatus.RUNNING
    compute(deadline, WorkCalendar.load())
    _save_moved(deadline)


def extend(
    deadline: Deadline, *, length: int, reason: str, at: datetime, request: Request | None = None
) -> Extension:
    """
    Make a deadline longer, asked and decided before the due date, within the ceiling of its rule.

    :param length: in the unit of the deadline.
    :raises ValueError: when the rule allows no extension, the ceiling is passed, or it is too late.
    """
    already = [e.length for e in deadline.extensions.all()]
    most, times = deadline.rule.extend_max, deadline.rule.extend_times
    if not deadline.is_open or length < 1 or (most is not None and sum(already) + length > most):
        raise ValueError(f"{deadline.code} cannot be extended by {length}.")
    if times is not None and len(already) >= times:
        raise ValueError(f"{deadline.code} cannot be extended by {length}: {times} times is the most.")
    _check_in_time(deadline, at, request)
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


def worked_out(deadline: Deadline, *, calendar: WorkCalendar) -> arithmetic.Due:
    """Return how a deadline stands by its rows, with everything it was worked out from."""
    return _due(deadline, calendar)


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


def _ahead(deadline: Deadline) -> list[tuple[int, datetime]]:
    """Return the rungs above the highest that was climbed for this due instant; 4 and 5 are decisions."""
    climbed: list[int] = []
    if deadline.due_at is not None and not deadline._state.adding:
        rows = deadline.rungs.all()
        climbed = [r.level for r in rows if r.due_at == deadline.due_at and r.level <= arithmetic.Light.RED]
    return [(level, when) for level, when in rungs(deadline) if level > max(climbed, default=0)]


def rungs(deadline: Deadline | OpenDeadline) -> list[tuple[int, datetime]]:
    """Return level and instant of every rung of a running deadline."""
    marks = [
        (arithmetic.Light.YELLOW, deadline.yellow_at),
        (arithmetic.Light.ORANGE, deadline.orange_at),
        (arithmetic.Light.RED, deadline.due_at),
    ]
    return [(int(level), when) for level, when in marks if when is not None]


def _rules(
    codes: Collection[str], case: Case, *, at: datetime, categories: Callable[[], Sequence[str]]
) -> dict[str, DeadlineRule]:
    """Return the rules in force for the organisation, area and categories of a case. One query."""
    if not codes:
        return {}
    on = timezone.localdate(at)
    return DeadlineRule.objects.in_force_many(
        codes, on=on, organisation=case.lead_id, area=case.area_id, categories=categories()
    )


def _start(
    case: Case,
    start: Start,
    rules: Mapping[str, DeadlineRule],
    *,
    round: Round,
    calendar: WorkCalendar,
    rungs: RungTable,
) -> Deadline:
    """
    Start a deadline as a copy of its rule.

    :raises DeadlineRule.DoesNotExist: when no rule of this code is in force.
    :raises ValueError: when neither rule nor start names a length, or the start a longer one than the rule.
    """
    rule = start.after.rule if start.after else rules.get(start.code)
    if rule is None:
        raise DeadlineRule.DoesNotExist(f"No deadline rule {start.code} is in force.")
    length = start.length or rule.length
    if length is None or (rule.length is not None and length > rule.length):
        raise ValueError(f"{start.code} cannot run for {length}.")
    deadline = Deadline(
        case=case,
        round=round,
        rule=rule,
        code=rule.code,
        label=rule.label,
        label_en=rule.label_en,
        basis=rule.basis,
        basis_en=rule.basis_en,
        length=length,
        unit=rule.unit,
        binds=rule.binds,
        rolls=rule.rolls,
        may_pause=rule.may_pause,
        starts_at=start.at,
    )
    compute(deadline, calendar, rungs)
    deadline.save(force_insert=True)
    if start.after:
        _take_over(deadline, start.after)
        recompute(deadline, calendar=calendar)
    return deadline


def _take_over(deadline: Deadline, ended: Deadline) -> None:
    """Copy the pauses, which ended with it, and the extensions of an ended deadline."""
    rows: list[Pause | Extension] = [*ended.pauses.all(), *ended.extensions.all()]
    for row in rows:
        row.pk, row.deadline = None, deadline
        row.save(force_insert=True)


def _end(deadline: Deadline, status: DeadlineStatus, at: datetime) -> Moved:
    """End a deadline; what it stood at stays."""
    due_at = deadline.due_at
    if deadline.status == DeadlineStatus.PAUSED:
        resume(deadline, at=at, why=PauseEnd.DEADLINE_ENDED)
    deadline.status, deadline.ended_at, deadline.next_rung_at = status, at, None
    deadline.save(update_fields=["status", "ended_at", "next_rung_at"])
    # Nobody decides any more on what was asked of it.
    asked = Request.objects.filter(deadline=deadline, decision="")
    asked.update(decision=Decision.LAPSED, decided_at=at)
    return {f"deadline:{deadline.code}": [plain(due_at), None]}


def _check_in_time(deadline: Deadline, at: datetime, request: Request | None) -> None:
    """
    Check that a pause or an extension was asked and is decided before the due date, never after.

    :raises ValueError: when the deadline is late.
    """
    decided = max(at, request.asked_at) if request is not None else at
    if deadline.due_at is not None and decided >= deadline.due_at:
        raise ValueError(f"{deadline.code} is late; nothing is granted after the due date.")


def _save_moved(deadline: Deadline) -> None:
    """Save a deadline that moved; what was asked of it has to be decided by the new due date."""
    deadline.save()
    Request.objects.filter(deadline=deadline, decision="").update(decide_by=deadline.due_at)


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


def compute(deadline: Deadline, calendar: WorkCalendar, rungs: RungTable | None = None) -> None:
    """Set every computed column from the rows; a job that computes many loads calendar and rungs once."""
    due = _due(deadline, calendar)
    deadline.provisional = due.provisional
    if deadline.status == DeadlineStatus.PAUSED:
        deadline.raw_on = deadline.due_on = deadline.due_at = None
        deadline.yellow_at = deadline.orange_at = None
    else:
        deadline.raw_on, deadline.due_on, deadline.due_at = due.raw_on, due.due_on, due.due_at
        began_on = calendar.local_day(deadline.starts_at)
        rules = (rungs or RungTable.load()).of(deadline.code, deadline.unit, on=began_on).values()
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


def computed(deadline: Deadline) -> tuple[Any, ...]:
    """Return every computed column."""
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
