"""Pages of the rungs: who is told when, by which channel."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from grid.worktime import rule_pages
from grid.worktime.access import writer, writers_only
from grid.worktime.forms import EndForm, RungForm
from grid.worktime.models import DeadlineRule, RungRule
from grid.worktime.rule_pages import RungGroup, RungLine
from grid.worktime.services import end_rung, set_rung
from grid.worktime.views.frame import UNPROCESSABLE, frame, saved, sent


@login_required
@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """Show the rungs of every unit, and those that single rules have of their own."""
    context = {"groups": rule_pages.rung_groups(timezone.localdate()), **frame(request, "rungs")}
    return render(request, "worktime/rungs.html", context)


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def change_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the successor of a rung."""
    rung = get_object_or_404(RungRule, pk=pk)
    return _write(request, rung, code=rung.code, back_url=reverse("worktime:rungs"))


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def own_page(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Give one limit a rung of its own, made from that of its unit."""
    rung = get_object_or_404(RungRule, pk=pk)
    if not DeadlineRule.objects.filter(code=code, unit=rung.unit).exists():
        raise Http404
    return _write(request, rung, code=code, back_url=reverse("worktime:limit", args=[code]))


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End the rung that one limit has of its own."""
    rung = get_object_or_404(RungRule.objects.exclude(code=""), pk=pk)
    form = EndForm(sent(request), initial={"on": timezone.localdate() + timedelta(days=1)})
    back_url = reverse("worktime:limit", args=[rung.code])
    if saved(form, lambda: end_rung(rung, on=form.cleaned_data["on"], by=writer(request), at=timezone.now())):
        messages.success(request, _("The end of the rung is written."))
        return redirect(back_url)
    return _page(request, form, rung, rung.code, _("End the rung"), back_url, danger=True)


def _write(request: HttpRequest, rung: RungRule, *, code: str, back_url: str) -> HttpResponse:
    first = RungForm.values_of(rung, valid_from=timezone.localdate() + timedelta(days=1))
    form = RungForm(rung, sent(request), initial=first)
    if saved(form, lambda: set_rung(form.spec(code), by=writer(request), at=timezone.now())):
        messages.success(request, _("The rung is written; deadlines that begin from then on go by it."))
        return redirect(back_url)
    return _page(request, form, rung, code, _("Change the rung"), back_url)


def _page(
    request: HttpRequest,
    form: Any,
    rung: RungRule,
    code: str,
    title: str,
    back_url: str,
    *,
    danger: bool = False,
) -> HttpResponse:
    context = {
        "form": form,
        "line": RungLine(rung),
        "kicker": RungGroup(code, rung.unit, ()).label,
        "code": code,
        "title": title,
        "back_url": back_url,
        "danger": danger,
        **frame(request, "rungs"),
    }
    return render(request, "worktime/rung_form.html", context, status=UNPROCESSABLE if form.errors else 200)
