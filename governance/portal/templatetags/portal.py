"""Tags for the frame of the page: navigation and the way back to this page."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()


@dataclass(frozen=True)
class Place:
    """A place in the main navigation."""

    key: str
    label: str | Promise
    short: str | Promise
    icon: str
    route: str


PLACES = (
    Place("desk", _("Desk"), _("Desk"), "inbox", "desk:worklist"),
    Place("report", _("Report an incident"), _("Report"), "plus-circle", "incidents:report"),
    Place("areas", _("Grid tree"), _("Grids"), "diagram-3", "areas:tree"),
    Place("notices", _("Notices"), _("Notices"), "bell", "notices:list"),
)


@register.simple_tag(takes_context=True)
def nav_items(context: Context) -> list[dict[str, Any]]:
    """Return the places of the main navigation with their address and whether we are there."""
    path = getattr(context.get("request"), "path", "")
    items = []
    for place in PLACES:
        try:
            url = reverse(place.route)
        except NoReverseMatch:
            continue
        items.append({"place": place, "url": url, "here": path.startswith(url)})
    return items


@register.simple_tag(takes_context=True)
def this_page(context: Context) -> str:
    """Return the address of this page with its query, for forms that come back to it; '' after a POST."""
    request = context.get("request")
    return request.get_full_path() if request is not None and request.method == "GET" else ""
