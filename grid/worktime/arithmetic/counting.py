"""
Deadlines as pure functions: what is due when, and what is left.

Days are counted as articles 200-204 of the Civil Code (民法典) say: the day of the start does not count, and
an end on a rest day moves to the next working day. The end is rolled once, at the very end, after pauses and
extension. Nothing here reads the clock or the database.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from grid.worktime.calendar import DayInfo, WorkCalendar
from grid.worktime.choices import DayKind, Unit

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PauseSpan:
    """
    A time during which a deadline does not run.

    In days, each day d with since < d <= until is not counted: the day on which the pause begins still
    counts, the day on which it ends does not, just as the day of a start does not. So a pause that ends on
    the day it began costs nothing. In hours, the time from `since` to `until` is not counted; a date means
    its first instant.
    """

    since: date | datetime
    until: date | datetime


@dataclass(frozen=True)
class SkippedDay:
    """A day that was not counted, or on which the end could not fall, because offices are closed."""

    on: date
    kind: DayKind
    name: str
    name_en: str


@dataclass(frozen=True)
class Due:
    """
    When something is due, with all it was worked out from.

    `raw_on` is the last day before rolling (lights go by it), `due_on` the last day in time; both are None
    for hours. `raw_at` and `due_at` are the first instants that are late: 00:00 local on the next day; for
    hours start + length. `pauses` are those given; for hours, those that cost time, merged. `paused_on` are
    the days they took away. `provisional` says that a holiday notice still to come could move the due date.
    """

    unit: Unit
    length: int
    extension: int
    rolls: bool
    start_on: date
    start_at: datetime
    pauses: tuple[PauseSpan, ...]
    raw_on: date | None
    due_on: date | None
    raw_at: datetime
    due_at: datetime
    provisional: bool
    skipped: tuple[SkippedDay, ...]
    paused_on: tuple[date, ...]

    @property
    def period(self) -> int:
        """Return length and extension together, in the unit."""
        return self.length + self.extension


def due(
    start: date | datetime,
    length: int,
    unit: Unit,
    *,
    rolls: bool = True,
    calendar: WorkCalendar,
    pauses: Sequence[PauseSpan] = (),
    extension: int = 0,
) -> Due:
    """
    Work out when something is due (民法典 200-203).

    `length` and `extension` are in `unit`. Hours run from the moment of the start, through nights and rest
    days, and never roll; a date as the start of hours means its first instant. Working days end on a working
    day anyway.

    :raises ValueError: length below 1, extension below 0, a moment without zone, or a pause that ends before
    it began.
    """
    if length < 1:
        raise ValueError("length must be at least 1")
    if extension < 0:
        raise ValueError("extension must not be negative")
    spans = tuple(sorted(pauses, key=lambda span: _moment(span.since, calendar)))
    if any(_moment(span.until, calendar) < _moment(span.since, calendar) for span in spans):
        raise ValueError("a pause must not end before it began")
    if unit == Unit.HOUR:
        return _due_in_hours(_moment(start, calendar), length, extension, spans, calendar)
    return _due_in_days(start, length, unit, rolls, calendar, spans, extension)


def _due_in_hours(
    start_at: datetime, length: int, extension: int, spans: tuple[PauseSpan, ...], calendar: WorkCalendar
) -> Due:
    due_at = start_at + timedelta(hours=length + extension)
    effective = []
    for since, until in _apart(spans, calendar):
        if since < due_at and until > start_at:
            since = max(since, start_at)
            due_at += until - since
            effective.append(PauseSpan(since.astimezone(calendar.zone), until.astimezone(calendar.zone)))
    local = due_at.astimezone(calendar.zone)
    return Due(
        unit=Unit.HOUR,
        length=length,
        extension=extension,
        rolls=False,
        start_on=calendar.local_day(start_at),
        start_at=start_at.astimezone(calendar.zone),
        pauses=tuple(effective),
        raw_on=None,
        due_on=None,
        raw_at=local,
        due_at=local,
        provisional=False,
        skipped=(),
        paused_on=(),
    )


def _due_in_days(
    start: date | datetime,
    length: int,
    unit: Unit,
    rolls: bool,
    calendar: WorkCalendar,
    spans: tuple[PauseSpan, ...],
    extension: int,
) -> Due:
    start_on = calendar.local_day(start)
    raw_on, paused_on, resting = _count(start_on, length + extension, unit, calendar, spans)
    due_on = raw_on
    while rolls and not calendar.is_workday(due_on):
        resting.append(due_on)
        due_on += ONE_DAY
    if unit == Unit.WORKDAY:
        deciding: Iterable[date] = _days(start_on + ONE_DAY, due_on)
    else:
        deciding = _days(raw_on, due_on) if rolls else ()
    paused = frozenset(paused_on)
    return Due(
        unit=unit,
        length=length,
        extension=extension,
        rolls=rolls,
        start_on=start_on,
        start_at=_moment(start, calendar).astimezone(calendar.zone),
        pauses=spans,
        raw_on=raw_on,
        due_on=due_on,
        raw_at=calendar.first_instant(raw_on + ONE_DAY),
        due_at=calendar.first_instant(due_on + ONE_DAY),
        provisional=any(calendar.may_change(day) for day in deciding if day not in paused),
        skipped=tuple(_skipped(day, calendar.info(day)) for day in resting),
        paused_on=tuple(paused_on),
    )


def _count(
    start_on: date, length: int, unit: Unit, calendar: WorkCalendar, spans: tuple[PauseSpan, ...]
) -> tuple[date, list[date], list[date]]:
    """Return the day on which the count is full, the paused days and the rest days passed over on the way."""
    local_spans = [(calendar.local_day(span.since), calendar.local_day(span.until)) for span in spans]
    paused_on: list[date] = []
    resting: list[date] = []
    day, counted = start_on, 0
    while counted < length:
        day += ONE_DAY
        if any(since < day <= until for since, until in local_spans):
            paused_on.append(day)
        elif unit == Unit.WORKDAY and not calendar.is_workday(day):
            resting.append(day)
        else:
            counted += 1
    return day, paused_on, resting


def left(due: Due, *, at: datetime, calendar: WorkCalendar) -> int | timedelta:
    """
    Return what is left of a period at a moment: days of its unit after that day up to the raw end, hours as a
    timedelta.

    What a pause takes away is not left, so during a pause the number stands still. Nothing left is 0.
    """
    at = max(at, due.start_at)
    if due.raw_on is None:
        spans = _apart(due.pauses, calendar)
        paused = sum((until - max(since, at) for since, until in spans if until > at), timedelta())
        return max(due.due_at - at - paused, timedelta())
    paused_on = frozenset(due.paused_on)
    days = _days(calendar.local_day(at) + ONE_DAY, due.raw_on)
    return sum(1 for day in days if day not in paused_on and counts(day, due.unit, calendar))


def counts(day: date, unit: Unit, calendar: WorkCalendar) -> bool:
    """Say whether a day counts in a unit: every day in calendar days, only worked days in working days."""
    return unit != Unit.WORKDAY or calendar.is_workday(day)


def _apart(spans: Sequence[PauseSpan], calendar: WorkCalendar) -> list[tuple[datetime, datetime]]:
    """Return sorted spans as moments, with those that overlap or touch made one."""
    merged: list[tuple[datetime, datetime]] = []
    for span in spans:
        since, until = _moment(span.since, calendar), _moment(span.until, calendar)
        if merged and since <= merged[-1][1]:
            since, until = merged[-1][0], max(until, merged.pop()[1])
        merged.append((since, until))
    return merged


def _moment(when: date | datetime, calendar: WorkCalendar) -> datetime:
    """Return a moment in UTC, where adding hours is safe whatever the local clock does."""
    if not isinstance(when, datetime):
        return calendar.first_instant(when).astimezone(UTC)
    if when.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return when.astimezone(UTC)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += ONE_DAY


def _skipped(day: date, info: DayInfo) -> SkippedDay:
    return SkippedDay(on=day, kind=info.kind, name=info.name, name_en=info.name_en)
