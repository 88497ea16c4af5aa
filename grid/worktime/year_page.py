"""What the page of a year shows: twelve months, day by day, with who says so and what is still open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from grid.worktime.calendar import LIBRARY_YEARS, WorkCalendar
from grid.worktime.choices import DayKind, Origin
from grid.worktime.models import CalendarChange, CalendarDay, CalendarYear

ONE_DAY = timedelta(days=1)
SHOWN_CHANGES = 20


@dataclass(frozen=True)
class Cell:
    """One day in a month."""

    on: date
    kind: DayKind
    origin: Origin
    name: str
    provisional: bool
    is_today: bool
    source: str = ""

    @property
    def mark(self) -> str:
        """Return the letters in the corner: off, worked, or nothing on a plain day."""
        if self.kind == DayKind.MAKEUP or (self.kind == DayKind.WORKDAY and self.on.weekday() >= 5):
            return pgettext("mark on a day", "work")
        if self.kind == DayKind.HOLIDAY or (self.kind == DayKind.RESTDAY and self.on.weekday() < 5):
            return pgettext("mark on a day", "off")
        return ""

    @property
    def is_plain(self) -> bool:
        """Say whether the week alone says what the day is."""
        return self.origin == Origin.WEEK and not self.provisional

    @property
    def text(self) -> str:
        """Say the day in words, for those who hear the page."""
        words = [format_date(self.on, _("l j F Y")), self.name]
        if not self.is_plain:
            words.append(str(Origin(self.origin).label))
        if self.provisional:
            words.append(_("provisional"))
        return _(", ").join(words)


@dataclass(frozen=True)
class Run:
    """Days of one name in a row, for the list under a month."""

    first: date
    last: date
    name: str
    origin: Origin
    source: str

    @property
    def days(self) -> str:
        """Word the days of the month."""
        if self.first == self.last:
            return str(self.first.day)
        return f"{self.first.day}–{self.last.day}"

    @property
    def said_by(self) -> str:
        """Word who says so."""
        return self.source or str(Origin(self.origin).label)


@dataclass(frozen=True)
class Month:
    """One month: whole weeks from Monday to Sunday, with None where another month stands."""

    first: date
    weeks: Sequence[Sequence[Cell | None]]
    runs: Sequence[Run]
    open_days: int

    @property
    def name(self) -> str:
        """Return the name of the month."""
        return format_date(self.first, _("F"))


@dataclass(frozen=True)
class Year:
    """A year as the page shows it."""

    number: int
    months: Sequence[Month]
    worked: int
    makeup: int
    off: int
    open_days: int
    known: bool
    shipped: bool
    confirmed: CalendarYear | None
    stated: int


def year_of(number: int, *, today: date) -> Year:
    """Build a year. Three queries: the calendar, the city's own days with their source, the confirmation."""
    calendar = WorkCalendar.load()
    stated = {day.on: day for day in CalendarDay.objects.filter(on__year=number)}
    confirmed = CalendarYear.objects.select_related("confirmed_by").filter(year=number).first()
    days = [_cell(day, calendar, stated, today) for day in _days_of(number)]
    months = [_month(list(members)) for _first, members in groupby(days, key=lambda cell: cell.on.month)]
    return Year(
        number=number,
        months=months,
        worked=sum(cell.kind.is_worked for cell in days),
        makeup=sum(cell.kind == DayKind.MAKEUP for cell in days),
        off=sum(not cell.kind.is_worked and cell.on.weekday() < 5 for cell in days),
        open_days=sum(cell.provisional for cell in days),
        known=calendar.is_known(number),
        shipped=number in LIBRARY_YEARS,
        confirmed=confirmed,
        stated=len(stated),
    )


def weekdays() -> list[tuple[str, str]]:
    """Return the days of the week from Monday, short and long."""
    monday = date(2026, 1, 5)
    week = [monday + timedelta(days=shift) for shift in range(7)]
    chinese = (get_language() or "zh").startswith("zh")
    return [
        (format_date(day, "l")[-1] if chinese else format_date(day, "D")[:2], format_date(day, "l"))
        for day in week
    ]


@dataclass(frozen=True)
class ChangeLine:
    """One change of the calendar in words."""

    change: CalendarChange

    @property
    def what(self) -> str:
        """Word what was done."""
        data: dict[str, Any] = self.change.what
        days = data.get("days", [])
        words = {"count": len(days), "day": days[0]["on"] if days else "", "year": self.change.year or ""}
        texts = {
            "override": _("Stated what %(day)s is"),
            "withdraw": _("Took back what was stated of %(day)s"),
            "import": _("Imported a list; days that changed: %(count)s"),
            "confirm": _("Confirmed the year %(year)s"),
        }
        return texts.get(data.get("verb", ""), _("Changed the calendar")) % words

    @property
    def lines(self) -> list[str]:
        """Word each day that changed: before and after."""
        return [
            _("%(day)s: %(before)s → %(after)s")
            % {"day": day["on"], "before": _kind(day["before"]), "after": _kind(day["after"])}
            for day in self.change.what.get("days", [])
        ]

    @property
    def source(self) -> str:
        """Return the notice it rests on."""
        return str(self.change.what.get("source", ""))


def changes_of(year: int) -> list[ChangeLine]:
    """Return the last changes that touch a year, the newest first. One query."""
    rows = CalendarChange.objects.filter(
        first_on__lte=date(year, 12, 31), last_on__gte=date(year, 1, 1)
    ).select_related("by")
    return [ChangeLine(change) for change in rows[:SHOWN_CHANGES]]


def _kind(code: str | None) -> str:
    return str(DayKind(code).label) if code else _("as the calendar says")


def _days_of(year: int) -> Iterable[date]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return (date.fromordinal(number) for number in range(first, last + 1))


def _cell(day: date, calendar: WorkCalendar, stated: dict[date, CalendarDay], today: date) -> Cell:
    info = calendar.info(day)
    return Cell(
        on=day,
        kind=info.kind,
        origin=calendar.origin(day),
        name=calendar.day_name(day, get_language() or "zh"),
        provisional=calendar.may_change(day),
        is_today=day == today,
        source=stated[day].source if day in stated else "",
    )


def _month(cells: list[Cell]) -> Month:
    before: list[Cell | None] = [None] * cells[0].on.weekday()
    places = [*before, *cells]
    places += [None] * (-len(places) % 7)
    weeks = [places[start : start + 7] for start in range(0, len(places), 7)]
    told = [cell for cell in cells if cell.origin != Origin.WEEK]
    runs = []
    for _same, members in groupby(enumerate(told), key=_run_key):
        run = [cell for _place, cell in members]
        runs.append(Run(run[0].on, run[-1].on, run[0].name, run[0].origin, run[0].source))
    return Month(cells[0].on, weeks, runs, sum(cell.provisional for cell in cells))


def _run_key(numbered: tuple[int, Cell]) -> tuple[int, str, Origin, str]:
    """Hold days together that follow one another and are called the same by the same."""
    place, cell = numbered
    return cell.on.toordinal() - place, cell.name, cell.origin, cell.source
