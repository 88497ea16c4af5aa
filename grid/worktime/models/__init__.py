"""Working calendar, deadline rules and rung rules."""

from grid.worktime.choices import Approver, Binds, Channel, DayKind, Told, Unit
from grid.worktime.models.calendar import CalendarChange, CalendarDay, CalendarYear
from grid.worktime.models.deadline_rule import DeadlineRule
from grid.worktime.models.rung_rule import RungRule

__all__ = [
    "Approver",
    "Binds",
    "CalendarChange",
    "CalendarDay",
    "CalendarYear",
    "Channel",
    "DayKind",
    "DeadlineRule",
    "RungRule",
    "Told",
    "Unit",
]
