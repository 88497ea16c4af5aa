"""What every page's frame shows: the city, who is signed in, unread notices, large text."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from grid.casework.actors import Actor
from grid.notices.models import Notice
from grid.people.models import User

LARGE_TEXT_COOKIE = "large_text"
COUNTED_TO = 100  # the bell says 99+ from here


def city_name() -> str:
    """Return the city's name in the reader's language."""
    return settings.CITY_NAME_EN if (get_language() or "").startswith("en") else settings.CITY_NAME


def operator_name() -> str:
    """Return who answers for the installation, in the reader's language; empty until it is set."""
    english = (get_language() or "").startswith("en")
    return settings.OPERATOR_NAME_EN if english else settings.OPERATOR_NAME


def posting_line(user: User | AnonymousUser) -> str:
    """Say in one line where somebody serves and as what; empty without a posting. At most one query."""
    if not user.is_authenticated:
        return ""
    posting = next(iter(Actor.of(user).postings), None)
    return f"{posting.organisation.label} · {posting.get_role_display()}" if posting else ""


def unread_notices(user: User | AnonymousUser) -> int:
    """Return how many notices wait for somebody, counted to 100. One query for who is signed in."""
    return Notice.objects.unread_count(user, limit=COUNTED_TO) if isinstance(user, User) else 0


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every template what base.html needs; posting and notices are read only where they are shown."""
    user = getattr(request, "user", AnonymousUser())
    return {
        "city_name": city_name(),
        "operator_name": operator_name(),
        "posting_line": SimpleLazyObject(lambda: posting_line(user)),
        "unread_notices": SimpleLazyObject(lambda: unread_notices(user)),
        "is_demo": settings.DEMO,
        "large_text": request.COOKIES.get(LARGE_TEXT_COOKIE) == "1",
    }
