"""The days of a limit, each with what it is to the count, as the small calendar draws them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from grid.worktime import arithmetic
from grid.worktime.arithmetic.explanation import day_text
from grid.worktime.choices import DayKind

if TYPE_CHECKING:
    from grid.worktime.calendar import DayInfo, WorkCalendar

ONE_DAY = timedelta(days=1)


class Part(StrEnum):
    """What a day is to a limit."""

    START = "start"
    COUNTED = "counted"
    EXTENSION = "extension"
    SKIPPED = "skipped"
    PAUSED = "paused"
    REST = "rest"
    ROLLED = "rolled"
    AFTER = "after"


@dataclass(frozen=True)
class Cell:
    """
    One day of the calendar.

    `number` is its place in the count, `name` what the day is called where it is no plain working day or
    weekend, `is_raw` says that the count ends on it, `is_due` that it is the last day in time.
    """

    on: date
    part: Part
    kind: DayKind
    name: str
    number: int | None = None
    is_raw: bool = False
    is_due: bool = False
    is_today: bool = False
    is_open: bool = False

    @property
    def classes(self) -> str:
        """Return the classes by which its shape and colour are drawn."""
        extra = [
            (self.is_raw and not self.is_due, "is-raw"),
            (self.is_due, "is-due"),
            (self.is_today, "is-today"),
            (self.is_open, "is-open"),
            (self.kind == DayKind.MAKEUP and self.part != Part.AFTER, "is-makeup"),
        ]
        return " ".join([f"is-{self.part}", *(name for wanted, name in extra if wanted)])

    @property
    def mark(self) -> str:
        """Return the short mark in the cell."""
        if self.part == Part.ROLLED:
            return _("due")
        if self.number is not None:
            return str(self.number)
        marks = {
            Part.START: _("0"),
            Part.SKIPPED: _("off"),
            Part.REST: _("off"),
            Part.PAUSED: _("‖"),
        }
        return marks.get(self.part, "")

    @property
    def words(self) -> str:
        """Say in a sentence what the day is, for those who hear the calendar."""
        day = day_text(self.on)
        said = {
            Part.START: _("start, the day itself does not count"),
            Part.COUNTED: _("day %(n)s of the count"),
            Part.EXTENSION: _("day %(n)s of the count, by the extension"),
            Part.SKIPPED: _("not counted, %(name)s"),
            Part.PAUSED: _("not counted, paused"),
            Part.REST: _("%(name)s, the limit cannot end here"),
            Part.ROLLED: _("the end has moved here"),
            Part.AFTER: "",
        }[self.part] % {"n": self.number, "name": self.name}
        notes = [
            said,
            self.name if self.kind == DayKind.MAKEUP else "",
            _("the count ends") if self.is_raw and not self.is_due else "",
            _("due, in time until 24:00") if self.is_due else "",
            _("today") if self.is_today else "",
            _("a holiday notice to come may change this day") if self.is_open else "",
        ]
        return _("; ").join([day, *(n for n in notes if n)])


def cells_of(
    due: arithmetic.Due, *, calendar: WorkCalendar, at: datetime, until: date, paused: bool, may_move: bool
) -> Iterator[Cell]:
    """
    Walk from the start to a day, as the count did, each day once.

    :param until: the last day in time, or while paused the last day of the pause.
    :param paused: the limit stands still now, so no day is its end.
    :param may_move: mark the days that a holiday notice still to come could change.
    """
    today = calendar.local_day(at)
    number = 0
    for ordinal in range(due.start_on.toordinal(), until.toordinal() + 1):
        day = date.fromordinal(ordinal)
        part = _part(day, due)
        if part == Part.COUNTED:
            number += 1
            part = Part.EXTENSION if number > due.length else part
        info = calendar.info(day)
        named = part in (Part.SKIPPED, Part.REST)
        decides = part not in (Part.START, Part.PAUSED) and may_move
        yield Cell(
            day,
            part,
            info.kind,
            day_name(info) if named else special_name(info),
            number=number if part in (Part.COUNTED, Part.EXTENSION) else None,
            is_raw=not paused and day == due.raw_on,
            is_due=not paused and day == due.due_on,
            is_today=day == today,
            is_open=decides and calendar.may_change(day),
        )


def _part(day: date, due: arithmetic.Due) -> Part:
    """Return what a day is to a limit, an extension apart; the raw end counts even on a rest day."""
    if day == due.start_on:
        return Part.START
    if due.raw_on is not None and day > due.raw_on:
        return Part.ROLLED if day == due.due_on else Part.REST
    if day in due.paused_on:
        return Part.PAUSED
    if day != due.raw_on and any(day == skipped.on for skipped in due.skipped):
        return Part.SKIPPED
    return Part.COUNTED


def day_name(info: DayInfo) -> str:
    """Return the name of a day in the reader's language."""
    return info.name if (get_language() or "zh").startswith("zh") else info.name_en


def special_name(info: DayInfo) -> str:
    """Return the name of a holiday or a make-up working day; plain days have none."""
    return day_name(info) if info.kind in (DayKind.HOLIDAY, DayKind.MAKEUP) else ""
