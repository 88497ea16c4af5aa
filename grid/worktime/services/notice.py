"""Import of a holiday notice from a list (CSV): all that is wrong is named, and then nothing enters."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from grid.people.models import User
from grid.worktime.choices import DayKind
from grid.worktime.models import CalendarChange, CalendarDay
from grid.worktime.services.calendar import IMPORT, lock_calendar, put_days, record_change

COLUMNS = ("date", "kind", "name", "name_en", "source")
REQUIRED = ("date", "kind", "source")
MOST_LINES = 1000
MOST_BYTES = 256 * 1024
# What people write in a list instead of the code.
KINDS = {code: DayKind(code) for code in DayKind.values} | {
    "工作日": DayKind.WORKDAY,
    "休息日": DayKind.RESTDAY,
    "节假日": DayKind.HOLIDAY,
    "法定节假日": DayKind.HOLIDAY,
    "调休上班": DayKind.MAKEUP,
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line of a list; the header is line 1."""

    line: int
    reason: str


@dataclass(frozen=True)
class Notice:
    """The days of a list and everything that is wrong with it; with any fault nothing may be imported."""

    days: tuple[CalendarDay, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Difference:
    """A day of a list beside what the city has stated of it so far."""

    day: CalendarDay
    before: CalendarDay | None

    @property
    def state(self) -> str:
        """Say new, changed or same."""
        if self.before is None:
            return "new"
        said = ("kind", "name", "name_en", "source")
        same = all(getattr(self.before, name) == getattr(self.day, name) for name in said)
        return "same" if same else "changed"


class NoticeRefused(Exception):
    """A list has faults; `faults` names each line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Take what is wrong."""
        super().__init__("; ".join(f"{fault.line}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


def decode(content: bytes) -> str:
    """
    Return the text of a list, which spreadsheets save as UTF-8 or, in Chinese Windows, as GB 18030.

    :raises ValidationError: too large, or neither.
    """
    if len(content) > MOST_BYTES:
        raise ValidationError({"file": _("The list is too large for a calendar of days.")})
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError({"file": _("This is no text. Save the list as CSV (UTF-8) and choose it again.")})


def read_notice(text: str) -> Notice:
    """Read a list with the columns date, kind, name, name_en, source; nothing is written."""
    reader = csv.reader(io.StringIO(text.replace("\x00", "�")))
    days: list[CalendarDay] = []
    faults: list[Fault] = []
    seen: dict[date, int] = {}
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            reason = _("The first line must name the columns: %(names)s. Missing: %(missing)s.")
            words = {"names": ", ".join(COLUMNS), "missing": ", ".join(missing)}
            return Notice((), (Fault(1, reason % words),))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            if len(days) + len(faults) >= MOST_LINES:
                faults.append(Fault(line, _("The list has too many lines.")))
                break
            faults += _read_line(line, header, cells, days, seen)
    except csv.Error:
        faults.append(Fault(reader.line_num or 1, _("This line cannot be read as CSV.")))
    if not days and not faults:
        faults.append(Fault(1, _("The list names no day.")))
    return Notice(tuple(days), tuple(faults))


def compare(days: Sequence[CalendarDay]) -> list[Difference]:
    """Put each day beside what the city has stated of it, in the order of the days. One query."""
    present = {day.on: day for day in CalendarDay.objects.filter(on__in=[day.on for day in days])}
    return [Difference(day, present.get(day.on)) for day in sorted(days, key=lambda day: day.on)]


@transaction.atomic
def import_notice(text: str, *, by: User | None, at: datetime) -> CalendarChange | None:
    """
    State all days of a list, or none; importing it again changes nothing and returns None.

    :raises NoticeRefused: something is wrong with a line.
    """
    notice = read_notice(text)
    if notice.faults:
        raise NoticeRefused(notice.faults)
    lock_calendar()
    changes = put_days(notice.days)
    if not changes:
        return None
    sources = "; ".join(dict.fromkeys(day.source for day in notice.days))
    return record_change(IMPORT, changes, source=sources, by=by, at=at)


def _read_line(
    line: int, header: Sequence[str], cells: Sequence[str], days: list[CalendarDay], seen: dict[date, int]
) -> Iterator[Fault]:
    if len(cells) > len(header):
        yield Fault(line, _("There are more cells than columns."))
        return
    values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    on, kind = _day_of(values.get("date", "")), KINDS.get(values.get("kind", ""))
    if on is None:
        yield Fault(
            line, _("The date must look like 2027-01-04: %(text)s") % {"text": values.get("date", "")}
        )
    if kind is None:
        words = {"text": values.get("kind", ""), "kinds": ", ".join(DayKind.values)}
        yield Fault(line, _("The kind must be one of %(kinds)s: %(text)s") % words)
    if on is None or kind is None:
        return
    if on in seen:
        yield Fault(line, _("The day stands in line %(line)s already.") % {"line": seen[on]})
        return
    seen[on] = line
    words_of = {name: values.get(name, "") for name in ("name", "name_en", "source")}
    day = CalendarDay(on=on, kind=kind, **words_of)
    try:
        day.full_clean(validate_unique=False)
    except ValidationError as error:
        labels = {field.name: field.verbose_name for field in CalendarDay._meta.fields}
        for name, reasons in error.message_dict.items():
            yield from (Fault(line, f"{labels.get(name, name)}: {reason}") for reason in reasons)
        return
    days.append(day)


def _day_of(text: str) -> date | None:
    """Return a date written as 2027-01-04, 2027/1/4 or 2027.1.4, else None."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    try:
        day = date(*(int(part) for part in parts))
    except ValueError:
        return None
    return day if 2004 <= day.year <= 2200 else None
