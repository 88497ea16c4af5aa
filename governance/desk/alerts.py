"""What stands on an administrator's desk until somebody has seen to it: what would stop silently else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from grid.casework import feed
from grid.casework.actors import Actor
from grid.notices import channels
from grid.notices.reader import READER
from grid.supervision.models import LadderRun, SetAside
from grid.worktime.access import WRITERS
from grid.worktime.choices import Channel
from grid.worktime.models import CalendarChange
from grid.worktime.services import missing_calendar

Words = str | Promise
# The ladder is climbed every minute.
LADDER_LATE_AFTER = timedelta(minutes=5)
# What is new is read every few seconds; where it is not, nobody is told of anything.
UNREAD_AFTER = timedelta(minutes=5)
# A change of the calendar is worked through in minutes, for a large city in half an hour.
CALENDAR_LATE_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Alert:
    """One thing that needs an administrator, and where he sees to it."""

    kind: str
    title: Words
    text: Words
    url: str
    link: Words


def alerts(actor: Actor, *, at: datetime) -> list[Alert]:
    """Return what stands on somebody's desk beside his matters; only administrators have any."""
    if not actor.holds(WRITERS):
        return []
    return [*_ladder(at), *_channels(at), *_calendar(at)]


def _ladder(at: datetime) -> list[Alert]:
    found = []
    url, link = reverse("ladder:runs"), _("Open the ladder")
    last = LadderRun.objects.last_run()
    if last is None or last.finished_at is None or abs(at - last.finished_at) > LADDER_LATE_AFTER:
        text = _("Nobody is told of deadlines. See whether worker and scheduler run.")
        found.append(Alert("error", _("The ladder stands still"), text, url, link))
    aside = SetAside.objects.waiting().count()
    if aside:
        text = format_lazy(_("Nobody is told of their deadlines until they are mended: {n}."), n=aside)
        found.append(Alert("error", _("The ladder has set matters aside"), text, url, link))
    return found


def _channels(at: datetime) -> list[Alert]:
    failing = [state.get_channel_display() for state in channels.failing()]
    if feed.is_behind(READER, since=at - UNREAD_AFTER):
        failing = [str(Channel.PORTAL.label), *failing]
    if not failing:
        return []
    text = format_lazy(_("Messages do not go out by: {names}."), names=", ".join(failing))
    link = _("Open the channels")
    return [Alert("error", _("A channel fails"), text, reverse("notices:channels"), link)]


def _calendar(at: datetime) -> list[Alert]:
    found = []
    if CalendarChange.objects.filter(done_at=None, at__lt=at - CALENDAR_LATE_AFTER).exists():
        found.append(
            Alert(
                "error",
                _("Dates are not worked out anew"),
                _("After an hour a change of the calendar has not reached all time limits. See the log."),
                reverse("worktime:calendar", args=[timezone.localdate(at).year]),
                _("Open the calendar"),
            )
        )
    year = missing_calendar(timezone.localdate(at))
    if year is None:
        return found
    text = _(
        "Deadlines that reach into it may still move. Enter the holiday notice as soon as it is published, "
        "then confirm the year."
    )
    title = format_lazy(_("The calendar of {year} is missing"), year=year)
    url = reverse("worktime:calendar", args=[year])
    return [*found, Alert("warning", title, text, url, _("Open the calendar"))]
