"""What `/healthz` and `/readyz` answer. Nothing of the configuration is shown, whatever fails."""

import logging
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.operations.models import Heartbeat, Part
from grid.supervision.models import LadderRun, SetAside

logger = logging.getLogger(__name__)

OK = "ok"
REDIS_TIMEOUT_SECONDS = 2
# It is climbed every minute.
LADDER_LATE_AFTER = timedelta(minutes=5)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as this process runs, whatever happens to the others."""
    return HttpResponse(OK, content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Show every part; only without the database can nothing be served at all."""
    at = timezone.now()
    parts = {"database": database(), "redis": cache(), **background(at=at), "ladder": ladder(at=at)}
    return JsonResponse(parts, status=200 if parts["database"] == OK else 503)


def database() -> str:
    """Return "ok" when PostgreSQL answers a query, else the reason."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("The database does not answer.", exc_info=True)
        return f"does not answer ({type(error).__name__})"
    return OK


def cache() -> str:
    """Return "ok" when Redis answers, else the reason."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        ) as client:
            client.ping()
    except redis.RedisError as error:
        logger.warning("Redis does not answer.", exc_info=True)
        return f"does not answer ({type(error).__name__})"
    return OK


def background(*, at: datetime) -> dict[str, str]:
    """Return for worker and beat "ok" when each was seen within the last minute, else the reason."""
    try:
        seen = dict(Heartbeat.objects.values_list("part", "at"))
    except DatabaseError:
        return {part.value: "not known without the database" for part in Part}
    return {part.value: _since(seen.get(part.value), at=at) for part in Part}


def ladder(*, at: datetime) -> str:
    """Return "ok" when the ladder was climbed lately and has set nothing aside, else the reason."""
    try:
        run = LadderRun.objects.last_run()
        aside = SetAside.objects.waiting().count()
    except DatabaseError:
        return "not known without the database"
    said = _since(run.finished_at if run else None, at=at, late_after=LADDER_LATE_AFTER)
    if said != OK:
        return said
    return f"{aside} matters set aside" if aside else OK


def _since(seen: datetime | None, *, at: datetime, late_after: timedelta = Heartbeat.LATE_AFTER) -> str:
    """Word how long ago a part was seen; from the future means that the clock was set back since."""
    if seen is None:
        return "never seen"
    silent = at - seen
    if abs(silent) <= late_after:
        return OK
    if silent < timedelta(0):
        return "not seen since the clock was set back"
    return f"not seen for {int(silent.total_seconds())} s"
