"""What every page of rules and calendar has: the three tabs, and the alert of a missing year."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.worktime.access import may_write
from grid.worktime.forms import ServiceForm
from grid.worktime.services import missing_calendar

UNPROCESSABLE = 422


def frame(request: HttpRequest, here: str) -> dict[str, Any]:
    """Return the tabs with the one we are on, whether the reader may write, and the year that is missing."""
    today = timezone.localdate()
    writes = may_write(request.user, on=today)
    places = [
        ("rules", _("Limits"), reverse("worktime:rules")),
        ("rungs", _("Reminders and the ladder"), reverse("worktime:rungs")),
        ("calendar", _("Calendar"), reverse("worktime:calendar", args=[today.year])),
    ]
    return {
        "tabs": [{"label": label, "url": url, "here": key == here} for key, label, url in places],
        "writes": writes,
        "missing_calendar": missing_calendar(today) if writes else None,
        "today": today,
    }


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, or nothing where the page is only asked for."""
    return request.POST if request.method == "POST" else None


def saved(form: ServiceForm, act: Callable[[], object]) -> bool:
    """Let a service act on a form that was sent and is valid; what it refuses goes to the fields."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        form.take(error)
        return False
    return True
