"""Tags for the frame of the page: navigation and the way back to this page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.casework import kinds
from grid.casework.actors import Actor
from grid.casework.models import Case
from grid.incidents.deadlines import KIND
from grid.incidents.forms import REPORT
from grid.people.models import User
from grid.supervision.orders import listing
from grid.supervision.orders.current import ANSWERING, SUPERVISING
from grid.worktime.access import WRITERS

register = template.Library()


def everybody(actor: Actor) -> bool:
    """Open a place to all staff."""
    return True


def who_may_report(actor: Actor) -> bool:
    """Open the report form to those whom the table of steps lets report."""
    opening = kinds.get(KIND).step(REPORT)
    return opening is not None and opening.who.allows(Case(kind=KIND), actor)


def who_supervises_or_answers(actor: Actor) -> bool:
    """Open the page of orders to those who decide on them and to those who answer."""
    return any(p.leads or p.role in {*SUPERVISING, *ANSWERING} for p in actor.postings)


def who_keeps_rules(actor: Actor) -> bool:
    """Open rules and calendar to those who write them; everybody else reaches them by links."""
    return actor.holds(WRITERS) or (actor.user is not None and actor.user.is_superuser)


@dataclass(frozen=True)
class Place:
    """A place in the main navigation, shown to those to whom it is open."""

    key: str
    label: str | Promise
    short: str | Promise
    icon: str
    route: str
    open_to: Callable[[Actor], bool] = everybody
    count: Callable[[Actor], int] | None = None


PLACES = (
    Place("desk", _("Desk"), _("Desk"), "inbox", "desk:worklist"),
    Place("report", _("Report an incident"), _("Report"), "plus-circle", "incidents:report", who_may_report),
    Place("areas", _("Grid tree"), _("Grids"), "diagram-3", "areas:tree"),
    Place(
        "supervision",
        _("Supervision"),
        _("Supervise"),
        "clipboard-check",
        "supervision:orders",
        who_supervises_or_answers,
        listing.waiting,
    ),
    Place("notices", _("Notices"), _("Notices"), "bell", "notices:list"),
    Place("rules", _("Rules and calendar"), _("Rules"), "calendar3", "worktime:rules", who_keeps_rules),
)


@register.simple_tag(takes_context=True)
def nav_items(context: Context) -> list[dict[str, Any]]:
    """Return the places open to whoever is signed in, with their address and whether we are there."""
    user, path = context.get("user"), getattr(context.get("request"), "path", "")
    if not isinstance(user, User):
        return []
    items = []
    for place in PLACES:
        if not place.open_to(Actor.of(user)):
            continue
        try:
            url = reverse(place.route)
        except NoReverseMatch:
            continue
        waiting = place.count(Actor.of(user)) if place.count else 0
        items.append({"place": place, "url": url, "here": path.startswith(url), "waiting": waiting})
    return items


@register.simple_tag(takes_context=True)
def this_page(context: Context) -> str:
    """Return the address of this page with its query, for forms that come back to it; '' after a POST."""
    request = context.get("request")
    return request.get_full_path() if request is not None and request.method == "GET" else ""
