"""Pages of supervision: the list of orders, and the sheet of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grid.casework.actors import Actor
from grid.casework.views import signed_in
from grid.supervision.models import Level, SupervisionOrder
from grid.supervision.orders import listing
from grid.supervision.orders.sheet import Sheet


@signed_in
@require_safe
@never_cache
def orders(request: HttpRequest) -> HttpResponse:
    """Show the orders, or for htmx the part of the page that changes."""
    actor, at = Actor.of(request.user), timezone.now()
    filters = listing.read_filters(request.GET, actor)
    cursor = request.GET.get("cursor", "")
    context: dict[str, Any] = {
        "filters": filters,
        "desks": [_tab(filters, "desk", code, listing.DESKS[code]) for code in listing.desks_of(actor)],
        "levels": Level.choices,
        "at": at,
    }
    context |= (
        _records(filters, actor, cursor)
        if filters.desk == listing.RECORDS
        else _orders(filters, actor, cursor, at)
    )
    page = context["page"]
    context |= {"next_url": _page_url(filters, page.next), "previous_url": _page_url(filters, page.previous)}
    partial = request.headers.get("HX-Request") and request.headers.get("HX-Target") == "orders"
    return render(request, "supervision/_orders.html" if partial else "supervision/orders.html", context)


@signed_in
@require_safe
@never_cache
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sheet of an order (督办单), as it is printed."""
    actor = Actor.of(request.user)
    found = SupervisionOrder.objects.visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return render(request, "supervision/order.html", {"sheet": Sheet(found, actor, at=timezone.now())})


def _orders(filters: listing.Filters, actor: Actor, cursor: str, at: datetime) -> dict[str, Any]:
    page = listing.rows(filters, actor, cursor=cursor)
    counted = listing.counts(filters, actor)
    states = [
        _tab(filters, "state", code, label) | {"count": counted[code], "code": code}
        for code, (label, _statuses) in listing.STATES.items()
        if not (filters.desk == listing.ADDRESSED and code == "proposed")
    ]
    return {"page": page, "states": states, "rows": [_row(found, at) for found in page.rows]}


def _records(filters: listing.Filters, actor: Actor, cursor: str) -> dict[str, Any]:
    page = listing.records(filters, actor, cursor=cursor)
    return {"page": page, "records": page.rows}


def _row(found: SupervisionOrder, at: datetime) -> dict[str, Any]:
    return {
        "order": found,
        "light": listing.light_of(found, at=at),
        "check_due": found.next_check_on is not None and found.next_check_on <= timezone.localdate(at),
    }


def _tab(filters: listing.Filters, name: str, code: str, label: listing.Words) -> dict[str, Any]:
    return {
        "label": label,
        "url": f"{reverse('supervision:orders')}?{filters.query(**{name: code})}",
        "here": getattr(filters, name) == code,
    }


def _page_url(filters: listing.Filters, cursor: str) -> str:
    if not cursor:
        return ""
    return f"{reverse('supervision:orders')}?{filters.query()}&{urlencode({'cursor': cursor})}"
