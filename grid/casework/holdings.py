"""The holding ledger: how long each organisation had a case, and what of its lateness is whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from grid.casework.models import Deadline, Holding
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import Binds

if TYPE_CHECKING:
    from grid.casework.models import Case
    from grid.organisations.models import Organisation

Span = tuple[datetime, datetime]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Late:
    """How long a deadline was late while one organisation had the case."""

    deadline: Deadline
    duration: timedelta


@dataclass(frozen=True)
class Row:
    """
    One stay of a case with an organisation, the oldest first.

    `until` is nothing while it lasts; `duration` then goes up to the instant asked about. `working_days`
    counts as the law does: the day on which it began does not count, so the stays of a case add up.
    `late` is the time in which any deadline was late, counted once where several were; `lateness` says of
    which.
    """

    organisation: Organisation
    since: datetime
    until: datetime | None
    duration: timedelta
    working_days: int
    late: timedelta
    lateness: tuple[Late, ...]


@dataclass
class Total:
    """All stays of a case with one organisation together."""

    organisation: Organisation
    stays: int = 0
    duration: timedelta = field(default_factory=timedelta)
    working_days: int = 0
    late: timedelta = field(default_factory=timedelta)


def ledger(case: Case, at: datetime) -> list[Row]:
    """Return who had a case how long, up to an instant, and how long it was late with whom. Three queries."""
    held = Holding.objects.filter(case=case, starts_at__lte=at).select_related("organisation")
    due = Deadline.objects.filter(case=case, binds=Binds.OFFICE, due_at__lt=at)
    return rows(held.order_by("starts_at", "pk"), due.order_by("due_at", "pk"), WorkCalendar.load(), at=at)


def rows(
    holdings: Iterable[Holding], deadlines: Iterable[Deadline], calendar: WorkCalendar, *, at: datetime
) -> list[Row]:
    """
    Work out the ledger from its rows; lateness goes to whoever held the case while a deadline was late.

    A deadline is late from its due instant to its end, or to the instant asked about.
    """
    overdue = [(d, span) for d in deadlines if (span := _late_span(d, at)) is not None]
    return [_row(h, overdue, calendar, at) for h in holdings]


def totals(found: Sequence[Row]) -> list[Total]:
    """Return the stays added up by organisation, in the order in which each had the case first."""
    by_organisation: dict[int, Total] = {}
    for row in found:
        total = by_organisation.setdefault(row.organisation.pk, Total(row.organisation))
        total.stays += 1
        total.duration += row.duration
        total.working_days += row.working_days
        total.late += row.late
    return list(by_organisation.values())


def _row(holding: Holding, overdue: list[tuple[Deadline, Span]], calendar: WorkCalendar, at: datetime) -> Row:
    until = holding.ended_at if holding.ended_at is not None and holding.ended_at <= at else None
    stay = (holding.starts_at, until or at)
    shares = [(d, share) for d, span in overdue if (share := _overlap(stay, span)) is not None]
    return Row(
        organisation=holding.organisation,
        since=holding.starts_at,
        until=until,
        duration=stay[1] - stay[0],
        working_days=_working_days(stay, calendar),
        late=_together(span for _deadline, span in shares),
        lateness=tuple(Late(d, span[1] - span[0]) for d, span in shares),
    )


def _late_span(deadline: Deadline, at: datetime) -> Span | None:
    """Return from when to when a deadline of an office was late, if it was."""
    until = min(deadline.ended_at, at) if deadline.ended_at is not None else at
    if deadline.binds != Binds.OFFICE or deadline.due_at is None or deadline.due_at >= until:
        return None
    if deadline.of_supervision:
        return None  # What the body addressed owes is not the lateness of whoever has the case.
    return deadline.due_at, until


def _overlap(one: Span, other: Span) -> Span | None:
    since, until = max(one[0], other[0]), min(one[1], other[1])
    return (since, until) if since < until else None


def _together(spans: Iterable[Span]) -> timedelta:
    """Return the time that spans cover, what several cover once."""
    covered, reached = timedelta(), None
    for since, until in sorted(spans):
        begin = since if reached is None else max(since, reached)
        if until > begin:
            covered += until - begin
            reached = until
    return covered


def _working_days(stay: Span, calendar: WorkCalendar) -> int:
    """Count the working days after the day on which a stay began, up to the day on which it ended."""
    day, last = calendar.local_day(stay[0]), calendar.local_day(stay[1])
    counted = 0
    while day < last:
        day += ONE_DAY
        counted += calendar.is_workday(day)
    return counted
