"""The desk."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from governance.desk import worklist
from governance.desk.alerts import alerts
from grid.casework import kinds
from grid.casework.actors import Actor
from grid.casework.models import Urgency
from grid.casework.views import signed_in


@signed_in
@require_safe
def worklist_page(request: HttpRequest) -> HttpResponse:
    """Show the worklist, or for htmx the part of it that changes."""
    actor, at = Actor.of(request.user), timezone.now()
    filters = worklist.read_filters(request.GET, actor)
    page = worklist.rows(filters, actor, at=at, cursor=request.GET.get("cursor", ""))
    context = {
        "filters": filters,
        "page": page,
        "rows": [_row(case, at) for case in page.rows],
        "desks": [_tab(filters, "desk", code, label) for code, label in worklist.DESKS.items()],
        "states": _states(filters, actor, at),
        "kinds": kinds.all_kinds(),
        "urgencies": Urgency.choices,
        "sizes": worklist.SIZES,
        "next_url": _page_url(filters, page.next),
        "previous_url": _page_url(filters, page.previous),
        "narrowed": bool(filters.kind or filters.urgency or filters.area or filters.text),
        "at": at,
        "alerts": alerts(actor, at=at),
    }
    partial = request.headers.get("HX-Request") and request.headers.get("HX-Target") == "worklist"
    return render(request, "desk/_worklist.html" if partial else "desk/worklist.html", context)


def _row(case: Any, at: Any) -> dict[str, Any]:
    kind = kinds.get(case.kind)
    return {
        "case": case,
        "kind": kind.label,
        "status": kind.status(case.status).label,
        "light": worklist.light_of(case, at=at),
        "is_silent": worklist.is_silent(case, at=at),
    }


def _states(filters: worklist.Filters, actor: Actor, at: Any) -> list[dict[str, Any]]:
    counted = worklist.counts(filters, actor, at=at)
    return [
        _tab(filters, "state", code, label) | {"count": counted[code], "code": code}
        for code, label in worklist.STATES.items()
    ]


def _tab(filters: worklist.Filters, name: str, code: str, label: worklist.Words) -> dict[str, Any]:
    return {
        "label": label,
        "url": f"{reverse('desk:worklist')}?{filters.query(**{name: code})}",
        "here": getattr(filters, name) == code,
    }


def _page_url(filters: worklist.Filters, cursor: str) -> str:
    return f"{reverse('desk:worklist')}?{filters.query()}&{urlencode({'cursor': cursor})}" if cursor else ""
