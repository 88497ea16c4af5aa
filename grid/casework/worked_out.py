"""
How a due date was worked out, as a small calendar that one can read, and what happens when it passes.

Everything comes from rows that the page has read already; nothing here asks the database.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.casework.day_cells import Cell, Part, cells_of, special_name
from grid.casework.legend import Key, keys_of
from grid.casework.models import DeadlineStatus
from grid.casework.time_bar import Bar, lay_out
from grid.casework.turns import Turn
from grid.worktime import arithmetic
from grid.worktime.choices import Unit

if TYPE_CHECKING:
    from grid.casework.models import Deadline, Extension, Pause
    from grid.worktime.calendar import WorkCalendar

# From so many months on, those in which every day simply counts are told in one line.
MONTHS_SHOWN = 4
COMPACT_FROM = 3
SHORT_WEEKDAYS = (
    gettext_lazy("Mo"),
    gettext_lazy("Tu"),
    gettext_lazy("We"),
    gettext_lazy("Th"),
    gettext_lazy("Fr"),
    gettext_lazy("Sa"),
    gettext_lazy("Su"),
)


@dataclass(frozen=True)
class Month:
    """
    One month of the calendar: weeks from Monday to Sunday, None where the day belongs to another month.

    `folded` stands in place of the weeks of a month in which nothing but counting happens.
    """

    first: date
    weeks: list[list[Cell | None]]
    folded: str = ""

    @property
    def label(self) -> str:
        """Return its name and year."""
        return date_format(self.first, "YEAR_MONTH_FORMAT")


@dataclass
class WorkedOut:
    """How the date of one deadline was worked out, for one reader."""

    deadline: Deadline
    due: arithmetic.Due
    calendar: WorkCalendar
    at: datetime
    turns: list[Turn] = field(default_factory=list)

    @property
    def is_paused(self) -> bool:
        """Tell whether it stands still, so that there is no due date."""
        return self.deadline.status == DeadlineStatus.PAUSED

    @property
    def has_moved(self) -> bool:
        """Tell whether the calendar has changed since a deadline ended, which is never worked out anew."""
        return not self.deadline.is_open and self.deadline.due_at != self.due.due_at

    @property
    def pauses(self) -> list[Pause]:
        """Return the pauses, oldest first."""
        return sorted(self.deadline.pauses.all(), key=lambda p: p.starts_at)

    @property
    def extensions(self) -> list[Extension]:
        """Return the extensions, oldest first."""
        return sorted(self.deadline.extensions.all(), key=lambda e: e.at)

    @property
    def lines(self) -> list[str]:
        """Return the sentences, day by day, with the article of the law; while paused without an end."""
        basis, basis_en = self.deadline.basis, self.deadline.basis_en
        found = arithmetic.explain(self.due, basis=basis, basis_en=basis_en)
        if self.is_paused:
            found = [line for line in found if not _tells_the_end(line, self.last_on)]
        return [arithmetic.line_text(line) for line in found]

    @property
    def last_on(self) -> date:
        """Return the last day that is drawn: the due date, or while paused the last day of the pause."""
        if self.is_paused:
            until = max(p.until for p in self.pauses if p.ended_at is None)
            return max(self.calendar.local_day(until), self.due.start_on)
        return self.due.due_on or self.due.start_on

    @cached_property
    def cells(self) -> list[Cell]:
        """Return each day from the start to the due date, each exactly once; none for hours."""
        if self.due.raw_on is None:
            return []
        return list(
            cells_of(
                self.due,
                calendar=self.calendar,
                at=self.at,
                until=self.last_on,
                paused=self.is_paused,
                may_move=self.due.provisional and self.deadline.is_open,
            )
        )

    @cached_property
    def months(self) -> list[Month]:
        """Return the months from the start to the due date."""
        days = {cell.on: cell for cell in self.cells}
        months = []
        for (year, number), run in groupby(self.cells, key=lambda c: (c.on.year, c.on.month)):
            members = list(run)
            weeks = [
                [days.get(day) or self._after(day) if day.month == number else None for day in week]
                for week in gregorian.Calendar().monthdatescalendar(year, number)
            ]
            months.append(Month(date(year, number, 1), _trimmed(weeks, members)))
        return _folded(months) if len(months) > MONTHS_SHOWN else months

    def _after(self, day: date) -> Cell:
        """Return a day of a drawn month that is before the start or after the due date."""
        info = self.calendar.info(day)
        is_today = day == self.calendar.local_day(self.at)
        return Cell(day, Part.AFTER, info.kind, special_name(info), is_today=is_today)

    @property
    def is_compact(self) -> bool:
        """Tell whether the limit is so long that its days are drawn small."""
        return len(self.months) >= COMPACT_FROM

    @cached_property
    def keys(self) -> list[Key]:
        """Return the legend: only what occurs, in the order of the days, with the days it stands for."""
        return keys_of(self.cells)

    @cached_property
    def bar(self) -> Bar | None:
        """Return the time bar of a limit in hours."""
        if self.due.unit != Unit.HOUR:
            return None
        return lay_out(self.due, self.deadline, self.pauses, at=self.at)

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """Return the heads of the columns, short and in full, Monday first."""
        return [(str(short), str(WEEKDAYS[n])) for n, short in enumerate(SHORT_WEEKDAYS)]


def _tells_the_end(line: arithmetic.Line, last_on: date) -> bool:
    """Tell whether a line speaks of the end, which a paused deadline does not have."""
    ends = {
        arithmetic.Code.RAW,
        arithmetic.Code.REST_AT_END,
        arithmetic.Code.ROLLED,
        arithmetic.Code.DUE,
        arithmetic.Code.DUE_HOURS,
        arithmetic.Code.PROVISIONAL,
    }
    return line.code in ends or line.values.get("first", last_on) > last_on


def _trimmed(weeks: list[list[Cell | None]], members: Sequence[Cell]) -> list[list[Cell | None]]:
    """Leave out the weeks before the first and after the last day of the limit."""
    first, last = members[0].on, members[-1].on
    return [w for w in weeks if any(c and first <= c.on <= last for c in w)]


def _folded(months: list[Month]) -> list[Month]:
    """Tell months in which every day simply counts in a line; the first and the last are always drawn."""
    found = []
    for place, month in enumerate(months):
        cells = [c for week in month.weeks for c in week if c]
        plain = all(c.part == Part.COUNTED and not c.is_today and not c.is_raw for c in cells)
        if plain and 0 < place < len(months) - 1:
            words = _("days %(first)s to %(last)s of the count")
            month = Month(month.first, [], words % {"first": cells[0].number, "last": cells[-1].number})
        found.append(month)
    return found
