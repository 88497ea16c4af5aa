"""What beat sends."""

from celery import shared_task
from django.utils import timezone

from grid.supervision import services

# Beat sends the next one after a minute.
SECONDS = 50
LANES = 2


@shared_task
def climb_ladder() -> None:
    """Climb what is due now."""
    services.climb(timezone.now(), seconds=SECONDS, lanes=LANES)
