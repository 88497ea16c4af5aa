"""Everything that writes rules, rungs and the calendar."""

from grid.worktime.services.calendar import confirm_year, missing_calendar, override_day, withdraw_day
from grid.worktime.services.local import Reach, Terms, add_local, end_rule, shorten
from grid.worktime.services.notice import NoticeRefused, compare, decode, import_notice, read_notice
from grid.worktime.services.rules import RuleSpec, ship_rules
from grid.worktime.services.rungs import RungSpec, end_rung, set_rung

__all__ = [
    "NoticeRefused",
    "Reach",
    "RuleSpec",
    "RungSpec",
    "Terms",
    "add_local",
    "compare",
    "confirm_year",
    "decode",
    "end_rule",
    "end_rung",
    "import_notice",
    "missing_calendar",
    "override_day",
    "read_notice",
    "set_rung",
    "ship_rules",
    "shorten",
    "withdraw_day",
]
