"""Pages of incidents: the report form, what came of it, and the published responsibility list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.exceptions import ValidationError

from grid.areas.models import Tier
from grid.casework import kinds, once
from grid.casework.actors import Actor
from grid.casework.errors import CaseBusy, CaseNotFound, KeyReused, StepNotPossible
from grid.casework.models import Case, OnceKey
from grid.casework.steps import Taken, open_case
from grid.casework.views import BUSY_SECONDS, signed_in
from grid.incidents import places
from grid.incidents.deadlines import KIND
from grid.incidents.forms import REPORT, REPORT_DONE, ReportForm
from grid.incidents.models import Category, Responsibility

# A report looked at later is an old one, and the page says less loudly that it has arrived.
NEW = timedelta(minutes=10)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """Show the report form, or report an incident."""
    actor = Actor.of(request.user)
    opening = kinds.get(KIND).step(REPORT)
    if opening is None or not opening.who.allows(Case(kind=KIND), actor):
        return render(request, "incidents/not_yours.html", {"who": opening and opening.who.words}, status=403)
    at = timezone.now()
    if request.method == "POST":
        return _report(request, ReportForm.sent(actor, request.POST, request.FILES, at=at))
    return _form(request, ReportForm.fresh(actor, at=at))


@signed_in
@require_safe
@never_cache
def reported(request: HttpRequest, number: str) -> HttpResponse:
    """Say that a report has arrived, where it is now, and what is odd about it."""
    visible = Case.objects.visible_to(Actor.of(request.user)).of_kind(KIND)
    case = visible.filter(number=number.upper()).select_related("lead", "area__parent").first()
    if case is None:
        raise Http404
    context = {
        "case": case,
        "warnings": places.warnings(case),
        "is_new": timezone.now() - case.registered_at < NEW,
        "files": case.attachments.count(),
    }
    return render(request, "incidents/reported.html", context)


@signed_in
@require_safe
def responsibilities(request: HttpRequest) -> HttpResponse:
    """Publish the responsibility list: by category, who leads on each tier, and by which rule."""
    chosen = request.GET.get("category", "")
    lines = (
        Responsibility.objects.valid(timezone.localdate())
        .select_related("category__parent", "area", "lead_organisation")
        .prefetch_related("assisting")
        .order_by("category__code", "area__code")
    )
    first_level = list(Category.objects.filter(parent=None, is_active=True))
    if chosen in {category.code for category in first_level}:
        lines = lines.filter(category__code__startswith=chosen)
    else:
        chosen = ""
    groups: dict[Category, dict[Category, list[Responsibility]]] = {}
    for line in lines:
        above = line.category.parent or line.category
        groups.setdefault(above, {}).setdefault(line.category, []).append(line)
    context = {
        "groups": [
            (above, [(c, _by_tier(found)) for c, found in rows.items()]) for above, rows in groups.items()
        ],
        "categories": first_level,
        "chosen": chosen,
    }
    return render(request, "incidents/responsibilities.html", context)


def _by_tier(lines: list[Responsibility]) -> list[Responsibility]:
    """Return lines with the lowest tier first, as a matter goes."""
    return sorted(lines, key=lambda line: -Tier(line.tier).rank)


def _report(request: HttpRequest, form: ReportForm) -> HttpResponse:
    """Report as the form says; whatever is wrong, the form comes back as it was sent."""
    sent = form.form
    if sent.errors:
        return _form(request, form, status=422)
    try:
        if sent.step.name == REPORT_DONE:
            _refuse_other_use(form)
        taken = open_case(
            KIND, sent.step.name, by=form.page.actor, data=sent.body, at=form.page.at, key=sent.key
        )
    except ValidationError as error:
        sent.add_errors(error)
        return _form(request, form, status=422)
    except KeyReused as error:
        first = _first(form)
        sent.key = ReportForm.fresh(form.page.actor, at=form.page.at).form.key
        return _form(request, form, status=409, notice=error.text, first=first)
    except (StepNotPossible, CaseNotFound) as error:
        return _form(request, form, status=error.status, notice=error.text)
    except CaseBusy as error:
        response = _form(request, form, status=error.status, notice=error.text)
        response.headers["Retry-After"] = str(BUSY_SECONDS)
        return response
    return _arrived(request, taken)


def _refuse_other_use(form: ReportForm) -> None:
    """
    Refuse as dealt with what the same form reported before: it is open now, and is closed by its steps.

    :raises KeyReused: when it was.
    """
    reported_before = once.answered(form.form.key, operation=f"{KIND}/{REPORT}", by=form.page.actor)
    if reported_before:
        raise KeyReused


def _first(form: ReportForm) -> Case | None:
    """Return what was reported when this form was sent first."""
    user = form.page.actor.user
    held = OnceKey.objects.filter(
        caller=f"user:{user.pk if user else ''}",
        operation__in=[f"{KIND}/{REPORT}", f"{KIND}/{REPORT_DONE}"],
        key=form.form.key,
    )
    return Case.objects.visible_to(form.page.actor).filter(pk__in=held.values("case")).first()


def _arrived(request: HttpRequest, taken: Taken) -> HttpResponse:
    """Lead on to the page that says so; a script that sent the form gets its address."""
    url = reverse("incidents:reported", args=[taken.case.number])
    if request.accepts("text/html"):
        return redirect(url)
    return JsonResponse({"location": url, "number": taken.case.number}, status=201)


def _form(
    request: HttpRequest, form: ReportForm, *, status: int = 200, notice: Any = "", first: Case | None = None
) -> HttpResponse:
    west, south, east, north = settings.CITY_BOUNDS
    context = {
        "form": form,
        "notice": notice,
        "first": first,
        "bounds": f"{west},{south},{east},{north}",
    }
    return render(request, "incidents/report.html", context, status=status)
