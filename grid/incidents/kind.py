"""Introduce incidents to casework."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from grid.areas.models import Tier
from grid.casework.kinds import Kind, register
from grid.incidents.deadlines import KIND, RULES
from grid.incidents.models import Incident
from grid.incidents.statuses import STATUSES
from grid.incidents.workflow import STEPS
from grid.organisations.models import Role
from grid.supervision.orders.deadlines import RULES as SUPERVISION_RULES
from grid.supervision.orders.services import forget_text
from grid.supervision.orders.sheet import panel
from grid.supervision.orders.workflow import at_end, may_end


def facts(incident: Incident) -> list[tuple[str | Promise, Any]]:
    """Return what the case page shows of an incident beside the shared facts."""
    people = incident.people_affected
    seen = (
        timezone.localtime(incident.observed_at).strftime("%Y-%m-%d %H:%M") if incident.observed_at else None
    )
    return [
        (_("Category"), incident.category.full_label),
        (
            _("People affected"),
            None if people is None else ngettext("%d person", "%d people", people) % people,
        ),
        (_("Seen at"), seen),
        (_("Tier that got it first"), Tier(incident.reported_tier).label if incident.reported_tier else None),
        (_("Dispatched by"), incident.dispatched_by),
        (
            _("Handled at once"),
            _("Yes, on the spot; nothing to verify") if incident.handled_at_once else None,
        ),
        (_("Handled by"), incident.handled_by),
        (_("Verified by"), incident.verified_by),
        (_("Waits for"), incident.waits_for),
        (_("Waits until"), incident.waits_until),
    ]


def categories(incident: Incident) -> list[str]:
    """Return the codes of its category, the second level before the first."""
    category = incident.category
    return [category.code, *([category.parent.code] if category.parent else [])]


register(
    Kind(
        code=KIND,
        label=_("Incident"),
        prefix="SJ",
        detail="incidents.Incident",
        statuses=STATUSES,
        steps=STEPS,
        rules=(*RULES, *SUPERVISION_RULES),
        readers=frozenset(
            {
                Role.GRID_WORKER,
                Role.GRID_LEADER,
                Role.COMMUNITY_CLERK,
                Role.STREET_OFFICER,
                Role.DISTRICT_OFFICER,
                Role.SUPERVISOR,
            }
        ),
        handlers=frozenset(
            {
                Role.COMMUNITY_CLERK,
                Role.STREET_OFFICER,
                Role.DISTRICT_OFFICER,
                Role.HANDLER,
                Role.SUPERVISOR,
            }
        ),
        tracked=("category_id", "handled_at_once", "handled_by_id", "verified_by_id", "dispatched_by_id"),
        facts=facts,
        categories=categories,
        may_end=may_end,
        at_end=at_end,
        forgets=forget_text,
        panels=(panel,),
        joins=("category__parent", "handled_by", "verified_by", "dispatched_by"),
    )
)
