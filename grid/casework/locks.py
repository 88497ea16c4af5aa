"""Lock the rows of a step: waiting, but not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import OperationalError, connection
from psycopg2 import errors as postgres

from grid.casework.errors import CaseBusy, CaseNotFound
from grid.casework.models import Case

if TYPE_CHECKING:
    from grid.casework.actors import Actor

LOCK_TIMEOUT_MS = 3000


def lock_cases(case_id: int, *, by: Actor, other: int | None = None) -> Case:
    """
    Return a case that this actor may see, its row locked, and lock a second one with it.

    Two cases are locked by ascending id, so that two such steps never wait for each other.

    :raises CaseNotFound: when there is no such case for this actor.
    :raises CaseBusy: when a row stays locked longer than `LOCK_TIMEOUT_MS`.
    """
    ids = sorted({case_id} | ({other} if other else set()))
    visible = Case.objects.visible_to(by).filter(pk__in=ids).order_by("pk")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        # Not the key: a reader of the feed who writes a row about the case need not wait for its step.
        rows = visible.select_for_update(of=("self",), no_key=True).select_related("lead", "area")
        locked = {c.pk: c for c in rows}
    except OperationalError as error:
        if isinstance(error.__cause__, postgres.LockNotAvailable | postgres.DeadlockDetected):
            raise CaseBusy from error
        raise
    if case_id not in locked:
        raise CaseNotFound
    return locked[case_id]
