"""Routes of the rules and the calendar."""

from datetime import date

from django.urls import path, register_converter

from grid.worktime.views import calendar, rules, rungs


class DayConverter:
    """A day as 2027-01-04."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """
        Return the day.

        :raises ValueError: no such day.
        """
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Return the day as it stands in an address."""
        return value.isoformat()


register_converter(DayConverter, "day")
app_name = "worktime"

urlpatterns = [
    path("rules/", rules.table, name="rules"),
    path("rules/rungs/", rungs.table, name="rungs"),
    path("rules/rungs/<int:pk>/", rungs.change_page, name="change_rung"),
    path("rules/rungs/<int:pk>/end/", rungs.end_page, name="end_rung"),
    path("rules/rows/<int:pk>/change/", rules.change_page, name="change_rule"),
    path("rules/rows/<int:pk>/end/", rules.end_page, name="end_rule"),
    path("rules/<slug:code>/", rules.limit, name="limit"),
    path("rules/<slug:code>/shorten/", rules.shorten_page, name="shorten"),
    path("rules/<slug:code>/local/", rules.local_page, name="add_local"),
    path("rules/<slug:code>/rungs/<int:pk>/", rungs.own_page, name="own_rung"),
    path("calendar/", calendar.now, name="calendar_now"),
    path("calendar/import/", calendar.notice, name="import_notice"),
    path("calendar/days/<day:on>/", calendar.day, name="day"),
    path("calendar/<int:year>/", calendar.year, name="calendar"),
    path("calendar/<int:year>/confirm/", calendar.confirm, name="confirm_year"),
]
