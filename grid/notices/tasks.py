"""What beat sends."""

from celery import shared_task
from django.utils import timezone

from grid.notices import delivery, reader

# A pass ends well before the time limit of tasks; the next one goes on.
SECONDS = 30


@shared_task
def deliver() -> None:
    """Tell people what is new."""
    reader.deliver(seconds=SECONDS)


@shared_task
def send_messages() -> None:
    """Send what is due by the channels beside the portal."""
    delivery.send_due(timezone.now(), seconds=SECONDS)


@shared_task
def sweep_messages() -> None:
    """Look for messages whose worker died, and for those that wait too long."""
    delivery.sweep(timezone.now())
