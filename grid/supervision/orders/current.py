"""The orders of one case, read once, and who of those involved is what to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Prefetch, prefetch_related_objects

from grid.areas.models import Tier
from grid.organisations.models import Organisation, Role
from grid.organisations.services import superiors_of
from grid.supervision.models import Level, SupervisionOrder
from grid.supervision.models.orders import OPEN
from grid.supervision.orders.querysets import SUPERVISING

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.casework.models import Case

ANSWERING = (Role.COMMUNITY_CLERK, Role.STREET_OFFICER, Role.DISTRICT_OFFICER)
PEOPLE = ("decided_by", "answered_by", "listed_by", "rectified_by", "ended_by")


def orders_of(case: Case) -> list[SupervisionOrder]:
    """Return the orders of a case, the newest first. One query, however often it is asked of one object."""
    rows = SupervisionOrder.objects.select_related("authority", "addressee", "rung", "deadline", *PEOPLE)
    prefetch_related_objects([case], Prefetch("supervision_orders", rows.order_by("-pk")))
    return list(case.supervision_orders.all())


def open_order(case: Case) -> SupervisionOrder | None:
    """Return the order of a case that waits for somebody; there is at most one."""
    return next((order for order in orders_of(case) if order.is_open), None)


def addressees_of(case_ids: Iterable[int]) -> dict[int, int]:
    """Return by case which body the open order is addressed to. One query."""
    rows = SupervisionOrder.objects.filter(case__in=list(case_ids), status__in=OPEN)
    return dict(rows.values_list("case", "addressee"))


def forget(case: Case) -> None:
    """Let the orders of a case be read anew: one was added."""
    getattr(case, "_prefetched_objects_cache", {}).pop("supervision_orders", None)


def works_for(actor: Actor, organisation_id: int) -> bool:
    """Tell whether somebody serves in an organisation, in whatever role."""
    return any(posting.organisation_id == organisation_id for posting in actor.postings)


def supervises(case: Case, actor: Actor) -> bool:
    """
    Tell whether somebody decides on the order of a case, or may issue one.

    He serves in the supervising body or above it; nobody judges a body that he belongs to himself.
    """
    if not actor.holds(SUPERVISING):
        return False
    order = open_order(case)
    if order is None:
        return actor.is_above(case.lead_id, SUPERVISING) and not works_for(actor, case.lead_id)
    above = actor.serves(order.authority_id, SUPERVISING) or actor.is_above(order.authority_id, SUPERVISING)
    return above and not works_for(actor, order.addressee_id)


def answers(case: Case, actor: Actor) -> bool:
    """
    Tell whether somebody answers the order of a case: an officer or the head of the body addressed.

    The body that leads the case now answers as well, unless it is the one that supervises.
    """
    order = open_order(case)
    if order is None:
        return False
    bodies = {order.addressee_id} | ({case.lead_id} - {order.authority_id})
    return any(
        posting.organisation_id in bodies and (posting.leads or posting.role in ANSWERING)
        for posting in actor.postings
    )


def supervising_body(case: Case, actor: Actor) -> Organisation | None:
    """
    Return the organisation in whose name somebody supervises a case.

    That of the order where he serves in it, else his own that is nearest above the body addressed.
    """
    order = open_order(case)
    own = actor.organisations_in(SUPERVISING)
    if order is not None and order.authority_id in own:
        return order.authority
    addressee = order.addressee_id if order else case.lead_id
    nearest = next((pk for pk in superiors_of(addressee) if pk in own), None)
    if nearest is None:
        return None
    return Organisation.objects.select_related("governs", "area").get(pk=nearest)


def level_of(organisation: Organisation) -> Level | None:
    """Return the level at which an organisation may list a matter: that of its own tier."""
    place = organisation.governs or organisation.area
    if place is None:
        return Level.CITY if organisation.parent_id is None else _level_of_superior(organisation)
    return {Tier.DISTRICT: Level.DISTRICT, Tier.STREET: Level.STREET}.get(Tier(place.tier))


def _level_of_superior(organisation: Organisation) -> Level | None:
    """Return the level of a department: that of the body it stands under."""
    superior = organisation.parent
    return level_of(superior) if superior is not None else None
