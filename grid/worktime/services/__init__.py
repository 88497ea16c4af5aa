"""Everything that writes rules, rungs and the calendar."""

from grid.worktime.services.calendar import confirm_year, missing_calendar, override_day, withdraw_day
from grid.worktime.services.rules import RuleSpec, ship_rules

__all__ = [
    "RuleSpec",
    "confirm_year",
    "missing_calendar",
    "override_day",
    "ship_rules",
    "withdraw_day",
]
