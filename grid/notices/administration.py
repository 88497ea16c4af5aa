"""Pages of system administrators: how the channels fare, what went out, what did not, and the texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grid.casework.actors import Actor
from grid.casework.paging import count_up_to, keyset
from grid.casework.views import signed_in
from grid.notices import backends, channels, preview, services
from grid.notices.choices import OUTSIDE, MessageStatus
from grid.notices.forms import LogForm, RobotForm, SendAgainForm
from grid.notices.models import Attempt, ChatRobot, Message
from grid.organisations.models import Role
from grid.people.models import User
from grid.worktime.choices import Channel

PAGE_SIZE = 50
View = Callable[..., HttpResponse]


def for_administrators(view: View) -> View:
    """Open a page to system administrators, and to nobody else."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_administrator(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return signed_in(never_cache(checked))


def is_administrator(user: Any) -> bool:
    """Tell whether somebody looks after the channels."""
    return isinstance(user, User) and Actor.of(user).holds((Role.SYSTEM_ADMINISTRATOR,))


def person(request: HttpRequest) -> User:
    """Return the administrator who is signed in, which the page has made sure of."""
    assert isinstance(request.user, User)
    return request.user


def frame(here: str) -> dict[str, Any]:
    """Return what every page of administrators shows: the tabs, and which channels fail."""
    trouble = count_up_to(Message.objects.outside_compartments().in_trouble(), 99)
    places = (
        ("channels", _("Channels"), None),
        ("trouble", _("Not sent"), trouble if trouble.number else None),
        ("log", _("Delivery log"), None),
        ("texts", _("Texts"), None),
    )
    return {
        "tabs": [
            {"label": label, "url": reverse(f"notices:{name}"), "here": name == here, "count": count}
            for name, label, count in places
        ],
        "failing": channels.failing(),
    }


@for_administrators
@require_safe
def channel_list(request: HttpRequest) -> HttpResponse:
    """Show how each channel fares, and the robots of work chats."""
    robots = list(ChatRobot.objects.select_related("organisation", "changed_by"))
    waiting = (
        Message.objects.outside_compartments()
        .filter(status=MessageStatus.PENDING, send_after__lte=timezone.now())
        .order_by()
        .values_list("channel")
        .annotate(number=Count("pk"))
    )
    counts = dict(waiting)
    states = channels.states()
    rows = [
        {
            "channel": Channel(channel),
            "state": states[channel],
            "set_up": backends.is_set_up(channel) and (channel != Channel.CHAT or bool(robots)),
            "outside": backends.leaves_the_house(channel),
            "waiting": counts.get(channel, 0),
        }
        for channel in OUTSIDE
    ]
    context = {"rows": rows, "robots": robots, "now": timezone.now(), **frame("channels")}
    return render(request, "notices/channels.html", context)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def robot(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Enter the robot of a work chat, or change one; its key is never shown again."""
    known = get_object_or_404(ChatRobot.objects.select_related("organisation"), pk=pk) if pk else None
    initial = {"kind": "wecom", "is_active": True}
    if known is not None:
        initial = {"organisation": known.organisation.code, "kind": known.kind, "is_active": known.is_active}
    form = RobotForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            entered = services.enter_robot(**given, by=person(request), at=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            done = _("The robot of %(organisation)s was saved.") % {"organisation": entered.organisation}
            messages.success(request, done)
            return redirect("notices:channels")
    context = {"form": form, "robot": known, **frame("channels")}
    return render(request, "notices/robot.html", context, status=422 if form.errors else 200)


@for_administrators
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show what went out or is to go out, newest first."""
    form = LogForm(request.GET)
    rows = Message.objects.outside_compartments()
    if form.is_valid():
        given = form.cleaned_data
        rows = rows.filter(**{name: given[name] for name in ("channel", "status") if given[name]})
        if given["day"]:
            first = timezone.make_aware(datetime.combine(given["day"], time.min))
            rows = rows.filter(created_at__gte=first, created_at__lt=first + timedelta(days=1))
    return _messages(request, rows, form=form, here="log")


@for_administrators
@require_safe
def trouble(request: HttpRequest) -> HttpResponse:
    """Show what failed or is uncertain: only a person sends it again."""
    return _messages(request, Message.objects.outside_compartments().in_trouble(), form=None, here="trouble")


def _messages(
    request: HttpRequest, rows: QuerySet[Message, Message], *, form: LogForm | None, here: str
) -> HttpResponse:
    """Draw a page of messages; the number of queries does not depend on how many there are."""
    found = rows.select_related("recipient", "organisation")
    page = keyset(found, order=[("id", "desc")], cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = {
        "rows": [{"message": m, "about": preview.about(m)} for m in page.rows],
        "form": form,
        "filtered": bool(form and form.is_valid() and any(form.cleaned_data.values())),
        "previous_url": _turned(request, page.previous),
        "next_url": _turned(request, page.next),
        "restarted": page.restarted,
        "place": here,
        **frame(here),
    }
    return render(request, "notices/messages.html", context)


def _turned(request: HttpRequest, cursor: str) -> str:
    """Return the address of another page of the same list, or nothing where there is none."""
    if not cursor:
        return ""
    query: QueryDict = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


@for_administrators
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message: how it reads, each attempt, and what can be done about it."""
    return _message(request, _found(pk), SendAgainForm())


@for_administrators
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Order that a message be sent again."""
    found = _found(pk)
    form = SendAgainForm(request.POST)
    if not form.is_valid():
        return _message(request, found, form, status=422)
    try:
        services.send_again(pk, by=person(request), reason=form.cleaned_data["reason"], at=timezone.now())
    except ValidationError as error:
        form.add_error(None, error)
        return _message(request, _found(pk), form, status=409)
    messages.success(request, _("The message will be sent again in a moment."))
    return redirect("notices:message", pk)


def _found(pk: int) -> Message:
    """
    Return a message that tells of an unsealed case.

    :raises Http404: when there is none.
    """
    rows = Message.objects.outside_compartments().select_related("recipient", "organisation", "party")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _message(request: HttpRequest, found: Message, form: SendAgainForm, *, status: int = 200) -> HttpResponse:
    context = {
        "message": found,
        "about": preview.about(found),
        "worded": preview.of_message(found),
        "attempts": list(Attempt.objects.filter(message=found).select_related("by")),
        "can_send_again": found.status in (MessageStatus.FAILED, MessageStatus.UNCERTAIN),
        "uncertain": found.status == MessageStatus.UNCERTAIN,
        "form": form,
        "things": found.items.filter(case__sealed=False).count(),
        **frame("trouble" if found.status in (MessageStatus.FAILED, MessageStatus.UNCERTAIN) else "log"),
    }
    return render(request, "notices/message.html", context, status=status)
