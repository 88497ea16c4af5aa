"""In which language a page speaks, and what no page is asked for."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

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
