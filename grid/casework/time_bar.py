"""A limit in hours as a bar of time: start, pauses, warnings, due, now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from grid.casework.models import DeadlineStatus
from grid.worktime import arithmetic

if TYPE_CHECKING:
    from grid.casework.models import Deadline, Pause

ONE_DAY = timedelta(days=1)
# Up to here the scale is in hours, from there on in days.
HOURS_UP_TO = timedelta(hours=30)


@dataclass(frozen=True)
class Point:
    """An instant on the time bar: where it stands, in percent of the bar, and in words."""

    name: str
    at: datetime
    percent: float
    words: str = ""

    @property
    def place(self) -> str:
        """Return where it is drawn."""
        return f"{self.percent:.2f}%"


@dataclass(frozen=True)
class Stretch:
    """A part of the time bar, in percent."""

    percent: float
    length: float

    @property
    def place(self) -> str:
        """Return where it begins."""
        return f"{self.percent:.2f}%"

    @property
    def width(self) -> str:
        """Return how wide it is drawn."""
        return f"{max(self.length, 0):.2f}%"


@dataclass(frozen=True)
class Bar:
    """A limit in hours: its instants, what has passed, where it was paused, and a scale."""

    points: list[Point]
    passed: Stretch
    paused: list[Stretch]
    scale: list[Point]


def lay_out(due: arithmetic.Due, deadline: Deadline, pauses: Sequence[Pause], *, at: datetime) -> Bar:
    """Lay the instants of a limit in hours along a bar, from its start to its end or to now."""
    begin = due.start_at
    zone = begin.tzinfo
    stands_still = deadline.status == DeadlineStatus.PAUSED
    stop = (deadline.ended_at or at).astimezone(zone)
    last_pause = max((p.until for p in pauses), default=begin).astimezone(zone)
    end = max(last_pause if stands_still else due.due_at, stop)
    whole = (end - begin) / timedelta(seconds=1) or 1.0

    def percent(when: datetime) -> float:
        return min(max((when - begin) / timedelta(seconds=1) / whole * 100, 0.0), 100.0)

    instants: list[tuple[str, datetime | None, str]] = [("start", begin, _("start"))]
    if not stands_still:
        instants += [("yellow", deadline.yellow_at, ""), ("orange", deadline.orange_at, "")]
        instants.append(("red", deadline.due_at, _("due")))
    done = deadline.ended_at is not None
    instants.append(("met" if done else "now", stop, _("done") if done else _("now")))
    points = [Point(n, w.astimezone(zone), percent(w), words) for n, w, words in instants if w is not None]
    paused = [(p.starts_at, p.ended_at or p.until) for p in pauses]
    return Bar(
        points=points,
        passed=Stretch(0, percent(stop)),
        paused=[Stretch(percent(a), percent(b) - percent(a)) for a, b in paused],
        scale=[Point("tick", t, percent(t), _tick_text(t, end - begin)) for t in _ticks(begin, end)],
    )


def _ticks(begin: datetime, end: datetime) -> list[datetime]:
    """Return the instants of a readable scale: hours for a short limit, midnights for a long one."""
    span = end - begin
    if span <= HOURS_UP_TO:
        step = next(s for s in (1, 3, 6) if span / timedelta(hours=s) <= 6)
        tick = begin.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        while tick.hour % step:
            tick += timedelta(hours=1)
        pace = timedelta(hours=step)
    else:
        tick = begin.replace(hour=0, minute=0, second=0, microsecond=0) + ONE_DAY
        pace = ONE_DAY * max(1, round(span / ONE_DAY / 5))
    found = []
    while tick < end:
        found.append(tick)
        tick += pace
    return found


def _tick_text(tick: datetime, span: timedelta) -> str:
    return date_format(tick, "H:i" if span <= HOURS_UP_TO else "m-d")
