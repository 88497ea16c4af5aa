"""
Fill an empty database with a small city in which hundreds of deadlines have passed, for the tests of faults.

They call it in a process of its own, on a database of its own. Every case is opened by the step that
everybody takes, with the clock passed in, so the chains are the kernel's.
"""

from datetime import timedelta

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from grid.notices import reader
from grid.organisations.models import Posting
from grid.people.models import User
from tests.factories.city import City, build_city
from tests.factories.incidents import report

HOUR = timedelta(hours=1)
# What a case is called, how many there are, its urgency, how long ago it was reported. The limits are 2, 24
# and 72 hours; no rung falls due within the next half hour, so that the time a test takes does not matter.
CASES = (
    ("late", 200, "yellow", 30 * HOUR),
    ("soon", 80, "yellow", 17 * HOUR),
    ("very soon", 60, "yellow", 23 * HOUR),
    ("not yet", 20, "yellow", 2 * HOUR),
    ("since yesterday", 40, "yellow", 42 * HOUR),
    ("long without a word", 20, "blue", 24 * 9 * HOUR),
)
# Reported by the neighbours, whose people alone have addresses: critical, so each is told singly, at once.
CRITICAL = 20
REACHABLE = ("neighbour_clerk", "neighbour_officer")
HEADS = ("clerk", "street_officer", "district_officer", "handler", *REACHABLE)


def fill() -> None:
    """Make the city; what opening the cases has to tell is told before anybody has an address."""
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        city = build_city()
        Posting.objects.filter(user__username__in=HEADS).update(leads=True)
        _report(city)
    reader.deliver()
    for number, username in enumerate(REACHABLE, 1):
        User.objects.filter(username=username).update(
            email=f"{username}@example.org", phone=f"1380000000{number}"
        )


def _report(city: City) -> None:
    at = timezone.now()
    for name, count, urgency, ago in CASES:
        for _ in range(count):
            report(city, at=at - ago, urgency=urgency, description=name)
    there = {"by": city.neighbour_worker, "area": city.grid_b.code}
    for _ in range(CRITICAL):
        report(city, at=at - 5 * HOUR, urgency="red", description="critical", **there)
