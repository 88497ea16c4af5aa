"""The notices of the person who is signed in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.decorators.http import require_POST

from grid.casework.actors import Actor
from grid.casework.models import Case
from grid.casework.paging import keyset
from grid.notices import services
from grid.notices.administration import is_administrator
from grid.notices.models import Notice
from grid.people.models import User

PAGE_SIZE = 25
UNREAD = "unread"


class NoticeList(LoginRequiredMixin, View):
    """Newest first. A case that is no longer the reader's to see is named by its number alone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Draw the page; the number of queries does not depend on the number of notices."""
        user = _reader(request)
        only_unread = request.GET.get("show") == UNREAD
        notices = Notice.objects.unread(user) if only_unread else Notice.objects.of(user)
        page = keyset(
            notices.for_page(), order=[("id", "desc")], cursor=request.GET.get("cursor", ""), size=PAGE_SIZE
        )
        cases = {n.case_id for n in page.rows if n.case_id}
        visible = Case.objects.visible_to(Actor.of(user)).filter(pk__in=cases) if cases else ()
        titles = {case.pk: case.title for case in visible}
        newest = Notice.objects.unread(user).order_by("-pk").values_list("pk", flat=True).first()
        context = {
            "rows": [
                {"notice": n, "title": titles.get(n.case_id or 0, ""), "opens": n.case_id in titles}
                for n in page.rows
            ],
            "newest_unread": newest,
            "only_unread": only_unread,
            "previous_url": _url(page.previous, only_unread),
            "next_url": _url(page.next, only_unread),
            "restarted": page.restarted,
            "actions": _for_administrators(user),
            "tabs": [
                {"label": _("All"), "url": reverse("notices:list"), "here": not only_unread},
                {
                    "label": _("Unread"),
                    "url": f"{reverse('notices:list')}?show={UNREAD}",
                    "here": only_unread,
                },
            ],
        }
        return render(request, "notices/list.html", context)


@require_POST
@login_required
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one of the reader's own notices as read and go back to where he was."""
    try:
        services.mark_read(pk, by=_reader(request), at=timezone.now())
    except Notice.DoesNotExist:
        raise Http404 from None
    return redirect(_way_back(request))


@require_POST
@login_required
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Mark as read what the reader's page showed as unread, and older."""
    up_to = request.POST.get("up_to", "")
    if up_to.isascii() and up_to.isdigit() and len(up_to) < 19:
        count = services.mark_all_read(up_to=int(up_to), by=_reader(request), at=timezone.now())
        done = ngettext("%(n)d notice marked as read.", "%(n)d notices marked as read.", count) % {"n": count}
        messages.success(request, done)
    return redirect(_way_back(request))


def _for_administrators(user: User) -> list[dict[str, str]]:
    """Return the way to the channels, for whoever looks after them."""
    if not is_administrator(user):
        return []
    label = _("Messages outside the portal")
    return [{"url": reverse("notices:channels"), "label": label, "icon": "send"}]


def _reader(request: HttpRequest) -> User:
    """Return the person who is signed in, which the page has made sure of."""
    assert isinstance(request.user, User)
    return request.user


def _url(cursor: str, only_unread: bool) -> str:
    """Return the address of a page, or nothing where there is none."""
    if not cursor:
        return ""
    query = f"show={UNREAD}&" if only_unread else ""
    return f"{reverse('notices:list')}?{query}cursor={cursor}"


def _way_back(request: HttpRequest) -> str:
    """Return the page of the list that the form names; never elsewhere."""
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(
        reverse("notices:list")
    )
    return wanted if allowed else reverse("notices:list")
