"""Propose supervision orders, many at once, for the ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from grid.supervision.models import OrderStatus, Trigger

# The columns without a default of the database; every other one is empty in a proposal.
PROPOSE = """
    INSERT INTO supervision_supervisionorder
           (case_id, deadline_id, rung_id, authority_id, addressee_id, status, trigger, proposed_at,
            number, decision_reason, suggestions, demand, adoption, feedback, listed_level, rectification,
            effect, evaluation)
    SELECT p.case_id, p.deadline_id, p.rung_id, p.authority_id, p.addressee_id, %s, %s, %s,
           '', '', '{}', '', '', '', '', '', '', ''
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
           AS p (case_id, deadline_id, rung_id, authority_id, addressee_id)
        ON CONFLICT DO NOTHING
 RETURNING case_id, id
"""


@dataclass(frozen=True)
class Proposal:
    """An order that the ladder proposes: for which late deadline and rung, by whom and to whom."""

    case_id: int
    deadline_id: int
    rung_id: int
    authority_id: int
    addressee_id: int


def propose(proposals: Sequence[Proposal], at: datetime) -> dict[int, int]:
    """
    Propose an order for each case that has none open, and return order by case for those that were made.

    One statement whatever the number. Two at once for one case leave one: the second waits for the first and
    then finds its place taken. A rung proposes once, and nobody is addressed by himself.
    """
    fit = [p for p in proposals if p.authority_id != p.addressee_id]
    if not fit:
        return {}
    columns = [
        [getattr(p, name) for p in fit]
        for name in ("case_id", "deadline_id", "rung_id", "authority_id", "addressee_id")
    ]
    with connection.cursor() as cursor:
        cursor.execute(PROPOSE, [OrderStatus.PROPOSED.value, Trigger.LATE.value, at, *columns])
        return dict(cursor.fetchall())
