"""The legend of the small calendar: only what occurs in it, with the days it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from grid.casework.day_cells import ONE_DAY, Cell, Part
from grid.worktime.choices import DayKind


@dataclass(frozen=True)
class Key:
    """One line of the legend: how it is drawn, and what it says here."""

    look: str
    mark: str
    words: str


def _runs(cells: Iterable[Cell]) -> list[tuple[date, date]]:
    """Return the first and last day of each unbroken run."""
    runs: list[tuple[date, date]] = []
    for cell in cells:
        if runs and cell.on - runs[-1][1] == ONE_DAY:
            runs[-1] = (runs[-1][0], cell.on)
        else:
            runs.append((cell.on, cell.on))
    return runs


def _days_text(cells: Iterable[Cell]) -> str:
    """Word some days shortly, runs as from-to."""
    return _(", ").join(
        short_day(first) if first == last else f"{short_day(first)} – {short_day(last)}"
        for first, last in _runs(cells)
    )


def short_day(day: date) -> str:
    """Word a day without its year."""
    return date_format(day, _("j M"))


def keys_of(cells: Sequence[Cell]) -> list[Key]:
    """Return the legend of a calendar, in the order in which a reader meets its days."""
    return [*_counted_keys(cells), *_stopped_keys(cells), *_end_keys(cells), *_other_keys(cells)]


def _counted_keys(cells: Sequence[Cell]) -> Iterable[Key]:
    start = [c for c in cells if c.part == Part.START]
    counted = [c for c in cells if c.part == Part.COUNTED]
    longer = [c for c in cells if c.part == Part.EXTENSION]
    made_up = [c for c in cells if c.kind == DayKind.MAKEUP and c.number is not None]
    if start:
        words = _("%(day)s: the start. This day itself does not count.")
        yield Key("is-start", start[0].mark, words % {"day": short_day(start[0].on)})
    if counted:
        yield Key("is-counted", counted[0].mark, _("Counted, with the number of the day"))
    if longer:
        words = _("Counted, by the extension: %(days)s")
        yield Key("is-extension", longer[-1].mark, words % {"days": _days_text(longer)})
    if made_up:
        words = _("Make-up working day, counted: %(days)s")
        yield Key("is-counted is-makeup", made_up[0].mark, words % {"days": _days_text(made_up)})


def _stopped_keys(cells: Sequence[Cell]) -> Iterable[Key]:
    paused = [c for c in cells if c.part == Part.PAUSED]
    yield from _rest_keys([c for c in cells if c.part == Part.SKIPPED], _("Not counted, %(name)s: %(days)s"))
    if paused:
        words = _("Not counted, paused: %(days)s")
        yield Key("is-paused", paused[0].mark, words % {"days": _days_text(paused)})


def _end_keys(cells: Sequence[Cell]) -> Iterable[Key]:
    raw = [c for c in cells if c.is_raw and not c.is_due]
    due = [c for c in cells if c.is_due]
    if raw:
        words = _("%(day)s: the count ends on a rest day, so the end moves on.")
        yield Key(f"is-{raw[0].part} is-raw", raw[0].mark, words % {"day": short_day(raw[0].on)})
    yield from _rest_keys(
        [c for c in cells if c.part == Part.REST], _("The limit cannot end here, %(name)s: %(days)s")
    )
    if due:
        words = _("%(day)s: due. In time until 24:00.")
        yield Key(f"is-{due[0].part} is-due", due[0].mark, words % {"day": short_day(due[0].on)})


def _other_keys(cells: Sequence[Cell]) -> Iterable[Key]:
    today = [c for c in cells if c.is_today]
    open_days = [c for c in cells if c.is_open]
    if today:
        yield Key("is-today", "", _("%(day)s: today") % {"day": short_day(today[0].on)})
    if open_days:
        words = _("A holiday notice to come may change these days: %(days)s")
        yield Key("is-open", "?", words % {"days": _days_text(open_days)})


def _rest_keys(cells: Sequence[Cell], words: str) -> Iterable[Key]:
    """Return a line for each name of rest days; weekends, of which there are many, without their days."""
    for name in dict.fromkeys(c.name for c in cells):
        named = [c for c in cells if c.name == name]
        if named[0].kind == DayKind.RESTDAY:
            yield Key(f"is-{named[0].part}", named[0].mark, _("Not counted: weekend"))
        else:
            told = words % {"name": name, "days": _days_text(named)}
            yield Key(f"is-{named[0].part} is-holiday", named[0].mark, told)
