"""Pages of a case: the case itself, and the form of each step."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect
from rest_framework.exceptions import ValidationError

from grid.casework import once, pages, tracking
from grid.casework.actors import Actor
from grid.casework.errors import CaseBusy, CaseNotFound, KeyReused, StaleCase, StepNotPossible
from grid.casework.forms import StepForm, uuid_of
from grid.casework.models import Case
from grid.casework.pages import CasePage
from grid.casework.party_steps import GIVING
from grid.casework.steps import Step, Taken, take_step

View = Callable[..., HttpResponse]
BUSY_SECONDS = 3
UNPROCESSABLE, CONFLICT, BUSY = 422, 409, 503


def signed_in(view: View) -> View:
    """Ask for a sign-in, and keep apart the whole page and its part, which have one address."""
    for_pages = login_required(view)

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = for_pages(request, *args, **kwargs)
        patch_vary_headers(response, ("HX-Request",))
        return response

    return checked


@signed_in
@require_safe
@never_cache
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case."""
    page = _page(request, number)
    done = page.kind.step(request.GET.get("done", ""))
    return render(request, "casework/case.html", {"page": page, "done": done})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def step(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Show the form of a step, or take the step."""
    if request.method == "POST" and (response := _answered(request, number, name)):
        return response
    page = _page(request, number)
    wanted = page.kind.step(name)
    if wanted is None or wanted.hidden or wanted.opens:
        raise Http404
    if request.method == "POST":
        return _take(request, page, wanted)
    reason = page.refused(wanted)
    if reason is not None:
        return _refused(request, page, StepForm(page, wanted), reason)
    return _form(request, StepForm.fresh(page, wanted))


def _page(request: HttpRequest, number: str) -> CasePage:
    """Return the page of a case that the user may see; any other is not there."""
    actor = Actor.of(request.user)
    found = pages.find(number.upper(), actor)
    if found is None:
        raise Http404
    return CasePage(found, actor, at=timezone.now())


def _take(request: HttpRequest, page: CasePage, wanted: Step) -> HttpResponse:
    """Take a step as the form says; whatever is wrong, the form comes back as it was sent."""
    form = StepForm.sent(page, wanted, request.POST, request.FILES)
    if form.errors:
        return _form(request, form, status=UNPROCESSABLE)
    try:
        taken = take_step(
            page.case.pk,
            wanted.name,
            by=page.actor,
            data=form.body,
            at=page.at,
            version=form.version,
            key=form.key,
        )
    except ValidationError as error:
        form.add_errors(error)
        return _form(request, form, status=UNPROCESSABLE)
    except StaleCase as error:
        return _stale(request, form, error)
    except KeyReused as error:
        form.key = StepForm(page, wanted).key
        return _form(request, form, status=CONFLICT, notice=error.text)
    except StepNotPossible as error:
        return _refused(request, _anew(request, form).page, form, error.text)
    except CaseBusy as error:
        response = _form(request, form, status=BUSY, notice=error.text)
        response.headers["Retry-After"] = str(BUSY_SECONDS)
        return response
    except CaseNotFound:
        raise Http404 from None
    return _went_well(request, wanted, taken)


def _stale(request: HttpRequest, form: StepForm, error: StaleCase) -> HttpResponse:
    """Show a form again whose case has changed: as it was filled, with what happened since."""
    seen = form.seen
    form = _anew(request, form)
    reason = form.page.refused(form.step)
    if reason is not None:
        return _refused(request, form.page, form, reason)
    since = [e for e in form.page.entries if e.seq > seen]
    return _form(request, form, status=CONFLICT, notice=error.text, since=since)


def _anew(request: HttpRequest, form: StepForm) -> StepForm:
    """Let a form stand on the case as it is now."""
    form.meet(_page(request, form.page.case.number))
    return form


def _went_well(request: HttpRequest, wanted: Step, taken: Taken) -> HttpResponse:
    """Lead back to the case, or to the desk when the step has taken the case out of sight."""
    actor = Actor.of(request.user)
    if Case.objects.visible_to(actor).filter(pk=taken.case.pk).exists():
        if wanted.name in GIVING and _gives_code(request, taken):
            return _go(request, reverse("casework:code", args=[taken.case.number]))
        messages.success(request, format_lazy(_("Recorded: {step}."), step=wanted.label))
        url = reverse("casework:case", args=[taken.case.number]) + f"?done={wanted.name}"
    else:
        messages.success(request, _moved_on(wanted.label, taken.case.number))
        url = resolve_url(settings.LOGIN_REDIRECT_URL)
    return _go(request, url)


def _gives_code(request: HttpRequest, taken: Taken) -> bool:
    """Let this session show the code that the step has issued."""
    session, issued_at = request.session, taken.event.at
    return tracking.give_to(session, case_id=taken.case.pk, issued_at=issued_at, at=timezone.now())


def _answered(request: HttpRequest, number: str, name: str) -> HttpResponse | None:
    """
    Return the answer to a form that was sent before and has taken its case out of the sender's sight.

    Without it the second of two clicks would find nothing where the first one did its work.
    """
    actor = Actor.of(request.user)
    cases = Case.objects.filter(number=number.upper())
    case_id = cases.values_list("pk", flat=True).first()
    key = uuid_of(request.POST.get("key"))
    if case_id is None or not key or not once.answered(str(key), operation=f"{case_id}/{name}", by=actor):
        return None
    if Case.objects.visible_to(actor).filter(pk=case_id).exists():
        return None
    return _go(request, resolve_url(settings.LOGIN_REDIRECT_URL))


def _moved_on(label: Any, number: str) -> Any:
    return format_lazy(
        _("Recorded: {step}. {number} has moved on and is no longer among the matters you see."),
        step=label,
        number=number,
    )


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(url)
    return redirect(url)


def _form(
    request: HttpRequest, form: StepForm, *, status: int = 200, notice: Any = "", since: Any = ()
) -> HttpResponse:
    """Draw a form: its part alone for htmx, else on a page of its own."""
    part = "_step_form" if request.htmx else "step"  # type: ignore[attr-defined]
    context = {
        "form": form,
        "page": form.page,
        "notice": notice,
        "since": since,
        "in_place": part == "_step_form",
    }
    return render(request, f"casework/{part}.html", context, status=status)


def _refused(request: HttpRequest, page: CasePage, form: StepForm, reason: Any) -> HttpResponse:
    """Say why a step is not possible and which are, and give back what was typed."""
    part = "_not_possible" if request.htmx else "not_possible"  # type: ignore[attr-defined]
    context = {"page": page, "form": form, "reason": reason}
    return render(request, f"casework/{part}.html", context, status=CONFLICT)
