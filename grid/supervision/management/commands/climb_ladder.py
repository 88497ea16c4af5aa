"""Climb the ladder on the command line."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.people.models import User
from grid.supervision.services import Report, Told, climb
from grid.worktime.arithmetic import Light

FIRST_YEAR, LAST_YEAR = 1950, 2200
USAGE_ERROR = 2


class Command(BaseCommand):
    """Tell of every deadline that comes near or has passed; fail when a case could not be taken."""

    help = "Tells whoever has to know that a deadline comes near or has passed, each rung exactly once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the clock, and whether to write at all."""
        parser.add_argument("--at", default="", help="the clock, such as 2026-10-09T09:00+08:00 (now)")
        parser.add_argument("--dry-run", action="store_true", help="show what would be told, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Climb, and print what was told and what came of it."""
        at = _at(options["at"])
        self._names: dict[int, str] = {}
        report = climb(at, dry_run=options["dry_run"], listen=self._line)
        self.stdout.write(_summary(report, dry_run=options["dry_run"]))
        if report.set_aside:
            raise CommandError(_("Set aside: %(numbers)s") % {"numbers": ", ".join(report.set_aside)})

    def _line(self, row: Told) -> None:
        """Print one thing told, with the people; sealed matters are in no list."""
        if row.sealed:
            return
        missing = [pk for pk in row.told if pk not in self._names]
        self._names |= {user.pk: str(user) for user in User.objects.filter(pk__in=missing)} if missing else {}
        told = ", ".join(self._names[pk] for pk in row.told) or _("nobody")
        what = row.deadline.text if row.deadline else _("Silence")
        light = f"  {Light(row.level).label}" if row.level else ""
        self.stdout.write(f"{row.number}  {what}{light}  → {told}")


def _at(text: str) -> datetime:
    """
    Read the clock; a time without zone is meant in the city's zone.

    :raises CommandError: naming the option.
    """
    if not text:
        return timezone.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            _("--at: “%(text)s” is not a time such as 2026-10-09T09:00+08:00.") % {"text": text},
            returncode=USAGE_ERROR,
        ) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise CommandError(
            _("--at: the year must lie between %(first)s and %(last)s.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR},
            returncode=USAGE_ERROR,
        )
    return timezone.make_aware(at, timezone.get_default_timezone()) if timezone.is_naive(at) else at


def _summary(report: Report, *, dry_run: bool) -> str:
    """Say in one line what was done, or would be."""
    counts = {
        "cases": report.cases,
        "rungs": report.rungs,
        "silences": report.silences,
        "told": report.told,
        "proposed": report.proposed,
        "resumed": report.resumed,
        "set_aside": len(report.set_aside),
    }
    done = (
        _(
            "%(cases)s matters, %(rungs)s deadlines and %(silences)s silences told, %(told)s messages, "
            "%(proposed)s supervision orders proposed, %(resumed)s pauses ended, %(set_aside)s set aside."
        )
        % counts
    )
    return _("Nothing was written. Due: %(what)s") % {"what": done} if dry_run else done
