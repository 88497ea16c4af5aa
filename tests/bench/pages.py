"""
Measure the speed of the pages against something run beside it.

A city with few cases and one with many are asked for the same pages in turn, A B A B …, and a page that does
no work of its own is timed between them. Ratios are printed, not seconds alone: the machine's own speed
drops out. Nothing here passes or fails.
"""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment
from django.urls import reverse
from django.utils import timezone

from grid.casework.models import Case
from grid.casework.steps import take_step
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import report

FEW, MANY = 200, 20_000
ROUNDS = 15
COPY = """
    INSERT INTO casework_case (kind, number, title, description, area_id, address, longitude, latitude,
        phase, status, urgency, sealed, lead_id, reporter_id, channel, received_on, registered_at,
        next_due_at, outcome, round_number, version, event_count, event_head)
    SELECT kind, 'B' || g, title, description, area_id, address, longitude, latitude, phase, status, urgency,
        sealed, lead_id, reporter_id, channel, received_on, registered_at - g * interval '1 minute',
        next_due_at + g * interval '1 minute', outcome, round_number, version, event_count, event_head
      FROM casework_case, generate_series(%s, %s) g WHERE id = %s
"""


def main() -> None:
    """Build a database, measure, and take it down again."""
    setup_test_environment()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(build_city())
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()


def measure(city: City) -> None:
    """Time the pages with few cases, then with many, and print the ratios."""
    case = report(city, at=timezone.now())
    client = Client()
    client.force_login(city.street_officer, backend="django.contrib.auth.backends.ModelBackend")
    actions = pages(city, client, case)
    results: dict[str, dict[int, float]] = {name: {} for name in actions}
    done = 0
    for total in (FEW, MANY):
        with connection.cursor() as cursor:
            cursor.execute(COPY, [done + 1, total, case.pk])
            cursor.execute("ANALYZE")
        done = total
        for name, seconds in timed(actions).items():
            results[name][total] = seconds
    print(f"{'':34}{FEW:>10,} cases{MANY:>10,} cases   ratio   × of a plain page")
    plain = results["a plain page (help)"]
    for name, found in results.items():
        few, many = found[FEW] * 1000, found[MANY] * 1000
        print(f"{name:34}{few:>13.1f} ms{many:>13.1f} ms{many / few:>8.2f}{found[MANY] / plain[MANY]:>10.2f}")


def pages(city: City, client: Client, case: Case) -> dict[str, Callable[[], Any]]:
    """Return what is measured."""
    desk = reverse("desk:worklist")
    counter = iter(range(10_000_000))

    def comment() -> None:
        data = {"text": f"第{next(counter)}条"}
        take_step(
            case.pk, "comment", by=acting(city.worker), data=data, at=timezone.now() + timedelta(seconds=1)
        )

    return {
        "a plain page (help)": lambda: client.get(reverse("portal:help")),
        "worklist of 100": lambda: client.get(desk, {"desk": "all", "size": "100"}),
        "worklist of 25": lambda: client.get(desk, {"desk": "all"}),
        "case page": lambda: client.get(reverse("casework:case", kwargs={"number": case.number})),
        "a step (comment), no page": comment,
        "report an incident, no page": lambda: report(city, at=timezone.now()),
    }


def timed(actions: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the median seconds of each action, all of them taken in turn."""
    runs: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(ROUNDS + 1):
        for name, action in actions.items():
            began = time.perf_counter()
            action()
            if turn:
                runs[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in runs.items()}
