"""Pages of the limits: the table, one limit with its history, and the forms that write."""

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
from grid.worktime.choices import Binds, Unit
from grid.worktime.forms import EndForm, LocalForm, TermsForm
from grid.worktime.models import DeadlineRule
from grid.worktime.rule_pages import Row
from grid.worktime.services import Reach, add_local, end_rule, shorten
from grid.worktime.views.frame import UNPROCESSABLE, frame, saved, sent


@login_required
@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """Show every limit that holds on a day, by kind, with the city's own beneath."""
    filters = rule_pages.read_filters(request.GET, today=timezone.localdate())
    context = {
        "filters": filters,
        "groups": rule_pages.groups(filters),
        "kinds": rule_pages.KINDS.items(),
        "units": Unit.choices,
        "bounds": Binds.choices,
        **frame(request, "rules"),
    }
    return render(request, "worktime/rules.html", context)


@login_required
@require_safe
def limit(request: HttpRequest, code: str) -> HttpResponse:
    """Show one limit: what holds, what the city has of its own, the rungs, and what held before."""
    today = timezone.localdate()
    rows = [Row(rule, today) for rule in _rules_of(code)]
    general = _general(rows)
    context = {
        "code": code,
        "general": general,
        "local": rule_pages.in_order(
            row for row in rows if row is not general and (row.holds or row.is_to_come)
        ),
        "history": [row for row in rows if row is not general and not (row.holds or row.is_to_come)],
        "rungs": rule_pages.rung_groups(today, code=code, unit=general.rule.unit),
        **frame(request, "rules"),
    }
    return render(request, "worktime/limit.html", context)


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def shorten_page(request: HttpRequest, code: str) -> HttpResponse:
    """Promise the whole city less time than a statute gives."""
    origin = _general([Row(rule, timezone.localdate()) for rule in _rules_of(code)]).rule
    if not origin.statutory:
        raise Http404
    form = TermsForm(origin, sent(request), initial=_first(origin))
    if saved(form, lambda: shorten(origin, form.terms(), by=writer(request), at=timezone.now())):
        messages.success(request, _("The limit is shortened. Deadlines that run keep theirs."))
        return redirect("worktime:limit", code=code)
    return _form_page(request, form, origin, title=_("Shorten for the whole city"))


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def local_page(request: HttpRequest, code: str) -> HttpResponse:
    """Add a rule for an organisation, an area or a category."""
    origin = _general([Row(rule, timezone.localdate()) for rule in _rules_of(code)]).rule
    form = LocalForm(origin, sent(request), initial=_first(origin))
    if saved(form, lambda: _add(request, origin, form, form.reach())):
        messages.success(request, _("The local rule is written. Deadlines that run keep theirs."))
        return redirect("worktime:limit", code=code)
    return _form_page(request, form, origin, title=_("Add a local rule"))


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def change_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the successor of a rule of the city's own; the row itself stays as it was."""
    origin = get_object_or_404(_described(), pk=pk, statutory=False)
    reach = Reach(organisation=origin.organisation, area=origin.area, category=origin.category)
    form = TermsForm(origin, sent(request), initial=_first(origin))
    if saved(form, lambda: _add(request, origin, form, reach)):
        messages.success(request, _("The rule has a successor. Deadlines that run keep theirs."))
        return redirect("worktime:limit", code=origin.code)
    return _form_page(request, form, origin, title=_("Change the rule"))


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End a rule of the city's own."""
    rule = get_object_or_404(_described(), pk=pk, statutory=False)
    form = EndForm(sent(request), initial={"on": timezone.localdate() + timedelta(days=1)})
    if saved(form, lambda: end_rule(rule, on=form.cleaned_data["on"], by=writer(request), at=timezone.now())):
        messages.success(request, _("The end of the rule is written."))
        return redirect("worktime:limit", code=rule.code)
    return _form_page(request, form, rule, title=_("End the rule"), danger=True)


def _add(request: HttpRequest, origin: DeadlineRule, form: TermsForm, reach: Reach) -> DeadlineRule:
    return add_local(origin, form.terms(), reach=reach, by=writer(request), at=timezone.now())


def _form_page(
    request: HttpRequest, form: Any, rule: DeadlineRule, *, title: str, danger: bool = False
) -> HttpResponse:
    context = {
        "form": form,
        "row": Row(rule, timezone.localdate()),
        "title": title,
        "danger": danger,
        "back_url": reverse("worktime:limit", args=[rule.code]),
        **frame(request, "rules"),
    }
    return render(request, "worktime/rule_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _described() -> Any:
    rows = DeadlineRule.objects.select_related("organisation", "area", "base", "made_by", "ended_by")
    return rows.defer("area__outline")


def _rules_of(code: str) -> list[DeadlineRule]:
    """
    Return every row of a code, the newest first.

    :raises Http404: there is none.
    """
    rules = list(_described().filter(code=code).order_by("-valid_from", "-pk"))
    if not rules:
        raise Http404
    return rules


def _general(rows: list[Row]) -> Row:
    """Return what holds for everybody: the statute, else the city's own, else the newest there is."""
    holding = [row for row in rows if row.holds and row.rule.reach_is_citywide]
    return next((row for row in holding if row.rule.statutory), (holding or rows)[0])


def _first(origin: DeadlineRule) -> dict[str, Any]:
    """Return what a form shows at first: the rule as it is, from tomorrow on."""
    return {
        "length": origin.length,
        "extend_max": origin.extend_max,
        "basis": "" if origin.statutory else origin.basis,
        "basis_en": "" if origin.statutory else origin.basis_en,
        "valid_from": timezone.localdate() + timedelta(days=1),
    }
