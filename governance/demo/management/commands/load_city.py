"""Load a whole city for measuring."""

import sys
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from governance.demo.city.plan import DUE, RUNNING, Wanted
from governance.demo.city.services import NotEmpty, load

USAGE_ERROR = 2


class Command(BaseCommand):
    help = (
        "Fill an empty database with a city for measuring: the real communities of Huai'an, invented grids, "
        "buildings and people, and any number of incidents with timeline, deadlines and holdings. "
        "The same seed, size and moment give the same city."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--cases", type=int, required=True, help="how many incidents")
        parser.add_argument("--seed", type=int, default=1, help="another seed gives another city (1)")
        parser.add_argument(
            "--as-of",
            default="",
            help="the moment at which the city is looked at, 2026-10-09T09:00+08:00 (now)",
        )
        parser.add_argument(
            "--due",
            type=int,
            help="how many incidents have a rung that falls due within the hour after that moment; no other "
            "rung does (one in a thousand)",
        )
        parser.add_argument(
            "--running",
            type=int,
            help="how many others have a limit that runs, with its next rung later than that (one in 25)",
        )
        parser.add_argument("--jobs", type=int, default=2, help="processes that write incidents (2)")
        parser.add_argument(
            "--checked",
            action="store_true",
            help="let every trigger and foreign key judge each row; slower, and the only way for a database "
            "role that is no superuser",
        )
        parser.add_argument(
            "--districts", type=int, default=0, help="only the smallest so many districts, for a try"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Load.

        :raises CommandError: when the database is not empty, the sizes do not fit, or invented accounts are
            forbidden here.
        """
        if not settings.DEMO_ACCOUNTS_ALLOWED:
            raise CommandError("These settings forbid invented accounts: their password is published.")
        wanted = _wanted(options)
        started = time.monotonic()
        try:
            with tqdm(total=wanted.cases, unit=" cases", unit_scale=True, file=sys.stderr) as bar:
                made = load(
                    wanted,
                    jobs=options["jobs"],
                    districts=options["districts"],
                    checked=options["checked"],
                    progress=bar.update,
                )
        except NotEmpty as error:
            raise CommandError(
                "This database holds areas, organisations or cases; it was left as it is. "
                "A city is loaded into a database that was only migrated."
            ) from error
        took = time.monotonic() - started
        self.stdout.write(
            f"{made.areas} areas, {made.people} people, {made.cases} incidents in {made.rows} rows, "
            f"in {took:.0f} s ({made.cases / took:.0f} incidents a second)"
        )


def _wanted(options: dict[str, Any]) -> Wanted:
    """
    Read the sizes.

    :raises CommandError: naming the option that does not fit.
    """
    cases = options["cases"]
    due = cases * DUE // 1000 if options["due"] is None else options["due"]
    running = cases * RUNNING // 1000 if options["running"] is None else options["running"]
    if cases < 1 or min(due, running) < 0 or options["jobs"] < 1 or options["districts"] < 0:
        raise CommandError("--cases and --jobs are at least 1, --due, --running and --districts at least 0.")
    if due + running > cases:
        raise CommandError("--due and --running together are more than --cases.")
    try:
        as_of = datetime.fromisoformat(options["as_of"]) if options["as_of"] else timezone.now()
    except ValueError:
        raise CommandError(
            f"--as-of: “{options['as_of']}” is not a time such as 2026-10-09T09:00+08:00.",
            returncode=USAGE_ERROR,
        ) from None
    if timezone.is_naive(as_of):
        as_of = timezone.make_aware(as_of, timezone.get_default_timezone())
    return Wanted(cases, options["seed"], as_of.replace(second=0, microsecond=0), due, running)
