"""What beat sends."""

from celery import shared_task

from grid.notices import reader


@shared_task
def deliver() -> None:
    """Tell people what is new."""
    reader.deliver()
