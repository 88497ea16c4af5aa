"""Load the demo."""

import sys
import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from governance.demo.services import AlreadyFilled, catch_up, is_loaded, load
from governance.demo.staff import SIGN_INS


class Command(BaseCommand):
    help = (
        "Fill an empty database with a district of Huai'an: its real subdistricts and communities, and "
        "invented grids, people and incidents of a year. The same day gives the same demo; "
        "a second call does nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="the day at whose beginning the story ends (today)"
        )
        parser.add_argument("--small", action="store_true", help="one subdistrict and few incidents")

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Load, unless it is there.

        :raises CommandError: when the database holds what is not the demo, or demo accounts are forbidden.
        """
        if not settings.DEMO_ACCOUNTS_ALLOWED:
            raise CommandError("These settings forbid demo accounts: their password is published.")
        if is_loaded():
            self.stdout.write("The demo is loaded already; nothing was done.")
            return
        today = timezone.localdate()
        as_of = options["as_of"] or today
        started = time.monotonic()
        try:
            with tqdm(unit=" steps", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
                made = load(as_of=as_of, small=options["small"], progress=bar.update)
        except AlreadyFilled as error:
            raise CommandError(
                "This database holds areas or cases that are not the demo's; it was left as it is."
            ) from error
        if as_of == today:
            catch_up(at=timezone.now())
        self.stdout.write(
            f"{made.areas} areas, {made.people} people, {made.cases} incidents in {made.steps} steps, "
            f"in {time.monotonic() - started:.0f} s"
        )
        self.stdout.write(f"Sign in as {', '.join(SIGN_INS)} with the password {settings.DEMO_PASSWORD}")
