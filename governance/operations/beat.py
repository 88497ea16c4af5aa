"""The scheduler of Celery beat, with a heartbeat of its own."""

import logging
from datetime import datetime
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, connection
from django.utils import timezone

from governance.operations.models import Heartbeat, Part

logger = logging.getLogger(__name__)


class HeartbeatScheduler(PersistentScheduler):
    """Write a row while the loop that sends due tasks turns: a dead worker is not taken for a dead beat."""

    _beaten_at: datetime | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, then show that this worked; return the seconds until the next turn."""
        pause: float = super().tick(*args, **kwargs)
        now = timezone.now()
        if self._beaten_at is None or now - self._beaten_at >= Heartbeat.EVERY:
            self._beaten_at = now
            try:
                Heartbeat.beat(Part.BEAT, at=now)
            except Error:
                connection.close()
                logger.warning("The heartbeat of beat could not be written; trying again.", exc_info=True)
        return min(pause, Heartbeat.EVERY.total_seconds())
