"""The two choices that live in cookies, so that they also hold before sign-in and on error pages."""

from django.conf import settings
from django.http import HttpResponse

from governance.portal.shell import LARGE_TEXT_COOKIE
from grid.people.models import User

YEAR = 365 * 24 * 3600  # seconds


def set_language_cookie(response: HttpResponse, language: str) -> None:
    """Keep the language for a year."""
    _set(response, settings.LANGUAGE_COOKIE_NAME, language)


def set_large_text_cookie(response: HttpResponse, large_text: bool) -> None:
    """Keep large text for a year, or drop it."""
    if large_text:
        _set(response, LARGE_TEXT_COOKIE, "1")
    else:
        response.delete_cookie(LARGE_TEXT_COOKIE, samesite="Lax")


def apply_preferences(response: HttpResponse, user: User) -> None:
    """Let a person's own choices hold on this device from now on; a choice never made changes nothing."""
    if user.language in dict(settings.LANGUAGES):
        set_language_cookie(response, user.language)
    if user.large_text:
        set_large_text_cookie(response, True)


def _set(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )
