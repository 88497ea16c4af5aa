"""The holding ledger of a case over REST."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from grid.casework import holdings
from grid.casework.actors import Actor
from grid.casework.models import Case

if TYPE_CHECKING:
    from rest_framework.request import Request

    from grid.casework.holdings import Row, Total
    from grid.organisations.models import Organisation


class HoldingsView(APIView):
    """Who had a case, how long, and how long it was late with whom."""

    def get(self, request: Request, number: str) -> Response:
        """
        Return the stays, the oldest first, and their totals by organisation; durations are whole seconds.

        :raises Http404: when there is no such case for the caller, whatever the reason.
        """
        visible = Case.objects.visible_to(Actor.of(request.user))
        case = visible.filter(number=number.upper()).first()
        if case is None:
            raise Http404
        at = timezone.now()
        rows = holdings.ledger(case, at)
        response = Response(
            {
                "number": case.number,
                "at": at,
                "holdings": [_row(r) for r in rows],
                "totals": [_total(t) for t in holdings.totals(rows)],
            }
        )
        response["Cache-Control"] = "private, no-cache"
        return response


def _row(row: Row) -> dict[str, Any]:
    return {
        "organisation": _organisation(row.organisation),
        "since": _instant(row.since),
        "until": row.until and _instant(row.until),
        "seconds": _seconds(row.duration),
        "working_days": row.working_days,
        "late_seconds": _seconds(row.late),
        "late": [
            {"deadline": late.deadline.code, "label": late.deadline.text, "seconds": _seconds(late.duration)}
            for late in row.lateness
        ],
    }


def _total(total: Total) -> dict[str, Any]:
    return {
        "organisation": _organisation(total.organisation),
        "stays": total.stays,
        "seconds": _seconds(total.duration),
        "working_days": total.working_days,
        "late_seconds": _seconds(total.late),
    }


def _organisation(organisation: Organisation) -> dict[str, str]:
    return {"code": organisation.code, "label": organisation.label}


def _instant(when: datetime) -> datetime:
    return timezone.localtime(when)


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
