"""Master data of the calendar and of deadlines."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from grid.worktime.models import CalendarDay, CalendarYear, DeadlineRule, RungRule

if TYPE_CHECKING:
    RuleAdmin = admin.ModelAdmin[DeadlineRule]
    RungAdmin = admin.ModelAdmin[RungRule]
    DayAdmin = admin.ModelAdmin[CalendarDay]
    YearAdmin = admin.ModelAdmin[CalendarYear]
else:
    RuleAdmin = RungAdmin = DayAdmin = YearAdmin = admin.ModelAdmin

# What a statute says is shipped with the portal; the city may only end it or shorten it by a rule of its own.
STATUTE_FIELDS = (
    "code", "kind", "basis", "basis_en", "length", "unit", "binds", "extend_by", "extend_max", "may_pause",
    "rolls", "statutory", "base", "organisation", "area", "category", "valid_from",
)  # fmt: skip


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(RuleAdmin):
    """Deadline rules; a statutory one is not edited, a local rule shortens it."""

    list_display = ("code", "label", "length", "unit", "binds", "statutory", "valid_from", "valid_until")
    list_filter = ("kind", "statutory", "unit", "binds")
    search_fields = ("code", "label", "label_en", "basis")
    raw_id_fields = ("base", "organisation", "area")
    date_hierarchy = "valid_from"

    def get_readonly_fields(self, request: HttpRequest, obj: DeadlineRule | None = None) -> tuple[str, ...]:
        """Close what the statute says."""
        return STATUTE_FIELDS if obj and obj.statutory else ()


@admin.register(RungRule)
class RungRuleAdmin(RungAdmin):
    """Rungs of the ladder."""

    list_display = ("unit", "level", "share", "left_days", "left_hours", "told", "valid_from", "valid_until")
    list_filter = ("unit", "level")


@admin.register(CalendarDay)
class CalendarDayAdmin(DayAdmin):
    """Days that the city states."""

    list_display = ("on", "kind", "name", "name_en", "source")
    list_filter = ("kind",)
    search_fields = ("name", "name_en", "source")
    date_hierarchy = "on"


@admin.register(CalendarYear)
class CalendarYearAdmin(YearAdmin):
    """Years whose notice is entered in full."""

    list_display = ("year", "confirmed_at", "source")
