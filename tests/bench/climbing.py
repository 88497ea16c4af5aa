"""Climb in a process of its own, and say in JSON how long it took: `many` first, then `one`."""

import json
import os
import resource
import statistics
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings.test")
django.setup()

from django.db.models import Min

from grid.casework.models import Case, Deadline, DeadlineStatus
from grid.supervision.services import climb
from grid.supervision.tasks import LANES

ROUNDS = 21


def many(at: datetime) -> dict[str, Any]:
    """Climb all that is due an hour after the city was looked at."""
    began = time.perf_counter()
    report = climb(at + timedelta(hours=1), lanes=LANES)
    seconds = time.perf_counter() - began
    if report.set_aside:
        raise RuntimeError(f"{len(report.set_aside)} were set aside")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"deadlines": report.rungs, "seconds": seconds, "megabytes": peak, "told": report.told}


def one(at: datetime) -> dict[str, Any]:
    """Climb what falls due next, again and again, each time at the instant at which it alone is due."""
    running = Deadline.objects.filter(status=DeadlineStatus.RUNNING).count()
    runs = []
    while len(runs) < ROUNDS:
        due = Case.objects.aggregate(first=Min("next_rung_at"))["first"]
        began = time.perf_counter()
        report = climb(due, lanes=LANES)
        seconds = time.perf_counter() - began
        if report.cases == report.rungs == 1:
            runs.append(seconds * 1000)
    return {"running": running, "milliseconds": statistics.median(runs[1:]), "worst": max(runs[1:])}


print(json.dumps({"many": many, "one": one}[sys.argv[1]](datetime.fromisoformat(sys.argv[2]))))
