"""Who is at the other end of a request."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """
    Return the address of the client as the outermost trusted proxy saw it.

    With TRUSTED_PROXIES = n the last n entries of X-Forwarded-For were written by our own proxies; whatever
    stands before them the client may have made up. With 0 the header is not believed at all.
    """
    direct: str = request.META.get("REMOTE_ADDR", "")
    trusted: int = settings.TRUSTED_PROXIES
    header: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    forwarded = [part.strip() for part in header.split(",") if part.strip()]
    if trusted and len(forwarded) >= trusted:
        return forwarded[-trusted]
    return direct
