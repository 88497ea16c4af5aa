"""When silence towards the person whose matter it is becomes too long, as the kernel works it out."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone

from grid.casework.deadlines import SILENCE, hear
from grid.casework.models import Case
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import DeadlineRule, Unit


class Silence:
    """Asks the kernel once for each day, since a rule in days gives the same instant for all of it."""

    def __init__(self) -> None:
        """Read rule and calendar once."""
        self.calendar = WorkCalendar.load()
        self.rules: dict[date, DeadlineRule | None] = {}
        self.known: dict[date | datetime, datetime | None] = {}

    def after(self, heard_at: datetime) -> datetime | None:
        """Return from when on silence is too long after a word, if a rule says so."""
        day = timezone.localdate(heard_at)
        if day not in self.rules:
            self.rules[day] = DeadlineRule.objects.in_force_many([SILENCE], on=day).get(SILENCE)
        rule = self.rules[day]
        key = heard_at if rule is None or rule.unit == Unit.HOUR else day
        if key not in self.known:
            case = Case()
            hear(case, rule, at=heard_at, calendar=self.calendar)
            self.known[key] = case.silent_at
        return self.known[key]
