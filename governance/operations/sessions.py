"""How long a sign-in lasts."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

RENEW_AFTER_SECONDS = 600
RENEWED = "renewed"


class SlidingSession:
    """
    Let a session end SESSION_COOKIE_AGE after the last click, not after the sign-in.

    SESSION_SAVE_EVERY_REQUEST would do the same with a write for every page; this writes once in ten minutes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Renew the session of somebody signed in."""
        response = self.get_response(request)
        session = request.session
        if session.accessed and "_auth_user_id" in session:
            now = int(time.time())
            if now - session.get(RENEWED, 0) >= RENEW_AFTER_SECONDS:
                session[RENEWED] = now
        return response
