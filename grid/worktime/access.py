"""Who may read the rules and the calendar, and who may write them."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from grid.organisations.models import Absence, Posting, Role
from grid.people.models import User

View = Callable[..., HttpResponse]
WRITERS = (Role.SYSTEM_ADMINISTRATOR,)


def may_write(user: User | AnonymousUser, *, on: date) -> bool:
    """Say whether somebody keeps the rules: a system administrator, a stand-in for one, or a superuser."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    away = Absence.objects.on(on).filter(stand_in=user).values("posting")
    return Posting.objects.held(on).in_roles(WRITERS).filter(Q(user=user) | Q(pk__in=away)).exists()


def writer(request: HttpRequest) -> User:
    """
    Return who writes.

    :raises TypeError: an anonymous visitor, whom `writers_only` turns away.
    """
    if not isinstance(request.user, User):
        raise TypeError("An anonymous visitor writes nothing.")
    return request.user


def writers_only(view: View) -> View:
    """Ask for a sign-in, and refuse whoever does not keep the rules."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_write(request.user, on=timezone.localdate()):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked
