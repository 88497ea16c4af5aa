"""When a deadline turns yellow, orange and red; lights go by the raw date, lateness by the rolled one."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from grid.worktime.arithmetic.counting import ONE_DAY, counts
from grid.worktime.calendar import WorkCalendar
from grid.worktime.choices import Unit

RED_LEVEL = 3
# 0.333333 in the database means one third.
LARGEST_DENOMINATOR = 1000


class Light(IntEnum):
    """How near the end of a deadline is; the number is the level of the rung."""

    GREEN = 0
    YELLOW = 1
    ORANGE = 2
    RED = 3

    @property
    def label(self) -> str:
        """Return the word that stands beside the colour, which is never alone."""
        return str(LABELS[self])


LABELS = {
    Light.GREEN: _("In time"),
    Light.YELLOW: _("Due soon"),
    Light.ORANGE: _("Due very soon"),
    Light.RED: _("Late"),
}


class Rung(Protocol):
    """What is read of a rung rule (`RungRule` has it)."""

    @property
    def unit(self) -> str: ...
    @property
    def level(self) -> int: ...
    @property
    def share(self) -> Decimal | None: ...
    @property
    def left_days(self) -> int | None: ...
    @property
    def left_hours(self) -> int | None: ...


def lights(
    start_at: datetime,
    raw_at: datetime,
    due_at: datetime,
    unit: Unit,
    rules: Iterable[Rung],
    *,
    calendar: WorkCalendar,
    period: int | None = None,
) -> list[tuple[int, datetime]]:
    """
    Return the instants at which the levels 1 to 3 are reached, in the order of the levels.

    `raw_at` and `due_at` are first instants that are late, as in `Due`. `period` is length and extension in
    the unit; without it the time from start to raw end stands for it, pauses included. In days (working days
    for that unit) a level is reached at 00:00 of the first day with so few days after it, at the share or the
    days left, whichever comes first. In hours it is reached at the share or the hours left, whichever comes
    last. No level is reached before the start. Rules for another unit, and levels above 3, which a person
    decides on, are left out.
    """
    reached = []
    for rule in sorted(rules, key=lambda rule: rule.level):
        if rule.unit != unit or rule.level > RED_LEVEL:
            continue
        if rule.level == RED_LEVEL:
            at = due_at
        elif unit == Unit.HOUR:
            at = _warning_in_hours(rule, start_at, raw_at, period)
        else:
            at = _warning_in_days(rule, start_at, raw_at, unit, calendar, period)
        reached.append((rule.level, max(at, start_at).astimezone(calendar.zone)))
    return reached


def light(at: datetime, reached: Iterable[tuple[int, datetime]]) -> Light:
    """Return the light that shows at a moment, given what `lights` returned."""
    return Light(max((level for level, instant in reached if instant <= at), default=Light.GREEN))


def _warning_in_hours(rule: Rung, start_at: datetime, raw_at: datetime, period: int | None) -> datetime:
    whole = timedelta(hours=period) if period else raw_at - start_at
    warnings = []
    if rule.share is not None:
        share = _share(rule.share)
        warnings.append(whole * share.numerator / share.denominator)
    if rule.left_hours is not None:
        warnings.append(timedelta(hours=rule.left_hours))
    return raw_at - min(warnings, default=timedelta())


def _warning_in_days(
    rule: Rung, start_at: datetime, raw_at: datetime, unit: Unit, calendar: WorkCalendar, period: int | None
) -> datetime:
    start_on = calendar.local_day(start_at)
    raw_on = calendar.local_day(raw_at) - ONE_DAY
    warnings = [0]
    if rule.share is not None:
        whole = period or _count_between(start_on, raw_on, unit, calendar)
        warnings.append(int(_share(rule.share) * whole))
    if rule.left_days is not None:
        warnings.append(rule.left_days)
    allowed = max(warnings)
    day, after = raw_on, 0
    while day > start_on:
        after += counts(day, unit, calendar)
        if after > allowed:
            break
        day -= ONE_DAY
    return calendar.first_instant(day)


def _count_between(start_on: date, raw_on: date, unit: Unit, calendar: WorkCalendar) -> int:
    days = ((start_on + timedelta(days=shift)) for shift in range(1, (raw_on - start_on).days + 1))
    return sum(1 for day in days if counts(day, unit, calendar))


def _share(stored: Decimal) -> Fraction:
    return Fraction(stored).limit_denominator(LARGEST_DENOMINATOR)
