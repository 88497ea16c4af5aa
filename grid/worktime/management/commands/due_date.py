"""Work out a due date on the command line."""

import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from grid.worktime.arithmetic import Due, due, explain, line_text
from grid.worktime.calendar import WorkCalendar
from grid.worktime.choices import Unit

# A hundred years: a longer limit is a slip of the keyboard.
LONGEST = {Unit.DAY: 36_525, Unit.WORKDAY: 25_000, Unit.HOUR: 876_600}
FIRST_YEAR, LAST_YEAR = 1950, 2200
USAGE_ERROR = 2


class Command(BaseCommand):
    help = "Work out when something is due, day by day (Civil Code, articles 200-204)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--start", required=True, help="date, or date and time for hours (ISO 8601)")
        parser.add_argument("--length", required=True, help="how many days, working days or hours")
        parser.add_argument("--unit", required=True, help="day, workday or hour")
        parser.add_argument("--no-roll", action="store_true", help="leave an end on a rest day where it is")
        parser.add_argument("--json", action="store_true", help="print JSON: raw, due, provisional, skipped")

    def handle(self, *args: Any, **options: Any) -> None:
        unit = _unit(options["unit"])
        length = _length(options["length"], unit)
        start = _start(options["start"])
        result = due(start, length, unit, rolls=not options["no_roll"], calendar=WorkCalendar.load())
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(result), ensure_ascii=False))
            return
        for line in explain(result):
            self.stdout.write(line_text(line))


def _unit(text: str) -> Unit:
    if text not in Unit.values:
        raise CommandError(
            _("--unit: “%(text)s” is not one of %(units)s.")
            % {"text": text, "units": ", ".join(Unit.values)},
            returncode=USAGE_ERROR,
        )
    return Unit(text)


def _length(text: str | int, unit: Unit) -> int:
    longest = LONGEST[unit]
    number = int(text) if str(text).isascii() and str(text).isdigit() and len(str(text)) < 10 else 0
    if not 1 <= number <= longest:
        raise CommandError(
            _("--length: “%(text)s” is not a whole number from 1 to %(longest)s.")
            % {"text": text, "longest": longest},
            returncode=USAGE_ERROR,
        )
    return number


def _start(text: str) -> date | datetime:
    """Read a date, or a moment; a moment without zone is meant in the city's zone."""
    start: date | datetime
    try:
        start = date.fromisoformat(text) if len(text) <= len("2026-09-17") else datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            _("--start: “%(text)s” is neither a date (2026-09-17) nor a time (2026-09-17T09:00+08:00).")
            % {"text": text},
            returncode=USAGE_ERROR,
        ) from None
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise CommandError(
            _("--start: the year must lie between %(first)s and %(last)s.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR},
            returncode=USAGE_ERROR,
        )
    if isinstance(start, datetime) and timezone.is_naive(start):
        return timezone.make_aware(start, timezone.get_default_timezone())
    return start


def _as_json(result: Due) -> dict[str, Any]:
    chinese = (get_language() or "zh").startswith("zh")
    return {
        "raw": (result.raw_on or result.raw_at).isoformat(),
        "due": (result.due_on or result.due_at).isoformat(),
        "provisional": result.provisional,
        "skipped": [
            {"on": day.on.isoformat(), "kind": day.kind.value, "name": day.name if chinese else day.name_en}
            for day in result.skipped
        ],
    }
