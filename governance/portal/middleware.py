"""In which language a page speaks, what no page is asked for, and where a part of one leads to."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

API = "/api/"


class LanguageMiddleware:
    """
    Speak the language that the reader chose, and Chinese until he chooses.

    Pages go by the cookie alone: a city's portal greets everybody in Chinese, whatever the browser was
    installed in. The API goes by Accept-Language, because a program has no switch to press.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the language for this request and say in the answer which one it was."""
        language = self.language_for(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",) if request.path.startswith(API) else ("Cookie",))
        response.headers.setdefault("Content-Language", language)
        return response

    @staticmethod
    def language_for(request: HttpRequest) -> str:
        """Return the language's code."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen in dict(settings.LANGUAGES):
            return str(chosen)
        if request.path.startswith(API):
            return translation.get_language_from_request(request)
        return settings.LANGUAGE_CODE


class NoNullMiddleware:
    """
    Refuse an address with a null character in it.

    No person types one, and PostgreSQL takes none; without this each search and each number in an address
    would have to know. What is posted goes through forms and serializers, which know.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """
        Pass on what is an address.

        :raises Http404: when the null character stands in the path.
        :raises BadRequest: when it stands in the query.
        """
        if "\x00" in request.path_info:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("A null character in an address.")
        return self.get_response(request)


class PartSignInMiddleware:
    """
    Lead the whole page to the sign-in when htmx asked for a part of it and the session has ended.

    Without this the sign-in page would be drawn inside a list or a tree. Stands after `HtmxMiddleware`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn a redirect to the sign-in into one that htmx follows with the whole page."""
        response = self.get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        if request.headers.get("HX-Request") and response.headers.get("Location", "").startswith(sign_in):
            return HttpResponseClientRedirect(sign_in)
        return response
