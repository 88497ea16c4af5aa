"""Working calendar, deadline rules and rung rules."""

from grid.worktime.choices import Binds, DayKind, Told, Unit
from grid.worktime.models.calendar import CalendarDay, CalendarYear
from grid.worktime.models.deadline_rule import DeadlineRule
from grid.worktime.models.rung_rule import RungRule

__all__ = ["Binds", "CalendarDay", "CalendarYear", "DayKind", "DeadlineRule", "RungRule", "Told", "Unit"]
