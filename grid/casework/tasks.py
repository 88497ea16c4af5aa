"""What beat sends."""

from celery import shared_task
from django.utils import timezone

from grid.casework import calendar_changes, feed, files, requests, seals


@shared_task
def number_feed() -> None:
    """Give the committed rows of the feed their positions."""
    feed.number()


@shared_task
def seal_timeline() -> None:
    """Seal the heads of all chains, once a day."""
    seals.seal_of_the_day(at=timezone.now())


@shared_task
def recompute_deadlines() -> None:
    """Work out the open deadlines anew that a change of the calendar can touch."""
    calendar_changes.run(at=timezone.now())


@shared_task
def lapse_requests() -> None:
    """Let the requests lapse that nobody decided before the due date."""
    requests.lapse(at=timezone.now())


@shared_task
def sweep_uploads() -> None:
    """Remove files that no step claimed."""
    files.sweep(at=timezone.now())
