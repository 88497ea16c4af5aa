"""The public door: follow a matter by number and code; and the slip on which a clerk hands both out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from axes.helpers import get_client_ip_address
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grid.casework import public_page, tracking
from grid.casework.actors import Actor
from grid.casework.models import Case
from grid.casework.public_page import PublicPage
from grid.casework.views import signed_in

View = Callable[..., HttpResponse]
UNPROCESSABLE, TOO_MANY = 422, 429


def private(view: View) -> View:
    """Keep a page out of caches, search engines and the addresses that other sites are told."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        # Not no-referrer: a browser then hides the origin of our own forms too, which the CSRF check wants.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return never_cache(answered)


@private
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
def track(request: HttpRequest) -> HttpResponse:
    """Ask for number and code, and open the door."""
    if request.method != "POST":
        return render(request, "casework/track.html", {"number": request.GET.get("number", "")[:24]})
    number, code = request.POST.get("number", "").strip()[:24], request.POST.get("code", "")[:20]
    at = timezone.now()
    context: dict[str, Any] = {"number": number, "failed": True}
    try:
        token = tracking.verify(number, code, address=get_client_ip_address(request), at=at)
    except tracking.TooManyTriesError as error:
        response = render(request, "casework/track.html", context | {"until": error.until}, status=TOO_MANY)
        response.headers["Retry-After"] = str(max(1, int((error.until - at).total_seconds())))
        return response
    if token is None:
        return render(request, "casework/track.html", context, status=UNPROCESSABLE)
    tracking.begin(request.session, token, number=number.upper(), at=at)
    return redirect("casework:tracked", number=number.upper())


@private
@require_safe
def tracked(request: HttpRequest, number: str) -> HttpResponse:
    """Show a matter to the person who brought it, in the session that knew the code."""
    at = timezone.now()
    party = tracking.followed(request.session, number, at=at)
    case = public_page.find(party, number) if party else None
    if party is None or case is None:
        return redirect("casework:track")
    return render(request, "casework/tracked.html", {"page": PublicPage(case, party, at=at)})


@private
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End following, for a phone or computer that others use too."""
    tracking.leave(request.session)
    return redirect("casework:track")


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, number: str) -> HttpResponse:
    """Show the slip with number and code to whoever has just taken the step, until it is handed over."""
    visible = Case.objects.visible_to(Actor.of(request.user)).filter(number=number.upper())
    case = visible.select_related("lead").first()
    if case is None:
        raise Http404
    token = tracking.to_show(request.session, case_id=case.pk, at=timezone.now())
    if request.method == "POST" or token is None:
        request.session.pop(tracking.TO_SHOW, None)
        return redirect("casework:case", number=case.number)
    door = request.build_absolute_uri(reverse("casework:track"))
    context = {
        "case": case,
        "code": tracking.code_of(token),
        "party": token.party,
        "door": door,
        "picture": _picture(f"{door}?{urlencode({'number': case.number})}"),
    }
    return render(request, "casework/code.html", context)


def _picture(address: str) -> str:
    """Return a QR picture of an address as SVG, without anything inline that the policy forbids."""
    drawn = segno.make(address, error="m").svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None)
    return mark_safe(drawn)  # noqa: S308  (drawn by segno from squares alone)
