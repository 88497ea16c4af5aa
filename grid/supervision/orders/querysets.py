"""Narrow supervision orders, talks and notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Case as OneOf
from django.db.models import DateTimeField, F, Func, OuterRef, Q, Subquery, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Least

from grid.casework.actors import OFFICE_ROLES
from grid.casework.models import Case, Deadline
from grid.organisations.models import Role
from grid.supervision.orders.deadlines import CODES

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.supervision.models import SupervisionOrder, SupervisionRecord  # noqa: F401

SUPERVISING = (Role.SUPERVISOR, Role.STREET_OFFICER, Role.DISTRICT_OFFICER)
NO_TIME_SOON = datetime(9999, 1, 1, tzinfo=UTC)
# Some organisations and all that stand under them, in both lines (块 and 条).
BELOW = """
    WITH RECURSIVE down(id) AS (
        SELECT unnest(%s::bigint[])
      UNION
        SELECT o.id FROM organisations_organisation o
          JOIN down ON o.parent_id = down.id OR o.functional_superior_id = down.id
    )
    SELECT id FROM down
"""


def first_instant_of(column: str) -> Func:
    """Return the instant at which a day begins here."""
    return Func(
        F(column),
        template=f"(%(expressions)s)::timestamp AT TIME ZONE '{settings.TIME_ZONE}'",
        output_field=DateTimeField(),
    )


def supervised_by(actor: Actor) -> Q:
    """Return the rows of bodies in which somebody supervises and of those below, not about his own body."""
    own = [posting.organisation_id for posting in actor.postings]
    return Q(authority__in=RawSQL(BELOW, [actor.organisations_in(SUPERVISING)])) & ~Q(addressee__in=own)  # noqa: S611


class SupervisionOrderQuerySet(models.QuerySet["SupervisionOrder"]):
    """Supervision orders."""

    def visible_to(self, actor: Actor) -> SupervisionOrderQuerySet:
        """Keep those of cases that an actor may know of."""
        return self.filter(case__in=Case.objects.visible_to(actor).values("pk"))

    def open(self) -> SupervisionOrderQuerySet:
        """Keep those that wait for somebody."""
        return self.filter(ended_at=None)

    def supervised_by(self, actor: Actor) -> SupervisionOrderQuerySet:
        """Keep those of visible cases that somebody decides on, or a body below his own."""
        return self.visible_to(actor).filter(supervised_by(actor))

    def addressed_to(self, actor: Actor) -> SupervisionOrderQuerySet:
        """Keep those that were issued to a body in whose office somebody serves."""
        issued = self.visible_to(actor).exclude(number="")
        return issued.filter(addressee__in=actor.organisations_in(OFFICE_ROLES))

    def waiting_for(self, actor: Actor) -> SupervisionOrderQuerySet:
        """Keep those on which the next step is with somebody's body: to decide, to assess, or to answer."""
        ours = supervised_by(actor) & Q(status__in=("proposed", "answered", "rectified"))
        to_answer = Q(addressee__in=actor.organisations_in(OFFICE_ROLES), status__in=("issued", "listed"))
        return self.visible_to(actor).filter(ours | to_answer)

    def with_next(self) -> SupervisionOrderQuerySet:
        """
        Add when something is next to be done, with the lights of the deadline that runs.

        What waits for the supervising body stands at the instant from which it waits; everything else at the
        deadline or the next check, whichever comes first, and last where neither is known.
        """
        running = Deadline.objects.filter(case=OuterRef("case"), code__in=CODES, ended_at=None)
        first = running.exclude(due_at=None).order_by("due_at", "pk")
        next_at = OneOf(
            When(status="proposed", then=F("proposed_at")),
            When(status="answered", then=F("answered_at")),
            When(status="rectified", then=F("rectified_at")),
            default=Coalesce(
                Least(Subquery(first.values("due_at")[:1]), first_instant_of("next_check_on")), NO_TIME_SOON
            ),
            output_field=DateTimeField(),
        )
        return self.annotate(
            next_at=next_at,
            due_at=Subquery(first.values("due_at")[:1]),
            yellow_at=Subquery(first.values("yellow_at")[:1]),
            orange_at=Subquery(first.values("orange_at")[:1]),
        )

    def overdue(self, *, at: datetime) -> SupervisionOrderQuerySet:
        """Keep those whose answer or rectification is late."""
        late = Deadline.objects.filter(code__in=CODES, ended_at=None, due_at__lte=at)
        return self.filter(status__in=("issued", "listed"), case__in=late.values("case"))

    def in_statuses(self, statuses: Sequence[str]) -> SupervisionOrderQuerySet:
        """Keep some statuses."""
        return self.filter(status__in=statuses)

    def for_page(self) -> Any:
        """Read along what a list shows of each."""
        joined = self.select_related("case", "case__area", "authority", "addressee")
        return joined.defer("case__area__outline")


class SupervisionRecordQuerySet(models.QuerySet["SupervisionRecord"]):
    """Talks and notices."""

    def visible_to(self, actor: Actor) -> SupervisionRecordQuerySet:
        """Keep those of cases that an actor may know of."""
        return self.filter(case__in=Case.objects.visible_to(actor).values("pk"))

    def known_to(self, actor: Actor) -> SupervisionRecordQuerySet:
        """Keep those that somebody's body gave or got, of cases he may know of."""
        got = Q(addressee__in=actor.organisations_in(OFFICE_ROLES))
        return self.visible_to(actor).filter(supervised_by(actor) | got)
