"""How far a deadline gives way: what may be extended, paused or cancelled now, and who decides on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.casework.actors import OFFICE_ROLES
from grid.casework.models import Deadline, DeadlineStatus, Request, RequestType
from grid.organisations.models import Role
from grid.organisations.services import superiors_of
from grid.worktime.models import Approver, Binds

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.casework.models import Case

Words = str | Promise

OFFICERS = tuple(sorted(OFFICE_ROLES))
SUPERIORS = (Role.STREET_OFFICER, Role.DISTRICT_OFFICER, Role.SUPERVISOR)
ASKABLE = (RequestType.EXTENSION, RequestType.PAUSE)
# A right of the petitioner is not the office's to move, and a watch makes nobody late.
EXTENDABLE = (Binds.OFFICE, Binds.OUTSIDE)


@dataclass
class Leeway:
    """
    The open deadlines of a case with their rules, and what was asked about them and is not decided.

    Each deadline carries `extended` (the length of its extensions together) and `times` (their number).
    """

    case: Case
    deadlines: list[Deadline]
    asked: list[Request]

    @classmethod
    def of(cls, detail: Any) -> Leeway:
        """Return the leeway of a case, read once for each detail row: two queries, one where none asked."""
        known: Leeway | None = getattr(detail, "_leeway", None)
        if known is None:
            known = cls._read(detail.case)
            detail._leeway = known
        return known

    @classmethod
    def know(cls, detail: Any, deadlines: Iterable[Deadline], asked: Iterable[Request]) -> None:
        """Take over what a page has read of a case, as `_read` would read it: every deadline and request."""
        rows = sorted((d for d in deadlines if d.is_open), key=lambda d: (d.due_at is None, d.due_at, d.pk))
        open_rows = {d.pk: d for d in rows}
        undecided = [r for r in asked if not r.decision and r.type in ASKABLE and r.deadline_id in open_rows]
        for request in undecided:
            request.deadline = open_rows[request.deadline_id]  # type: ignore[index]
        undecided.sort(key=lambda r: (r.asked_at, r.pk))
        detail._leeway = cls(detail.case, rows, undecided)

    @classmethod
    def _read(cls, case: Case) -> Leeway:
        rows = Deadline.objects.filter(case=case, ended_at=None).select_related("rule")
        rows = rows.annotate(
            extended=Coalesce(Sum("extensions__length"), 0), times=Count("extensions")
        ).order_by("due_at", "pk")
        deadlines: list[Deadline] = list(rows)
        # A page knows already whether anything was ever asked.
        maybe = bool(deadlines) and getattr(case, "has_requests", True)
        asked = Request.objects.filter(case=case, decision="", type__in=ASKABLE, deadline__in=deadlines)
        found = list(asked.select_related("asked_by").order_by("asked_at", "pk")) if maybe else []
        by_pk = {d.pk: d for d in deadlines}
        for request in found:
            request.deadline = by_pk[request.deadline_id]  # type: ignore[index]
        return cls(case, deadlines, found)

    def deadline(self, code: str) -> Deadline | None:
        """Return an open deadline by its code."""
        return next((d for d in self.deadlines if d.code == code), None)

    def undecided(self, type: RequestType) -> list[Request]:
        """Return what was asked of one type, the oldest first."""
        return [r for r in self.asked if r.type == type]

    def why_not_extended(self, deadline: Deadline, *, at: datetime | None = None) -> Words | None:
        """Say why nobody can ask to extend a deadline now, or nothing."""
        rule = deadline.rule
        if not gives_more(deadline):
            return _("Its rule allows no extension.")
        if deadline.status != DeadlineStatus.RUNNING:
            return _("It is paused. Ask for more time when it runs again.")
        if self._is_asked(deadline, RequestType.EXTENSION):
            return _("An extension was asked for already and is not decided yet.")
        times, extended = deadline.times, deadline.extended  # type: ignore[attr-defined]
        if rule.extend_times is not None and times >= rule.extend_times:
            return _("It has been extended as often as its rule allows.")
        if rule.extend_max is not None and extended >= rule.extend_max:
            return _("It has been extended by as much as its rule allows.")
        if is_late(deadline, at=at):
            return _("It has passed: an extension is asked for before the due date, never after.")
        return None

    def why_not_paused(self, deadline: Deadline, *, at: datetime | None = None) -> Words | None:
        """Say why nobody can ask to pause a deadline now, or nothing."""
        if not stands_still(deadline):
            return _("Its rule allows no pause.")
        if deadline.status != DeadlineStatus.RUNNING:
            return _("It is paused already.")
        if self._is_asked(deadline, RequestType.PAUSE):
            return _("A pause was asked for already and is not decided yet.")
        if is_late(deadline, at=at):
            return _("It has passed: a pause is asked for before the due date, never after.")
        return None

    def why_not_resumed(self, deadline: Deadline, *, at: datetime | None = None) -> Words | None:
        """Say why the pause of a deadline cannot be ended, or nothing."""
        return None if deadline.status == DeadlineStatus.PAUSED else _("It is not paused.")

    def why_not_cancelled(self, deadline: Deadline, *, at: datetime | None = None) -> Words | None:
        """Say why a deadline cannot be cancelled, or nothing: any can that binds the office by itself."""
        if deadline.binds == Binds.PETITIONER:
            return _("It is a right of the other side; no office cancels it.")
        if deadline.of_supervision:
            return _("It belongs to a supervision order and ends with it.")
        return None

    def why_not_decided(self, request: Request, actor: Actor, *, at: datetime | None = None) -> Words | None:
        """Say why an actor cannot decide on a request, or nothing."""
        deadline = request.deadline
        assert deadline is not None
        if actor.user is None or actor.user.pk == request.asked_by_id:
            return _("Whoever asked does not decide.")
        approver = approver_of(request)
        if not self._has_rank(actor, approver):
            return RANKS[approver]
        if is_late(deadline, at=at):
            return _("The due date has passed; nobody can decide on it any more.")
        return None

    def _has_rank(self, actor: Actor, approver: Approver) -> bool:
        """Tell whether an actor is whom a rule names."""
        lead = self.case.lead_id
        if approver == Approver.UNIT_HEAD:
            return actor.heads(lead)
        if approver == Approver.SUPERIOR:
            return actor.is_above(lead, SUPERIORS)
        return actor.serves(lead, OFFICERS)

    def _is_asked(self, deadline: Deadline, type: RequestType) -> bool:
        return any(r.deadline_id == deadline.pk for r in self.undecided(type))


RANKS: dict[Approver, Words] = {
    Approver.UNIT_HEAD: _("The head of the leading organisation, or of one above it, decides."),
    Approver.SUPERIOR: _("An officer of a superior organisation decides."),
    Approver.PARTIES: _("An officer of the leading organisation records what the parties agreed."),
    Approver.OUTSIDE: _("An officer of the leading organisation records what the outside body decided."),
}


def gives_more(deadline: Deadline) -> bool:
    """Tell whether the rule of a deadline lets it be extended at all."""
    rule = deadline.rule
    return deadline.binds in EXTENDABLE and rule.extend_max != 0 and bool(rule.extend_by)


def stands_still(deadline: Deadline) -> bool:
    """Tell whether the rule of a deadline lets it be paused at all."""
    return deadline.binds == Binds.OFFICE and deadline.may_pause


def approver_of(request: Request) -> Approver:
    """
    Return who decides on a request, by the rule of its deadline.

    The law that lets a deadline be paused does not say by whom; what is agreed with others for an extension
    is decided within the office for a pause.
    """
    assert request.deadline is not None
    return approver_for(request.deadline, RequestType(request.type))


def approver_for(deadline: Deadline, type: RequestType) -> Approver:
    """Return who decides on an extension or a pause of a deadline."""
    named = deadline.rule.extend_by
    if type == RequestType.PAUSE and named != Approver.SUPERIOR:
        return Approver.UNIT_HEAD
    return Approver(named)


def decider_of(case: Case, approver: Approver) -> int | None:
    """Return the organisation in which somebody decides, or nothing where none stands above the lead."""
    if approver != Approver.SUPERIOR:
        return case.lead_id
    return next(iter(superiors_of(case.lead_id)), None)


def is_late(deadline: Deadline, *, at: datetime | None) -> bool:
    """
    Tell whether the due date has passed.

    Where the clock is not at hand, as for the buttons of a page, a deadline whose red rung was climbed is
    late: no further rung is due.
    """
    if deadline.due_at is None:
        return False
    if at is None:
        return deadline.binds == Binds.OFFICE and deadline.next_rung_at is None
    return at >= deadline.due_at
