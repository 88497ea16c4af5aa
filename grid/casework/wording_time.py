"""Word what entries hold of time: what was asked of a deadline, and what a change of the calendar did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from grid.casework.models import RequestType
from grid.worktime.arithmetic import quantity_text
from grid.worktime.models import Unit

if TYPE_CHECKING:
    from grid.casework.models import Deadline

# Told by another value of the same entry.
SILENT = frozenset({"request", "approver", "years"})
WORDED = frozenset({"length", "request_type", "why", "stands"}) | SILENT


def is_about_time(name: str, data: Mapping[str, Any]) -> bool:
    """Tell whether a value of an entry is worded here."""
    return name in WORDED and ("deadline" in data or "why" in data)


def fact(name: str, data: Mapping[str, Any], deadlines: Mapping[str, Deadline]) -> tuple[str, str] | None:
    """Return label and words of a value, or nothing when another value tells it."""
    value = data[name]
    if name == "length":
        deadline = deadlines.get(data["deadline"])
        unit = Unit(deadline.unit) if deadline else None
        return _("More time"), quantity_text(value, unit) if unit else str(value)
    if name == "request_type":
        return _("What was asked"), str(RequestType(value).label)
    if name == "why":
        return _("Why"), _why(value, data.get("years", []))
    if name == "stands":
        names = [deadlines[code].text if code in deadlines else code for code in value]
        return _("The date stands"), _(", ").join(names)
    return None


def _why(code: str, years: list[int]) -> str:
    """Say why dates were worked out anew."""
    changed = _("The calendar has changed.")
    if not years:
        return changed
    listed = _(", ").join(str(year) for year in years)
    confirmed = _("The calendar of %(years)s is confirmed.") % {"years": listed}
    return confirmed if code == "year_confirmed" else f"{changed} {confirmed}"
