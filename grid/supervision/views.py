"""How the ladder fares: its last runs, and what it has set aside until somebody has looked."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from grid.supervision.models import LadderRun, SetAside
from grid.worktime.access import writers_only

RUNS_SHOWN = 30
# The job runs every minute.
LATE_AFTER = timedelta(minutes=5)


@require_safe
@writers_only
def ladder(request: HttpRequest) -> HttpResponse:
    """Show the last runs and what was set aside; a sealed matter has no number here."""
    at = timezone.now()
    last = LadderRun.objects.last_run()
    return render(
        request,
        "supervision/ladder.html",
        {
            "at": at,
            "last": last,
            "stands_still": last is None or at - (last.finished_at or at) > LATE_AFTER,
            "runs": LadderRun.objects.order_by("-pk")[:RUNS_SHOWN],
            "aside": SetAside.objects.waiting().select_related("case"),
        },
    )


@require_POST
@writers_only
def take_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the ladder take a case again; its next run sets it aside anew if nothing was mended."""
    if SetAside.objects.clear(pk, at=timezone.now()):
        messages.success(request, _("The next run takes it again, within a minute."))
    else:
        messages.info(request, _("Somebody has done that already."))
    return redirect("ladder:runs")
