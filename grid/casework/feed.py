"""The feed: what every reader of the timeline reads, each at its own position, nothing twice or missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic

from django.db import connection, transaction
from django.db.models import Q

from grid.casework.models import Event, Feed, FeedReader

NUMBERER_LOCK = 7_201_001
NUMBER = """
    WITH fresh AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM casework_feed WHERE position IS NULL
         ORDER BY id LIMIT %s
    ), top AS (SELECT coalesce(max(position), 0) AS position FROM casework_feed)
    UPDATE casework_feed f SET position = top.position + fresh.place
      FROM fresh, top WHERE f.id = fresh.id
"""


def number(*, batch: int = 5000) -> int:
    """
    Give the next positions to the committed rows that have none, and return how many there were.

    Ids are given when a row is written and not when it is committed: a reader who remembers the last id
    loses every row that commits late. Here only committed rows are seen, and the advisory lock, held
    until commit, lets one numberer in at a time; so positions grow in the order in which they can be read.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERER_LOCK])
        cursor.execute(NUMBER, [batch])
        return cursor.rowcount


def read(
    name: str, handle: Callable[[list[Event]], None], *, batch: int = 200, seconds: float | None = None
) -> int:
    """
    Hand a reader what it has not read yet, and return how many entries that were.

    The reader's row is locked, and its position moves in the same transaction as what the handler writes:
    a crash repeats the batch, so the handler's rows carry a unique key that makes a repeat harmless.

    :param seconds: after so long no further batch is read; the next call goes on.
    """
    began = monotonic()
    number()
    total = 0
    while seconds is None or monotonic() - began < seconds:
        with transaction.atomic():
            FeedReader.objects.get_or_create(name=name)
            reader = FeedReader.objects.select_for_update(skip_locked=True).filter(name=name).first()
            if reader is None:
                return total  # Another worker is at it; no second one waits for its turn.
            events = list(after(reader.position, limit=batch))
            if not events:
                return total
            handle(events)
            reader.position = events[-1].feed.position or reader.position
            reader.save(update_fields=["position"])
            total += len(events)
    return total


def after(position: int, *, limit: int) -> Iterable[Event]:
    """Return the numbered entries after a position, in their order, with their cases."""
    return (
        Event.objects.filter(feed__position__gt=position)
        .select_related("feed", "case", "case__lead", "user", "organisation")
        .order_by("feed__position")[:limit]
    )


def is_behind(name: str, *, since: datetime) -> bool:
    """Tell whether a reader has still to read what was written before an instant."""
    position = FeedReader.objects.filter(name=name).values_list("position", flat=True).first() or 0
    unread = Feed.objects.filter(Q(position=None) | Q(position__gt=position))
    return unread.filter(event__at__lt=since).exists()
