"""How a due date was worked out, day by day: lines of data, worded in the reader's language when read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from grid.worktime.arithmetic.counting import ONE_DAY, Due, SkippedDay
from grid.worktime.choices import Unit


class Code(StrEnum):
    """What a line says."""

    START = "start"
    START_HOURS = "start_hours"
    LENGTH = "length"
    LENGTH_BY_LAW = "length_by_law"
    EXTENSION = "extension"
    COUNTED = "counted"
    COUNTED_ONE = "counted_one"
    SKIPPED = "skipped"
    PAUSED = "paused"
    PAUSED_HOURS = "paused_hours"
    RAW = "raw"
    REST_AT_END = "rest_at_end"
    ROLLED = "rolled"
    DUE = "due"
    DUE_HOURS = "due_hours"
    PROVISIONAL = "provisional"


@dataclass(frozen=True)
class Line:
    """One line of an explanation: code, values, the article of the Civil Code (民法典) behind it."""

    code: Code
    values: Mapping[str, Any] = field(default_factory=dict)
    article: int | None = None


TEXTS = {
    Code.START: gettext_noop("Counting starts on the day after %(on)s; that day itself does not count."),
    Code.START_HOURS: gettext_noop("The hours run from %(at)s on, through nights and rest days."),
    Code.LENGTH: gettext_noop("The limit is %(quantity)s."),
    Code.LENGTH_BY_LAW: gettext_noop("The limit is %(quantity)s: %(basis)s."),
    Code.EXTENSION: gettext_noop("It was extended by %(quantity)s."),
    Code.COUNTED: gettext_noop("%(days)s: days %(from)s to %(to)s of the count."),
    Code.COUNTED_ONE: gettext_noop("%(days)s: day %(from)s of the count."),
    Code.SKIPPED: gettext_noop("%(days)s: not counted, %(name)s."),
    Code.PAUSED: gettext_noop("%(days)s: not counted, the limit was paused."),
    Code.PAUSED_HOURS: gettext_noop("From %(since)s to %(until)s: not counted, the limit was paused."),
    Code.RAW: gettext_noop("The count ends on %(on)s."),
    Code.REST_AT_END: gettext_noop("%(days)s: %(name)s, the limit cannot end there."),
    Code.ROLLED: gettext_noop("The end moves to the next working day, %(on)s."),
    Code.DUE: gettext_noop("In time until 24:00 on %(on)s, late after that."),
    Code.DUE_HOURS: gettext_noop("In time until %(at)s, late from then on."),
    Code.PROVISIONAL: gettext_noop("Provisional: a holiday notice not published yet could move this date."),
}
# How one and how several of a unit are called.
QUANTITIES = {
    Unit.DAY: (gettext_noop("1 calendar day"), gettext_noop("%(count)s calendar days")),
    Unit.WORKDAY: (gettext_noop("1 working day"), gettext_noop("%(count)s working days")),
    Unit.HOUR: (gettext_noop("1 hour"), gettext_noop("%(count)s hours")),
}


def explain(due: Due, *, basis: str = "", basis_en: str = "") -> list[Line]:
    """
    Tell how a due date was worked out: start, limit, every counted, skipped and paused day, roll, result.

    Each day after the start up to the due date stands in exactly one line. `basis` is the legal basis of the
    rule.
    """
    lines = [_start_line(due), _length_line(due, basis, basis_en)]
    if due.extension:
        lines.append(Line(Code.EXTENSION, {"count": due.extension, "unit": due.unit}))
    if due.raw_on is None or due.due_on is None:
        lines += [Line(Code.PAUSED_HOURS, {"since": span.since, "until": span.until}) for span in due.pauses]
        lines.append(Line(Code.DUE_HOURS, {"at": due.due_at}))
        return lines
    lines += _day_lines(due, due.raw_on)
    lines.append(Line(Code.RAW, {"on": due.raw_on}))
    lines += [
        _rest_line(Code.REST_AT_END, run) for run in _runs(day for day in due.skipped if day.on >= due.raw_on)
    ]
    if due.due_on != due.raw_on:
        lines.append(Line(Code.ROLLED, {"on": due.due_on}, article=203))
    lines.append(Line(Code.DUE, {"on": due.due_on, "at": due.due_at}, article=203))
    if due.provisional:
        lines.append(Line(Code.PROVISIONAL))
    return lines


def line_text(line: Line) -> str:
    """Word a line in the active language, with the article of the Civil Code at its end."""
    values = {name: _value_text(value) for name, value in line.values.items()}
    if "first" in line.values:
        values["days"] = _range_text(line.values["first"], line.values["last"])
    if "count" in line.values:
        values["quantity"] = quantity_text(line.values["count"], line.values["unit"])
    for name in ("name", "basis"):
        if name in line.values and not (get_language() or "zh").startswith("zh"):
            values[name] = line.values[f"{name}_en"]
    text = _(TEXTS[line.code]) % values
    if line.article is None:
        return text
    return _("%(text)s (Civil Code, article %(article)s)") % {"text": text, "article": line.article}


def quantity_text(count: int, unit: Unit) -> str:
    """Word a number of days, working days or hours in the active language."""
    one, several = QUANTITIES[unit]
    return _(one) if count == 1 else _(several) % {"count": count}


def day_text(day: date) -> str:
    """Word a day with its weekday in the active language."""
    return format_date(day, _("l j F Y"))


def moment_text(moment: datetime) -> str:
    """Word a moment in its own zone, to the minute, in the active language."""
    return format_date(moment, _("H:i, l j F Y"))


def _start_line(due: Due) -> Line:
    if due.raw_on is None:
        return Line(Code.START_HOURS, {"at": due.start_at}, article=201)
    return Line(Code.START, {"on": due.start_on}, article=201)


def _length_line(due: Due, basis: str, basis_en: str) -> Line:
    values = {"count": due.length, "unit": due.unit}
    if not basis:
        return Line(Code.LENGTH, values)
    return Line(Code.LENGTH_BY_LAW, values | {"basis": basis, "basis_en": basis_en or basis})


def _day_lines(due: Due, raw_on: date) -> Iterator[Line]:
    skipped = {day.on: day for day in due.skipped}
    paused = frozenset(due.paused_on)
    counted = 0
    days = (
        date.fromordinal(number) for number in range(due.start_on.toordinal() + 1, raw_on.toordinal() + 1)
    )
    for (is_paused, name), run in groupby(days, key=lambda day: (day in paused, _name(day, skipped, raw_on))):
        members = list(run)
        span = {"first": members[0], "last": members[-1]}
        if is_paused:
            yield Line(Code.PAUSED, span)
        elif name:
            yield _rest_line(Code.SKIPPED, [skipped[day] for day in members])
        else:
            code = Code.COUNTED_ONE if len(members) == 1 else Code.COUNTED
            yield Line(code, span | {"from": counted + 1, "to": counted + len(members)})
            counted += len(members)


def _name(day: date, skipped: Mapping[date, SkippedDay], raw_on: date) -> str:
    # The raw end of calendar days counts although it may be a rest day that the end then leaves.
    return skipped[day].name if day in skipped and day != raw_on else ""


def _runs(days: Iterable[SkippedDay]) -> Iterator[list[SkippedDay]]:
    run: list[SkippedDay] = []
    for day in days:
        if run and (day.name != run[-1].name or day.on != run[-1].on + ONE_DAY):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _rest_line(code: Code, run: list[SkippedDay]) -> Line:
    first = run[0]
    return Line(
        code,
        {
            "first": first.on,
            "last": run[-1].on,
            "kind": first.kind,
            "name": first.name,
            "name_en": first.name_en,
        },
    )


def _range_text(first: date, last: date) -> str:
    if first == last:
        return day_text(first)
    return _("%(first)s to %(last)s") % {"first": day_text(first), "last": day_text(last)}


def _value_text(value: object) -> str:
    if isinstance(value, datetime):
        return moment_text(value)
    return day_text(value) if isinstance(value, date) else str(value)
