"""The scheduler of Celery beat, with a heartbeat of its own; a clock that is set back does not stop it."""

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler, SchedulingError
from django.db import Error, connection
from django.utils import timezone

from governance.operations.models import Heartbeat, Part

logger = logging.getLogger(__name__)


class HeartbeatScheduler(PersistentScheduler):
    """Write a row while the loop that sends due tasks turns: a dead worker is not taken for a dead beat."""

    _beaten: float | None = None
    _clock: float | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, then show that this worked; return the seconds until the next turn."""
        clock = time.time()
        if self._clock is None or clock < self._clock:
            self.forget_the_future()
        self._clock = clock
        pause: float = super().tick(*args, **kwargs)
        # Not by the wall clock, which may be set back.
        turned = time.monotonic()
        if self._beaten is None or turned - self._beaten >= Heartbeat.EVERY.total_seconds():
            self._beaten = turned
            try:
                Heartbeat.beat(Part.BEAT, at=timezone.now())
            except Error:
                connection.close()
                logger.warning("The heartbeat of beat could not be written; trying again.", exc_info=True)
        return min(pause, Heartbeat.EVERY.total_seconds())

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send a task; one that Redis does not take costs a line of the log, and the next turn sends it."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            logger.warning("%s could not be sent: %s", entry.name, error)

    def forget_the_future(self) -> None:
        """
        Let no task count as sent later than now, after the clock was set back or a start with an old file.

        Else beat would send nothing until the clock has come again to where it was, and say nothing of it.
        """
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is not None and entry.last_run_at > now:
                logger.warning("The clock was set back; %s is sent from now on again.", entry.name)
                entry.last_run_at = now
        self._heap = None
