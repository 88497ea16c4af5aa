"""The table of incidents: who does what, from where, to where, and which limits move."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Tier
from grid.casework.actors import Actor
from grid.casework.common import common_steps
from grid.casework.deadlines import Start
from grid.casework.models import Case, Deadline, Urgency
from grid.casework.table import Step
from grid.casework.who import (
    Rule,
    any_of,
    anyone_as,
    assignee,
    but_not,
    of_lead,
    of_superior,
    over_area,
    reporter,
)
from grid.incidents import data, services
from grid.incidents.deadlines import CODES, LIMITS
from grid.incidents.models import Incident
from grid.incidents.statuses import ENDED, OPEN, Status
from grid.organisations.models import Role
from grid.supervision.orders.workflow import supervision_steps

S = Status
OFFICERS = (Role.COMMUNITY_CLERK, Role.STREET_OFFICER, Role.DISTRICT_OFFICER)
SUPERIORS = (Role.STREET_OFFICER, Role.DISTRICT_OFFICER)
PATROL = (Role.GRID_WORKER, Role.GRID_LEADER)


def limit(incident: Incident) -> str:
    """Return the limit of its urgency."""
    return LIMITS[Urgency(incident.case.urgency)]


def limit_again(incident: Incident) -> list[Start] | str:
    """Return the limit that runs anew when what was done is not in order."""
    return [] if incident.case.status == S.VERIFIED else limit(incident)


def limit_from_start(incident: Incident) -> list[Start]:
    """Return the limit of a new urgency, counted from where the old one began."""
    running = _running(incident)
    return [Start(limit(incident), running.starts_at)] if running and running.code != limit(incident) else []


def limit_left(incident: Incident) -> list[Start]:
    """Return the limit that another urgency ends."""
    running = _running(incident)
    return [Start(running.code, running.starts_at)] if running and running.code != limit(incident) else []


def _running(incident: Incident) -> Deadline | None:
    return Deadline.objects.filter(case=incident.case, code__in=CODES, ended_at=None).first()


def needs_area(incident: Incident, actor: Actor) -> Promise | None:
    """Say that work begins only when the place is known."""
    return None if incident.case.area_id else _("First put it into its grid (“Correct the area”).")


def can_go_up(incident: Incident, actor: Actor) -> Promise | None:
    """Say why an incident cannot be passed up."""
    held = incident.case.lead.governs
    if held is None:
        return _("Only the office of a community or subdistrict passes matters up. Send it back instead.")
    if held.tier == Tier.DISTRICT:
        return _("The district is the highest level of the grid.")
    return needs_area(incident, actor)


def can_go_back(incident: Incident, actor: Actor) -> Promise | None:
    """Say why an incident cannot be sent back."""
    if incident.dispatched_by_id is None and incident.case.lead.governs_id is not None:
        return _("Nobody dispatched it to you. Pass it up instead.")
    return needs_area(incident, actor)


def may_close_now(incident: Incident, actor: Actor) -> Promise | None:
    """Say why the office of the area cannot close yet: unverified, a matter is closed by who has it."""
    if incident.case.status == S.VERIFIED or in_charge.allows(incident.case, actor):
        return None
    return format_lazy(_("“{step}” is for: {who}."), step=_("Close"), who=in_charge.words)


def of_dispatcher(*roles: str) -> Rule:
    """Allow somebody in one of the roles in the organisation that dispatched it."""

    def test(case: Case, actor: Actor) -> bool:
        sent_by = case.incident.dispatched_by_id
        return sent_by is not None and actor.serves(sent_by, roles)

    return Rule(test, _("The office that dispatched it"))


def _handled_it(case: Case, actor: Actor) -> bool:
    return actor.user is not None and actor.user.pk == case.incident.handled_by_id


in_charge = any_of(of_lead(*OFFICERS), of_superior(*SUPERIORS))
at_work = any_of(of_lead(*OFFICERS, Role.HANDLER), assignee(), of_superior(*SUPERIORS))
on_the_spot = any_of(over_area(*PATROL, *OFFICERS, Role.SUPERVISOR), of_superior(*SUPERIORS, Role.SUPERVISOR))

STEPS = (
    Step(
        "report",
        _("Report an incident"),
        anyone_as(*PATROL, *OFFICERS, Role.HANDLER),
        services.report,
        targets=frozenset({S.REPORTED}),
        data=data.ReportData,
        starts=(limit,),
        opens=True,
        style="primary",
        public_text=_("Your matter has been registered."),
    ),
    # 即办即结: report and done in one form. No verification, no limit, and no evaluation counts it.
    Step(
        "report_done",
        _("Report as handled at once"),
        anyone_as(*PATROL, *OFFICERS, Role.HANDLER),
        services.report_done,
        targets=frozenset({S.CLOSED}),
        data=data.ReportDoneData,
        opens=True,
        public_text=_("Your matter was dealt with at once."),
    ),
    Step(
        "accept",
        _("Accept"),
        at_work,
        services.accept,
        frozenset({S.REPORTED, S.DISPATCHED, S.ESCALATED}),
        frozenset({S.ACCEPTED}),
        style="primary",
        when=needs_area,
        public_text=_("Your matter has been accepted."),
    ),
    # From reported and escalated too: an office that knows at a glance whose it is need not accept first.
    # From dispatched, so that whoever sent it to the wrong office can correct that.
    Step(
        "dispatch",
        _("Dispatch"),
        any_of(in_charge, of_dispatcher(*OFFICERS)),
        services.dispatch,
        frozenset({S.REPORTED, S.ACCEPTED, S.ESCALATED, S.DISPATCHED}),
        frozenset({S.DISPATCHED}),
        data=data.DispatchData,
        when=needs_area,
        public_text=_("Your matter has been given to the office responsible."),
    ),
    # Also after accepting: that it is somebody else's often shows only on the spot. The limit runs on.
    Step(
        "send_back",
        _("Send back"),
        of_lead(*OFFICERS, Role.HANDLER),
        services.send_back,
        frozenset({S.REPORTED, S.DISPATCHED, S.ACCEPTED}),
        frozenset({S.ACCEPTED, S.REPORTED}),
        data=data.ReasonData,
        when=can_go_back,
        hint=_("For what is not yours. It goes back to the office that dispatched it."),
    ),
    # 上报: a community cannot solve it, the next tier takes over (滨州市网格化服务管理条例 11).
    Step(
        "escalate",
        _("Pass up"),
        in_charge,
        services.escalate,
        frozenset({S.REPORTED, S.ACCEPTED, S.ESCALATED, S.DISPATCHED}),
        frozenset({S.ESCALATED}),
        data=data.ReasonData,
        when=can_go_up,
        public_text=_("Your matter has been passed to the next level."),
    ),
    Step(
        "ask",
        _("Ask the reporter"),
        at_work,
        services.ask,
        frozenset({S.REPORTED, S.ACCEPTED, S.DISPATCHED, S.ESCALATED}),
        frozenset({S.ASKED}),
        data=data.AskData,
        when=needs_area,
        hint=_("The time limit runs on."),
    ),
    # The team of the grid may answer too: the reporter may be off duty.
    Step(
        "answer",
        _("Answer"),
        any_of(reporter(), over_area(*PATROL, Role.COMMUNITY_CLERK)),
        services.answer,
        frozenset({S.ASKED}),
        frozenset({S.REPORTED, S.ACCEPTED, S.DISPATCHED, S.ESCALATED}),
        data=data.AnswerData,
        style="primary",
    ),
    # From dispatched too: who goes and mends it at once should not have to accept on paper first.
    Step(
        "handle",
        _("Record what was done"),
        at_work,
        services.handle,
        frozenset({S.ACCEPTED, S.DISPATCHED}),
        frozenset({S.HANDLED}),
        data=data.HandleData,
        meets=CODES,
        style="primary",
        public_text=_("Your matter has been dealt with and is being verified."),
    ),
    # Not in order: back to whoever has it, and the limit of its urgency runs from now.
    Step(
        "verify",
        _("Verify"),
        but_not(on_the_spot, _handled_it, _("whoever handled it")),
        services.verify,
        frozenset({S.HANDLED}),
        frozenset({S.VERIFIED, S.ACCEPTED, S.DISPATCHED}),
        data=data.VerifyData,
        starts=(limit_again,),
        style="primary",
    ),
    # Before verifying only as explained, not ours or waiting: nothing was done that could be verified.
    # A handler never closes his own work; the office of the area or the one above does. What has been passed
    # up or given to an office, and is not verified, the community cannot close over its head.
    Step(
        "close",
        _("Close"),
        any_of(in_charge, over_area(*OFFICERS)),
        services.close,
        frozenset({S.VERIFIED, S.REPORTED, S.ACCEPTED, S.ESCALATED}),
        frozenset({S.CLOSED}),
        data=data.CloseData,
        when=may_close_now,
        public_text=_("Your matter is closed."),
    ),
    Step(
        "reopen",
        _("Reopen"),
        any_of(in_charge, reporter(), over_area(*OFFICERS)),
        services.reopen,
        frozenset({S.CLOSED}),
        frozenset({S.REPORTED}),
        data=data.ReasonData,
        starts=(limit,),
        opens_round=True,
        public_text=_("Your matter has been opened again."),
    ),
    # Who has it may say that it is worse or harmless, but the clock keeps the start it had.
    Step(
        "regrade",
        _("Change category or urgency"),
        in_charge,
        services.regrade,
        frozenset({S.REPORTED, S.ACCEPTED, S.DISPATCHED, S.ESCALATED, S.ASKED}),
        data=data.RegradeData,
        starts=(limit_from_start,),
        cancels=(limit_left,),
    ),
    *supervision_steps(open_statuses=OPEN, closed_statuses=ENDED),
    *common_steps(open_statuses=OPEN, closed_statuses=ENDED, voided=S.VOIDED, merged=S.MERGED),
)
