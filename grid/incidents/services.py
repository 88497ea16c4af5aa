"""The effects of the steps of an incident. They are called by `casework.steps` and never past it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.areas.models import Area, Tier
from grid.casework.actors import Actor
from grid.casework.models import Assignment, AssignmentRole, Outcome
from grid.incidents.data import FAILED
from grid.incidents.models import Category, Incident
from grid.incidents.routing import routes
from grid.incidents.statuses import Status
from grid.organisations.models import Organisation
from grid.organisations.services import superiors_of
from grid.supervision.orders.services import keep_informed

LONGEST_TITLE = 120


def report(
    incident: Incident,
    *,
    by: Actor,
    at: datetime,
    category: Category,
    area: Area | None,
    urgency: str,
    channel: str,
    **seen: Any,
) -> Status:
    """
    Register an incident (上报) and give it to whoever the responsibility list names.

    Without a line on the list it goes to the community of the area, else to the next tier that is there;
    without an area to the reporter's own office or the nearest above that governs one.

    :raises ValidationError: when no organisation can be found for it.
    """
    case = incident.case
    found = routes(category, area, on=timezone.localdate(at))
    lead = found.first() or _nearest(by)
    if lead is None:
        raise serializers.ValidationError({"area": _("No office is known for this place. Choose a grid.")})
    case.lead, case.area, case.channel, case.urgency = lead, area, channel, urgency
    case.reporter = by.user
    case.description = seen.get("description", "")
    case.address = seen.get("address", "")
    case.longitude, case.latitude = seen.get("longitude"), seen.get("latitude")
    case.accuracy_m = seen.get("accuracy_m") if case.longitude is not None else None
    case.title = seen.get("title") or _title(category, area, case.address)
    incident.category = category
    incident.people_affected = seen.get("people_affected")
    incident.observed_at = seen.get("observed_at")
    incident.reported_tier = next((tier for tier, org in found.governing.items() if org == lead), "")
    return Status.REPORTED


def report_done(incident: Incident, *, by: Actor, at: datetime, result: str, **seen: Any) -> Status:
    """Register an incident that was dealt with on the spot (即办即结): nothing to verify, no limit."""
    report(incident, by=by, at=at, **seen)
    incident.handled_at_once = True
    incident.handled_by, incident.handled_at = by.user, at
    incident.case.outcome = Outcome.SOLVED
    return Status.CLOSED


def accept(incident: Incident, *, by: Actor, at: datetime) -> Status:
    """Accept an incident (受理)."""
    return Status.ACCEPTED


def dispatch(
    incident: Incident,
    *,
    by: Actor,
    at: datetime,
    lead: Organisation,
    assisting: Sequence[Organisation] = (),
    reason: str = "",
) -> Status:
    """Give an incident to the organisation that is to handle it (派遣), with those that assist."""
    case = incident.case
    # Sent on by a superior while a department has it: who sent it first still gets it back.
    if case.lead.governs_id is not None:
        incident.dispatched_by = case.lead
    _give_to(incident, lead, at=at)
    _assist(incident, assisting, at=at)
    return Status.DISPATCHED


def send_back(incident: Incident, *, by: Actor, at: datetime, reason: str) -> Status:
    """
    Give an incident back that is not one's own (退回), to whoever dispatched it.

    What came straight from the report goes to the nearest superior that governs an area.

    :raises ValidationError: when there is nobody above.
    """
    sender, status = incident.dispatched_by, Status.ACCEPTED
    if sender is None:
        sender, status = _governing_superior(incident.case.lead_id), Status.REPORTED
    if sender is None:
        raise serializers.ValidationError({"reason": _("There is no office to which it could go back.")})
    _give_to(incident, sender, at=at)
    _assist(incident, (), at=at)
    incident.dispatched_by = None
    return status


def escalate(incident: Incident, *, by: Actor, at: datetime, reason: str) -> Status:
    """
    Pass an incident up (上报) to the organisation that governs the next tier there is.

    :raises ValidationError: when there is no tier above.
    """
    case = incident.case
    held = case.lead.governs
    above = routes(incident.category, held, on=timezone.localdate(at)).above(held.tier) if held else None
    if above is None:
        raise serializers.ValidationError({"reason": _("There is no level above to which it could go.")})
    _give_to(incident, above, at=at)
    incident.dispatched_by = None
    return Status.ESCALATED


def ask(incident: Incident, *, by: Actor, at: datetime, question: str) -> Status:
    """Ask the reporter for more; the limit runs on, because asking must not buy time."""
    incident.asked_from = incident.case.status
    return Status.ASKED


def answer(incident: Incident, *, by: Actor, at: datetime, answer: str) -> str:
    """Answer what was asked; the incident is where it was before."""
    status, incident.asked_from = incident.asked_from, ""
    return status


def handle(incident: Incident, *, by: Actor, at: datetime, result: str) -> Status:
    """State what was done (处置); this meets the limit."""
    incident.handled_by, incident.handled_at, incident.verified_by = by.user, at, None
    return Status.HANDLED


def verify(incident: Incident, *, by: Actor, at: datetime, finding: str, text: str = "") -> Status:
    """
    Verify on the spot what was done (核查), by somebody else than the handler.

    What is not in order goes back to whoever has it, with a new limit from now.
    """
    if finding == FAILED:
        incident.handled_by = incident.handled_at = None
        return Status.DISPATCHED if incident.dispatched_by_id else Status.ACCEPTED
    incident.verified_by = by.user
    return Status.VERIFIED


def close(
    incident: Incident,
    *,
    by: Actor,
    at: datetime,
    outcome: str,
    explanation: str = "",
    waits_for: str = "",
    waits_until: date | None = None,
) -> Status:
    """Close an incident (结案) with what came of it."""
    incident.case.outcome = outcome
    incident.waits_for, incident.waits_until = waits_for, waits_until
    return Status.CLOSED


def reopen(incident: Incident, *, by: Actor, at: datetime, reason: str) -> Status:
    """Open a closed incident again in a new round (重启), with the office that closed it."""
    incident.handled_at_once = False
    incident.handled_by = incident.handled_at = incident.verified_by = None
    incident.waits_for, incident.waits_until = "", None
    incident.case.assignee = None
    return Status.REPORTED


def regrade(
    incident: Incident, *, by: Actor, at: datetime, category: Category, urgency: str, reason: str
) -> None:
    """Correct category or urgency; who leads stays, and a new limit counts from the old start."""
    incident.category = category
    incident.case.urgency = urgency


def _title(category: Category, area: Area | None, address: str) -> str:
    """Return a title from category and place, in the language of the record."""
    place = address or (area.name if area else "")
    if area is not None and not address and area.tier in (Tier.GRID, Tier.BUILDING) and area.parent:
        place = f"{area.parent.name}{area.name}"
    return f"{place}：{category.name}"[-LONGEST_TITLE:] if place else category.name


def _give_to(incident: Incident, lead: Organisation, *, at: datetime) -> None:
    """Change who leads; whoever it was assigned to there has it no more."""
    incident.case.lead = lead
    incident.case.assignee = None
    keep_informed(incident.case, at=at)


def _assist(incident: Incident, wanted: Sequence[Organisation], *, at: datetime) -> None:
    """Let exactly these organisations assist from now on."""
    running = Assignment.objects.filter(case=incident.case, ended_at=None)
    keep = {o.pk for o in wanted}
    leads = incident.case.lead_id
    running.filter(role=AssignmentRole.ASSISTING).exclude(organisation__in=keep).update(ended_at=at)
    running.filter(organisation__in={*keep, leads}).exclude(role=AssignmentRole.ASSISTING).update(ended_at=at)
    there = set(running.values_list("organisation", flat=True))
    Assignment.objects.bulk_create(
        Assignment(case=incident.case, organisation_id=pk, role=AssignmentRole.ASSISTING, starts_at=at)
        for pk in sorted(keep - there)
    )


def _nearest(actor: Actor) -> Organisation | None:
    """Return the actor's own organisation if it governs an area, else the nearest superior that does."""
    own = actor.organisation
    if own is None or own.governs_id is not None:
        return own
    return _governing_superior(own.pk) or own


def _governing_superior(organisation_id: int) -> Organisation | None:
    """Return the nearest superior that governs an area."""
    above = superiors_of(organisation_id)
    found = Organisation.objects.filter(pk__in=above, governs__isnull=False).in_bulk()
    return next((found[pk] for pk in above if pk in found), None)
