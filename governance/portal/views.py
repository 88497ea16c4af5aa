"""The front door: what this is, help, language and large text."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from governance.accounts import services
from governance.accounts.cookies import set_language_cookie, set_large_text_cookie
from governance.portal.showcase import showcase


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Tell everybody what this portal is and where to go."""
    return render(request, "portal/home.html")


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Explain the portal."""
    return render(request, "portal/help.html")


@login_required
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component in every state, so that it can be looked at."""
    return render(request, "portal/components.html", showcase(request))


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Change the language, remember it for a person who is signed in, and go back to the page."""
    response = redirect(way_back(request))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        set_language_cookie(response, language)
        if request.user.is_authenticated:
            services.choose_language(request.user, language=language)
    return response


@require_POST
def set_large_text(request: HttpRequest) -> HttpResponse:
    """Switch large text on or off, remember it for a person who is signed in, and go back to the page."""
    response = redirect(way_back(request))
    large_text = request.POST.get("large_text") == "1"
    set_large_text_cookie(response, large_text)
    if request.user.is_authenticated:
        services.choose_large_text(request.user, large_text=large_text)
    return response


def way_back(request: HttpRequest) -> str:
    """Return the page that the form names, else where it stood, else the front page; never elsewhere."""
    for wanted in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        allowed = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        if wanted and allowed:
            return wanted
    return reverse("portal:home")
