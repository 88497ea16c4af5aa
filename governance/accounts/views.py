"""Sign in and out, and what a person decides about his own account."""

from datetime import datetime
from typing import Any

from axes.helpers import get_client_ip_address, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from governance.accounts import services
from governance.accounts.cookies import apply_preferences, set_language_cookie, set_large_text_cookie
from governance.accounts.forms import ChangePasswordForm, ProfileForm, SignInForm
from grid.casework.actors import Actor
from grid.notices.services import channels_of
from grid.organisations.models import Posting
from grid.people.models import User

DEMO_SIGN_INS = 12  # as many as fit beside the form


class SignInView(LoginView):
    """Sign in by username and password."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in and let the person's own choices hold on this device."""
        response = super().form_valid(form)
        apply_preferences(response, form.get_user())
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo sign-ins where this is a demo."""
        return super().get_context_data(**kwargs) | {
            "demo_sign_ins": demo_sign_ins(),
            "demo_password": settings.DEMO_PASSWORD if settings.DEMO else "",
        }


class SignOutView(LogoutView):
    """Sign out; by POST only, so that no link can do it."""

    http_method_names = ["post", "options"]


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ChangePasswordView(PasswordChangeView):
    """Change one's own password."""

    form_class = ChangePasswordForm
    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:profile")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Change it and say so."""
        response = super().form_valid(form)
        messages.success(self.request, _("Your password was changed. Other devices were signed out."))
        return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show a person's own account and change what he may change."""
    # A copy of its own: a form with a mistake must not change who the head of the page says is signed in.
    user = User.objects.get(username=request.user.get_username())
    initial = {"language": user.language or translation.get_language(), "channels": channels_of(user)}
    form = ProfileForm(request.POST or None, instance=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_profile(user, **form.cleaned_data)
        with translation.override(user.language):
            messages.success(request, str(_("Your account was changed.")))
        response = redirect("accounts:profile")
        set_language_cookie(response, user.language)
        set_large_text_cookie(response, user.large_text)
        return response
    context = {"form": form, "postings": Actor.of(request.user).postings}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@never_cache
def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """Say that too many wrong passwords were given, and until when the door stays closed."""
    context = {"until": locked_until(request, (credentials or {}).get("username", ""))}
    response = render(request, "accounts/locked_out.html", context, status=429)
    seconds = max(1, int((context["until"] - timezone.now()).total_seconds()))
    response.headers["Retry-After"] = str(seconds)
    return response


def locked_until(request: HttpRequest, username: str) -> datetime:
    """Return the instant from which this name may try again from this address."""
    cool_off = get_cool_off(request)
    attempts = AccessAttempt.objects.filter(username=username, ip_address=get_client_ip_address(request))
    newest = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return (newest or timezone.now()) + cool_off


def demo_sign_ins() -> list[dict[str, Any]]:
    """
    List the demo accounts that can sign in, with what each person does; empty wherever this is no demo.

    Most people of the demo only stand in timelines and have no password. Two queries.
    """
    if not settings.DEMO:
        return []
    demo = User.objects.filter(is_demo=True, is_active=True)
    users = list(demo.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).order_by("pk")[:DEMO_SIGN_INS])
    first: dict[int, Posting] = {}
    postings = Posting.objects.filter(user__in=users).held(timezone.localdate())
    for posting in postings.select_related("organisation").order_by("pk"):
        first.setdefault(posting.user_id, posting)
    return [{"user": user, "posting": first.get(user.pk)} for user in users]
