"""Work of the operator's app that Celery runs."""

from celery import shared_task
from django.utils import timezone

from governance.operations.models import Heartbeat, Part


@shared_task(name="governance.operations.tasks.worker_heartbeat")
def worker_heartbeat() -> None:
    """Note that a worker takes tasks from the queue and runs them."""
    Heartbeat.beat(Part.WORKER, at=timezone.now())
