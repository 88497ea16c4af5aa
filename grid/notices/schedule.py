"""When a message may go out: office hours on working days, and the times at which messages are gathered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from grid.worktime.calendar import WorkCalendar

# The longest stretch without a working day is a holiday of some nine days.
HORIZON = 60


class Schedule:
    """The hours of one city: settings and its working calendar. One query."""

    def __init__(self, calendar: WorkCalendar | None = None) -> None:
        """Take the calendar, or read it."""
        self._calendar = calendar or WorkCalendar.load()
        self._opens, self._closes = (time.fromisoformat(text) for text in settings.NOTICES_OFFICE_HOURS)
        self._gathered = sorted(time.fromisoformat(text) for text in settings.NOTICES_DIGEST_TIMES)

    def in_office_hours(self, at: datetime) -> datetime:
        """Return the first instant, from one on, at which offices are open."""
        local = timezone.localtime(at)
        if self._calendar.is_workday(local.date()) and self._opens <= local.time() < self._closes:
            return at
        for day in self._days(local.date()):
            opens = self._at(day, self._opens)
            if opens >= at and self._calendar.is_workday(day):
                return opens
        return at

    def next_digest(self, at: datetime, *, office_hours: bool = True) -> datetime:
        """Return the first instant, from one on, at which gathered messages go out."""
        for day in self._days(timezone.localdate(at)):
            if office_hours and not self._calendar.is_workday(day):
                continue
            for gathered in self._gathered:
                instant = self._at(day, gathered)
                if instant >= at:
                    return instant
        return at

    @staticmethod
    def _days(first: date) -> Iterator[date]:
        return (first + timedelta(days=n) for n in range(HORIZON))

    @staticmethod
    def _at(day: date, moment: time) -> datetime:
        return timezone.make_aware(datetime.combine(day, moment))
