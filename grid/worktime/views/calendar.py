"""Pages of the calendar: the year, one day, the import of a notice, the confirmation of a year."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from grid.worktime import year_page
from grid.worktime.access import writer, writers_only
from grid.worktime.arithmetic.explanation import day_text
from grid.worktime.calendar import FIRST_YEAR, WorkCalendar
from grid.worktime.choices import DayKind
from grid.worktime.forms import ConfirmForm, DayForm, NoticeForm
from grid.worktime.holidays import LAST_YEAR
from grid.worktime.models import CalendarDay
from grid.worktime.services import (
    NoticeRefused,
    compare,
    confirm_year,
    decode,
    import_notice,
    override_day,
    read_notice,
    withdraw_day,
)
from grid.worktime.views.frame import UNPROCESSABLE, frame, saved, sent


@login_required
@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """Lead to the year that it is."""
    return redirect("worktime:calendar", year=timezone.localdate().year)


@login_required
@require_safe
def year(request: HttpRequest, year: int) -> HttpResponse:
    """Show a year as twelve months."""
    _check(year)
    today = timezone.localdate()
    context = {
        "year": year_page.year_of(year, today=today),
        "weekdays": year_page.weekdays(),
        "changes": year_page.changes_of(year),
        "before": year - 1 if year > FIRST_YEAR else None,
        "after": year + 1 if year < LAST_YEAR else None,
        **frame(request, "calendar"),
    }
    return render(request, "worktime/year.html", context)


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def day(request: HttpRequest, on: date) -> HttpResponse:
    """State what a day is, or take back what was stated."""
    _check(on.year)
    stated = CalendarDay.objects.filter(on=on).first()
    calendar = WorkCalendar.load()
    if request.method == "POST" and "withdraw" in request.POST:
        if withdraw_day(on=on, by=writer(request), at=timezone.now()):
            messages.success(request, _("The day is again what the calendar says."))
        return redirect(_at_month(on))
    first = DayForm.values_of(stated) if stated else {"kind": calendar.kind(on)}
    form = DayForm(on, sent(request), initial=first)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("name", "name_en", "source")}
        kind = DayKind(form.cleaned_data["kind"])
        try:
            override_day(on=on, kind=kind, **said, by=writer(request), at=timezone.now())
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(
                request, _("Written. Open deadlines are worked out anew within a minute or two.")
            )
            return redirect(_at_month(on))
    context = {
        "form": form,
        "on": on,
        "title": day_text(on),
        "stated": stated,
        "info_name": calendar.day_name(on, request.LANGUAGE_CODE),
        "origin": calendar.origin(on).label,
        "back_url": _at_month(on),
        **frame(request, "calendar"),
    }
    return render(request, "worktime/day.html", context, status=UNPROCESSABLE if form.errors else 200)


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest) -> HttpResponse:
    """Read a list of days, show what it would change, and take it over as a whole."""
    form = NoticeForm(sent(request), request.FILES or None)
    context: dict[str, Any] = {"form": form, "faults": (), "differences": (), **frame(request, "calendar")}
    context["back_url"] = reverse("worktime:calendar", args=[timezone.localdate().year])
    if request.method == "POST" and form.is_valid():
        try:
            text = decode(form.cleaned_data["file"].read()) if form.cleaned_data["file"] else ""
            text = text or form.cleaned_data["text"]
            if "take_over" in request.POST:
                return _take_over(request, text)
            found = read_notice(text)
            context |= {"faults": found.faults, "text": text}
            if not found.faults:
                context["differences"] = compare(found.days)
                context["changing"] = sum(d.state != "same" for d in context["differences"])
        except ValidationError as error:
            form.take(error)
        except NoticeRefused as refused:
            context["faults"] = refused.faults
    wrong = bool(form.errors or context["faults"])
    return render(request, "worktime/notice.html", context, status=UNPROCESSABLE if wrong else 200)


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, year: int) -> HttpResponse:
    """Confirm that the notice for a year is entered in full."""
    _check(year)
    shown = year_page.year_of(year, today=timezone.localdate())
    if shown.known:
        messages.info(request, _("The calendar of this year is known already."))
        return redirect("worktime:calendar", year=year)
    form = ConfirmForm(sent(request))
    if saved(
        form,
        lambda: confirm_year(
            year=year, source=form.cleaned_data["source"], by=writer(request), at=timezone.now()
        ),
    ):
        messages.success(request, _("The year is confirmed. What was provisional is worked out anew."))
        return redirect("worktime:calendar", year=year)
    context = {
        "form": form,
        "year": shown,
        "back_url": reverse("worktime:calendar", args=[year]),
        **frame(request, "calendar"),
    }
    return render(request, "worktime/confirm.html", context, status=UNPROCESSABLE if form.errors else 200)


def _state(request: HttpRequest, on: date, data: dict[str, Any]) -> CalendarDay:
    said = {name: data[name] for name in ("name", "name_en", "source")}
    return override_day(on=on, kind=DayKind(data["kind"]), **said, by=writer(request), at=timezone.now())


def _take_over(request: HttpRequest, text: str) -> HttpResponse:
    change = import_notice(text, by=writer(request), at=timezone.now())
    if change is None:
        messages.info(request, _("Every day of the list stands in the calendar already; nothing changed."))
        return redirect("worktime:calendar_now")
    days = change.what["days"]
    changed = _("The list is taken over. Days that changed: %(count)s.") % {"count": len(days)}
    messages.success(request, changed)
    return redirect("worktime:calendar", year=date.fromisoformat(days[0]["on"]).year)


def _check(year: int) -> None:
    """
    Keep to the years of which the holidays are known.

    :raises Http404: another year.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404


def _at_month(on: date) -> str:
    return f"{reverse('worktime:calendar', args=[on.year])}#m{format_date(on, 'n')}"
