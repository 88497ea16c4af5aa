"""Who calls the API."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class SessionWithChallenge(SessionAuthentication):
    """
    The session of a page, for whoever is signed in.

    The framework's own class answers an anonymous caller with 403, for want of a challenge; 401 says that
    signing in would help, 403 that it would not.
    """

    def authenticate_header(self, request: Request) -> str:
        """Name the way of signing in."""
        return 'Session realm="sunshine-grid"'
