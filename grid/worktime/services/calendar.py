"""Writing of the calendar: each change leaves a row, by which open deadlines are worked out anew."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from grid.people.models import User
from grid.worktime.calendar import LIBRARY_YEARS
from grid.worktime.choices import DayKind
from grid.worktime.holidays import open_days
from grid.worktime.models import CalendarChange, CalendarDay, CalendarYear

# Any fixed number does; it is the name of the lock among all advisory locks of this database.
CALENDAR_LOCK = 0x43414C44
# The notice comes in November as a rule; from this month on a missing one is told.
ALERT_MONTH = 10
OVERRIDE, WITHDRAW, IMPORT, CONFIRM = "override", "withdraw", "import", "confirm"


def lock_calendar() -> None:
    """Let one writer at a time change the calendar, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CALENDAR_LOCK])


@transaction.atomic
def override_day(
    *,
    on: date,
    kind: DayKind,
    source: str,
    name: str = "",
    name_en: str = "",
    by: User | None,
    at: datetime,
) -> CalendarDay:
    """
    State what a day is, before whatever the shipped calendar says; stating it again replaces it.

    Stating what is stated already changes nothing.

    :raises ValidationError: a make-up working day that is no Saturday or Sunday, and the like.
    """
    lock_calendar()
    day = CalendarDay(on=on, kind=kind, source=source, name=name, name_en=name_en)
    changed = put_days([day])
    if changed:
        record_change(OVERRIDE, changed, source=source, by=by, at=at)
    return CalendarDay.objects.get(on=on)


@transaction.atomic
def withdraw_day(*, on: date, by: User | None, at: datetime) -> bool:
    """Take back what the city stated of a day, and say whether there was anything to take back."""
    lock_calendar()
    day = CalendarDay.objects.filter(on=on).first()
    if day is None:
        return False
    day.delete()
    record_change(WITHDRAW, [_change(on, day.kind, None)], source=day.source, by=by, at=at)
    return True


@transaction.atomic
def confirm_year(*, year: int, source: str, by: User | None, at: datetime) -> CalendarYear:
    """
    Confirm that the holiday notice for a year is entered in full, so that nothing in it is provisional.

    Confirming a year again changes nothing; two who confirm at once get the same row.

    :raises ValidationError: a year outside the calendar, known already, or without a single day entered.
    """
    lock_calendar()
    present = CalendarYear.objects.filter(year=year).first()
    if present is not None:
        return present
    confirmed = CalendarYear(year=year, source=source, confirmed_at=at, confirmed_by=by)
    confirmed.full_clean()
    if year in LIBRARY_YEARS:
        raise ValidationError({"year": _("The calendar of this year is known already.")})
    if not CalendarDay.objects.filter(on__year=year).exists():
        raise ValidationError(
            {"year": _("No day of this year is entered yet. Enter the notice first, then confirm it.")}
        )
    confirmed.save(force_insert=True)
    open_from = min(open_days(year), default=date(year, 1, 1))
    record_change(
        CONFIRM,
        [],
        source=source,
        by=by,
        at=at,
        span=(min(open_from, date(year, 1, 1)), date(year, 12, 31)),
        year=year,
    )
    return confirmed


def missing_calendar(on: date) -> int | None:
    """Return next year if 1 October has come and its notice, usual in November, is still unknown."""
    year = on.year + 1
    if on.month < ALERT_MONTH or year in LIBRARY_YEARS:
        return None
    return None if CalendarYear.objects.filter(year=year).exists() else year


def put_days(days: Iterable[CalendarDay]) -> list[dict[str, Any]]:
    """
    Write days over what is stated, and return the changes as codes; days that say the same are left alone.

    :raises ValidationError: for the first day that makes no sense.
    """
    wanted = {day.on: day for day in days}
    present = {day.on: day for day in CalendarDay.objects.select_for_update().filter(on__in=wanted)}
    changes = []
    for on, day in sorted(wanted.items()):
        before = present.get(on)
        day.full_clean(validate_unique=before is None)
        if before and _said(before) == _said(day):
            continue
        day.pk = before.pk if before else None
        day.save(force_update=before is not None, force_insert=before is None)
        changes.append(_change(on, before.kind if before else None, day.kind))
    return changes


def record_change(
    verb: str,
    days: list[dict[str, Any]],
    *,
    source: str,
    by: User | None,
    at: datetime,
    span: tuple[date, date] | None = None,
    year: int | None = None,
) -> CalendarChange:
    """Write down a change of the calendar, so that open deadlines are worked out anew."""
    first, last = span or (date.fromisoformat(days[0]["on"]), date.fromisoformat(days[-1]["on"]))
    what = {"verb": verb, "source": source, "days": days}
    return CalendarChange.objects.create(at=at, by=by, what=what, first_on=first, last_on=last, year=year)


def _said(day: CalendarDay) -> tuple[str, ...]:
    return (str(day.kind), day.name, day.name_en, day.source)


def _change(on: date, before: str | None, after: str | None) -> dict[str, Any]:
    return {"on": on.isoformat(), "before": before and str(before), "after": after and str(after)}
